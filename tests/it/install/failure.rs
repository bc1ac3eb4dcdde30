//! Whatever fails, the old file is the one that was there.

use rustix::process::Signal;

use super::install;
use crate::support::{NOBODY, Scratch, failpoints_available, require_root};

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("old", "old").mode(0o640);
    scratch.file("new", "new");
    scratch
}

#[test]
fn a_program_that_fails_to_strip_costs_nothing() {
    let scratch = tree();
    let before = scratch.snapshot();
    for program in ["/bin/false", "/nowhere/strip"] {
        let line = format!("-s --strip-program={program} new old");
        install(&scratch, &line).run().exits(1).says("install: strip process terminated abnormally");
        assert_eq!(scratch.snapshot(), before);
    }
    install(&scratch, "-sb --strip-program=/bin/false new old").run().exits(1);
    assert_eq!(scratch.snapshot(), before);
}

#[test]
fn what_may_not_be_given_away_or_read_costs_nothing() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("theirs").owner(NOBODY, NOBODY);
    scratch.file("theirs/old", "old").owner(NOBODY, NOBODY);
    scratch.file("unreadable", "secret").mode(0o600);
    let before = scratch.snapshot();
    let run = |line: &str| install(&scratch, line).as_user(NOBODY).run();
    run("-o root new theirs/old").exits(1).says("install: cannot change ownership of 'theirs/old': Operation not permitted");
    run("unreadable theirs/old").exits(1).says("install: cannot open 'unreadable' for reading: Permission denied");
    run("-b unreadable theirs/old").exits(1);
    assert_eq!(scratch.snapshot(), before);
}

#[test]
fn a_full_disk_is_found_before_anything_is_replaced() {
    let scratch = tree();
    scratch.file_of("big", b'b', 1 << 20);
    let before = scratch.snapshot();
    let limited = install(&scratch, "big old").limited(libc::RLIMIT_FSIZE, 4096);
    limited.run().exits(1).says("install: error writing 'old': File too large");
    assert_eq!(scratch.snapshot(), before);
}

#[test]
fn a_step_that_fails_costs_nothing_and_leaves_nothing() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    scratch.directory("dir");
    for name in ["new", "old"] {
        scratch.file(format!("dir/{name}"), "older").mode(0o604);
    }
    scratch.file("dir/new~", "oldest");
    let before = scratch.snapshot();
    let lines = ["new dir", "-b new dir", "new old dir", "-bp new old dir", "--all-or-nothing -b new old dir", "new dir/another"];
    for step in ["stage", "write", "seal", "sync", "link", "rename"] {
        for errno in [libc::EIO, libc::ENOSPC, libc::EPERM, libc::ESTALE] {
            for line in lines {
                for options in ["", "-s --strip-program=/bin/true"] {
                    let run = install(&scratch, &format!("{options} {line}"));
                    let outcome = run.failpoint(step, &errno.to_string()).run();
                    outcome.exits(1).says("install: ");
                    assert_eq!(scratch.snapshot(), before, "{step} fails with errno {errno}: {options} {line}");
                }
            }
        }
    }
}

#[test]
fn a_signal_ends_it_and_leaves_the_old_file() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::PIPE] {
        let scratch = tree();
        let before = scratch.snapshot();
        let mut running = install(&scratch, "/dev/stdin old").stdin_open().limited(libc::RLIMIT_CORE, 0).spawn();
        running.feed(b"half of ");
        std::thread::sleep(std::time::Duration::from_millis(200));
        running.signal(signal);
        running.wait().is_killed_by(signal).is_quiet();
        assert_eq!(scratch.snapshot(), before);
    }
}

#[test]
fn a_strip_program_ends_with_the_call() {
    let scratch = tree();
    let before = scratch.snapshot();
    scratch.file("../tools/slow", "#!/bin/sh\n: >\"${0%/*}/started\"\nexec sleep 60\n").mode(0o755);
    let program = scratch.tools().join("slow");
    for signal in [Signal::TERM, Signal::QUIT, Signal::PIPE] {
        let run = install(&scratch, &format!("-s --strip-program={} new old", program.display()));
        let mut running = run.limited(libc::RLIMIT_CORE, 0).spawn();
        running.wait_until("the program runs", |_| scratch.path("../tools/started").exists());
        running.signal(signal);
        running.wait().is_killed_by(signal);
        assert_eq!(scratch.snapshot(), before);
        std::fs::remove_file(scratch.path("../tools/started")).unwrap();
    }
}

#[test]
fn all_or_nothing_takes_back_what_was_renamed_already() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    for name in ["a", "b", "z"] {
        scratch.file(name, "new");
    }
    // In a sticky directory another's file cannot be renamed over, and only the rename tells.
    scratch.directory("sticky").mode(0o1777);
    scratch.file("sticky/a", "old").owner(NOBODY, NOBODY);
    scratch.file("sticky/a~", "older").owner(NOBODY, NOBODY);
    scratch.file("sticky/z", "theirs").mode(0o666);
    let before = scratch.snapshot();
    for line in ["--all-or-nothing a b z sticky", "--all-or-nothing -b a b z sticky"] {
        install(&scratch, line).as_user(NOBODY).run().exits(1).says("'sticky/z': Operation not permitted");
        assert_eq!(scratch.snapshot(), before, "{line}");
    }
    install(&scratch, "a b z sticky").as_user(NOBODY).run().exits(1).says("install: cannot remove 'sticky/z'");
    assert_eq!((scratch.read("sticky/a"), scratch.read("sticky/b")), (b"new".to_vec(), b"new".to_vec()));
    scratch.assert_no_litter();
}

#[test]
fn all_or_nothing_keeps_the_backups_of_those_that_are_installed() {
    let scratch = Scratch::new();
    for name in ["a", "b"] {
        scratch.file(name, "new");
    }
    scratch.directory("dir");
    scratch.file("dir/a", "old");
    scratch.file("dir/a~", "older");
    install(&scratch, "--all-or-nothing -bv a b dir").run().exits(0).prints("'a' -> 'dir/a' (backup: 'dir/a~')");
    let read = |name: &str| String::from_utf8(scratch.read(name)).unwrap();
    assert_eq!([read("dir/a"), read("dir/a~"), read("dir/b")], ["new", "old", "new"]);
    scratch.assert_no_litter();
}
