//! What fails, in which words and order, and what is left.

use crate::trial::{Suite, Tree, expected};

#[test]
fn errors() {
    let mut suite = Suite::new("errors");
    suite.tree(|tree: &Tree| {
        tree.file("a", "new");
        tree.file("d", "old");
        tree.directory("dir");
        tree.directory("dir/a");
        tree.file("sub/a", "other");
        tree.link("loop", "loop");
        tree.link("deep", "dir/a");
    });
    for line in [
        "missing d",
        "missing missing2",
        "missing missing/d",
        "missing dir",
        "missing dir/",
        "a missing/d",
        "a missing/deep/d",
        "a d/x",
        "a d/x/y",
        "a loop/x",
        "a dir",
        "-v a dir",
        "-b a dir",
        "-T a dir",
        "sub/a dir",
        "dir d",
        "dir dir",
        "dir sub",
        "dir missing",
        "dir missing/",
        "dir a/x",
        "a a",
        "a ./a",
        "sub/a sub",
        "sub/a sub/",
        "a .",
        "a sub/../a",
        "a deep",
        "a deep/",
        "a b c",
        "a b dir c",
        "a a/",
        "a/ d",
        "a/b d",
        "loop d",
        "a dir/a",
        "a dir/a/",
        "-d a",
        "-d a/b",
        "-d d/x",
        "-d loop",
        "-d loop/x",
        "-d dir/a a dir",
        "-t d a",
        "-t missing a",
        "-t loop a",
        "-t '' a",
        "-T a b c",
        "-D a d/x",
        "-D a d/x/y",
        "-D a loop/x",
        "-D -t d a",
        "-D -t d/x a",
        "-D -t loop a",
        "-D dir x/y",
        "-D missing x/y",
        "-D a dir",
        "-D a dir/",
        "-D sub/a dir",
    ] {
        suite.case(line);
    }
    suite.tree(|tree: &Tree| {
        tree.file("a", "new");
        tree.file("d", "old");
        tree.script("strip", "kill -TERM $PPID");
        tree.script("interrupts", "kill -INT $PPID");
        tree.script("hangs-up", "kill -HUP $PPID");
    });
    // A signal on the way: GNU leaves what is not stripped.
    suite.case("-s --strip-program=./strip a d").safer(expected().untouched("d"));
    suite.case("-s --strip-program=./interrupts a d").safer(expected().untouched("d"));
    suite.case("-s --strip-program=./strip a x").safer(expected().absent("x"));
    suite.case("-s --strip-program=./hangs-up a d").safer(expected().untouched("d"));
    suite.run();
}
