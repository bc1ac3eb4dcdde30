//! Targets whose names are free: a link gives them to files that had none.

use super::install;
use crate::support::{Scratch, failpoints_available};
use rustix::process::Signal;

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("dir");
    for name in ["a", "b"] {
        scratch.file(name, "new");
    }
    scratch
}

#[test]
fn a_free_name_is_given_when_the_file_is_synced_and_open_for_writing_nowhere() {
    let scratch = tree();
    let Some((outcome, calls)) = install(&scratch, "a dir/a").strace("%file,%desc,sync") else { return };
    outcome.exits(0);
    let place = |from: usize, name: &str, words: &[&str]| {
        let fits = |call: &crate::support::Call| {
            call.name == name && call.succeeded() && words.iter().all(|word| call.arguments.contains(word))
        };
        let found = calls.iter().skip(from).position(fits);
        found.unwrap_or_else(|| panic!("no {name}({words:?}) from {from} on in\n{calls:#?}")) + from
    };
    let opened = place(0, "openat", &["O_TMPFILE", "O_RDWR"]);
    let fd = format!("{}<", calls[opened].returned);
    let mode = place(opened, "fchmod", &[&fd]);
    let synced = place(mode, "fsync", &[&fd]);
    let closed = place(synced, "close", &[&fd]);
    let linked = place(closed, "linkat", &["\"a\""]);
    place(linked, "fsync", &["/dir>"]);
    let names = |call: &&crate::support::Call| call.name.starts_with("rename") || call.arguments.contains(".swapbin");
    assert_eq!(calls.iter().filter(names).count(), 0, "no other name is ever given\n{calls:#?}");
}

#[test]
fn a_kill_before_the_name_is_given_leaves_nothing() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    let before = scratch.snapshot();
    install(&scratch, "a b dir").failpoint("rename", "abort").run().is_killed_by(Signal::KILL);
    assert_eq!(scratch.snapshot(), before);
}

#[test]
fn what_takes_the_name_meanwhile_is_replaced() {
    if !failpoints_available() {
        return;
    }
    for line in ["a dir/a", "--durability none a dir/a"] {
        let scratch = tree();
        let mut running = install(&scratch, line).failpoint("rename", "pause").spawn();
        running.wait_until_paused();
        scratch.file("dir/a", "somebody else's");
        running.signal(Signal::CONT);
        running.wait().exits(0).is_quiet();
        assert_eq!(scratch.read("dir/a"), b"new", "{line}");
        scratch.assert_no_litter();
    }
}

#[test]
fn a_directory_in_the_name_s_place_meanwhile_is_left_alone() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    let mut running = install(&scratch, "a dir/a").failpoint("rename", "pause").spawn();
    running.wait_until_paused();
    scratch.directory("dir/a");
    let before = scratch.snapshot();
    running.signal(Signal::CONT);
    running.wait().exits(1).says("cannot create regular file 'dir/a'");
    assert_eq!(scratch.snapshot(), before);
}

#[test]
fn a_file_that_may_not_be_read_gets_its_name_all_the_same() {
    let scratch = tree();
    install(&scratch, "-m 000 a dir").run().exits(0).is_quiet();
    let stat = rustix::fs::stat(scratch.path("dir/a")).unwrap();
    assert_eq!((stat.st_mode & 0o7777, stat.st_size), (0, 3));
}

#[test]
fn without_a_link_of_descriptors_the_way_is_by_proc() {
    let scratch = tree();
    install(&scratch, "a b dir").without_link_of_descriptors().run().exits(0).is_quiet();
    assert_eq!((scratch.read("dir/a"), scratch.read("dir/b")), (b"new".to_vec(), b"new".to_vec()));
    scratch.assert_no_litter();
}
