//! A file that nobody has: same inode, new content, everything else as it was.

use std::os::unix::fs::{FileExt, MetadataExt};

use super::{SIZE, Tree};
use crate::support::{
    ACL, CAPABILITY, Entry, Fixture, NOBODY, Scratch, acl, attribute, may_bind_low_ports, require_root, set_attribute, sha256,
    swapbin,
};

#[test]
fn a_file_keeps_its_inode_and_all_its_names_show_the_new_content() {
    for (old, new) in [(SIZE, SIZE + 50_000), (SIZE, 10), (10, SIZE), (SIZE, SIZE), (0, 5), (40 << 20, 30 << 20)] {
        for parent in ["/tmp", "/dev/shm"] {
            let tree = Tree::of(Scratch::on(parent), old, new);
            let outcome = tree.overwrite().run();
            outcome.exits(0).prints("replaced");
            assert_eq!(outcome.error_text(), "", "no warning of hard links");
            assert!(tree.is_new(), "{old} {new} {parent}");
            tree.scratch.assert_no_litter();
            assert_eq!(tree.scratch.snapshot().names().count(), tree.before.names().count(), "nothing is kept with --keep 0");
        }
    }
}

#[test]
fn mode_and_owner_change_where_that_is_asked_for_and_capabilities_and_lists_stay() {
    if !require_root() {
        return;
    }
    let tree = Tree::new();
    let list = acl(7, (NOBODY, 5), 5, 5, 0);
    set_attribute(tree.scratch.path("app"), ACL, &list);
    set_attribute(tree.scratch.path("app"), CAPABILITY, &may_bind_low_ports());
    set_attribute(tree.scratch.path("app"), "user.note", b"kept");
    let before = Entry::of(tree.scratch.path("app"));
    tree.overwrite().run().exits(0);
    let now = Entry::of(tree.scratch.path("app"));
    assert_eq!((now.ino, now.mode, now.uid), (before.ino, before.mode, before.uid));
    for (name, value) in [(ACL, list), (CAPABILITY, may_bind_low_ports()), ("user.note", b"kept".to_vec())] {
        assert_eq!(attribute(tree.scratch.path("app"), name), Some(value), "{name}");
    }

    let tree = Tree::new();
    tree.overwrite().args(["-m", "4711", "-o", "1", "-g", "2"]).run().exits(0);
    let now = Entry::of(tree.scratch.path("app"));
    let expected = (tree.before.entry("app").ino, 0o4711, 1, 2);
    assert_eq!((now.ino, now.mode, now.uid, now.gid), expected);
    // Setuid, which a write takes away, is there after one that asks for nothing.
    tree.scratch.file_of("new", b'x', 100);
    tree.overwrite().run().exits(0);
    assert_eq!(Entry::of(tree.scratch.path("app")).mode, 0o4711);
}

#[test]
fn holes_stay_holes() {
    let tree = Tree::of(Scratch::new(), 8 << 20, 10);
    let new = std::fs::File::create(tree.scratch.path("new")).unwrap();
    new.set_len(8 << 20).unwrap();
    new.write_all_at(b"end", (8 << 20) - 3).unwrap();
    tree.overwrite().run().exits(0);
    assert!(tree.scratch.read("app") == tree.scratch.read("new"));
    let blocks = std::fs::metadata(tree.scratch.path("app")).unwrap().blocks();
    assert!(blocks < 1 << 8, "{blocks} blocks are allocated");
}

#[test]
fn a_stream_with_a_digest_is_a_source_like_any_other() {
    let tree = Tree::new();
    let bytes = tree.scratch.read("new");
    let run = || swapbin(&tree.scratch).from("-").to("app").arg("--in-place").stdin(bytes.clone());
    run().args(["--sha256", &sha256("other")]).run().exits(4);
    tree.assert_untouched();
    run().args(["--sha256", &sha256(&bytes)]).run().exits(0);
    assert!(tree.is_new());
    // Only the mode is another one; the digest is there, so that nothing is read.
    let again = swapbin(&tree.scratch).from("/nonexistent").to("app").args(["--in-place", "-m", "700"]);
    again.args(["--sha256", &sha256(&bytes)]).run().exits(0);
    let now = Entry::of(tree.scratch.path("app"));
    assert_eq!((now.ino, now.mode), (tree.before.entry("app").ino, 0o700));
}

#[test]
fn a_file_that_is_current_is_left_alone_whoever_has_it() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let mut running = Fixture::sleeping(&app);
    let new = scratch.program("new", "one");
    let before = scratch.snapshot();
    swapbin(&scratch).from(&new).to(&app).arg("--in-place").run().exits(0).prints("unchanged");
    let bytes = scratch.read("new");
    swapbin(&scratch).from("-").stdin(bytes).to(&app).arg("--in-place").run().exits(0).prints("unchanged");
    scratch.snapshot().assert_same_as(&before);
    assert!(running.is_alive());
}

#[test]
fn a_dry_run_changes_nothing() {
    let tree = Tree::new();
    tree.overwrite().arg("--dry-run").run().exits(0).prints("would replace");
    tree.overwrite().arg("--check").run().exits(10);
    tree.assert_untouched();
}
