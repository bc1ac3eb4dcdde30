//! The jobs. A new one is a `Job` in a test of its own.

use crate::campaign::try_at_every_call;
use crate::job::{Job, Promise, Threads, Without};
use crate::place::Place;
use crate::support::require_root;

fn one(place: &Place) {
    place.directory("d");
    place.old("d/app");
    place.new_file("new");
    place.current("d/current", "new");
}

/// Three files to install, over two old ones.
fn three(place: &Place) {
    place.directory("d");
    place.old("d/a");
    place.old("d/c");
    ["a", "b", "c"].iter().for_each(|name| place.new_file(name));
}

/// Six files to replace, but for two that are not there yet, in three directories on two mounts.
fn six(place: &Place) {
    ["dd", "ee", "{other}/ff"].iter().for_each(|name| place.directory(name));
    ["dd/a", "ee/c", "{other}/ff/d", "{other}/ff/e"].iter().for_each(|name| place.old(name));
    ["a", "b", "c", "d", "e", "g"].iter().for_each(|name| place.new_file(name));
    ["dd/current", "ee/current", "{other}/ff/current"].iter().for_each(|name| place.current(name, "a"));
}

macro_rules! six {
    () => {
        "--from a --to dd/a --from b --to dd/b --from c --to ee/c --from g --to ee/g --from d --to {other}/ff/d \
                   --from e --to {other}/ff/e"
    };
}
const SIX: &str = six!();
const SIX_SWAPPED: &[(&str, &str)] = &[
    ("dd/a", "a"),
    ("dd/.swapbin~#.0", "dd/a"),
    ("dd/b", "b"),
    ("ee/c", "c"),
    ("ee/.swapbin~#.2", "ee/c"),
    ("ee/g", "g"),
    ("{other}/ff/d", "d"),
    ("{other}/ff/.swapbin~#.4", "{other}/ff/d"),
    ("{other}/ff/e", "e"),
    ("{other}/ff/.swapbin~#.5", "{other}/ff/e"),
];

/// A file that is current in each directory: such runs remove what killed ones have left.
const SWEEP_SIX: &[&str] = &["--from a --to dd/current", "--from a --to ee/current", "--from a --to {other}/ff/current"];

const SWAP: &str = "--from new --to d/app";
const AGAIN: &str = "--from new --to d/app --force";
const SWAPPED: &[(&str, &str)] = &[("d/app", "new"), ("d/.swapbin~#.0", "d/app")];
/// A swap removes what a killed run has left in the directory; install does not.
const SWEEP: &str = "--from new --to d/app --force --keep 0";
const SWEEP_THREE: &str = "--from a --to d/a --force --keep 0";

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

#[test]
fn six_files_are_replaced_or_none() {
    try_at_every_call(&Job {
        name: "six files are replaced or none",
        arrange: six,
        command: SIX,
        changes: SIX_SWAPPED,
        recover: Some("recover"),
        again: &[SIX],
        ..Job::default()
    });
}

#[test]
fn a_batch_that_was_broken_off_is_finished() {
    try_at_every_call(&Job {
        name: "a batch that was broken off is finished",
        arrange: six,
        past: &[concat!("KILLED_AT=renameat:2 ", six!())],
        command: "recover",
        changes: &[
            ("ee/c", "c"),
            ("ee/.swapbin.#.2", ""),
            ("ee/g", "g"),
            ("ee/.swapbin.#.3", ""),
            ("{other}/ff/d", "d"),
            ("{other}/ff/.swapbin.#.4", ""),
            ("{other}/ff/e", "e"),
            ("{other}/ff/.swapbin.#.5", ""),
        ],
        promise: Promise::Repair,
        recover: Some("recover"),
        sweep: SWEEP_SIX,
        ..Job::default()
    });
}

#[test]
fn a_batch_that_was_not_decided_is_taken_back() {
    try_at_every_call(&Job {
        name: "a batch that was not decided is taken back",
        arrange: six,
        past: &[concat!("KILLED_AT=fsync:4 ", six!())],
        command: "recover",
        changes: &[
            ("dd/.swapbin.#.0", ""),
            ("dd/.swapbin~#.0", ""),
            ("dd/.swapbin.#.1", ""),
            ("ee/.swapbin.#.2", ""),
            ("ee/.swapbin~#.2", ""),
            ("ee/.swapbin.#.3", ""),
            ("{other}/ff/.swapbin.#.4", ""),
            ("{other}/ff/.swapbin~#.4", ""),
            ("{other}/ff/.swapbin.#.5", ""),
            ("{other}/ff/.swapbin~#.5", ""),
        ],
        promise: Promise::Repair,
        recover: Some("recover"),
        sweep: SWEEP_SIX,
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

#[test]
fn a_whole_batch_is_brought_back() {
    try_at_every_call(&Job {
        name: "a whole batch is brought back",
        arrange: six,
        past: &[SIX],
        command: "rollback --last",
        changes: &[
            ("dd/a", "dd/.swapbin~#.0"),
            ("dd/b", ""),
            ("ee/c", "ee/.swapbin~#.2"),
            ("ee/g", ""),
            ("{other}/ff/d", "{other}/ff/.swapbin~#.4"),
            ("{other}/ff/e", "{other}/ff/.swapbin~#.5"),
            ("dd/.swapbin~#.0", ""),
            ("dd/.swapbin~#.4", "dd/b"),
            ("dd/.swapbin~#.5", "dd/a"),
            ("ee/.swapbin~#.2", "ee/g"),
            ("ee/.swapbin~#.3", "ee/c"),
            ("{other}/ff/.swapbin~#.0", "{other}/ff/e"),
            ("{other}/ff/.swapbin~#.1", "{other}/ff/d"),
            ("{other}/ff/.swapbin~#.4", ""),
            ("{other}/ff/.swapbin~#.5", ""),
        ],
        recover: Some("recover"),
        sweep: SWEEP_SIX,
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
