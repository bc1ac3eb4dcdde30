//! Every step fails with every error its call may return.

use libc::{EACCES, EBUSY, EDQUOT, EEXIST, EFBIG, EINVAL, EIO, EISDIR, EMFILE, ENOSPC, EPERM, EROFS, ESTALE, EXDEV};

use super::{BOTH, Stage, Tree};
use crate::support::{failpoints_available, swapbin};

/// What fails, how, and the exit code that says so: 9 where the destination is to blame, 75 where somebody else was faster,
/// 1 where nothing but the error itself is known.
const BEFORE_THE_RENAME: &[(&str, &[i32], i32)] = &[
    ("stage", &[ENOSPC, EDQUOT, EROFS, EACCES, EPERM], 9),
    ("stage", &[EIO, EMFILE, ESTALE], 1),
    ("write", &[ENOSPC, EDQUOT, EFBIG, EROFS], 9),
    ("write", &[EIO, ESTALE], 1),
    ("seal", &[ENOSPC, EDQUOT, EROFS], 9),
    ("seal", &[EIO, EPERM], 1),
    ("sync", &[ENOSPC, EDQUOT, EROFS], 9),
    ("sync", &[EIO, EINVAL], 1),
    ("link", &[ENOSPC, EDQUOT, EROFS, EACCES, EPERM], 9),
    ("link", &[EXDEV, EIO, ESTALE], 1),
    ("rename", &[ENOSPC, EDQUOT, EROFS, EACCES, EPERM, EBUSY, EISDIR], 9),
    ("rename", &[EEXIST], 75),
    ("rename", &[EXDEV, EIO, ESTALE], 1),
];

fn failures() -> impl Iterator<Item = (&'static str, i32, i32)> {
    BEFORE_THE_RENAME.iter().flat_map(|(step, errnos, code)| errnos.iter().map(move |errno| (*step, *errno, *code)))
}

#[test]
fn a_step_that_fails_leaves_the_old_file_and_no_litter_and_its_code_tells_why() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::new();
    for stage in BOTH {
        for (step, errno, code) in failures() {
            let outcome = tree.swap(stage).failpoint(step, &errno.to_string()).run();
            assert_eq!(outcome.code, Some(code), "{stage:?}: {step} fails with errno {errno}\n{outcome}");
            outcome.says("error: ").says(tree.scratch.root().to_str().unwrap());
            tree.assert_untouched();
        }
    }
}

#[test]
fn a_new_target_is_not_made_when_a_step_fails() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::new();
    for (step, errno, code) in failures() {
        let outcome = swapbin(&tree.scratch).from("new").to("another").failpoint(step, &errno.to_string()).run();
        assert_eq!(outcome.code, Some(code), "{step} fails with errno {errno}\n{outcome}");
        tree.assert_untouched();
    }
}

#[test]
fn a_stream_that_cannot_be_written_leaves_the_old_file() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::new();
    for (errno, code) in [(ENOSPC, 9), (EDQUOT, 9), (EFBIG, 9), (EIO, 1)] {
        let run = swapbin(&tree.scratch).from("-").to("app").stdin(vec![b'n'; 300_000]);
        run.failpoint("write", &errno.to_string()).run().exits(code);
        tree.assert_untouched();
    }
}

#[test]
fn a_directory_that_cannot_be_synced_is_in_doubt_and_has_the_new_file() {
    if !failpoints_available() {
        return;
    }
    for stage in BOTH {
        for errno in [EIO, ENOSPC, EDQUOT, EROFS] {
            let tree = Tree::new();
            let outcome = tree.swap(stage).failpoint("sync-dir", &errno.to_string()).run();
            outcome.exits(8).says("could not be synced").says("hint: ").says(tree.scratch.path("app").to_str().unwrap());
            assert!(tree.is_replaced());
            tree.scratch.assert_no_litter();
        }
    }
}

#[test]
fn a_failed_sync_is_followed_by_no_other_and_by_no_rename() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::new();
    let run = tree.swap(Stage::Anonymous).failpoint("sync", &EIO.to_string());
    let Some((outcome, calls)) = run.strace("fsync,fdatasync,syncfs,sync,renameat,renameat2,rename") else { return };
    outcome.exits(1);
    assert_eq!(calls, []);
    tree.assert_untouched();
}

#[test]
fn a_failure_is_one_json_object_that_names_the_target() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::new();
    let outcome = tree.swap(Stage::Anonymous).failpoint("rename", &EROFS.to_string()).arg("--json").run();
    outcome.exits(9);
    assert!(outcome.json().to_string().contains("app"), "{outcome}");
}

#[test]
fn after_a_run_in_doubt_the_next_one_syncs_before_it_says_unchanged() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::new();
    swapbin(&tree.scratch).from("new").to("app").failpoint("sync-dir", &EIO.to_string()).run().exits(8);
    let Some((outcome, calls)) = swapbin(&tree.scratch).from("new").to("app").strace("fsync") else { return };
    outcome.exits(0).prints("unchanged");
    assert_eq!(calls.iter().filter(|call| call.name == "fsync" && call.succeeded()).count(), 2, "{calls:?}");
}

#[test]
fn a_rename_whose_reply_was_lost_is_a_rename() {
    if !failpoints_available() {
        return;
    }
    for errno in [ESTALE, EIO, libc::ENOENT, EEXIST] {
        let tree = Tree::new();
        let outcome = swapbin(&tree.scratch).from("new").to("app").failpoint("rename-reply", &errno.to_string()).run();
        outcome.exits(0).prints("replaced");
        assert_eq!(tree.scratch.read("app"), tree.scratch.read("new"));
        tree.scratch.assert_no_litter();
    }
}
