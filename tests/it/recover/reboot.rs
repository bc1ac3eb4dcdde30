//! Recovery after a reboot: told by another boot id in the journal, for a test cannot reboot.

use serde_json::{Value, json};

use super::Tree;
use crate::support::{Scratch, failpoints_available, status_of, swapbin};

/// Writes the journal again as another boot would have: with these changes of each record, and right checksums.
fn rewrite(scratch: &Scratch, mut change: impl FnMut(&mut Value)) {
    let txn = scratch.state(None).join("txn");
    let journal = std::fs::read_dir(txn).unwrap().next().expect("a journal").unwrap().path();
    let text = std::fs::read_to_string(&journal).unwrap();
    let line = |line: &str| {
        let mut record: Value = serde_json::from_str(&line[18..]).unwrap();
        if record.get("header").is_some() {
            record["header"]["boot"] = json!("00000000-0000-0000-0000-000000000000");
        }
        change(&mut record);
        let text = record.to_string();
        format!("{:08x} {:08x} {text}\n", text.len(), crc32fast::hash(text.as_bytes()))
    };
    std::fs::write(&journal, text.trim_end_matches('\0').lines().map(line).collect::<String>()).unwrap();
}

#[test]
fn device_numbers_of_another_boot_mean_nothing() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    rewrite(&tree.scratch, |record| {
        if let Some(entry) = record.get_mut("entry") {
            entry["filesystem"]["dev"] = json!(12345);
        }
    });
    tree.recover(&[]).exits(0).prints("finished transaction");
    tree.assert_new();
}

#[test]
fn a_filesystem_that_is_not_there_yet_is_waited_for() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    let before = tree.scratch.snapshot();
    let away = tree.scratch.path("away");
    std::fs::rename(tree.scratch.path("lib"), &away).unwrap();
    let outcome = tree.recover(&[]);
    outcome.exits(75).says("its filesystem is not mounted").says("hint: mount it");
    tree.recover(&["--list"]).exits(75);
    swapbin(&tree.scratch).from("from/app").to("bin/app").run().exits(75);
    std::fs::rename(&away, tree.scratch.path("lib")).unwrap();
    tree.scratch.snapshot().assert_same_as(&before);
    tree.recover(&[]).exits(0);
    tree.assert_new();
}

#[test]
fn what_was_staged_on_a_filesystem_that_is_not_there_yet_is_not_forgotten() {
    let Some(tree) = Tree::killed_at("commit-record") else { return };
    let away = tree.scratch.path("away");
    std::fs::rename(tree.scratch.path("lib"), &away).unwrap();
    let before = tree.scratch.snapshot();
    for _ in 0..2 {
        tree.recover(&[]).exits(75).says("its filesystem is not mounted").says("hint: mount it");
    }
    tree.scratch.snapshot().assert_same_as(&before);
    std::fs::rename(&away, tree.scratch.path("lib")).unwrap();
    tree.recover(&[]).exits(0).prints("took back");
    tree.assert_old();
    tree.assert_keeps_nothing();
}

#[test]
fn what_was_staged_and_cannot_be_removed_yet_is_not_forgotten() {
    let Some(tree) = Tree::killed_at("commit-record") else { return };
    let flagged = |flag: &str| {
        let changed = status_of(std::process::Command::new("chattr").arg(flag).arg(tree.scratch.path("lib")));
        changed.is_ok_and(|status| status.success())
    };
    if !crate::support::require_root() || !flagged("+i") {
        return;
    }
    let outcome = tree.recover(&[]);
    assert!(flagged("-i"));
    outcome.exits(1).says("remove what was staged in");
    tree.recover(&[]).exits(0).prints("took back");
    tree.assert_old();
    tree.assert_keeps_nothing();
}

#[test]
fn what_went_with_the_boot_is_lost_and_said_to_be() {
    if !failpoints_available() {
        return;
    }
    let (here, there) = (Scratch::new(), Scratch::on("/dev/shm"));
    for scratch in [&here, &there] {
        scratch.file("app", "old").mode(0o755);
    }
    here.file("new", "new").mode(0o755);
    let run = swapbin(&here).from("new").to("app").from("new").to(there.path("app")).failpoint("rename", "abort");
    run.run().is_killed_by(rustix::process::Signal::KILL);
    rewrite(&here, |_| {});
    let object = swapbin(&here).args(["recover", "--list", "--json"]).run().exits(0).json();
    assert_eq!(object["transactions"][0]["lost"], json!([{ "path": there.path("app") }]));
    let outcome = swapbin(&here).arg("recover").run();
    outcome.exits(0).prints("finished transaction").prints("/app was lost with the last boot");
    assert_eq!((here.read("app"), there.read("app")), (b"new".to_vec(), b"old".to_vec()));
}
