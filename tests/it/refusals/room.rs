//! Old and new have to fit side by side.

use super::{Tree, assert_refused};
use crate::support::{Namespace, Outcome, Scratch, Snapshot, Swapbin, require_mounts, swapbin};

const MEBIBYTE: usize = 1 << 20;

/// A small filesystem at `small` with an old `app` in it.
struct Small {
    scratch: Scratch,
    namespace: Namespace,
    before: Snapshot,
}

impl Small {
    fn new(options: &str) -> Option<Small> {
        if !require_mounts() {
            return None;
        }
        let scratch = Scratch::new();
        let at = scratch.directory("small");
        let namespace = Namespace::new();
        namespace.tmpfs(options, &at);
        std::fs::write(namespace.path(at.join("app")), "old").unwrap();
        let before = Snapshot::of(&namespace.path(&*at));
        Some(Small { scratch, namespace, before })
    }

    fn swap(&self) -> Swapbin<'_> {
        swapbin(&self.scratch).to("small/app").within(&self.namespace)
    }

    #[track_caller]
    fn refuses(&self, outcome: &Outcome, path: &str, words: &str) {
        assert_refused(outcome, 9, self.scratch.path(path), words);
        Snapshot::of(&self.namespace.path(self.scratch.path("small"))).assert_same_as(&self.before);
    }
}

#[test]
fn a_file_larger_than_the_room_is_refused_with_both_numbers() {
    let Some(small) = Small::new("size=1m") else { return };
    small.scratch.file_of("new", b'n', 2 * MEBIBYTE);
    let outcome = small.swap().from("new").run();
    outcome.says("2097152 bytes needed");
    small.refuses(&outcome, "small", "has no room");
}

#[test]
fn a_file_larger_than_the_room_is_refused_by_a_dry_run_too() {
    let Some(small) = Small::new("size=1m") else { return };
    small.scratch.file_of("new", b'n', 2 * MEBIBYTE);
    small.refuses(&small.swap().from("new").arg("--dry-run").run(), "small", "has no room");
}

#[test]
fn a_stream_larger_than_the_room_is_refused_when_it_shows() {
    let Some(small) = Small::new("size=1m") else { return };
    let outcome = small.swap().from("-").stdin(vec![b'n'; 2 * MEBIBYTE]).run();
    small.refuses(&outcome, "small/app", "has no room");
}

#[test]
fn the_last_inode_is_missed_before_anything_is_tried() {
    let Some(small) = Small::new("nr_inodes=2") else { return };
    small.scratch.file("new", "new");
    small.refuses(&small.swap().from("new").arg("--dry-run").run(), "small", "no inode left");
    small.refuses(&small.swap().from("new").run(), "small", "no inode left");
    small.refuses(&small.swap().from("-").stdin("new").run(), "small", "no inode left");
}

#[test]
fn a_target_that_is_current_needs_no_room() {
    let Some(small) = Small::new("size=1m") else { return };
    let bytes = vec![b'n'; 700 << 10];
    small.scratch.file("new", &bytes);
    std::fs::write(small.namespace.path(small.scratch.path("small/app")), &bytes).unwrap();
    small.swap().from("new").run().exits(0).prints("unchanged");
    small.swap().from("new").arg("--check").run().exits(0);
}

#[test]
fn a_target_that_is_current_needs_no_inode() {
    let Some(small) = Small::new("nr_inodes=2") else { return };
    small.scratch.file("new", "old");
    small.swap().from("new").run().exits(0).prints("unchanged");
}

#[test]
fn a_sparse_file_needs_room_for_its_data_only() {
    let Some(small) = Small::new("size=1m") else { return };
    let sparse = small.scratch.file("new", "data");
    std::fs::File::options().write(true).open(&sparse).and_then(|file| file.set_len(64 << 20)).unwrap();
    small.swap().from("new").run().exits(0);
    let app = small.namespace.path(small.scratch.path("small/app"));
    assert_eq!(std::fs::metadata(app).unwrap().len(), 64 << 20);
}

#[test]
fn a_file_over_the_limit_of_the_process_is_refused_and_not_killed() {
    let tree = Tree::new(|scratch| drop(scratch.file_of("large", b'n', 2 * MEBIBYTE)));
    let outcome = swapbin(&tree.scratch).from("large").to("app").limited(libc::RLIMIT_FSIZE, 1 << 20).run();
    tree.refuses(&outcome, 9, tree.scratch.path("app"), "file size limit");
}

#[test]
fn a_small_file_over_the_limit_of_the_process_is_refused_too() {
    let tree = Tree::new(|scratch| drop(scratch.file_of("large", b'n', 8192)));
    let outcome = swapbin(&tree.scratch).from("large").to("app").limited(libc::RLIMIT_FSIZE, 4096).run();
    tree.refuses(&outcome, 9, tree.scratch.path("app"), "file size limit");
}

#[test]
fn a_stream_over_the_limit_of_the_process_is_refused_and_not_killed() {
    let tree = Tree::new(|_| {});
    let run = swapbin(&tree.scratch).from("-").to("app").stdin(vec![b'n'; 8192]);
    tree.refuses(&run.limited(libc::RLIMIT_FSIZE, 4096).run(), 9, tree.scratch.path("app"), "file size limit");
}
