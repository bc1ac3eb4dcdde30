//! Standard streams that are closed, broken or full.

use rustix::process::Signal;

use crate::trial::{Output, Suite, Tree};

#[test]
fn streams() {
    let mut suite = Suite::new("streams");
    suite.tree(|tree: &Tree| {
        tree.file("a", "new");
        tree.file("b", "new too");
        tree.file("d", "old");
        tree.directory("dir");
    });
    for output in [Output::Full, Output::Closed, Output::Broken] {
        for line in [
            "a d",
            "-v a d",
            "-v a b dir",
            "-vb a d",
            "-v a missing dir",
            "-vd new",
            "-v a a",
            "-v",
            "--bad",
            "-vD a new/d",
            "-vC a d",
        ] {
            suite.case(line).stdout(output);
        }
        suite.case("--help").stdout(output);
        suite.case("--version").stdout(output);
    }
    // Who ignores the signal wants to hear of it.
    for line in ["-v a d", "-v a missing dir", "--help"] {
        suite.case(line).stdout(Output::Broken).ignoring(Signal::PIPE);
    }
    suite.case("a d").stdin_closed();
    suite.case("-v a d").stdin_closed();
    suite.case("-v a d").stdin_closed().stdout(Output::Closed);
    suite.case("-v a d").stdin_closed().stdout(Output::Full);
    suite.run();
}
