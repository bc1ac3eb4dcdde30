//! `-t`, `--target-directory`.

use crate::trial::Suite;

#[test]
fn target_directory() {
    let mut suite = Suite::new("target_directory");
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("b", "new too");
        tree.file("dir/a", "old");
        tree.directory("other");
        tree.link("to_dir", "dir");
        tree.link("dangling", "nowhere");
        tree.link("loop", "loop");
        tree.link("to_a", "a");
        tree.fifo("fifo");
        tree.directory("dir/b");
    });
    for line in [
        "-t dir a",
        "-t dir/ a",
        "-tdir a",
        "-t to_dir a",
        "-t to_dir/ a",
        "-t . a",
        "-t dir ./a",
        "-t dir /dev/null",
        "--target-directory=dir a",
        "--target-directory dir a",
        "--ta=dir a",
        "--t=dir a",
        "a -t dir",
        "a -t dir b",
        "-t other a b",
        "-t other a b missing",
        "-t other",
        "-t other -- a",
        "-t other other/",
        "-t other other/a",
        "-t other .",
        "-t other ..",
        "-t other /",
        "-t other ''",
        "-t '' a",
        "--target-directory= a",
        "-t missing a",
        "-t missing/ a",
        "-t missing/deep a",
        "-t a b",
        "-t a/ b",
        "-t a/x b",
        "-t dangling a",
        "-t loop a",
        "-t fifo a",
        "-t to_a b",
        "-t dir b",
        "-t dir -t other a",
        "-t missing -t other a",
        "-t dir --target-directory=other a",
        "-t dir -T a",
        "-T -t dir a",
        "-T -t missing a",
        "-t missing",
        "-t dir -d x",
        "-t missing -d x",
        "-vt dir a",
        "-bt dir a",
        "-bvt dir a",
        "-t dir -m x a",
        "-t=dir a",
        "-vt",
        "-t",
        "--target-directory",
        "-tv dir a",
        "-t dir dir/a",
        "-t dir to_a",
        "-t dir a a",
        "-t other to_a a",
        "-t other a dir/a",
    ] {
        suite.case(line);
    }
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.directory("my dir");
        tree.directory("locked").mode(0o555);
        tree.directory("hidden").mode(0o600);
        tree.directory("blind").mode(0o300);
        tree.directory("blind/within");
    });
    suite.case("-v a -t").word("my dir");
    suite.case("a -t").word("no dir");
    suite.case("a -t").word("x".repeat(256));
    suite.case("a -t locked").by_user();
    suite.case("a -t hidden").by_user();
    suite.case("a -t hidden/x").by_user();
    suite.case("a -t blind").by_user();
    suite.case("a blind").by_user();
    suite.case("a hidden").by_user();
    suite.case("a hidden/x").by_user();
    suite.case("a hidden/x/").by_user();
    suite.case("a locked").by_user();
    suite.case("a a blind").by_user();
    suite.case("a blind/within").by_user();
    suite.run();
}
