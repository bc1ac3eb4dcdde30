//! Blocks that are shared, and blocks that are not there.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use crate::support::{Namespace, Scratch, Swapbin, require_filesystem, swapbin};

const MEBIBYTE: u64 = 1 << 20;

#[track_caller]
fn shares_blocks(kind: &str, mebibytes: u64) {
    if !require_filesystem(kind) {
        return;
    }
    let scratch = Scratch::new();
    let at = scratch.directory("mounted");
    let namespace = Namespace::new();
    namespace.image(&scratch, kind, mebibytes, &at);
    let inside = namespace.path(&*at);
    let new = File::create(inside.join("new")).unwrap();
    for block in 0..32 {
        new.write_all_at(&vec![block as u8 + 1; MEBIBYTE as usize], block * MEBIBYTE).unwrap();
    }
    rustix::fs::syncfs(&new).unwrap();
    let before = free(&inside);
    let run = swapbin(&scratch).from("mounted/new").to("mounted/app").within(&namespace);
    let Some((outcome, calls)) = run.strace("ioctl,copy_file_range,fallocate") else { return };
    outcome.exits(0);
    let cloned = calls.iter().any(|call| call.arguments.contains("FICLONE") && call.succeeded());
    assert!(cloned && calls.iter().all(|call| call.name == "ioctl"), "one call, in constant time: {calls:?}");
    rustix::fs::syncfs(&new).unwrap();
    let used = before.saturating_sub(free(&inside));
    assert!(used < 8 * MEBIBYTE, "a copy of 32 MiB took {used} bytes");
    assert!(fs::read(inside.join("app")).unwrap() == fs::read(inside.join("new")).unwrap());
    // Shared until somebody writes: the source goes its own way.
    new.write_all_at(b"changed", 0).unwrap();
    assert_eq!(fs::read(inside.join("app")).unwrap()[..7], [1; 7]);
}

fn free(path: &Path) -> u64 {
    let stat = rustix::fs::statfs(path).unwrap();
    stat.f_bfree * stat.f_bsize as u64
}

#[test]
fn on_btrfs_a_copy_shares_its_blocks() {
    shares_blocks("btrfs", 256);
}

#[test]
fn on_xfs_a_copy_shares_its_blocks() {
    shares_blocks("xfs", 320);
}

#[test]
fn a_filesystem_too_full_for_a_second_copy_takes_a_shared_one() {
    if !require_filesystem("xfs") {
        return;
    }
    let scratch = Scratch::new();
    let at = scratch.directory("mounted");
    let namespace = Namespace::new();
    namespace.image(&scratch, "xfs", 320, &at);
    let inside = namespace.path(&*at);
    let half = free(&inside) * 2 / 3 / MEBIBYTE;
    let new = File::create(inside.join("new")).unwrap();
    for block in 0..half {
        new.write_all_at(&vec![block as u8 + 1; MEBIBYTE as usize], block * MEBIBYTE).unwrap();
    }
    rustix::fs::syncfs(&new).unwrap();
    swapbin(&scratch).from("mounted/new").to("mounted/app").within(&namespace).run().exits(0);
    assert_eq!(fs::metadata(inside.join("app")).unwrap().len(), half * MEBIBYTE);
}

/// Data at the beginning, in the middle and at 64 MiB, and a hole after it.
fn sparse(scratch: &Scratch) -> Vec<(u64, &'static [u8])> {
    let data: Vec<(u64, &[u8])> = vec![(0, b"beginning"), (32 * MEBIBYTE + 5, b"middle"), (64 * MEBIBYTE, b"end")];
    let file = File::create(scratch.path("sparse")).unwrap();
    for (at, bytes) in &data {
        file.write_all_at(bytes, *at).unwrap();
    }
    file.set_len(65 * MEBIBYTE).unwrap();
    data
}

#[track_caller]
fn keeps_holes(from: &Scratch, to: &Scratch, how: impl FnOnce(Swapbin<'_>) -> Swapbin<'_>) {
    let data = sparse(from);
    how(swapbin(to).from(from.path("sparse")).to("app")).run().exits(0);
    let app = File::open(to.path("app")).unwrap();
    let facts = app.metadata().unwrap();
    assert_eq!(facts.len(), 65 * MEBIBYTE);
    assert!(facts.blocks() * 512 < 2 * MEBIBYTE, "it takes {} bytes on the disk", facts.blocks() * 512);
    for (at, bytes) in data {
        let mut found = vec![0; bytes.len()];
        app.read_exact_at(&mut found, at).unwrap();
        assert_eq!(found, bytes, "at {at}");
    }
    let whole = |scratch: &Scratch, name: &str| crate::support::sha256(scratch.read(name));
    assert_eq!(whole(to, "app"), whole(from, "sparse"));
}

#[test]
fn holes_stay_holes() {
    let scratch = Scratch::new();
    keeps_holes(&scratch, &scratch, |run| run);
}

#[test]
fn holes_stay_holes_where_the_kernel_cannot_copy() {
    let scratch = Scratch::new();
    keeps_holes(&scratch, &scratch, |run| run.denying(&[libc::SYS_copy_file_range], libc::EPERM));
}

#[test]
fn holes_stay_holes_from_one_filesystem_to_another() {
    let (disk, memory) = (Scratch::new(), Scratch::on("/dev/shm"));
    keeps_holes(&disk, &memory, |run| run);
    keeps_holes(&memory, &disk, |run| run);
}
