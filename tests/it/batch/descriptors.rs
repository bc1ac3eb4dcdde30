//! More directories than descriptors: the soft limit is raised to the hard one, and where that does not do, it is said.

use rustix::process::Signal;

use crate::support::{Scratch, Swapbin, failpoints_available, swapbin};

const DIRECTORIES: usize = 60;

/// Fewer than directories.
const LIMIT: u64 = 48;

/// A file in each directory, a staging tree for them, and a manifest that says the same.
fn trees() -> Scratch {
    let scratch = Scratch::new();
    let mut manifest = String::new();
    for at in 0..DIRECTORIES {
        for (top, content) in [("root", "old"), ("stage", "new")] {
            scratch.directory(format!("{top}/{at}"));
            scratch.file(format!("{top}/{at}/app"), content);
        }
        manifest.push_str(&format!("[[swap]]\nfrom = \"stage/{at}/app\"\nto = \"root/{at}/app\"\n"));
    }
    scratch.file("manifest", manifest);
    scratch
}

const BATCH: [&str; 2] = ["apply", "manifest"];
const TREE: [&str; 5] = ["apply", "--tree", "stage", "--to", "root"];

fn all_are(scratch: &Scratch, content: &str) -> bool {
    (0..DIRECTORIES).all(|at| scratch.read(format!("root/{at}/app")) == content.as_bytes())
}

/// Only the soft limit is low.
fn soft<'a>(scratch: &'a Scratch, words: &[&str]) -> Swapbin<'a> {
    let shell = format!("ulimit -Sn {LIMIT} && exec \"$@\"");
    swapbin(scratch).args(words.iter().copied()).under(["sh", "-c", &shell, "sh"])
}

fn hard<'a>(scratch: &'a Scratch, words: &[&str]) -> Swapbin<'a> {
    swapbin(scratch).args(words.iter().copied()).limited(libc::RLIMIT_NOFILE, LIMIT)
}

#[test]
fn a_soft_limit_below_the_number_of_directories_is_in_nobodys_way() {
    for apply in [&BATCH[..], &TREE] {
        let scratch = trees();
        soft(&scratch, apply).keeping().run().exits(0);
        assert!(all_are(&scratch, "new"));
        soft(&scratch, &["rollback", "--last", "--dry-run"]).run().exits(0);
        soft(&scratch, &["rollback", "--last"]).keeping().run().exits(0);
        assert!(all_are(&scratch, "old"));
        if failpoints_available() {
            soft(&scratch, apply).keeping().failpoint("rename@30", "abort").run().is_killed_by(Signal::KILL);
            soft(&scratch, &["recover"]).run().exits(0).prints("finished");
            assert!(all_are(&scratch, "new"));
        }
        soft(&scratch, &["prune", "--keep", "0"]).run().exits(0).prints("removed");
        scratch.assert_no_litter();
    }
}

#[test]
fn a_hard_limit_below_it_is_told_of_and_nothing_is_changed() {
    let told = "hint: it takes more files or directories at once than the limit of open files allows: ulimit -n";
    for apply in [&BATCH[..], &TREE] {
        let scratch = trees();
        let before = scratch.snapshot();
        hard(&scratch, apply).keeping().run().exits(1).says("too many open files").says(told);
        scratch.snapshot().assert_same_as(&before);
        swapbin(&scratch).args(apply.iter().copied()).keeping().run().exits(0);
        let before = scratch.snapshot();
        hard(&scratch, &["rollback", "--last"]).keeping().run().exits(1).says("too many open files").says(told);
        scratch.snapshot().assert_same_as(&before);
        // Nothing has to be open at the same time as anything else.
        hard(&scratch, &["prune", "--keep", "0"]).run().exits(0).prints("removed");
        scratch.assert_no_litter();
    }
}

#[test]
fn what_is_recovered_with_too_few_descriptors_is_told_of_and_left_for_a_run_with_more() {
    if !failpoints_available() {
        return;
    }
    let scratch = trees();
    swapbin(&scratch).args(BATCH).failpoint("rename@30", "abort").run().is_killed_by(Signal::KILL);
    let before = scratch.snapshot();
    hard(&scratch, &["recover"]).run().exits(1).says("too many open files").says("hint: ").says("ulimit -n");
    scratch.snapshot().assert_same_as(&before);
    swapbin(&scratch).arg("recover").run().exits(0);
    assert!(all_are(&scratch, "new"));
    scratch.assert_no_litter();
}

#[test]
fn a_single_swap_does_not_ask_for_more() {
    let scratch = trees();
    let Some((outcome, calls)) = swapbin(&scratch).from("stage/0/app").to("root/0/app").strace("prlimit64,setrlimit") else {
        return;
    };
    outcome.exits(0);
    let sets: Vec<_> = calls.iter().filter(|call| call.arguments.contains("RLIMIT_NOFILE, {")).collect();
    assert!(sets.is_empty(), "{sets:?}");
}
