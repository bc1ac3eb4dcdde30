//! What is copied, and how.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};

use rustix::process::Signal;

use crate::support::{Fixture, Scratch, failpoints_available, swapbin};

/// A process that has a file open, which is then removed.
fn held(scratch: &Scratch, name: &str) -> Fixture {
    let reader = scratch.program("reader", "one");
    let holding = Fixture::start(&reader, &["hold", scratch.path(name).to_str().unwrap()]);
    fs::remove_file(scratch.path(name)).unwrap();
    holding
}

fn open(holding: &Fixture) -> File {
    File::options().append(true).open(format!("/proc/{}/fd/3", holding.pid().as_raw_nonzero())).unwrap()
}

#[test]
fn holes_stay_holes() {
    let scratch = Scratch::new();
    let disk = File::create(scratch.path("disk")).unwrap();
    disk.set_len(256 << 20).unwrap();
    disk.write_all_at(b"in the middle", 100 << 20).unwrap();
    let _holding = held(&scratch, "disk");
    swapbin(&scratch).args(["rescue", "disk"]).run().exits(0);
    let facts = fs::metadata(scratch.path("disk")).unwrap();
    assert_eq!(facts.size(), 256 << 20);
    assert!(facts.blocks() * 512 < 1 << 20, "{} blocks", facts.blocks());
    let mut middle = [0; 13];
    File::open(scratch.path("disk")).unwrap().read_exact_at(&mut middle, 100 << 20).unwrap();
    assert_eq!(&middle, b"in the middle");
}

#[test]
fn an_empty_file_is_a_file_too() {
    let scratch = Scratch::new();
    scratch.file("empty", "");
    let _holding = held(&scratch, "empty");
    swapbin(&scratch).args(["rescue", "empty"]).run().exits(0);
    assert_eq!(scratch.read("empty"), b"");
}

#[test]
fn a_file_that_is_written_to_is_copied_as_far_as_it_was_with_a_warning() {
    if !failpoints_available() {
        return;
    }
    let scratch = Scratch::new();
    scratch.file("log", "first line\n");
    let holding = held(&scratch, "log");
    let mut run = swapbin(&scratch).args(["rescue", "log"]).failpoint("rescue-copy", "pause").spawn();
    run.wait_until_paused();
    open(&holding).write_all(b"second line\n").unwrap();
    run.signal(Signal::CONT);
    run.wait().exits(0).says("was written to while it was copied").says("--follow");
    assert_eq!(scratch.read("log"), b"first line\n");
}

#[test]
fn on_request_it_is_copied_again_until_it_stands_still() {
    if !failpoints_available() {
        return;
    }
    let scratch = Scratch::new();
    scratch.file("log", "first line\n");
    let holding = held(&scratch, "log");
    let mut run = swapbin(&scratch).args(["rescue", "log", "--follow"]).failpoint("rescue-copy@1", "pause").spawn();
    run.wait_until_paused();
    open(&holding).write_all(b"second line\n").unwrap();
    run.signal(Signal::CONT);
    let outcome = run.wait();
    outcome.exits(0);
    assert!(!outcome.error_text().contains("warning"), "{outcome}");
    assert_eq!(scratch.read("log"), b"first line\nsecond line\n");
}

#[test]
fn a_library_that_was_written_over_comes_back_as_the_process_has_it_now() {
    let Some(library) = crate::support::require_library("libm.so.6") else { return };
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let copy = scratch.file("libcopy.so", fs::read(library).unwrap());
    let mut command = std::process::Command::new(&*app);
    let running = Fixture::start_by(command.arg("sleep").env("LD_PRELOAD", &*copy));
    let mut bytes = fs::read(&copy).unwrap();
    let code = bytes.len() / 4;
    bytes[code..code + 4096].fill(0x90);
    let written = File::options().write(true).open(&copy).unwrap();
    written.write_all_at(&bytes, 0).unwrap();
    fs::remove_file(&copy).unwrap();
    // Both are one page cache here: the process runs the new bytes, and that is what is brought back.
    swapbin(&scratch).args(["rescue", "libcopy.so"]).run().exits(0);
    assert!(fs::read(&copy).unwrap() == bytes);
    running.finish();
}
