//! Several sources into one directory.

use crate::trial::{Suite, Tree, expected};

fn some(tree: &Tree) {
    for name in ["a", "b", "c", "x/f", "y/f", "z/f"] {
        tree.file(name, format!("new {name}"));
    }
    tree.file("dir/a", "old");
    tree.file("dir/f", "old f");
    tree.directory("new");
    tree.directory("sub");
    tree.link("to_f", "x/f");
    tree.link("to_new", "new");
    tree.hard_link("hard_a", "a");
    tree.hard_link("w", "x/f");
    tree.directory("blocked/b");
    tree.link("x/l", "../y/f");
}

#[test]
fn several() {
    let mut suite = Suite::new("several");
    suite.tree(some);
    for line in [
        "a b c new",
        "a b c dir",
        "-v a b c dir",
        "-t dir a b c",
        "a b to_new",
        "a b new/",
        "a missing b new",
        "missing a new",
        "a missing new",
        "missing1 missing2 new",
        "a sub b new",
        "-v a sub b new",
        "sub new",
        "sub dir new",
        "x/f y/f new",
        "-v x/f y/f new",
        "x/f y/f z/f new",
        "-b x/f y/f new",
        "-bv x/f y/f dir",
        "--backup=numbered x/f y/f new",
        "--backup=numbered -v x/f y/f z/f new",
        "--backup=numbered x/f y/f dir",
        "--backup=none x/f y/f dir",
        "x/f x/f new",
        "a a new",
        "a ./a new",
        "-v a a new",
        "-b a a new",
        "a hard_a new",
        "-C x/f y/f new",
        "-C x/f y/f dir",
        "-C a a new",
        "-p x/f y/f new",
        "-D x/f y/f new",
        "-Dt new2 x/f y/f",
        "-Dt new2/deep a b missing",
        "a b blocked",
        "-v b a blocked",
        "-b a b blocked",
        "x/f blocked y/f new",
        "a b d",
        "a b new/missing",
        "a b a",
        "a b ./a",
        "-T a b new",
        "a new new",
        "-v new a new",
        "dir/a a new",
        "a dir/a new",
        "a dir/f x/f new",
        "dir/a dir",
        "a dir/a dir",
        "dir/a b dir",
        "-t dir dir/a b",
        "-m 600 a b new",
        "-m 4755 a b new",
        "-t new a -t",
        "new/../a b new",
        "a b c new -v -m 600",
        "a -m 600 b new",
        "-v to_f w x/f new",
        "x/l y/f new",
        "a missing/b b/c c new",
        "a '' b new",
        "a b '' c",
    ] {
        suite.case(line);
    }
    suite.case("-s --strip-program=./strip a b c new").having(|tree| drop(tree.script("strip", "echo stripped >>\"$1\"")));
    suite
        .case("-s --strip-program=./strip a b c new")
        .having(|tree| drop(tree.script("strip", "grep -q 'new b' \"$1\" && exit 1; echo stripped >>\"$1\"")));
    // 9.1 puts a simple backup into the working directory.
    let kept = "file 0644 of {user}, 1 links, \"old f\", written long ago, was dir/f";
    suite.case("--backup=simple x/f y/f dir").newer_than_9_1(expected().is("dir/f~", kept).absent("f~"));
    suite.case("-o 1 -g 2 a b new").by_root();
    suite.case("-o 1 a b new").by_user().safer(expected().absent("new/a").absent("new/b"));
    let names = || (0..300).map(|n| format!("file{n:03}"));
    suite.tree(move |tree| {
        names().for_each(|name| drop(tree.file(&name, &name)));
        tree.directory("new");
    });
    suite.case("-t new").words(&names().collect::<Vec<_>>().join(" "));
    suite.case("-vb -t new").words(&names().collect::<Vec<_>>().join(" "));
    suite.case("-v -t new missing").words(&names().collect::<Vec<_>>().join(" ")).words("missing2");
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("b", "secret").mode(0);
        tree.file("c", "new");
        tree.file("dir/b", "old");
        tree.file("locked/b", "old");
        tree.directory("locked").mode(0o555);
    });
    suite.case("a b c dir").by_user().safer(expected().untouched("dir/b"));
    suite.case("a c locked").by_user();
    suite.case("-v a c locked").by_user();
    suite.run();
}
