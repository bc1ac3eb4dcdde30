//! What goes: only below the directories that are named.

use std::fs;
use std::os::unix::net::UnixListener;

use super::{content, put, puts, trees};
use crate::support::{Namespace, Scratch, require_mounts};

fn with_leftovers() -> Scratch {
    let scratch = trees();
    scratch.file("root/usr/lib/libold.so.1", "old library");
    scratch.link("root/usr/lib/libold.so", "libold.so.1");
    scratch.directory("root/usr/lib/plugins/deep");
    scratch.file("root/usr/lib/plugins/deep/old.so", "plugin");
    scratch
}

#[test]
fn nothing_goes_unless_it_is_said() {
    let scratch = with_leftovers();
    puts(&scratch, &[]);
    assert_eq!(scratch.read("root/usr/lib/libold.so"), b"old library");
    assert_eq!(scratch.read("root/usr/lib/plugins/deep/old.so"), b"plugin");
}

#[test]
fn names_below_the_scope_that_are_not_staged_go_and_no_others() {
    for scope in ["usr/lib", "/usr/lib/", "usr/share/../lib"] {
        let scratch = with_leftovers();
        puts(&scratch, &["--delete", scope]).prints("removed").prints("3 removed");
        let root = content(&scratch, "root/usr/lib");
        assert_eq!(root, content(&scratch, "stage/usr/lib"));
        assert_eq!(scratch.read("root/usr/bin/other"), b"other", "it is outside the scope");
    }
}

#[test]
fn a_scope_that_is_staged_through_a_link_keeps_what_is_staged() {
    let scratch = with_leftovers();
    scratch.directory("stage/lib");
    scratch.file("stage/lib/module.ko", "module");
    scratch.link("root/lib", "usr/lib");
    puts(&scratch, &["--delete", "usr/lib", "--delete", "lib"]);
    assert_eq!(scratch.read("root/usr/lib/module.ko"), b"module");
    assert_eq!(scratch.read("root/usr/lib/libapp.so.1"), b"new library");
    assert!(!scratch.path("root/usr/lib/libold.so.1").exists());
    assert!(scratch.path("root/lib").is_symlink());
}

#[test]
fn a_scope_that_is_nowhere_is_no_error_and_one_outside_the_root_is() {
    let scratch = with_leftovers();
    puts(&scratch, &["--delete", "usr/libexec"]);
    let before = scratch.snapshot();
    put(&scratch).args(["--delete", "../stage"]).run().exits(9).says("leads out");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_second_run_does_not_take_the_kept_versions_for_names_to_remove() {
    let scratch = with_leftovers();
    puts(&scratch, &["--delete", "usr/lib"]);
    let before = scratch.snapshot();
    puts(&scratch, &["--delete", "usr/lib"]).prints("6 files unchanged");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn what_is_no_file_is_not_removed_and_then_nothing_is() {
    let scratch = with_leftovers();
    let _listener = UnixListener::bind(scratch.path("root/usr/lib/socket")).unwrap();
    let before = scratch.snapshot();
    put(&scratch).args(["--delete", "usr/lib"]).run().exits(9).says("is a socket");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_directory_that_holds_a_mount_point_does_not_go() {
    if !require_mounts() {
        return;
    }
    let scratch = with_leftovers();
    let namespace = Namespace::new();
    namespace.tmpfs("", &scratch.path("root/usr/lib/plugins/deep"));
    let run = put(&scratch).args(["--delete", "usr/lib"]).within(&namespace);
    run.run().exits(9).says("holds the mount point");
    assert_eq!(scratch.read("root/usr/lib/libold.so"), b"old library");
    assert_eq!(scratch.read("root/usr/bin/app"), b"old app");
}

#[test]
fn the_staging_tree_itself_does_not_go() {
    let scratch = trees();
    scratch.directory("root/build");
    fs::rename(scratch.path("stage"), scratch.path("root/build/stage")).unwrap();
    let run = || crate::support::swapbin(&scratch).args(["apply", "--tree", "root/build/stage", "--to", "root"]);
    run().args(["--delete", "."]).run().exits(9).says("holds the staging tree");
    run().run().exits(0);
    assert_eq!(scratch.read("root/usr/bin/app"), b"new app");
}

#[test]
fn a_scope_that_is_not_there_is_told_and_no_failure_also_when_a_run_comes_again() {
    let scratch = with_leftovers();
    let words = ["--delete", "usr/lib/plugins/deep", "--delete", "usr/lbi"];
    let says = format!("warning: nothing to delete: there is no directory '{}'", scratch.path("root/usr/lbi").display());
    puts(&scratch, &["--delete", "usr/lib", "--delete", "/usr/lbi"]).says(&says);
    assert!(!scratch.path("root/usr/lib/plugins").exists());
    // The first run has removed the one.
    let again = puts(&scratch, &[&words[..], &["--json"]].concat());
    assert_eq!(again.says(&says).json()["warnings"][1]["kind"], "nothing-to-delete");
    puts(&scratch, &[&words[..], &["--dry-run"]].concat()).says(&says);
    puts(&scratch, &[&words[..], &["--quiet"]].concat()).is_quiet();
}

#[test]
fn a_scope_that_is_only_staged_is_just_coming() {
    let scratch = trees();
    scratch.directory("stage/srv/new");
    scratch.file("stage/srv/new/file", "new");
    let outcome = puts(&scratch, &["--delete", "srv/new"]);
    assert!(!outcome.error_text().contains("to delete"), "{outcome}");
}
