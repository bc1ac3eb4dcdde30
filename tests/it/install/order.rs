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
