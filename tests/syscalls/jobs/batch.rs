//! Several files as one change, its recovery, and its rollback.

use crate::campaign::try_at_every_call;
use crate::job::{Job, Promise, Without};
use crate::place::Place;

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
fn two_files_are_replaced_or_none_where_the_old_ones_have_to_be_copied() {
    const TWO: &str = "--from a --to dd/a --from c --to ee/c";
    try_at_every_call(&Job {
        name: "two files are replaced or none where the old ones have to be copied",
        arrange: six,
        command: TWO,
        changes: &[("dd/a", "a"), ("dd/.swapbin~#.0", "dd/a"), ("ee/c", "c"), ("ee/.swapbin~#.1", "ee/c")],
        recover: Some("recover"),
        again: &[TWO],
        without: &[Without::HardLinks, Without::Exchange],
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
        past: &[concat!("KILLED_AT=fsync:1 ", six!())],
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
