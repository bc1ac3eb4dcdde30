//! `-p`, `--preserve-timestamps`.

use crate::trial::{Suite, Tree, expected};

fn some(tree: &Tree) {
    tree.file("a", "new");
    tree.file("b", "new too");
    tree.file("d", "old");
    tree.directory("dir");
    tree.link("to_a", "a");
    tree.times("a", (1_234_567_890, 987_654_321), (1_111_111_111, 1));
    tree.times("b", (-5, 999_999_999), (0, 0));
    tree.times("to_a", (1_000_000_000, 7), (1_000_000_001, 8));
}

#[test]
fn preserve_timestamps() {
    let mut suite = Suite::new("preserve_timestamps");
    suite.tree(some);
    for line in [
        "-p a d",
        "-p a absent",
        "-p a dir",
        "-p b d",
        "-p a b dir",
        "-p to_a d",
        "--preserve-timestamps a d",
        "--preserve-t a d",
        "--pres a d",
        "-pv a d",
        "-pm 4755 a d",
        "-pm 0 a d",
        "-pb a d",
        "-pD a new/d",
        "-pt dir a b",
        "-pT a d",
        "-pp a d",
        "-p a a",
        "-p missing d",
        "-p dir d",
        "-p --preserve-context a d",
    ] {
        suite.case(line);
    }
    suite.case("-p -o 1 -g 2 a d").by_root();
    suite.case("-p /dev/stdin d").stdin("text").by_root();
    suite.case("-ps --strip-program=./strip a d").having(|tree| drop(tree.script("strip", "echo more >>\"$1\"")));
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.times("a", (1_012_708_800, 1), (981_173_106, 123_456_789));
        tree.file("empty", "");
        tree.times("empty", (1, 2), (3, 4));
        tree.file("same", "new").mode(0o755);
        tree.file("other", "old").mode(0o755);
        tree.times("same", (5, 6), (7, 8));
        tree.times("other", (5, 6), (7, 8));
    });
    suite.case("-p a d");
    suite.case("-p empty d");
    // Together with -C: of a file that is the same, only the times are set.
    suite.case("-Cp a same").newer_than_9_1(
        expected().exit(0).stderr("").is("same", "file 0755 of {user}, 1 links, \"new\", written long ago, was same"),
    );
    suite.case("-Cp a other").newer_than_9_1(
        expected().exit(0).stderr("").is("other", "file 0755 of {user}, 1 links, \"new\", written long ago, read long ago, new"),
    );
    suite.case("-Cpv a same").newer_than_9_1(
        expected().exit(0).stderr("").is("same", "file 0755 of {user}, 1 links, \"new\", written long ago, was same"),
    );
    suite.run();
}
