//! Rights that are smaller, or other ones, than they look.

use super::Tree;
use crate::support::{NOBODY, Outcome, require_program, require_root, swapbin_as_ordinary_user};

#[test]
fn a_directory_that_may_be_written_but_not_read_is_synced_with_its_filesystem() {
    if !require_root() {
        return;
    }
    let tree = Tree::new();
    tree.scratch.directory("his").owner(0, 0).mode(0o733);
    for (target, calls_it) in [("his/app", "renameat"), ("his/another", "renameat2")] {
        let run = swapbin_as_ordinary_user(&tree.scratch).from("new").to(target);
        let Some((outcome, calls)) = run.strace("renameat,renameat2,fsync,syncfs,sync") else { return };
        outcome.exits(0);
        let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
        assert_eq!(names, ["fsync", calls_it, "syncfs"], "{calls:?}");
        assert!(calls.iter().all(|call| call.succeeded()), "{calls:?}");
        assert_eq!(tree.scratch.read(target), b"new");
    }
    tree.scratch.assert_no_litter();
}

#[test]
fn such_a_directory_is_synced_even_if_the_new_file_may_not_be_read() {
    if !require_root() {
        return;
    }
    let tree = Tree::new();
    tree.scratch.directory("his").owner(0, 0).mode(0o733);
    let run = swapbin_as_ordinary_user(&tree.scratch).from("new").to("his/app").args(["-m", "0111"]);
    let Some((outcome, calls)) = run.strace("renameat,fsync,syncfs,sync") else { return };
    outcome.exits(0);
    assert!(["syncfs", "sync"].contains(&calls.last().unwrap().name.as_str()), "{calls:?}");
    assert_eq!(tree.scratch.snapshot().entry("his/app").mode, 0o111);
}

/// What `stat` shows under fakeroot, in which a state is kept from one command to the next.
#[track_caller]
fn under_fakeroot(tree: &Tree, script: &str) -> Option<Outcome> {
    require_program("fakeroot")?;
    let script = format!("touch his/state; exec fakeroot -i his/state -s his/state -- sh -ec '{script}' sh \"$@\"");
    Some(swapbin_as_ordinary_user(&tree.scratch).under(["sh", "-ec", script.as_str(), "sh"]).run())
}

#[test]
fn an_ordinary_user_under_fakeroot_gives_files_away() {
    let tree = Tree::new();
    let script = r#""$1" --from new --to his/app -o daemon -g daemon -m 4755 -q; stat -c "%U:%G %a" his/app"#;
    let Some(outcome) = under_fakeroot(&tree, script) else { return };
    outcome.exits(0);
    assert_eq!(outcome.output_text(), "daemon:daemon 4755\n", "{outcome}");
    assert_eq!(tree.scratch.read("his/app"), b"new");
    let entry = tree.scratch.snapshot().entry("his/app").clone();
    assert_ne!(entry.uid, 1, "nothing was really given away");
    assert!(tree.scratch.litter().is_empty());
}

#[test]
fn what_fakeroot_remembers_of_the_old_file_is_kept_for_the_new_one() {
    let tree = Tree::new();
    let script = r#"chown root:daemon his/app; chmod 4755 his/app; "$1" --from new --to his/app -q;
        stat -c "%U:%G %a" his/app"#;
    let Some(outcome) = under_fakeroot(&tree, script) else { return };
    outcome.exits(0);
    assert_eq!(outcome.output_text(), "root:daemon 4755\n", "{outcome}");
    assert_eq!(tree.scratch.read("his/app"), b"new");
}

#[test]
fn under_fakeroot_a_second_run_finds_everything_as_it_should_be() {
    let tree = Tree::new();
    let script = r#"for run in 1 2; do "$1" --from new --to his/another -o root -g root -m 4755; done"#;
    let Some(outcome) = under_fakeroot(&tree, script) else { return };
    outcome.exits(0).prints("installed").prints("unchanged");
}

#[test]
fn root_of_a_user_namespace_is_served() {
    let Some(unshare) = require_program("unshare") else { return };
    let tree = Tree::new();
    let run = swapbin_as_ordinary_user(&tree.scratch).from("new").to("his/app").under([unshare.as_os_str(), "-r".as_ref()]);
    let outcome = run.run();
    if outcome.error_text().contains("unshare failed") || outcome.error_text().contains("uid_map") {
        // Where user namespaces are forbidden there is nothing to see.
        return;
    }
    tree.assert_replaced(&outcome);
    if rustix::process::geteuid().is_root() {
        assert_eq!(tree.scratch.snapshot().entry("his/app").uid, NOBODY);
    }
}
