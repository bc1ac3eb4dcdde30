//! Whoever looks in a tight loop sees the old file or the new one; with GNU install, which is what shows that it could see more.

use std::path::Path;

use super::install;
use crate::support::{Fixture, NOBODY, Scratch, require_program};

const INSTALLATIONS: usize = 1000;

/// Bytes of a file.
const SIZE: usize = 2_000_000;

const LINES: [&str; 4] = ["b app", "-b a app", "-p b app", "--all-or-nothing -b a app"];

/// Owner and group the files get, where they can be given away.
fn owner() -> (u32, u32) {
    match rustix::process::geteuid().is_root() {
        true => (NOBODY, NOBODY),
        false => (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw()),
    }
}

/// Two files of different bytes and sizes, and `app`, which is the first of them.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    let (uid, gid) = owner();
    scratch.file_of("app", b'a', SIZE).mode(0o755).owner(uid, gid);
    scratch.file_of("a", b'a', SIZE);
    scratch.file_of("b", b'b', SIZE + 5000);
    scratch
}

/// A process that looks at `app`.
fn watcher(scratch: &Scratch) -> Fixture {
    let fixture = scratch.program("watcher", "one");
    let (uid, gid) = owner();
    let (facts, contents) = (format!("755:{uid}:{gid}"), [format!("{SIZE}:a"), format!("{}:b", SIZE + 5000)]);
    Fixture::start(&fixture, &["watch-file", scratch.path("app").to_str().unwrap(), &facts, &contents[0], &contents[1]])
}

#[test]
fn in_a_thousand_installations_a_reader_sees_old_or_new_every_time() {
    let scratch = tree();
    let watcher = watcher(&scratch);
    let (uid, gid) = owner();

    for round in 0..INSTALLATIONS {
        let how = if round % 25 < 24 { "--durability none " } else { "" };
        install(&scratch, &format!("{how}-o {uid} -g {gid} {}", LINES[round % 4])).run().exits(0).is_quiet();
    }

    let count = watcher.finish_counting();
    let bad = ["absent", "torn", "badmode", "badowner"].map(&count);
    assert_eq!(bad, [0; 4], "absent, torn, mode, owner in {} looks", count("looks"));
    assert!(count("changes") > 100, "the watcher saw {} changes only: it did not look while files changed", count("changes"));
    scratch.assert_no_litter();
}

#[test]
fn such_a_reader_sees_what_gnu_install_does() {
    let Some(gnu) = require_program("install") else { return };
    let scratch = tree();
    let watcher = watcher(&scratch);
    let (uid, gid) = owner();
    for source in ["b", "a"].into_iter().cycle().take(100) {
        let mut command = std::process::Command::new(Path::new(&gnu));
        command.current_dir(scratch.root()).args(["-o", &uid.to_string(), "-g", &gid.to_string(), source, "app"]);
        crate::support::run(&mut command);
    }
    let count = watcher.finish_counting();
    let [absent, torn, mode, owner] = ["absent", "torn", "badmode", "badowner"].map(&count);
    eprintln!(
        "GNU install: {absent} absent, {torn} torn, {mode} of wrong mode, {owner} of wrong owner in {} looks",
        count("looks")
    );
    assert!(torn + mode + absent > 0, "in {} looks", count("looks"));
}
