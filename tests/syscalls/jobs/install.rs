//! `swapbin install`.

use super::one;
use crate::campaign::try_at_every_call;
use crate::job::{Job, Promise, Threads, Without};
use crate::place::Place;
use crate::support::require_root;

/// Three files to install, over two old ones.
fn three(place: &Place) {
    place.directory("d");
    place.old("d/a");
    place.old("d/c");
    ["a", "b", "c"].iter().for_each(|name| place.new_file(name));
}

/// A swap removes what a killed run has left in the directory; install does not.
const SWEEP: &str = "--from new --to d/app --force --keep 0";
const SWEEP_THREE: &str = "--from a --to d/a --force --keep 0";

#[test]
fn install_of_one_file() {
    if !require_root() {
        return;
    }
    try_at_every_call(&Job {
        name: "install of one file",
        arrange: one,
        command: "install -o 2 -g 3 -m 4755 new d/app",
        changes: &[("d/app", "new")],
        again: &["install -o 2 -g 3 -m 4755 new d/app", SWEEP],
        ..Job::default()
    });
}

#[test]
fn install_of_one_file_with_a_backup() {
    try_at_every_call(&Job {
        name: "install of one file with a backup",
        arrange: one,
        command: "install -b new d/app",
        changes: &[("d/app", "new"), ("d/app~", "d/app")],
        again: &["install new d/app", SWEEP],
        ..Job::default()
    });
}

#[test]
fn install_of_one_file_with_a_backup_that_replaces_another() {
    try_at_every_call(&Job {
        name: "install of one file with a backup that replaces another",
        arrange: |place| {
            one(place);
            place.new_file("d/app~");
        },
        command: "install -b new d/app",
        changes: &[("d/app", "new"), ("d/app~", "d/app")],
        again: &["install new d/app", SWEEP],
        ..Job::default()
    });
}

#[test]
fn install_of_one_file_with_a_backup_where_nothing_can_be_linked() {
    try_at_every_call(&Job {
        name: "install of one file with a backup where nothing can be linked",
        arrange: one,
        command: "install -b new d/app",
        changes: &[("d/app", "new"), ("d/app~", "d/app")],
        again: &["install new d/app", SWEEP],
        without: &[Without::HardLinks],
        ..Job::default()
    });
}

const THREE: &str = "install a b c d";

#[test]
fn install_of_three_files() {
    try_at_every_call(&Job {
        name: "install of three files",
        arrange: three,
        command: THREE,
        changes: &[("d/a", "a"), ("d/b", "b"), ("d/c", "c")],
        promise: Promise::Each,
        again: &[THREE, SWEEP_THREE],
        ..Job::default()
    });
}

#[test]
fn install_of_three_files_by_threads() {
    try_at_every_call(&Job {
        name: "install of three files by threads",
        arrange: three,
        command: THREE,
        changes: &[("d/a", "a"), ("d/b", "b"), ("d/c", "c")],
        promise: Promise::Each,
        again: &[THREE, SWEEP_THREE],
        threads: Threads::Granted,
        ..Job::default()
    });
}

#[test]
fn install_of_three_files_with_backups() {
    try_at_every_call(&Job {
        name: "install of three files with backups",
        arrange: three,
        command: "install -b a b c d",
        changes: &[("d/a", "a"), ("d/a~", "d/a"), ("d/b", "b"), ("d/c", "c"), ("d/c~", "d/c")],
        promise: Promise::Each,
        again: &[THREE, SWEEP_THREE],
        ..Job::default()
    });
}

#[test]
fn install_of_three_files_or_none() {
    try_at_every_call(&Job {
        name: "install of three files or none",
        arrange: three,
        command: "install --all-or-nothing a b c d",
        changes: &[("d/a", "a"), ("d/b", "b"), ("d/c", "c")],
        again: &[THREE, SWEEP_THREE],
        ..Job::default()
    });
}

#[test]
fn install_of_three_files_or_none_with_backups() {
    try_at_every_call(&Job {
        name: "install of three files or none with backups",
        arrange: three,
        command: "install -b --all-or-nothing a b c d",
        changes: &[("d/a", "a"), ("d/a~", "d/a"), ("d/b", "b"), ("d/c", "c"), ("d/c~", "d/c")],
        again: &[THREE, SWEEP_THREE],
        ..Job::default()
    });
}

#[test]
fn install_of_three_files_or_none_on_an_old_kernel() {
    try_at_every_call(&Job {
        name: "install of three files or none on an old kernel",
        arrange: three,
        command: "install --all-or-nothing a b c d",
        changes: &[("d/a", "a"), ("d/b", "b"), ("d/c", "c")],
        again: &[THREE, SWEEP_THREE],
        without: &[Without::Tmpfile, Without::Exchange, Without::KernelCopy],
        ..Job::default()
    });
}

#[test]
fn install_makes_directories() {
    try_at_every_call(&Job {
        name: "install makes directories",
        arrange: one,
        command: "install -D new d/e/f/app",
        changes: &[("d/e", "d"), ("d/e/f", "d"), ("d/e/f/app", "new")],
        promise: Promise::Each,
        again: &["install -D new d/e/f/app", "--from new --to d/e/f/app --force --keep 0"],
        ..Job::default()
    });
}
