//! A tree that is taken back, and forward again.

use super::{content, puts, trees};
use crate::support::{Scratch, require_root, swapbin};

fn rollback(scratch: &Scratch, words: &[&str]) {
    swapbin(scratch).arg("rollback").args(words).run().exits(0);
    scratch.assert_no_litter();
}

#[test]
fn the_whole_tree_goes_back_and_forward_again() {
    let scratch = trees();
    scratch.file("root/usr/lib/old", "old");
    scratch.directory("root/usr/lib/plugins");
    scratch.file("root/usr/lib/plugins/old", "old");
    let before = content(&scratch, "root");
    puts(&scratch, &["--delete", "usr/lib"]);
    let after = content(&scratch, "root");
    for _ in 0..2 {
        rollback(&scratch, &["--last"]);
        assert_eq!(content(&scratch, "root"), before);
        rollback(&scratch, &["--last"]);
        assert_eq!(content(&scratch, "root"), after);
    }
}

#[test]
fn one_file_of_a_tree_goes_back_alone() {
    let scratch = trees();
    puts(&scratch, &[]);
    rollback(&scratch, &["root/usr/bin/app"]);
    assert_eq!(scratch.read("root/usr/bin/app"), b"old app");
    assert_eq!(scratch.read("root/usr/lib/libapp.so.1"), b"new library");
}

#[test]
fn nobody_can_run_the_setuid_files_of_a_directory_that_was_taken_back() {
    if !require_root() {
        return;
    }
    let scratch = trees();
    scratch.file("stage/usr/share/app/icons/su", "su").mode(0o4755);
    puts(&scratch, &[]);
    let after = content(&scratch, "root");
    rollback(&scratch, &["--last"]);
    let snapshot = scratch.snapshot();
    let privileged: Vec<_> = snapshot.names().filter(|name| name.ends_with("su") && name.starts_with("root")).collect();
    let [kept] = privileged[..] else { panic!("{privileged:?}") };
    let reachable = kept.ancestors().skip(1).all(|above| snapshot.entry(above).mode & 0o011 == 0o011);
    assert!(!reachable, "{} can be reached", kept.display());
    rollback(&scratch, &["--last"]);
    assert_eq!(content(&scratch, "root"), after);
    let empty = scratch.snapshot().names().filter(|name| name.starts_with("root/usr/share/.swapbin~")).count();
    assert_eq!(empty, 0, "the room for the directory is gone");
}
