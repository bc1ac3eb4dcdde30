//! `--debug`, which coreutils 9.1 do not know.

use crate::trial::{Suite, Tree, expected};

fn some(tree: &Tree) {
    tree.file("a", "new");
    tree.file("d", "old");
    tree.directory("dir");
}

#[test]
fn debug() {
    let mut suite = Suite::new("debug");
    suite.tree(some);
    suite.case("-d --debug new").newer_than_9_1(
        expected().exit(0).stderr("").stdout("install: creating directory 'new'\n").is("new", "directory 0755 of {user}, new"),
    );
    suite.case("--debug=x a d").newer_than_9_1(
        expected().stderr("install: option '--debug' doesn't allow an argument\nTry 'install --help' for more information.\n"),
    );
    suite.case("--debug a a").newer_than_9_1(expected().stderr("install: 'a' and 'a' are the same file\n"));
    suite
        .case("--debug missing d")
        .newer_than_9_1(expected().stderr("install: cannot stat 'missing': No such file or directory\n"));
    suite.case("--de -d dir/x").newer_than_9_1(
        expected()
            .exit(0)
            .stderr("")
            .stdout("install: creating directory 'dir/x'\n")
            .is("dir/x", "directory 0755 of {user}, new"),
    );
    suite.case("--d new").newer_than_9_1(
        expected()
            .exit(1)
            .stderr(
                "install: option '--d' is ambiguous; possibilities: '--debug' '--directory'\n\
         Try 'install --help' for more information.\n",
            )
            .absent("new"),
    );
    suite.case("--deb=1 new").newer_than_9_1(
        expected().stderr("install: option '--debug' doesn't allow an argument\nTry 'install --help' for more information.\n"),
    );
    suite.case("--di new");
    suite.run();
}
