//! Flags of inodes that no mode shows: immutable and append-only. They are set in a filesystem of the test's own, so that
//! whatever happens here, no file of the machine is left with one.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::assert_refused;
use crate::support::{Namespace, Scratch, Snapshot, require_filesystem, require_program, run, swapbin};

/// An ext4 filesystem with `bin/app`.
struct Image {
    scratch: Scratch,
    namespace: Namespace,
    chattr: PathBuf,
}

impl Image {
    fn new() -> Option<Image> {
        let chattr = require_program("chattr")?;
        if !require_filesystem("ext4") {
            return None;
        }
        let scratch = Scratch::new();
        scratch.file("new", "new");
        let at = scratch.directory("ext4");
        let namespace = Namespace::new();
        namespace.image(&scratch, "ext4", 16, &at);
        let image = Image { scratch, namespace, chattr };
        std::fs::create_dir(image.inside("ext4/bin")).unwrap();
        std::fs::write(image.inside("ext4/bin/app"), "old").unwrap();
        Some(image)
    }

    fn inside(&self, name: &str) -> PathBuf {
        self.namespace.path(self.scratch.path(name))
    }

    fn flag(&self, flag: &str, name: &str) {
        let mut chattr = Command::new(&self.chattr);
        self.namespace.host(chattr.arg(flag).arg(self.scratch.path(name)).stdin(Stdio::null()));
        run(&mut chattr);
    }

    /// Refused, also with these system calls denied.
    #[track_caller]
    fn refuses(&self, flag: &str, flagged: &str, words: &str) {
        self.flag(flag, flagged);
        let root = self.inside("ext4");
        let before = Snapshot::of(&root);
        let calls: [&[libc::c_long]; 2] = [&[], &[libc::SYS_statx]];
        for calls in calls {
            let run = swapbin(&self.scratch).from("new").to("ext4/bin/app").within(&self.namespace);
            let outcome = if calls.is_empty() { run.run() } else { run.denying(calls, libc::EPERM).run() };
            assert_refused(&outcome, 9, self.scratch.path(flagged), words);
            outcome.says("hint: chattr -");
            Snapshot::of(&root).assert_same_as(&before);
        }
    }
}

#[test]
fn an_immutable_file_is_refused() {
    let Some(image) = Image::new() else { return };
    image.refuses("+i", "ext4/bin/app", "is immutable");
}

#[test]
fn an_append_only_file_is_refused() {
    let Some(image) = Image::new() else { return };
    image.refuses("+a", "ext4/bin/app", "is append-only");
}

#[test]
fn an_immutable_directory_is_refused() {
    let Some(image) = Image::new() else { return };
    image.refuses("+i", "ext4/bin", "is immutable");
}

#[test]
fn an_append_only_directory_is_refused() {
    let Some(image) = Image::new() else { return };
    image.refuses("+a", "ext4/bin", "is append-only");
}

#[test]
fn an_immutable_file_that_nothing_shows_beforehand_is_refused_at_the_rename() {
    let Some(image) = Image::new() else { return };
    image.flag("+i", "ext4/bin/app");
    let before = Snapshot::of(&image.inside("ext4"));
    let run = swapbin(&image.scratch).from("new").to("ext4/bin/app").within(&image.namespace);
    let outcome = run.denying(&[libc::SYS_statx, libc::SYS_ioctl], libc::EPERM).run();
    assert_refused(&outcome, 9, image.scratch.path("ext4/bin/app"), "may not be replaced");
    Snapshot::of(&image.inside("ext4")).assert_same_as(&before);
}
