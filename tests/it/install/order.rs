//! The order of system calls.

use super::install;
use crate::support::{Call, Scratch};

const CALLS: &str = "%file,%desc,sync";

fn place(calls: &[Call], from: usize, name: &str, words: &[&str]) -> usize {
    let fits =
        |call: &Call| call.name.starts_with(name) && call.succeeded() && words.iter().all(|word| call.arguments.contains(word));
    let found = calls.iter().skip(from).position(fits);
    found.unwrap_or_else(|| panic!("no {name}({words:?}) from {from} on in\n{calls:#?}")) + from
}

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("dir");
    for name in ["a", "b"] {
        scratch.file(name, "new");
        scratch.file(format!("dir/{name}"), "old");
    }
    scratch
}

#[test]
fn all_files_are_synced_then_all_renamed_then_their_directory_synced() {
    let scratch = tree();
    let Some((outcome, calls)) = install(&scratch, "-m 600 a b dir").strace(CALLS) else { return };
    outcome.exits(0);
    let last_mode = calls.iter().rposition(|call| call.name == "fchmod").unwrap();
    let first = place(&calls, last_mode, "fsync", &[]);
    let second = place(&calls, first + 1, "fsync", &[]);
    let renamed = place(&calls, second, "rename", &[".swapbin.s", "\"a\""]);
    let renamed = place(&calls, renamed, "rename", &[".swapbin.s", "\"b\""]);
    place(&calls, renamed, "fsync", &["/dir>"]);
    assert_eq!(calls.iter().filter(|call| call.name == "fsync").count(), 3);
    assert_eq!(calls.iter().filter(|call| call.name.starts_with("unlink")).count(), 0, "the names are never absent");
}

/// Where the `nth` file of the call is opened for what is done to it last, and its descriptor. A program that strips may have
/// put another file there, so that one is opened anew.
fn stage(calls: &[Call], nth: usize, stripped: bool) -> (usize, String) {
    let opened = |call: &Call| match stripped {
        true => call.arguments.contains(".swapbin.s") && call.arguments.contains("O_RDWR|O_NOCTTY"),
        false => call.arguments.contains("O_TMPFILE"),
    };
    let mut stages = calls.iter().enumerate().filter(|(_, call)| call.name == "openat" && call.succeeded() && opened(call));
    let (at, call) = stages.nth(nth).unwrap_or_else(|| panic!("no stage {nth} in\n{calls:#?}"));
    (at, format!("{}<", call.returned))
}

/// Owner, mode and times, then the sync of every file, then the first rename, then the sync of the directory.
#[track_caller]
fn assert_order(calls: &[Call], files: usize, options: &str) {
    let leaf = |nth: usize| ["\"a\"", "\"b\""][nth];
    let switch = |nth: usize| place(calls, 0, "rename", &[".swapbin.s", leaf(nth)]);
    let first = (0..files).map(switch).min().expect("a file");
    for nth in 0..files {
        let (opened, fd) = stage(calls, nth, options.contains('s'));
        let owner = place(calls, opened, "fchown", &[&fd, "12345"]);
        let mode = place(calls, owner, "fchmod", &[&fd, "0640"]);
        let last = if options.contains('p') { place(calls, mode, "utimensat", &[&fd]) } else { mode };
        let synced = place(calls, last, "fsync", &[&fd]);
        assert!(synced < first, "file {nth} is synced before the first rename\n{calls:#?}");
        place(calls, switch(nth), "fsync", &["/dir>"]);
    }
    let last = (0..files).map(switch).max().expect("a file");
    place(calls, last, "fsync", &["/dir>"]);
    let changes =
        |call: &&Call| call.arguments.contains(".swapbin.s") && ["fchmod", "fchown", "utimensat", "write"].contains(&&*call.name);
    assert_eq!(calls[first..].iter().find(changes), None, "nothing is changed once names are given");
    let vanished = calls.iter().find(|call| call.name.starts_with("unlink") && !call.arguments.contains(".swapbin.s"));
    assert_eq!(vanished, None, "the names are never absent");
}

#[test]
fn owner_mode_and_times_come_before_the_sync_and_that_before_any_rename_whatever_is_asked_for() {
    if !crate::support::require_root() {
        return;
    }
    for (line, files) in [("a dir", 1), ("a b dir", 2), ("-t dir a b", 2), ("-D a dir/a", 1)] {
        for options in ["", "-p", "-b", "-s", "-pbs", "-pb --all-or-nothing"] {
            let scratch = tree();
            scratch.file("dir/a~", "older");
            let run = install(&scratch, &format!("--strip-program=/bin/true -o 12345 -g 12346 -m 640 {options} {line}"));
            let Some((outcome, calls)) = run.strace(CALLS) else { return };
            outcome.exits(0);
            assert_order(&calls, files, options);
        }
    }
}

#[test]
fn a_backup_is_a_second_name_made_before_the_rename() {
    let scratch = tree();
    let Some((outcome, calls)) = install(&scratch, "-b a b dir").strace(CALLS) else { return };
    outcome.exits(0);
    for name in ["a", "b"] {
        let linked = place(&calls, 0, "linkat", &[&format!("\"{name}\""), &format!("\"{name}~\"")]);
        place(&calls, linked, "rename", &[".swapbin.s", &format!("\"{name}\"")]);
    }
}

#[test]
fn nothing_is_synced_listed_or_kept_where_durability_is_not_asked_for() {
    let scratch = tree();
    for line in ["--durability none a b dir", "--durability none -Dp a new/dir/a", "--durability none -d one/two"] {
        let Some((outcome, calls)) = install(&scratch, line).strace(CALLS) else { return };
        outcome.exits(0);
        let unwanted = |call: &&Call| {
            let looks_around = call.name.starts_with("getdents") && call.arguments.contains("/tree");
            let keeps_state = call.arguments.contains("state/swapbin") || call.arguments.contains("/var/lib/swapbin");
            call.name.contains("sync") || looks_around || keeps_state
        };
        assert_eq!(calls.iter().filter(unwanted).collect::<Vec<_>>(), Vec::<&Call>::new(), "{line}");
    }
}

#[test]
fn made_directories_are_synced_into_those_above() {
    let scratch = tree();
    let Some((outcome, calls)) = install(&scratch, "-d one/two").strace(CALLS) else { return };
    outcome.exits(0);
    let made = place(&calls, 0, "mkdir", &["\"two\""]);
    for dir in ["/tree>", "/one>", "/two>"] {
        place(&calls, made, "fsync", &[dir]);
    }
}
