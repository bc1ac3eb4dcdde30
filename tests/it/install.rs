//! `swapbin install` where it promises more than install(1): what is replaced is there all the time, and survives every failure.

mod failure;
mod many;
mod order;
mod sweep;

use crate::support::{Fixture, Scratch, Swapbin, swapbin};

const INSTALLATIONS: usize = 300;

/// The program as install(1), with these words.
fn install<'a>(scratch: &'a Scratch, line: &str) -> Swapbin<'a> {
    swapbin(scratch).arg("install").args(line.split_whitespace())
}

#[test]
fn a_reader_in_a_tight_loop_sees_old_or_new_every_time() {
    let scratch = Scratch::new();
    let app = scratch.file_of("app", b'a', 200_000).mode(0o755);
    scratch.file_of("b", b'b', 300_000);
    scratch.file_of("a", b'a', 200_000);
    let fixture = scratch.program("watcher", "one");
    let watcher = Fixture::start(&fixture, &["watch-file", app.to_str().unwrap(), "755", "200000:a", "300000:b"]);

    let lines = ["--durability none b app", "-b a app", "-p b app", "--all-or-nothing -b a app"];
    for line in lines.iter().cycle().take(INSTALLATIONS) {
        install(&scratch, line).run().exits(0).is_quiet();
    }

    let count = watcher.finish_counting();
    assert_eq!((count("absent"), count("torn"), count("badmode")), (0, 0, 0), "in {} looks", count("looks"));
    assert!(count("changes") > 10, "the watcher saw {} changes only: it did not look while swaps went on", count("changes"));
    scratch.assert_no_litter();
}
