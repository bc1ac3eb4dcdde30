//! What was broken off is settled by one process at a time, and nobody else goes on there meanwhile.

use rustix::process::Signal;

use super::Tree;
use crate::support::{Running, swapbin};

/// `recover`, stopped when it has made the first file new and is about to make the second so.
fn paused(tree: &Tree) -> Running {
    let mut recover = swapbin(&tree.scratch).arg("recover").failpoint("recover@2", "pause").spawn();
    recover.wait_until_paused();
    recover
}

#[test]
fn a_run_on_a_file_that_is_just_being_recovered_waits_and_its_file_is_the_last() {
    let Some(tree) = Tree::killed_at("rename@2") else { return };
    tree.scratch.file("newest", "newest").mode(0o755);
    let mut recover = paused(&tree);
    for target in ["bin/app", "lib/lib", "bin/tool"] {
        let run = swapbin(&tree.scratch).from("newest").to(target).args(["--wait", "0"]).run();
        run.exits(75).says("another run is changing").says(target);
    }
    let prune = swapbin(&tree.scratch).args(["prune", "--keep", "0", "--wait", "0"]).run();
    prune.exits(0).prints("nothing to remove");
    let mut run = swapbin(&tree.scratch).from("newest").to("lib/lib").keeping().failpoint("sync", "pause").spawn();
    // Files of which it tells nothing need not wait.
    swapbin(&tree.scratch).from("newest").to("newer").run().exits(0);
    assert!(run.is_alive(), "it waits");
    recover.signal(Signal::CONT);
    recover.wait().exits(0).prints("finished transaction");
    run.wait_until_paused();
    assert_eq!(tree.content("lib/lib").as_deref(), Some("new lib"), "it was recovered first");
    run.signal(Signal::CONT);
    run.wait().exits(0);
    assert_eq!(tree.scratch.read("lib/lib"), b"newest");
    // What it replaced is what recovery put there.
    swapbin(&tree.scratch).args(["rollback", "lib/lib"]).run().exits(0);
    tree.assert_new();
}

#[test]
fn a_run_that_settles_it_holds_up_one_at_another_of_its_files() {
    let Some(tree) = Tree::killed_at("rename@2") else { return };
    tree.scratch.file("newest", "newest").mode(0o755);
    let swap = |target: &str| swapbin(&tree.scratch).from("newest").to(target).keeping();
    let mut first = swap("bin/app").failpoint("recover@2", "pause").spawn();
    first.wait_until_paused();
    swap("lib/lib").args(["--wait", "0"]).run().exits(75).says("another run is changing");
    let second = swap("lib/lib").spawn();
    first.signal(Signal::CONT);
    first.wait().exits(0).says("finished transaction");
    second.wait().exits(0);
    for name in ["bin/app", "lib/lib"] {
        assert_eq!(tree.scratch.read(name), b"newest", "{name}");
    }
    assert_eq!(tree.scratch.read("bin/tool"), b"new tool");
    tree.scratch.assert_no_litter();
}
