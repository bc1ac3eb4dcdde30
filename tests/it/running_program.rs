//! A program is replaced while it runs: it goes on with its old inode, and every new start gets the new one.

use std::fs;

use crate::support::{Entry, Fixture, Scratch, swapbin};

#[test]
fn a_running_program_goes_on_and_a_new_start_gets_the_new_version() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let new = scratch.program("new", "two");
    let mut running = Fixture::sleeping(&app);
    let old = Entry::of(&app);

    swapbin(&scratch).from(&new).to(&app).run().exits(0).prints("replaced").prints(app.to_str().unwrap());

    assert!(running.is_alive());
    assert_eq!(running.exe_link(), scratch.path("app (deleted)"), "the old process still runs its deleted inode");
    assert_eq!(inode_behind(&running), old.ino);
    assert_eq!(Fixture::version_of(&app), "two");
    assert_ne!(Entry::of(&app).ino, old.ino, "a new inode, not new bytes in the old one");
    assert_eq!(Entry::of(&app).mode, 0o755);
    assert_eq!(running.finish(), "", "it ended well, as if nothing had happened");
    scratch.assert_no_litter();
}

#[test]
fn a_program_started_between_two_swaps_keeps_the_version_it_started_with() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let sources = ["two", "three"].map(|version| scratch.program(version, version));
    let first = Fixture::sleeping(&app);
    swapbin(&scratch).from(&sources[0]).to(&app).run().exits(0);
    let second = Fixture::sleeping(&app);
    swapbin(&scratch).from(&sources[1]).to(&app).run().exits(0);

    let versions = [&first, &second].map(version_behind);
    assert_eq!(versions, ["one", "two"], "each process runs what it was started from");
    assert_eq!(Fixture::version_of(&app), "three");
}

#[test]
fn a_running_program_is_replaced_from_standard_input() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let new = scratch.program("new", "two");
    let mut running = Fixture::sleeping(&app);

    swapbin(&scratch).from("-").to(&app).stdin(fs::read(&new).unwrap()).run().exits(0).prints("replaced");

    assert!(running.is_alive());
    assert_eq!(Fixture::version_of(&app), "two");
    scratch.assert_no_litter();
}

#[test]
fn the_file_of_a_running_program_is_a_source_like_any_other() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let mut running = Fixture::sleeping(&app);

    swapbin(&scratch).from("app").to("copy").run().exits(0).prints("installed");

    assert!(running.is_alive());
    assert_eq!(Fixture::version_of(scratch.path("copy")), "one");
    assert_eq!(Entry::of(scratch.path("copy")).mode, 0o755);
}

#[test]
fn a_process_that_mapped_the_file_sees_the_old_bytes_to_the_end() {
    let scratch = Scratch::new();
    let library = scratch.file_of("library", b'a', 100_000);
    let new = scratch.file_of("new", b'b', 10);
    let reader = scratch.program("reader", "one");
    let mapped = Fixture::start(&reader, &["map", library.to_str().unwrap()]);
    let held = Fixture::start(&reader, &["hold", library.to_str().unwrap()]);

    swapbin(&scratch).from(&new).to(&library).run().exits(0);

    let old_sum = format!("sum={}\n", u64::from(b'a') * 100_000);
    assert_eq!(mapped.finish(), old_sum);
    assert_eq!(held.finish(), old_sum);
    assert_eq!(scratch.read("library"), b"bbbbbbbbbb");
}

fn inode_behind(process: &Fixture) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(format!("/proc/{}/exe", process.pid().as_raw_nonzero())).unwrap().ino()
}

fn version_behind(process: &Fixture) -> String {
    let bytes = fs::read(format!("/proc/{}/exe", process.pid().as_raw_nonzero())).unwrap();
    String::from_utf8_lossy(&bytes[bytes.len() - 16..]).trim().to_owned()
}
