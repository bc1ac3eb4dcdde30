//! Runs that fail, and runs that are killed, at every step.

use rustix::process::Signal;

use super::{content, put, trees};
use crate::support::{Scratch, Snapshot, failpoints_available, swapbin};

/// Five names: a directory, two files, a link, and one that goes.
const NAMES: u32 = 5;

/// Every place with a failpoint on the way, and how often it is passed at least.
const PLACES: [(&str, u32); 11] = [
    ("stage", 7),
    ("write", 4),
    ("seal", 4),
    ("link", 4),
    ("sync", 1),
    ("sync-prepared", 1),
    ("commit-record", 1),
    ("commit-sync", 1),
    ("rename", NAMES),
    ("sync-dir", 3),
    ("close", 1),
];

fn tree() -> Scratch {
    let scratch = trees();
    scratch.file("root/usr/lib/old", "old");
    scratch
}

fn run(scratch: &Scratch) -> crate::support::Swapbin<'_> {
    put(scratch).args(["--delete", "usr/lib"])
}

/// Whether everything is new; else everything is as before.
#[track_caller]
fn all_or_nothing(scratch: &Scratch, before: &Snapshot, when: &str) -> bool {
    assert!(scratch.litter().is_empty(), "{when}: {:?}", scratch.litter());
    let left: Vec<_> = std::fs::read_dir(scratch.state(None).join("txn")).unwrap().collect();
    assert!(left.is_empty(), "{when}: {left:?}");
    if scratch.path("root/usr/share/app").exists() {
        let (mut stage, root) = (content(scratch, "stage"), content(scratch, "root"));
        stage.insert("usr/bin/other".into(), root["usr/bin/other".as_ref() as &std::path::Path].clone());
        assert_eq!(root, stage, "{when}");
        return true;
    }
    scratch.snapshot().assert_same_as(before);
    false
}

#[test]
fn a_failure_at_any_step_leaves_everything_as_it_was() {
    if !failpoints_available() {
        return;
    }
    for (place, times) in PLACES.into_iter().filter(|(place, _)| !["sync-dir", "close"].contains(place)) {
        for time in 1..=times {
            let (scratch, when) = (tree(), format!("{place}@{time}"));
            let before = scratch.snapshot();
            // A rename without room is tried again.
            let errno = if place == "rename" { libc::EROFS } else { libc::ENOSPC };
            let outcome = run(&scratch).failpoint(&when, &errno.to_string()).run();
            assert!([1, 9].contains(&outcome.code.unwrap_or_default()), "{when}: {outcome}");
            assert!(!all_or_nothing(&scratch, &before, &when), "{when}");
        }
    }
}

#[test]
fn killed_anywhere_and_recovered_it_is_all_new_or_all_old() {
    if !failpoints_available() {
        return;
    }
    for (place, times) in PLACES {
        for time in 1..=times {
            let (scratch, when) = (tree(), format!("{place}@{time}"));
            let before = scratch.snapshot();
            run(&scratch).failpoint(&when, "abort").run().is_killed_by(Signal::KILL);
            for _ in 0..2 {
                swapbin(&scratch).arg("recover").run().exits(0);
                let new = all_or_nothing(&scratch, &before, &when);
                assert_eq!(new, ["commit-sync", "rename", "sync-dir", "close"].contains(&place), "{when}");
            }
        }
    }
}

#[test]
fn a_run_after_one_that_was_killed_finishes_or_removes_what_that_left() {
    if !failpoints_available() {
        return;
    }
    for place in ["sync", "rename@3"] {
        let scratch = tree();
        let before = scratch.snapshot();
        run(&scratch).failpoint(place, "abort").run().is_killed_by(Signal::KILL);
        run(&scratch).run().exits(0);
        assert!(all_or_nothing(&scratch, &before, place));
    }
}

#[test]
fn a_directory_that_somebody_makes_meanwhile_is_not_replaced() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    let mut running = run(&scratch).failpoint("commit-record", "pause").spawn();
    running.wait_until_paused();
    scratch.directory("root/usr/share/app");
    running.signal(Signal::CONT);
    running.wait().exits(75);
    assert_eq!(std::fs::read_dir(scratch.path("root/usr/share/app")).unwrap().count(), 0);
    assert_eq!(scratch.read("root/usr/bin/app"), b"old app");
    scratch.assert_no_litter();
}

#[test]
fn a_dry_run_warns_of_what_was_broken_off_and_changes_nothing() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    run(&scratch).failpoint("rename@2", "abort").run().is_killed_by(Signal::KILL);
    let before = scratch.snapshot();
    let dry = || run(&scratch).arg("--dry-run");
    dry().run().exits(0).says("warning: ").says("unfinished");
    scratch.snapshot().assert_same_as(&before);
    swapbin(&scratch).arg("recover").run().exits(0);
    dry().run().exits(0).never_mentions("unfinished");
}
