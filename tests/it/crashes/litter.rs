//! What a killed run left is swept; what only looks like it, or belongs to a living run, is not.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::{CWD, FileType, FlockOperation, Mode, flock, mknodat};
use rustix::process::Signal;

use super::{BOTH, SIZE, STEPS, Stage, Tree};
use crate::support::{Namespace, Scratch, failpoints_available, is_kept, require_mounts, swapbin};

/// A name such as a killed run leaves.
const LEFT: &str = ".swapbin.s0123456789abcdef.0";

#[test]
fn the_file_of_a_killed_run_is_swept_and_told_of() {
    let tree = Tree::new();
    tree.scratch.file(LEFT, "left");
    tree.swap(Stage::Anonymous).arg("-v").run().exits(0).says(LEFT);
    tree.scratch.assert_no_litter();
}

#[test]
fn it_is_swept_also_when_the_target_is_current() {
    let tree = Tree::new();
    tree.swap(Stage::Anonymous).run().exits(0);
    tree.scratch.file(LEFT, "left");
    tree.swap(Stage::Anonymous).run().exits(0).prints("unchanged");
    tree.scratch.assert_no_litter();
}

#[test]
fn runs_that_only_look_sweep_nothing() {
    let tree = Tree::new();
    tree.scratch.file(LEFT, "left");
    let before = tree.scratch.snapshot();
    tree.swap(Stage::Anonymous).arg("--check").run().exits(10);
    tree.swap(Stage::Anonymous).arg("--dry-run").run().exits(0);
    tree.scratch.snapshot().assert_same_as(&before);
}

#[test]
fn other_directories_are_not_swept() {
    let tree = Tree::new();
    tree.scratch.directory("below");
    tree.scratch.file(format!("below/{LEFT}"), "left");
    tree.swap(Stage::Anonymous).run().exits(0);
    assert_eq!(tree.scratch.litter().len(), 1);
}

#[test]
fn litter_that_fills_the_disk_is_swept_before_room_is_missed() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    scratch.file_of("new", b'n', 700 << 10);
    let at = scratch.directory("small");
    let namespace = Namespace::new();
    namespace.tmpfs("size=1m", &at);
    fs::write(namespace.path(at.join(LEFT)), vec![b'l'; 700 << 10]).unwrap();
    swapbin(&scratch).from("new").to("small/app").within(&namespace).run().exits(0);
    assert!(!namespace.path(at.join(LEFT)).exists());
}

#[test]
fn the_file_of_a_living_run_is_not_swept_at_any_step() {
    if !failpoints_available() {
        return;
    }
    for stage in BOTH {
        for step in STEPS {
            let tree = Tree::new();
            let mut running = tree.swap(stage).failpoint(step, "pause").spawn();
            running.wait_until_paused();
            let litter = tree.scratch.litter();
            swapbin(&tree.scratch).from("newer").to("another").run().exits(0);
            assert_eq!(tree.scratch.litter(), litter, "{stage:?}, living at {step}");
            running.signal(Signal::CONT);
            running.wait().exits(0);
            assert!(tree.is_replaced());
            assert!(tree.scratch.read("another") == vec![b'r'; SIZE]);
            tree.scratch.assert_no_litter();
        }
    }
}

#[test]
fn the_name_by_which_a_killed_run_was_to_keep_the_old_file_is_swept_and_that_of_a_living_one_is_not() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::new();
    let kept_names = || tree.scratch.snapshot().names().filter(|name| is_kept(name)).map(Path::to_owned).collect::<Vec<_>>();
    let keeping = |source| swapbin(&tree.scratch).from(source).to("app").keeping();
    keeping("new").failpoint("record", "abort").run().is_killed_by(Signal::KILL);
    let of_killed = kept_names();
    assert_eq!(of_killed.len(), 1, "{of_killed:?}");

    let mut living = keeping("new").failpoint("record", "pause").spawn();
    living.wait_until_paused();
    let of_living = kept_names();
    assert_eq!(of_living.len(), 1, "the next run removes what the killed one left: {of_living:?}");
    assert_ne!(of_living, of_killed);
    swapbin(&tree.scratch).from("newer").to("another").run().exits(0);
    assert_eq!(kept_names(), of_living);
    living.signal(Signal::CONT);
    living.wait().exits(0);
    assert!(tree.is_replaced());
    assert!(tree.scratch.read(&of_living[0]) == vec![b'o'; SIZE]);
}

#[test]
fn a_file_that_somebody_has_locked_is_not_swept() {
    for how in [FlockOperation::LockShared, FlockOperation::LockExclusive] {
        let tree = Tree::new();
        let owner = File::open(tree.scratch.file(LEFT, "theirs")).unwrap();
        flock(&owner, how).unwrap();
        tree.swap(Stage::Anonymous).run().exits(0);
        assert_eq!(tree.scratch.read(LEFT), b"theirs");
        // A child of another test may hold a copy of the descriptor until it becomes its program.
        flock(&owner, FlockOperation::Unlock).unwrap();
        tree.swap(Stage::Anonymous).arg("--force").run().exits(0);
        tree.scratch.assert_no_litter();
    }
}

#[test]
fn files_whose_names_only_look_alike_are_not_touched() {
    let tree = Tree::new();
    let names = [
        ".swapbin",
        ".swapbin.",
        ".swapbin.s",
        ".swapbin.s.0",
        ".swapbin.s0123456789abcdef",
        ".swapbin.s0123456789abcdef.1",
        ".swapbin.s0123456789abcdef.00",
        ".swapbin.s0123456789ABCDEF.0",
        ".swapbin.s0123456789abcde.0",
        ".swapbin.s0123456789abcdef0.0",
        ".swapbin.s0123456789abcdeg.0",
        ".swapbin.t0123456789abcdef.0",
        ".swapbin~s0123456789abcdef.0",
        "swapbin.s0123456789abcdef.0",
        ".SWAPBIN.s0123456789abcdef.0",
    ];
    for name in names {
        tree.scratch.file(name, "somebody's");
    }
    let before = tree.scratch.snapshot();
    tree.swap(Stage::Anonymous).run().exits(0);
    let after = tree.scratch.snapshot();
    for name in names {
        assert_eq!(after.entry(name), before.entry(name));
    }
}

#[test]
fn what_is_no_file_is_not_touched_even_with_a_name_of_ours() {
    let tree = Tree::new();
    let name = |n: u8| format!(".swapbin.s000000000000000{n}.0");
    tree.scratch.directory(name(1));
    tree.scratch.link(name(2), "new");
    tree.scratch.link(name(3), "nowhere");
    mknodat(CWD, tree.scratch.path(name(4)), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    drop(std::os::unix::net::UnixListener::bind(tree.scratch.path(name(5))).unwrap());
    let before = tree.scratch.snapshot();
    tree.swap(Stage::Anonymous).run().exits(0);
    let after = tree.scratch.snapshot();
    for n in 1..=5 {
        assert_eq!(after.entry(name(n)), before.entry(name(n)));
    }
    assert_eq!(after.entry("new"), before.entry("new"));
}

#[test]
fn sweeping_one_name_of_a_file_leaves_its_other_names() {
    // Such a pair is left where a new target had to be linked and could not be renamed.
    let tree = Tree::new();
    tree.scratch.file("another", "whole");
    fs::hard_link(tree.scratch.path("another"), tree.scratch.path(LEFT)).unwrap();
    tree.swap(Stage::Anonymous).run().exits(0);
    assert_eq!(tree.scratch.read("another"), b"whole");
    tree.scratch.assert_no_litter();
}

#[test]
fn two_runs_at_once_both_succeed_and_one_of_them_is_the_last() {
    let tree = Tree::new();
    for stage in BOTH {
        for _ in 0..10 {
            let running = ["new", "newer"].map(|source| {
                let run = swapbin(&tree.scratch).from(source).to("app").arg("--force");
                if stage == Stage::Named { run.without_tmpfile(libc::EOPNOTSUPP).spawn() } else { run.spawn() }
            });
            for run in running {
                run.wait().exits(0);
            }
            let app = tree.scratch.read("app");
            assert!(app == vec![b'n'; SIZE] || app == vec![b'r'; SIZE]);
            tree.scratch.assert_no_litter();
        }
    }
}
