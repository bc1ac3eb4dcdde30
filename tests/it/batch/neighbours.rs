//! Others who are at the same files at the same time.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{NAMES, Set};
use crate::support::{Scratch, failpoints_available, output_of, swapbin};

#[test]
fn a_run_waits_for_another_at_the_same_file_and_not_for_one_at_others() {
    if !failpoints_available() {
        return;
    }
    let set = Set::new();
    let mut first = set.run().failpoint("rename@1", "pause").spawn();
    first.wait_until_paused();
    set.scratch.file("newest", "newest");
    let newest = || swapbin(&set.scratch).from("newest");
    newest().to("elsewhere").run().exits(0);
    newest().to("b/four").args(["--wait", "0"]).run().exits(75).says("another run");
    assert_eq!(set.count_new(), 0);
    let second = newest().to("b/four").spawn();
    first.signal(rustix::process::Signal::CONT);
    first.wait().exits(0);
    second.wait().exits(0);
    assert_eq!(set.scratch.read("b/four"), b"newest");
    set.assert_no_litter("both are done");
}

#[test]
fn the_lock_of_a_killed_run_is_no_obstacle() {
    if !failpoints_available() {
        return;
    }
    let set = Set::new();
    set.run().failpoint("sync", "abort").run().is_killed_by(rustix::process::Signal::KILL);
    set.run().args(["--wait", "0"]).run().exits(0);
    assert_eq!(set.count_new(), NAMES.len());
}

#[test]
fn a_file_changed_by_somebody_else_before_its_rename_is_not_overwritten_and_the_set_is_taken_back() {
    if !failpoints_available() {
        return;
    }
    let set = Set::new();
    let mut run = set.run().failpoint("sync-prepared@1", "pause").spawn();
    run.wait_until_paused();
    fs::write(set.target(3), "theirs").unwrap();
    run.signal(rustix::process::Signal::CONT);
    run.wait().exits(75).says("changed by somebody else");
    assert_eq!(set.scratch.read("b/four"), b"theirs");
    let others = (0..NAMES.len()).filter(|at| *at != 3).all(|at| set.entry(at) == set.before[at]);
    assert!(others, "the others are what they were");
    set.assert_no_litter("taken back");
}

#[test]
fn names_of_one_file_are_replaced_together_and_come_back_together() {
    let scratch = Scratch::new();
    scratch.file("one", "old");
    fs::hard_link(scratch.path("one"), scratch.path("other")).unwrap();
    scratch.file("new", "new");
    let both = || swapbin(&scratch).from("new").to("one").from("new").to("other");
    assert_eq!(both().keeping().run().exits(0).error_text(), "", "no other name keeps the old content");
    let read = || (scratch.read("one"), scratch.read("other"));
    assert_eq!(read(), (b"new".to_vec(), b"new".to_vec()));
    swapbin(&scratch).args(["rollback", "--last"]).run().exits(0);
    assert_eq!(read(), (b"old".to_vec(), b"old".to_vec()));
    scratch.assert_no_litter();
    // One that is what it should be stays what it is.
    scratch.file("same", "old");
    let one = swapbin(&scratch).from("same").to("other").from("new").to("one");
    one.run().exits(0).prints("unchanged").says("one' has another name");
}

#[test]
fn names_of_one_file_stay_if_somebody_writes_to_it_before_the_rename() {
    if !failpoints_available() {
        return;
    }
    let scratch = Scratch::new();
    scratch.file("one", "old");
    fs::hard_link(scratch.path("one"), scratch.path("other")).unwrap();
    scratch.file("new", "new");
    let both = swapbin(&scratch).from("new").to("one").from("new").to("other");
    let mut run = both.failpoint("sync-prepared@1", "pause").spawn();
    run.wait_until_paused();
    fs::write(scratch.path("other"), "theirs").unwrap();
    run.signal(rustix::process::Signal::CONT);
    run.wait().exits(75).says("changed by somebody else");
    assert_eq!((scratch.read("one"), scratch.read("other")), (b"theirs".to_vec(), b"theirs".to_vec()));
    scratch.assert_no_litter();
}

/// Programs and readers all the while: no exec fails, no file is torn, and in the end the set is of one run.
#[test]
fn sixteen_runs_on_overlapping_sets_leave_the_files_of_one_of_them_and_disturb_nobody() {
    let scratch = Scratch::new();
    let names = ["one", "two", "three", "four"];
    for name in names {
        scratch.program(name, "start");
    }
    for run in 0..16 {
        for name in names {
            scratch.program(format!("{name}-{run}"), &format!("run-{run}"));
        }
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for name in names {
            let (path, stop) = (scratch.path(name), &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let said = version_of(&path);
                    assert!(said == "start" || said.starts_with("run-"), "{}: {said}", path.display());
                }
            });
        }
        let runs: Vec<_> = (0..16)
            .map(|run| {
                // Each leaves out one of the four, so that the sets overlap and differ.
                let chosen = names.iter().enumerate().filter(|(at, _)| run % 5 != at + 1);
                let start = swapbin(&scratch).args(["--wait", "60"]).within_time(Duration::from_secs(90));
                chosen.fold(start, |command, (_, name)| command.from(format!("{name}-{run}")).to(name)).spawn()
            })
            .collect();
        let outcomes: Vec<_> = runs.into_iter().map(|run| run.wait()).collect();
        stop.store(true, Ordering::Relaxed);
        for outcome in outcomes {
            outcome.exits(0);
        }
    });
    // The last run that has all four decides, and those after it change three together.
    let finally: Vec<String> = names.iter().map(|name| version_of(&scratch.path(name))).collect();
    let different: std::collections::HashSet<&String> = finally.iter().collect();
    assert!(different.len() <= 2, "a mixed set: {finally:?}");
    scratch.assert_no_litter();
}

fn version_of(program: &Path) -> String {
    let output = output_of(std::process::Command::new(program).arg("version")).expect("a program in place can be run");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
