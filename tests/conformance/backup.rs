//! `-b`, `--backup[=CONTROL]`, VERSION_CONTROL.

use crate::trial::{Suite, Tree, bytes, expected};

fn old_and_new(tree: &Tree) {
    tree.file("a", "new");
    tree.file("d", "old").mode(0o600);
}

#[test]
fn backup() {
    let mut suite = Suite::new("backup");
    words_of_control(&mut suite);
    numbers(&mut suite);
    kinds_of_destinations(&mut suite);
    sources_that_would_be_destroyed(&mut suite);
    with_other_options(&mut suite);
    refused(&mut suite);
    suite.run();
}

fn words_of_control(suite: &mut Suite) {
    suite.tree(old_and_new);
    suite.case("-b a d");
    suite.case("-b a absent");
    suite.case("a -b d");
    suite.case("--backup a d");
    suite.case("-v -b a d");
    for word in [
        "none", "off", "simple", "never", "existing", "nil", "numbered", "t", "n", "s", "e", "no", "nu", "ni", "ne", "o", "of",
        "exist", "x", "''", "Simple", "simple ", "T", "nilx",
    ] {
        suite.case("").word(format!("--backup={word}")).word("a").word("d");
        suite.case("-b a d").env("VERSION_CONTROL", word);
    }
    suite.case("--backup= a d");
    suite.case("-b a d").env("VERSION_CONTROL", "");
    suite.case("--backup=numbered a d").env("VERSION_CONTROL", "none");
    suite.case("--backup=simple -b a d");
    suite.case("-b --backup=numbered a d");
    suite.case("--backup=none --backup=numbered a d");
    suite.case("--backup=numbered --backup a d");
    suite.case("--backup=bad --backup=numbered a d");
    suite.case("--backup=bad a d").env("VERSION_CONTROL", "numbered");
    suite.case("a d").env("VERSION_CONTROL", "numbered");
    suite.case("a d").env("VERSION_CONTROL", "bad");
    suite.case("-bv a d").env("VERSION_CONTROL", "numbered");
}

fn numbers(suite: &mut Suite) {
    for names in
        [&["d.~1~"][..], &["d.~9~"], &["d.~99~", "d.~3~"], &["d.~1~", "d.~7~"], &["d.~01~"], &["d.~0~"], &["d.~x~", "d.~1"]]
    {
        suite.tree(move |tree| {
            old_and_new(tree);
            names.iter().for_each(|name| drop(tree.file(name, "a backup")));
        });
        suite.case("-b a d");
        suite.case("--backup=existing -v a d");
        suite.case("--backup=numbered a d");
        suite.case("--backup=simple a d");
    }
    suite.tree(|tree| {
        old_and_new(tree);
        tree.file("d~", "an older backup");
        tree.file("d.~1~~", "no backup");
        tree.file("dd.~5~", "a backup of another file");
    });
    suite.case("-b a d");
    suite.case("--backup=numbered a d");
    suite.case("--backup=t -v a d");
    suite.tree(|tree| {
        old_and_new(tree);
        tree.file("d.~99999999999999999999~", "a great number");
    });
    suite.case("--backup=numbered a d");
    suite.tree(|tree| {
        old_and_new(tree);
        tree.directory("d.~4~");
        tree.directory("d~");
    });
    suite.case("--backup=numbered a d");
    suite.case("--backup=simple a d");
    suite.tree(|tree| {
        old_and_new(tree);
        tree.link("d.~4~", "nowhere");
        tree.link("d~", "a");
    });
    suite.case("--backup=numbered a d");
    suite.case("--backup=simple a d");
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("dir/a", "old");
        tree.file("dir/a.~2~", "older");
        tree.directory("other");
    });
    suite.case("-b a dir");
    suite.case("-b a dir/a");
    suite.case("-bv -t dir a");
    suite.case("--backup=numbered -v a dir other");
}

fn kinds_of_destinations(suite: &mut Suite) {
    suite.tree(|tree| {
        old_and_new(tree);
        tree.link("to_d", "d");
        tree.link("dangling", "nowhere");
        tree.link("loop", "loop");
        tree.fifo("fifo");
        tree.socket("socket");
        tree.directory("dir");
        tree.link("to_dir", "dir");
        tree.hard_link("other", "d");
        tree.file("read-only", "old").mode(0o400);
        tree.file("special", "old").mode(0o6755);
    });
    for name in ["to_d", "dangling", "loop", "fifo", "socket", "dir", "to_dir", "other", "read-only", "special"] {
        suite.case("-b a").word(name);
        suite.case("--backup=numbered -v a").word(name);
    }
    suite.case("-bT a dir");
    suite.case("-bT a to_dir");
    let long = "x".repeat(255);
    let almost = "y".repeat(254);
    suite.tree(move |tree| {
        tree.file("a", "new");
        tree.file(&long, "old");
        tree.file(&almost, "old");
    });
    for name in ["x".repeat(255), "y".repeat(254)] {
        suite.case("-b a").word(&name);
        suite.case("--backup=numbered -v a").word(&name);
        suite.case("-S .backup a").word(&name);
    }
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("d e", "old");
        tree.file(bytes(b"d\xff"), "old");
        tree.file("d\u{e9}", "old");
        tree.file("it's", "old");
    });
    suite.case("-bv a").word("d e");
    suite.case("-bv a").word(bytes(b"d\xff"));
    suite.case("-bv a").word("d\u{e9}");
    suite.case("-bv a").word("it's");
}

fn sources_that_would_be_destroyed(suite: &mut Suite) {
    suite.tree(|tree| {
        tree.file("d", "old");
        tree.file("d~", "new");
        tree.file("dir/d~", "new");
        tree.file("dir/d", "old");
        tree.link("link", "d~");
        tree.hard_link("hard", "d~");
    });
    suite.case("-b d~ d");
    suite.case("--backup=simple d~ ./d");
    suite.case("--backup=numbered d~ d");
    // GNU moves the old file over the source before it opens that: the source is lost, and nothing installed.
    suite
        .case("-b link d")
        .safer(expected().stderr_mentioning(&["'d'", "'link'"]).untouched("d").untouched("d~").untouched("hard"));
    suite.case("-b hard d");
    suite.case("-b dir/d~ dir/d");
    suite.case("-b -S .bak d~ d");
    suite.case("-b d~ hard dir");
    suite.case("-b -t dir d d~");
    suite.case("-b -t dir d~ d");
    suite.case("-b d d");
    suite.case("--backup=numbered d d");
    suite.case("--backup=simple d ./d");
    suite.case("-b d~ hard");
    suite.case("--backup=numbered hard d~");
    suite.case("-b link d~");
    suite.case("-b d~ link");
    suite.case("-b link link");
    suite.case("--backup=numbered link link");
    suite.case("--backup=none d d");
}

fn with_other_options(suite: &mut Suite) {
    suite.tree(|tree| {
        tree.file("a", "same");
        tree.file("same", "same").mode(0o755);
        tree.file("d", "other").mode(0o755);
    });
    suite.case("-bC a same");
    suite.case("-bC a d");
    suite.case("-bC -m 644 a same");
    suite.case("-bD a deep/er/d");
    suite.case("-bp a d");
    suite.case("-bd dir same");
    suite.case("-bT a d");
    suite.case("-b -m 4755 a d");
    suite.tree(|tree| {
        tree.file("a", "new").owner(0, 0);
        tree.file("d", "old").owner(1, 2).mode(0o2755);
    });
    suite.case("-b a d").by_root();
    suite.case("-b -o 3 -g 4 a d").by_root();
}

fn refused(suite: &mut Suite) {
    suite.tree(|tree| {
        tree.file("dir/a", "new");
        tree.file("locked/d", "old");
        tree.directory("locked").mode(0o555);
    });
    suite.case("-b dir/a locked/d").by_user();
    suite.case("-bv dir/a locked/d").by_user();
    suite.case("--backup=numbered dir/a locked").by_user();
    // Backups that cannot be listed cannot be numbered, but the file can be.
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("blind/d", "old");
        tree.directory("blind").mode(0o333);
    });
    suite.case("-b a blind/d").by_user();
    suite.case("--backup=numbered a blind/d").by_user();
    suite.case("--backup=simple a blind/d").by_user();
    // A file of somebody else in a directory that is ours: the kernel may refuse to link it, but never to rename it.
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("theirs", "old").mode(0o600).owner(0, 0);
    });
    suite.case("-b a theirs").by_user_after_root();
    suite.case("--backup=numbered -v a theirs").by_user_after_root();
    suite.tree(|tree| {
        tree.file("a", "new").mode(0);
        tree.file("d", "old");
    });
    // With a backup even GNU puts the old file back.
    suite.case("-b a d").by_user();
    suite.case("--backup=numbered a d").by_user();
}
