//! What recovery does not understand it leaves alone, and says so.

use super::Tree;
use crate::support::{failpoints_available, swapbin};

/// Killed after it was decided; then another tool has been at one of the files.
fn meddled() -> Option<Tree> {
    let tree = Tree::killed_at("rename")?;
    tree.scratch.file("lib/lib", "another tool's").mode(0o755);
    Some(tree)
}

#[test]
fn where_another_tool_has_been_nothing_is_touched() {
    let Some(tree) = meddled() else { return };
    let before = tree.scratch.snapshot();
    for words in [&[][..], &["--list"]] {
        let outcome = tree.recover(words);
        outcome.exits(8).says("lib/lib' belongs to the unfinished transaction").says("hint: ");
        outcome.says(&format!("swapbin recover --state-dir {} --list", tree.scratch.state(None).display()));
        outcome.prints("is left as it is").prints("bin/tool");
        tree.scratch.snapshot().assert_same_as(&before);
    }
    let object = tree.recover(&["--json"]).exits(8).json();
    assert_eq!((&object["ok"], &object["transactions"][0]["outcome"]), (&false.into(), &"stuck".into()));
    assert_eq!(object["transactions"][0]["error"]["code"], 8);
    assert_eq!(object["transactions"][0]["files"].as_array().unwrap().len(), 3);
}

#[test]
fn only_runs_on_its_own_files_are_held_up() {
    let Some(tree) = meddled() else { return };
    for target in ["bin/app", "lib/lib", "bin/tool"] {
        let before = tree.scratch.snapshot();
        swapbin(&tree.scratch).from("from/app").to(target).run().exits(8).says("hint: ").says("swapbin recover");
        tree.scratch.snapshot().assert_same_as(&before);
    }
    swapbin(&tree.scratch).from("from/app").to("bin/other").run().exits(0);
}

#[test]
fn other_batches_are_recovered_all_the_same() {
    let Some(tree) = meddled() else { return };
    tree.scratch.file("one", "old");
    tree.scratch.file("two", "old");
    let run = swapbin(&tree.scratch).from("from/app").to("one").from("from/app").to("two").failpoint("rename", "abort");
    run.run().is_killed_by(rustix::process::Signal::KILL);
    tree.recover(&[]).exits(8).prints("finished transaction").prints("is left as it is");
    assert_eq!((tree.scratch.read("one"), tree.scratch.read("two")), (b"new app".to_vec(), b"new app".to_vec()));
}

#[test]
fn a_damaged_journal_is_not_obeyed() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    let (txid, before) = (tree.txid(), tree.scratch.snapshot());
    let journal = tree.scratch.state(None).join("txn").join(&txid);
    let whole = std::fs::read(&journal).unwrap();
    // A byte of the first record, and one in the middle. The last one is what the next test is about.
    for at in [20, whole.len() / 2] {
        let mut torn = whole.clone();
        torn[at] ^= 1;
        std::fs::write(&journal, torn).unwrap();
        tree.recover(&[]).exits(8).says("damaged").says("hint: ");
        // Advice that can be followed: there is no way forward, nor back.
        tree.recover(&[]).says(&format!("--abandon {txid}")).never_mentions("--forward");
        tree.recover(&["--forward", &txid]).exits(8).never_mentions("--back");
        tree.scratch.snapshot().assert_same_as(&before);
    }
    std::fs::write(&journal, &whole).unwrap();
    tree.recover(&[]).exits(0);
    tree.assert_new();
}

#[test]
fn what_cannot_be_decided_and_can_be_told_is_offered_both_ways() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    std::fs::write(tree.scratch.path("bin/app"), "another tool's").unwrap();
    tree.recover(&[]).exits(8).says("--forward").says("--back").says("--abandon");
}

#[test]
fn a_commit_that_is_cut_off_was_none() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    let journal = tree.scratch.state(None).join("txn").join(tree.txid());
    let whole = std::fs::read(&journal).unwrap();
    // Behind the last record there is room, without a byte that says anything.
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
    std::fs::write(&journal, &whole[..end]).unwrap();
    tree.recover(&[]).exits(0).prints("took back");
    tree.assert_old();
    tree.assert_keeps_nothing();
}

#[test]
fn where_nobody_knows_whether_it_was_decided_nothing_is_renamed_and_recovery_takes_it_back() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::new();
    let outcome = tree.batch().failpoint("commit-sync", "5,commit-gone=5").run();
    outcome.exits(8).says("swapbin recover");
    tree.recover(&["--list"]).exits(0).prints("would take back");
    tree.recover(&[]).exits(0).prints("took back");
    tree.assert_old();
    tree.assert_keeps_nothing();
}
