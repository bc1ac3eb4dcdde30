//! Where a rename cannot be made, and what cannot be overwritten.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::Tree;
use crate::support::{NOBODY, Namespace, Scratch, require_mounts, require_root, swapbin};

/// What is kept in the state directory.
fn kept_in_state(scratch: &Scratch, user: Option<u32>) -> Vec<PathBuf> {
    let room = scratch.state(user).join("kept");
    std::fs::read_dir(room).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[test]
fn a_bind_mounted_file_is_refused_with_a_hint_and_overwritten_in_place() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    scratch.file("new", "new");
    scratch.directory("etc");
    let (app, behind) = (scratch.file("etc/app", "covered"), scratch.file("behind", "of the host"));
    let inode = std::fs::metadata(&behind).unwrap().ino();
    let namespace = Namespace::new();
    namespace.bind(&behind, &app);
    let run = || swapbin(&scratch).from("new").to("etc/app").keeping().within(&namespace);
    run().run().exits(9).says("is a mount point").says("--in-place");
    run().arg("--in-place").run().exits(0);
    assert_eq!((scratch.read("behind"), std::fs::metadata(&behind).unwrap().ino()), (b"new".to_vec(), inode));
    assert_eq!(scratch.read("etc/app"), b"covered", "what is under the mount stays");
    swapbin(&scratch).args(["rollback", "etc/app"]).within(&namespace).run().exits(0);
    assert_eq!(scratch.read("behind"), b"of the host");
    scratch.assert_no_litter();
}

#[test]
fn in_a_directory_that_may_not_be_written_to_the_copy_goes_to_the_state_directory() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    scratch.directory("etc").mode(0o755);
    let app = scratch.file("etc/app", "old").owner(NOBODY, NOBODY);
    scratch.file("new", "new");
    let before = std::fs::metadata(&app).unwrap().ino();
    let run = || swapbin(&scratch).from("new").to("etc/app").keeping().as_user(NOBODY);
    run().run().exits(9).says("may not write to").says("--in-place");
    run().arg("--in-place").run().exits(0);
    assert_eq!((scratch.read("etc/app"), std::fs::metadata(&app).unwrap().ino()), (b"new".to_vec(), before));
    assert_eq!(kept_in_state(&scratch, Some(NOBODY)).len(), 1);
    assert_eq!(std::fs::read_dir(scratch.path("etc")).unwrap().count(), 1);
    let as_nobody = |words: &[&str]| swapbin(&scratch).args(words).as_user(NOBODY).run();
    as_nobody(&["history", "etc/app"]).exits(0).prints("/kept/.swapbin~");
    as_nobody(&["rollback", "etc/app"]).exits(0);
    assert_eq!(scratch.read("etc/app"), b"old");
    as_nobody(&["prune", "--keep", "0"]).exits(0);
    assert_eq!(kept_in_state(&scratch, Some(NOBODY)), Vec::<PathBuf>::new());
}

#[test]
fn a_write_that_was_broken_off_is_undone_out_of_the_state_directory() {
    if !require_root() || !crate::support::failpoints_available() {
        return;
    }
    for place in ["overwritten", "attributes", "done-sync", "kept", "aside-sync@2", "commit-record"] {
        let scratch = Scratch::new();
        scratch.directory("etc").mode(0o755);
        scratch.file("etc/app", vec![b'o'; 50_000]).owner(NOBODY, NOBODY);
        scratch.file("new", vec![b'n'; 60_000]);
        let run = swapbin(&scratch).from("new").to("etc/app").arg("--in-place").as_user(NOBODY);
        run.failpoint(place, "abort").run().is_killed_by(rustix::process::Signal::KILL);
        swapbin(&scratch).arg("recover").as_user(NOBODY).run().exits(0);
        let now = scratch.read("etc/app");
        assert!(now == vec![b'o'; 50_000] || now == vec![b'n'; 60_000], "{place}: {} bytes", now.len());
        assert_eq!(kept_in_state(&scratch, Some(NOBODY)), Vec::<PathBuf>::new(), "{place}");
    }
}

#[test]
fn only_a_file_that_is_there_can_be_overwritten() {
    let tree = Tree::new();
    let run = |to: &str| swapbin(&tree.scratch).from("new").to(to).arg("--in-place").run();
    run("nothing").exits(9).says("nothing to overwrite");
    tree.assert_untouched();
    tree.scratch.directory("dd");
    run("dd").exits(9).says("nothing to overwrite");
    tree.scratch.link("link", "app");
    run("link").exits(0);
    assert!(tree.is_new(), "through the link");
}

#[test]
fn a_file_that_may_not_be_written_to_is_refused_before_anything_is_staged() {
    if !require_root() {
        return;
    }
    let tree = Tree::new();
    tree.overwrite().as_user(NOBODY).run().exits(9).says("is a file you may not write to");
    tree.assert_untouched();
}

#[test]
fn a_batch_overwrites_nothing_in_place() {
    let tree = Tree::new();
    tree.scratch.file("second", "old");
    let before = tree.scratch.snapshot();
    let run = swapbin(&tree.scratch).from("new").to("app").from("new").to("second").arg("--in-place");
    run.run().exits(2).says("together with other files");
    tree.scratch.snapshot().assert_same_as(&before);
    let manifest = "[[swap]]\nfrom = 'new'\nto = 'app'\nin-place = true\n";
    swapbin(&tree.scratch).args(["apply", "-"]).stdin(manifest).run().exits(2).says("in-place");
    for words in [["--preserve", "none"], ["--no-dereference", "--in-place"]] {
        tree.overwrite().args(words).run().exits(2);
    }
    tree.scratch.snapshot().assert_same_as(&before);
}

#[test]
fn without_a_state_directory_nothing_is_overwritten() {
    let tree = Tree::new();
    tree.overwrite().args(["--state-dir", "/dev/null/state"]).run().exits(9).says("state directory");
    tree.assert_untouched();
}
