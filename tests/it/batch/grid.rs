//! Killed at every step, recovered, and recovered again.

use rustix::process::Signal;

use super::{NAMES, Set};
use crate::support::{failpoints_available, swapbin};

/// Every place with a failpoint on the way of a batch, and how often the six files and three directories pass it at least: where
/// the filesystem allows it, one sync is for all of them on it.
const PLACES: [(&str, u32); 13] = [
    ("stage", 6),
    ("write", 6),
    ("seal", 6),
    ("link", 6),
    ("sync", 3),
    ("sync-prepared", 2),
    ("ballast", 2),
    ("commit-record", 1),
    ("commit-sync", 1),
    ("rename", 6),
    ("rename-reply", 6),
    ("sync-dir", 3),
    ("close", 1),
];

fn places() -> impl Iterator<Item = String> {
    PLACES.iter().flat_map(|(place, times)| (1..=*times).map(move |time| format!("{place}@{time}")))
}

/// Whether a run killed there goes forward: COMMIT is written, if not yet synced, and nothing is lost when a process dies.
fn is_committed(place: &str) -> bool {
    ["commit-sync", "rename", "sync-dir", "close"].iter().any(|after| place.starts_with(after))
}

#[test]
fn killed_anywhere_and_recovered_all_files_are_new_or_all_are_old_and_nothing_is_left() {
    if !failpoints_available() {
        return;
    }
    for keep in ["0", "1"] {
        for place in places() {
            let set = Set::new();
            let run = set.replace(swapbin(&set.scratch).keeping().args(["--keep", keep]));
            run.failpoint(&place, "abort").run().is_killed_by(Signal::KILL);
            let recover = || swapbin(&set.scratch).arg("recover").run();
            recover().exits(0);
            let new = set.all_or_nothing(&place);
            assert_eq!(new, is_committed(&place), "{place}");
            set.assert_no_litter(&place);
            let kept = if new && keep == "1" { NAMES.len() - 1 } else { 0 };
            assert_eq!(set.kept().len(), kept, "{place}: {:?}", set.kept());
            recover().exits(0);
            assert_eq!(set.all_or_nothing(&place), new, "recovered twice, {place}");
        }
    }
}

#[test]
fn recovery_killed_anywhere_goes_on_where_it_was() {
    if !failpoints_available() {
        return;
    }
    for killed_at in ["link@4", "sync-prepared@2", "commit-sync", "rename@4", "sync-dir@2"] {
        for place in (1..=6).map(|time| format!("recover@{time}")).chain(["recover-sync".to_owned(), "close".to_owned()]) {
            let set = Set::new();
            set.run().keeping().failpoint(killed_at, "abort").run().is_killed_by(Signal::KILL);
            let recover = || swapbin(&set.scratch).arg("recover");
            // Where there is less to do, it comes to its end.
            drop(recover().failpoint(&place, "abort").run());
            recover().run().exits(0);
            let when = format!("{killed_at}, then {place}");
            assert_eq!(set.all_or_nothing(&when), is_committed(killed_at), "{when}");
            set.assert_no_litter(&when);
        }
    }
}

#[test]
fn the_next_run_at_one_of_the_files_recovers_all_of_them_first() {
    if !failpoints_available() {
        return;
    }
    for (place, committed) in [("link@4", false), ("commit-record", false), ("rename@3", true)] {
        let set = Set::new();
        set.run().failpoint(place, "abort").run().is_killed_by(Signal::KILL);
        set.scratch.file("newest", "newest");
        swapbin(&set.scratch).from("newest").to(set.target(2)).run().exits(0);
        assert_eq!(std::fs::read_to_string(set.target(2)).unwrap(), "newest");
        let new: Vec<bool> = (0..NAMES.len()).filter(|at| *at != 2).map(|at| set.entry(at) != set.before[at]).collect();
        assert_eq!(new, [committed; 5], "{place}");
        set.assert_no_litter(place);
    }
}
