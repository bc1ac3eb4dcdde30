//! One file that keeps its inode, its rollback and its recovery.

use super::one;
use crate::campaign::try_at_every_call;
use crate::job::{Job, Promise, Without};

const OVERWRITE: &str = "--from new --to d/app --in-place";
const AGAIN: &str = "--from new --to d/app --in-place --force";
const OVERWRITTEN: &[(&str, &str)] = &[("d/app", "new"), ("d/.swapbin~#.0", "d/app")];

#[test]
fn one_file_is_overwritten_in_place() {
    try_at_every_call(&Job {
        name: "one file is overwritten in place",
        arrange: one,
        command: OVERWRITE,
        changes: OVERWRITTEN,
        promise: Promise::InPlace,
        recover: Some("recover"),
        again: &[AGAIN],
        ..Job::default()
    });
}

#[test]
fn one_file_is_overwritten_in_place_on_an_old_kernel() {
    try_at_every_call(&Job {
        name: "one file is overwritten in place on an old kernel",
        arrange: one,
        command: OVERWRITE,
        changes: OVERWRITTEN,
        promise: Promise::InPlace,
        recover: Some("recover"),
        again: &[AGAIN],
        without: &[Without::Tmpfile, Without::Exchange, Without::KernelCopy],
        ..Job::default()
    });
}

#[test]
fn what_was_overwritten_in_place_is_brought_back() {
    try_at_every_call(&Job {
        name: "what was overwritten in place is brought back",
        arrange: one,
        past: &[OVERWRITE],
        command: "rollback d/app",
        changes: &[("d/app", "d/.swapbin~#.0"), ("d/.swapbin~#.0", "d/app")],
        promise: Promise::InPlace,
        recover: Some("recover"),
        sweep: &["--from new --to d/current"],
        ..Job::default()
    });
}

#[test]
fn a_write_in_place_that_was_broken_off_is_undone() {
    try_at_every_call(&Job {
        name: "a write in place that was broken off is undone",
        // Shorter: it is written, and what is behind its end is still the old one's.
        arrange: |place| {
            one(place);
            std::fs::write(place.root().join("new"), [b'n'; 5000]).expect("a file in the scratch directory");
            place.current("d/current", "new");
        },
        past: &["KILLED_AT=ftruncate:2 --from new --to d/app --in-place"],
        command: "recover",
        changes: &[("d/app", "d/.swapbin.#.1"), ("d/.swapbin.#.0", ""), ("d/.swapbin.#.1", "")],
        promise: Promise::Repair,
        recover: Some("recover"),
        sweep: &["--from new --to d/current"],
        ..Job::default()
    });
}
