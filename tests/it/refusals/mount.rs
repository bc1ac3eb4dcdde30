//! Mounts in the way of a rename.

use crate::support::{Namespace, Scratch, Snapshot, require_mounts, swapbin};

use super::assert_refused;

/// `etc/app` with another file mounted on it.
struct Bound {
    scratch: Scratch,
    namespace: Namespace,
    before: Snapshot,
}

impl Bound {
    fn new() -> Option<Bound> {
        if !require_mounts() {
            return None;
        }
        let scratch = Scratch::new();
        scratch.file("new", "new");
        scratch.directory("etc");
        let (app, behind) = (scratch.file("etc/app", "old"), scratch.file("behind", "of the host"));
        let namespace = Namespace::new();
        namespace.bind(&behind, &app);
        let before = Snapshot::of(&namespace.path(scratch.root()));
        Some(Bound { scratch, namespace, before })
    }

    #[track_caller]
    fn refuses(&self, outcome: &crate::support::Outcome) {
        assert_refused(outcome, 9, self.scratch.path("etc/app"), "is a mount point");
        Snapshot::of(&self.namespace.path(self.scratch.root())).assert_same_as(&self.before);
        self.scratch.assert_no_litter();
    }
}

#[test]
fn a_bind_mounted_file_is_refused() {
    let Some(bound) = Bound::new() else { return };
    bound.refuses(&swapbin(&bound.scratch).from("new").to("etc/app").within(&bound.namespace).run());
}

#[test]
fn a_bind_mounted_file_is_found_before_anything_is_written() {
    let Some(bound) = Bound::new() else { return };
    let run = swapbin(&bound.scratch).from("new").to("etc/app").within(&bound.namespace);
    let Some((outcome, calls)) = run.strace("openat") else { return };
    bound.refuses(&outcome);
    assert!(calls.iter().all(|call| !call.arguments.contains("O_TMPFILE") && !call.arguments.contains("O_CREAT")), "{calls:?}");
}

#[test]
fn a_bind_mounted_file_is_found_by_its_mount_id_where_statx_is_denied() {
    let Some(bound) = Bound::new() else { return };
    for errno in [libc::EPERM, libc::ENOSYS] {
        let run = swapbin(&bound.scratch).from("new").to("etc/app").within(&bound.namespace);
        let run = run.denying(&[libc::SYS_statx], errno).arg("--dry-run");
        bound.refuses(&run.run());
    }
}

#[test]
fn a_bind_mounted_file_that_nothing_shows_beforehand_is_found_at_the_rename() {
    let Some(bound) = Bound::new() else { return };
    bound.namespace.hide_proc();
    let run = swapbin(&bound.scratch).from("new").to("etc/app").within(&bound.namespace);
    bound.refuses(&run.denying(&[libc::SYS_statx], libc::EPERM).run());
}

#[test]
fn a_read_only_mount_is_refused_before_anything_is_tried() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    scratch.file("new", "new");
    let bin = scratch.directory("bin");
    scratch.file("bin/app", "old");
    let namespace = Namespace::new();
    namespace.bind_read_only(&bin, &bin);
    let before = scratch.snapshot();
    for name in ["bin/app", "bin/another"] {
        let run = swapbin(&scratch).from("new").to(name).within(&namespace).arg("--dry-run");
        assert_refused(&run.run(), 9, scratch.path(name), "read-only");
        let run = swapbin(&scratch).from("new").to(name).within(&namespace);
        assert_refused(&run.run(), 9, scratch.path(name), "read-only");
    }
    scratch.snapshot().assert_same_as(&before);
}
