//! By which name the program calls itself.

use crate::trial::{Suite, Tree};

#[test]
fn prefix() {
    let mut suite = Suite::new("prefix");
    suite.tree(|tree: &Tree| {
        tree.file("a", "new");
        tree.file("d", "old");
    });
    for name in [
        "install",
        "ginstall",
        "/usr/bin/install",
        "./install",
        "../x/ginstall",
        "/usr//bin/install",
        "tools/ginstall",
        "dir with space/install",
    ] {
        for line in [
            "",
            "a",
            "missing d",
            "--bad",
            "-x",
            "--s",
            "-m",
            "--mode",
            "--verbose=x",
            "--backup=bad a d",
            "-vd new",
            "-v a d",
            "a a",
            "a d -o nosuchuser",
            "a d --context=x",
            "-T a d x",
        ] {
            suite.case(line).called(name);
        }
        suite.case("--help").called(name).whatever_it_says();
        suite.case("--version").called(name).whatever_it_says();
    }
    suite.run();
}
