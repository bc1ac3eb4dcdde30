//! Files of an installation that is under way are not litter, though more of them than descriptors cannot each be locked.

use std::fs::File;

use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;

use super::install;
use crate::support::{Running, Scratch, failpoints_available, swapbin};

/// More than fit into 64 descriptors.
const FILES: usize = 150;

/// What a killed run leaves.
const LEFT: &str = "dst/.swapbin.s0123456789abcdef.0";

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("src");
    scratch.directory("dst");
    for at in 0..FILES {
        scratch.file(format!("src/f{at}"), format!("{at}"));
    }
    scratch.file("new", "new");
    scratch
}

/// An installation that has staged and named all its files, and stops before the first rename.
fn paused(scratch: &Scratch) -> Running {
    let names = (0..FILES).map(|at| format!("src/f{at}"));
    let run = install(scratch, "--durability none -t dst").args(names).limited(libc::RLIMIT_NOFILE, 64);
    let mut running = run.failpoint("rename", "pause").spawn();
    running.wait_until_paused();
    assert_eq!(scratch.litter().len(), FILES);
    running
}

/// It stops before every rename.
fn resume_until_the_end(running: &mut Running) {
    while running.is_alive() {
        running.signal(Signal::CONT);
    }
}

fn sweep(scratch: &Scratch) {
    swapbin(scratch).from("new").to("dst/another").arg("--force").run().exits(0);
}

#[test]
fn files_of_a_living_installation_are_not_swept_however_many_they_are() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    let mut running = paused(&scratch);
    sweep(&scratch);
    assert_eq!(scratch.litter().len(), FILES);
    resume_until_the_end(&mut running);
    running.wait().exits(0);
    assert_eq!(scratch.read("dst/f149"), b"149");
}

#[test]
fn files_of_a_killed_installation_are_swept() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    let mut running = paused(&scratch);
    running.signal(Signal::KILL);
    running.wait().is_killed_by(Signal::KILL);
    sweep(&scratch);
    scratch.assert_no_litter();
}

#[test]
fn who_locks_a_directory_puts_off_sweeps_and_nothing_else() {
    for how in [FlockOperation::LockShared, FlockOperation::LockExclusive] {
        let scratch = tree();
        scratch.file(LEFT, "left");
        let somebody = File::open(scratch.path("dst")).unwrap();
        flock(&somebody, how).unwrap();
        install(&scratch, "src/f1 src/f2 dst").run().exits(0).is_quiet();
        sweep(&scratch);
        assert_eq!(scratch.read(LEFT), b"left");
        flock(&somebody, FlockOperation::Unlock).unwrap();
        sweep(&scratch);
        scratch.assert_no_litter();
    }
}
