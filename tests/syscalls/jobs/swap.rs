//! One file, and its rollback.

use super::one;
use crate::campaign::try_at_every_call;
use crate::job::{Job, Without};
use crate::support::require_root;

const SWAP: &str = "--from new --to d/app";
const AGAIN: &str = "--from new --to d/app --force";
const SWAPPED: &[(&str, &str)] = &[("d/app", "new"), ("d/.swapbin~#.0", "d/app")];

#[test]
fn one_file_is_replaced() {
    try_at_every_call(&Job {
        name: "one file is replaced",
        arrange: one,
        command: SWAP,
        changes: SWAPPED,
        again: &[AGAIN],
        ..Job::default()
    });
}

#[test]
fn one_file_is_made() {
    try_at_every_call(&Job {
        name: "one file is made",
        arrange: one,
        command: "--from new --to d/another",
        changes: &[("d/another", "new")],
        again: &["--from new --to d/another"],
        ..Job::default()
    });
}

#[test]
fn one_file_is_replaced_from_a_stream_with_a_digest_asked_for() {
    if !require_root() {
        return;
    }
    try_at_every_call(&Job {
        name: "one file is replaced from a stream with a digest asked for",
        arrange: one,
        command: "--from - --to d/app --sha256 {sha256:new} --mode 4711 --owner 2 <new",
        changes: SWAPPED,
        again: &["--from - --to d/app --sha256 {sha256:new} --mode 4711 --owner 2 --force <new"],
        ..Job::default()
    });
}

#[test]
fn one_file_is_replaced_on_an_old_kernel() {
    try_at_every_call(&Job {
        name: "one file is replaced on an old kernel",
        arrange: one,
        command: SWAP,
        changes: SWAPPED,
        again: &[AGAIN],
        without: &[Without::Tmpfile, Without::Exchange, Without::KernelCopy],
        ..Job::default()
    });
}

#[test]
fn one_file_is_replaced_where_the_old_one_has_to_be_copied() {
    try_at_every_call(&Job {
        name: "one file is replaced where the old one has to be copied",
        arrange: one,
        command: SWAP,
        changes: &[("d/app", "new"), ("d/.swapbin~#.0", "d/app")],
        again: &[AGAIN],
        without: &[Without::HardLinks, Without::Exchange],
        ..Job::default()
    });
}

#[test]
fn one_file_is_replaced_on_another_mount() {
    try_at_every_call(&Job {
        name: "one file is replaced on another mount",
        arrange: |place| {
            place.old("{other}/app");
            place.new_file("new");
        },
        command: "--from new --to {other}/app",
        changes: &[("{other}/app", "new"), ("{other}/.swapbin~#.0", "{other}/app")],
        again: &["--from new --to {other}/app --force"],
        ..Job::default()
    });
}

#[test]
fn one_file_is_replaced_after_a_run_that_was_killed() {
    try_at_every_call(&Job {
        name: "one file is replaced after a run that was killed",
        arrange: one,
        past: &["KILLED_AT=renameat:1 --from new --to d/app"],
        command: SWAP,
        changes: &[("d/app", "new"), ("d/.swapbin.s#.0", "")],
        again: &[AGAIN],
        ..Job::default()
    });
}

#[test]
fn a_current_file_is_left() {
    try_at_every_call(&Job {
        name: "a current file is left",
        arrange: one,
        past: &["--from new --to d/app --keep 0"],
        command: "--from new --to d/app --keep 0",
        again: &["--from new --to d/app --keep 0 --force"],
        ..Job::default()
    });
}

#[test]
fn an_earlier_version_is_brought_back() {
    try_at_every_call(&Job {
        name: "an earlier version is brought back",
        arrange: one,
        past: &[SWAP],
        command: "rollback d/app",
        changes: &[("d/app", "d/.swapbin~#.0"), ("d/.swapbin~#.0", "d/app")],
        recover: Some("recover"),
        sweep: &["--from new --to d/current"],
        ..Job::default()
    });
}
