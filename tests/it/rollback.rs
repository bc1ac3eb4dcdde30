//! Earlier versions brought back: `swapbin rollback`.

mod batch;
mod copied;
mod dry_run;
mod identity;

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::support::{Outcome, Scratch, Swapbin, failpoints_available, is_kept, swapbin};

/// A program, and two versions that replace it.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("app", "one").mode(0o750);
    scratch.file("two", "two").mode(0o750);
    scratch.file("three", "three").mode(0o750);
    scratch
}

#[track_caller]
fn replace(scratch: &Scratch, source: &str) {
    swapbin(scratch).from(source).to("app").keeping().run().exits(0);
}

fn rollback(scratch: &Scratch, words: &[&str]) -> Outcome {
    swapbin(scratch).arg("rollback").args(words).run()
}

/// The kept versions in the tree, and the directories some of them are in.
fn kept(scratch: &Scratch) -> Vec<PathBuf> {
    scratch.snapshot().names().filter(|name| is_kept(name)).map(|name| scratch.path(name)).collect()
}

#[test]
fn a_file_is_the_one_before_again_the_same_inode() {
    let scratch = tree();
    let inode = std::fs::metadata(scratch.path("app")).unwrap().ino();
    replace(&scratch, "two");
    rollback(&scratch, &["app"]).exits(0).prints("replaced").prints("1 file in place, transaction ");
    let now = std::fs::metadata(scratch.path("app")).unwrap();
    assert_eq!((scratch.read("app"), now.ino(), now.mode() & 0o7777), (b"one".to_vec(), inode, 0o750));
    scratch.assert_no_litter();
}

#[test]
fn a_second_rollback_goes_forward_again_and_a_third_one_back() {
    let scratch = tree();
    replace(&scratch, "two");
    for expected in ["one", "two", "one", "two"] {
        rollback(&scratch, &["app"]).exits(0);
        assert_eq!(scratch.read("app"), expected.as_bytes());
        assert_eq!(kept(&scratch).len(), 1, "one version is kept");
    }
    scratch.assert_no_litter();
}

#[test]
fn where_nothing_is_kept_there_is_nothing_to_bring_back() {
    let scratch = tree();
    rollback(&scratch, &["app"]).exits(7).says("no earlier version").says("hint: ");
    swapbin(&scratch).from("two").to("app").args(["--keep", "0"]).keeping().run().exits(0);
    rollback(&scratch, &["app"]).exits(7);
    rollback(&scratch, &["--last"]).exits(7).says("no change is recorded").says("hint: ");
    rollback(&scratch, &["--txn", "0123456789abcdef0123"]).exits(2).says("hint: ");
    assert_eq!(scratch.read("app"), b"two");
    let object = rollback(&scratch, &["app", "--json"]).exits(7).json();
    assert_eq!((&object["ok"], &object["error"]["kind"]), (&false.into(), &"unavailable".into()));
}

#[test]
fn of_a_directory_too_nothing_is_kept_and_the_advice_is_none_for_a_file() {
    let scratch = tree();
    replace(&scratch, "two");
    scratch.directory("directory");
    for words in [&["directory"][..], &["directory/"], &["directory", "--dry-run"]] {
        let outcome = rollback(&scratch, words);
        outcome.exits(7).says("no earlier version of").says("/directory'").says("swapbin history").never_mentions("--to");
    }
}

#[test]
fn a_directory_that_cannot_be_synced_leaves_the_file_in_doubt_that_came_back() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    replace(&scratch, "two");
    let run = swapbin(&scratch).args(["rollback", "app"]).failpoint("sync-dir", "5").run();
    run.exits(8).says(&format!("'{}' is in place, but could not be synced", scratch.path("app").display()));
}

#[test]
fn as_many_versions_are_kept_as_asked_for_and_each_can_come_back() {
    let scratch = tree();
    let keep = |source: &str| {
        swapbin(&scratch).from(source).to("app").args(["--keep", "2"]).keeping().run().exits(0);
    };
    keep("two");
    keep("three");
    keep("two");
    assert_eq!(kept(&scratch).len(), 2);
    rollback(&scratch, &["app"]).exits(0);
    assert_eq!(scratch.read("app"), b"three");
}

#[test]
fn a_link_is_followed_unless_it_is_meant_itself() {
    let scratch = tree();
    scratch.link("current", "app");
    swapbin(&scratch).from("two").to("current").keeping().run().exits(0);
    rollback(&scratch, &["current", "--no-dereference"]).exits(7);
    rollback(&scratch, &["current"]).exits(0);
    assert_eq!(scratch.read("app"), b"one");

    swapbin(&scratch).from("two").to("current").arg("--no-dereference").keeping().run().exits(0);
    assert!(scratch.path("current").symlink_metadata().unwrap().is_file());
    rollback(&scratch, &["current", "--no-dereference"]).exits(0);
    assert_eq!(std::fs::read_link(scratch.path("current")).unwrap(), PathBuf::from("app"));
}

#[test]
fn exactly_one_thing_is_to_be_named() {
    let scratch = tree();
    replace(&scratch, "two");
    for words in [&[][..], &["app", "--last"], &["--last", "--txn", "x"], &["--last", "--no-dereference"]] {
        rollback(&scratch, words).exits(2);
    }
    assert_eq!(scratch.read("app"), b"two");
}

#[test]
fn the_object_tells_what_is_in_place_and_what_is_kept_now() {
    let scratch = tree();
    replace(&scratch, "two");
    let object = rollback(&scratch, &["app", "--json"]).exits(0).json();
    assert_eq!((&object["ok"], &object["action"], &object["changed"]), (&true.into(), &"installed".into(), &true.into()));
    let swap = &object["swaps"][0];
    assert_eq!((&swap["installed"]["size"], &swap["previous"]["size"]), (&3.into(), &3.into()));
    assert_eq!(std::fs::read(swap["kept"].as_str().unwrap()).unwrap(), b"two");
    rollback(&scratch, &["app", "-q"]).exits(0).is_quiet();
}

#[test]
fn a_rollback_that_is_killed_is_finished_or_never_was() {
    for (place, expected) in [("commit-record", "two"), ("rename", "one"), ("sync-dir", "one"), ("close", "one")] {
        if !failpoints_available() {
            return;
        }
        let scratch = tree();
        replace(&scratch, "two");
        let run = swapbin(&scratch).args(["rollback", "app"]).failpoint(place, "abort").run();
        run.is_killed_by(rustix::process::Signal::KILL);
        swapbin(&scratch).arg("recover").run().exits(0);
        assert_eq!(scratch.read("app"), expected.as_bytes(), "{place}");
        scratch.assert_no_litter();
        // Whichever it is now, the other one can come back.
        rollback(&scratch, &["app"]).exits(0);
        assert_ne!(scratch.read("app"), expected.as_bytes(), "{place}");
    }
}

#[test]
fn a_batch_that_has_to_be_finished_first_is_what_is_taken_back() {
    if !failpoints_available() {
        return;
    }
    for words in [&["app"][..], &["--last"]] {
        let scratch = tree();
        replace(&scratch, "two");
        let run = swapbin(&scratch).from("three").to("app").from("three").to("other").args(["--keep", "2"]).keeping();
        run.failpoint("rename", "abort").run().is_killed_by(rustix::process::Signal::KILL);
        // It finds the broken-off batch, finishes it, and then takes back the newest change: that one.
        rollback(&scratch, words).exits(0).says("finished transaction");
        assert_eq!(scratch.read("app"), b"two", "{words:?}");
    }
}

#[test]
fn a_single_swap_that_was_killed_before_its_rename_was_no_change() {
    if !failpoints_available() {
        return;
    }
    for words in [&["app"][..], &["--last"]] {
        let scratch = tree();
        replace(&scratch, "two");
        let run = swapbin(&scratch).from("three").to("app").keeping().failpoint("rename", "abort").run();
        run.is_killed_by(rustix::process::Signal::KILL);
        assert_eq!(scratch.read("app"), b"two");
        assert_eq!(swapbin(&scratch).arg("history").run().exits(0).output_text().lines().count(), 1);
        // It does not push out the version before either, and is no change after that.
        swapbin(&scratch).arg("prune").run().exits(0).prints("nothing to remove");
        assert_eq!(kept(&scratch).len(), 1);
        assert_eq!(swapbin(&scratch).arg("history").run().exits(0).output_text().lines().count(), 1);
        rollback(&scratch, words).exits(0);
        assert_eq!(scratch.read("app"), b"one", "the version before, not the one that is there");
    }
}

/// A program that came back by a rollback which could not remove the name it was kept by: keeps two versions, one of them what is
/// in place.
fn with_a_second_name() -> Scratch {
    let scratch = tree();
    let run = swapbin(&scratch).from("two").to("app").args(["--keep", "2"]).from("two").to("other").keeping();
    run.run().exits(0);
    let run = swapbin(&scratch).args(["rollback", "app", "--json"]).failpoint("forget", "5").run();
    let object = run.exits(0).says("could not be removed: input/output error").says("swapbin prune").json();
    assert_eq!(object["swaps"][0]["warnings"][0]["kind"], "not-forgotten");
    assert_eq!((scratch.read("app"), kept(&scratch).len()), (b"one".to_vec(), 2));
    scratch
}

#[test]
fn a_name_of_what_came_back_that_cannot_be_removed_is_told_and_goes_with_the_next_run_or_prune() {
    if !failpoints_available() {
        return;
    }
    let next: [(&[&str], &[u8]); 3] = [
        (&["prune", "--keep", "2"], b"one"),
        (&["--from", "three", "--to", "app", "--keep", "3"], b"three"),
        (&["--from", "three", "--to", "app", "--keep", "3", "--from", "three", "--to", "new"], b"three"),
    ];
    for (words, expected) in next {
        let scratch = with_a_second_name();
        let inode = std::fs::metadata(scratch.path("app")).unwrap().ino();
        swapbin(&scratch).args(words).keeping().run().exits(0);
        let names = || kept(&scratch).into_iter().filter(|path| path.metadata().unwrap().ino() == inode).count();
        // As a version before it may be kept: once.
        assert_eq!((scratch.read("app"), names()), (expected.to_vec(), usize::from(expected != b"one")), "{words:?}");
        rollback(&scratch, &["app"]).exits(0);
        let before: &[u8] = if expected == b"one" { b"two" } else { b"one" };
        assert_eq!(scratch.read("app"), before, "{words:?}");
    }
}

#[test]
fn a_rollback_that_is_killed_while_it_removes_the_name_of_what_came_back_leaves_that_to_recovery() {
    if !failpoints_available() {
        return;
    }
    for (mode, keep) in [(0o750, "1"), (0o750, "2"), (0o4750, "2")] {
        let scratch = tree();
        scratch.file("app", "one").mode(mode);
        let run = swapbin(&scratch).from("two").to("app").args(["--mode", "0755", "--keep", keep]).keeping();
        run.run().exits(0);
        let run = swapbin(&scratch).args(["rollback", "app"]).failpoint("forget", "abort").run();
        run.is_killed_by(rustix::process::Signal::KILL);
        let recovered = swapbin(&scratch).arg("recover").run();
        recovered.exits(0).prints("finished");
        let app = std::fs::metadata(scratch.path("app")).unwrap();
        assert_eq!((scratch.read("app"), app.nlink(), app.mode() & 0o7777), (b"one".to_vec(), 1, mode));
        assert_eq!(kept(&scratch).iter().filter(|path| path.is_file()).count(), 1);
        assert!(kept(&scratch).iter().all(|path| path.is_file()), "no room is left");
        rollback(&scratch, &["app"]).exits(0);
        assert_eq!(scratch.read("app"), b"two");
        scratch.assert_no_litter();
    }
}

#[test]
fn a_batch_that_is_killed_while_it_removes_versions_or_before_keeps_no_more_than_asked_for_once_it_is_recovered() {
    if !failpoints_available() {
        return;
    }
    for place in ["rename@2", "close", "forget@2"] {
        let scratch = tree();
        let batch = |source: &str| {
            let add = |run, target| Swapbin::to(Swapbin::from(run, source), target).args(["--keep", "2"]);
            ["app", "other", "third"].into_iter().fold(swapbin(&scratch), add).keeping()
        };
        for source in ["two", "three", "two"] {
            batch(source).run().exits(0);
        }
        assert_eq!(kept(&scratch).len(), 6);
        batch("three").failpoint(place, "abort").run().is_killed_by(rustix::process::Signal::KILL);
        swapbin(&scratch).arg("recover").run().exits(0).prints("finished");
        assert_eq!(kept(&scratch).len(), 6, "{place}");
        for expected in ["two", "three"] {
            rollback(&scratch, &["app"]).exits(0);
            assert_eq!(scratch.read("app"), expected.as_bytes(), "{place}");
        }
    }
}
