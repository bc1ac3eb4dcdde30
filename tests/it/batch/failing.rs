//! A run that lives and fails: everything is as it was, and the cause is told.

use super::{NAMES, Set};
use crate::support::{failpoints_available, swapbin};

#[test]
fn a_failure_at_any_step_leaves_every_file_as_it_was_and_nothing_beside_them() {
    if !failpoints_available() {
        return;
    }
    let places = [("stage", 6), ("write", 6), ("seal", 6), ("link", 6), ("sync", 3), ("sync-prepared", 2), ("commit-record", 1)];
    let places = places.into_iter().chain([("commit-sync", 1), ("rename", 6)]);
    for (place, times) in places {
        for time in 1..=times {
            // A rename without room is tried again.
            for errno in [libc::EIO, if place == "rename" { libc::EROFS } else { libc::ENOSPC }] {
                let (set, when) = (Set::new(), format!("{place}@{time}={errno}"));
                let outcome = set.run().keeping().failpoint(&format!("{place}@{time}"), &errno.to_string()).run();
                assert!(outcome.code.is_some_and(|code| [1, 9].contains(&code)), "{when}: {outcome}");
                assert_eq!(set.count_new(), 0, "{when}");
                set.assert_no_litter(&when);
                assert_eq!(set.kept(), Vec::<std::path::PathBuf>::new(), "{when}");
            }
        }
    }
}

#[test]
fn a_source_that_fails_is_found_before_the_first_rename() {
    let set = Set::new();
    std::fs::remove_file(set.scratch.path("new-3")).unwrap();
    set.run().run().exits(7).says("new-3").says("note: nothing was changed");
    assert_eq!(set.count_new(), 0);
    set.assert_no_litter("a missing source");
}

#[test]
fn a_directory_that_cannot_be_synced_at_the_end_is_in_doubt_and_recovery_settles_it() {
    if !failpoints_available() {
        return;
    }
    let set = Set::new();
    set.run()
        .failpoint("sync-dir", &libc::EIO.to_string())
        .run()
        .exits(8)
        .says("could not be synced")
        .never_mentions("nothing was changed");
    assert_eq!(set.count_new(), NAMES.len());
    swapbin(&set.scratch).arg("recover").run().exits(0);
    assert_eq!(set.count_new(), NAMES.len());
    set.assert_no_litter("recovered");
}

#[test]
fn a_reversal_that_fails_is_told_and_recovery_completes_it() {
    if !failpoints_available() {
        return;
    }
    for (failing, back) in [("abort-record", false), ("recover@3", true), ("recover-sync", true)] {
        let set = Set::new();
        let points = format!("{failing}={}", libc::EIO);
        let run = set.run().env("SWAPBIN_FAILPOINT", format!("rename@4={},{points}", libc::EROFS));
        run.run().exits(8).says("could not be taken back");
        swapbin(&set.scratch).arg("recover").run().exits(0);
        // Without the record of the reversal it goes forward: all or nothing either way.
        assert_eq!(set.all_or_nothing(failing), !back, "{failing}");
        set.assert_no_litter(failing);
    }
}

#[test]
fn without_a_state_directory_a_batch_is_refused_and_a_single_file_is_not() {
    let set = Set::new();
    set.run().env("SWAPBIN_STATE_DIR", "/proc/nowhere").run().exits(9).says("state directory");
    assert_eq!(set.count_new(), 0);
    let single = swapbin(&set.scratch).from("new-0").to("a/one").env("SWAPBIN_STATE_DIR", "/proc/nowhere");
    single.run().exits(0);
    assert_eq!(set.count_new(), 1);
}

#[test]
fn two_ways_to_one_file_are_one_target_too_many() {
    let set = Set::new();
    set.scratch.link("way", "a");
    let run = swapbin(&set.scratch).from("new-0").to("a/one").from("new-1").to("way/one");
    run.run().exits(2).says("two files");
    assert_eq!(set.count_new(), 0);
}
