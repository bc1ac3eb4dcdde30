//! A disk that is full, and a quota that is used up: the kernel's own ENOSPC and EDQUOT, on filesystems of the test's own.
//!
//! The quota is one of btrfs, whose kernel part has no switch; ext4 and tmpfs have theirs only where the kernel was built so.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::support::{
    Namespace, Scratch, Snapshot, Swapbin, failpoints_available, require_filesystem, require_program, run, swapbin,
};

const FILES: [&str; 3] = ["one", "two", "three"];
/// One new file fits well, all of them do not: each by itself is not refused beforehand.
const NEW: usize = 3 << 20;
const ROOM: u64 = 7 << 20;

/// A filesystem at `mounted` with three old files, and three new ones elsewhere.
struct Disk {
    scratch: Scratch,
    namespace: Namespace,
}

impl Disk {
    fn new(kind: &str, mebibytes: u64, new: usize) -> Disk {
        let scratch = Scratch::new();
        let (at, namespace) = (scratch.directory("mounted"), Namespace::new());
        namespace.image(&scratch, kind, mebibytes, &at);
        let disk = Disk { scratch, namespace };
        for (byte, name) in (b'1'..).zip(FILES) {
            disk.scratch.file_of(format!("new-{name}"), byte, new);
            fs::write(disk.path(name), format!("old {name}")).unwrap();
        }
        disk
    }

    /// A small one of ext4, which has so many bytes left.
    fn ext4(room: u64, new: usize) -> Option<Disk> {
        if !require_filesystem("ext4") {
            return None;
        }
        let disk = Disk::new("ext4", 24, new);
        disk.fill(room);
        Some(disk)
    }

    /// One of btrfs, with a quota that has so many bytes left.
    fn quota(room: u64, new: usize) -> Option<Disk> {
        if !require_filesystem("btrfs") {
            return None;
        }
        require_program("btrfs")?;
        let disk = Disk::new("btrfs", 256, new);
        disk.btrfs(&["quota", "enable"], &[]);
        disk.limit(Some(room));
        Some(disk)
    }

    fn btrfs(&self, words: &[&str], more: &[&str]) {
        run(Command::new("btrfs").args(words).args(more).arg(self.path("")));
    }

    /// Sets the limit of the quota to so many bytes more than is used; `None`: less than is used.
    fn limit(&self, room: Option<u64>) {
        rustix::fs::syncfs(File::open(self.path("")).unwrap()).unwrap();
        // 16 KiB is what an empty subvolume has.
        let bytes = room.map_or(16 << 10, |room| room + (16 << 10));
        self.btrfs(&["qgroup", "limit"], &[&bytes.to_string()]);
    }

    /// Without quotas: with one that is used up, another limit cannot be set either.
    fn unlimit(&self) {
        self.btrfs(&["quota", "disable"], &[]);
    }

    /// Leaves so many bytes, which the run may have besides what is for root alone.
    fn fill(&self, room: u64) {
        let mut filler = File::create(self.path("filler")).unwrap();
        while filler.write_all(&[b'f'; 4096]).is_ok() {}
        rustix::fs::syncfs(&filler).unwrap();
        let full = filler.metadata().unwrap().len();
        filler.set_len(full.saturating_sub(room)).unwrap();
        rustix::fs::syncfs(&filler).unwrap();
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.namespace.path(self.scratch.path("mounted")).join(name)
    }

    fn swapbin(&self) -> Swapbin<'_> {
        swapbin(&self.scratch).within(&self.namespace)
    }

    fn deploy(&self) -> Swapbin<'_> {
        FILES.iter().fold(self.swapbin(), |run, name| run.from(format!("new-{name}")).to(format!("mounted/{name}"))).keeping()
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.path(""))
    }

    #[track_caller]
    fn assert_old(&self) {
        for name in FILES {
            assert_eq!(fs::read_to_string(self.path(name)).unwrap(), format!("old {name}"));
        }
        self.assert_no_litter();
    }

    #[track_caller]
    fn assert_no_litter(&self) {
        let names = fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        let temporary: Vec<_> = names.filter(|name| name.as_bytes().starts_with(b".swapbin.")).collect();
        assert!(temporary.is_empty(), "{temporary:?}");
        let journals = fs::read_dir(self.scratch.state(None).join("txn")).map_or(0, Iterator::count);
        assert_eq!(journals, 0);
    }
}

/// There is room for some of the new files, and the run ends where it is used up.
#[track_caller]
fn ends_at_staging(disk: &Disk, words: &str) {
    let before = disk.snapshot();
    let outcome = disk.deploy().run();
    outcome.exits(9).says(words).says("nothing was changed").says("hint: ");
    disk.snapshot().assert_same_as(&before);
    disk.swapbin().arg("recover").run().exits(0).prints("nothing is left over");
    disk.assert_old();
}

#[test]
fn a_disk_that_is_full_before_everything_is_staged_leaves_every_file_as_it_was() {
    let Some(disk) = Disk::ext4(ROOM, NEW) else { return };
    ends_at_staging(&disk, "has no room");
    fs::remove_file(disk.path("filler")).unwrap();
    disk.deploy().run().exits(0);
}

#[test]
fn a_quota_that_is_used_up_before_everything_is_staged_leaves_every_file_as_it_was() {
    let Some(disk) = Disk::quota(ROOM, NEW) else { return };
    ends_at_staging(&disk, "quota");
    disk.unlimit();
    disk.deploy().run().exits(0);
}

#[test]
fn a_disk_that_fills_up_before_the_first_rename_is_no_obstacle_for_what_was_set_aside() {
    if !failpoints_available() {
        return;
    }
    let Some(disk) = Disk::ext4(ROOM, 4096) else { return };
    let mut running = disk.deploy().failpoint("rename@1", "pause").spawn();
    running.wait_until_paused();
    disk.fill(0);
    running.signal(Signal::CONT);
    running.wait().exits(0);
    for (byte, name) in (b'1'..).zip(FILES) {
        assert!(fs::read(disk.path(name)).unwrap() == [byte; 4096], "{name}");
    }
    disk.assert_no_litter();
}

#[test]
fn a_quota_that_is_used_up_at_a_rename_ends_with_the_old_files_or_says_that_recovery_has_to_bring_them_back() {
    if !failpoints_available() {
        return;
    }
    // No rename may be made any more: of the first one nothing is left, and the second one leaves the first.
    for (place, code) in [("rename@1", 9), ("rename@2", 8)] {
        // What is set aside has to fit too.
        let Some(disk) = Disk::quota(32 << 20, 4096) else { return };
        let mut running = disk.deploy().failpoint(place, "pause").spawn();
        running.wait_until_paused();
        disk.limit(None);
        running.signal(Signal::CONT);
        let outcome = running.wait();
        outcome.exits(code).says("quota");
        if code == 8 {
            disk.swapbin().args(["recover", "--list"]).run().exits(0).prints("would take back");
        }
        disk.unlimit();
        disk.swapbin().arg("recover").run().exits(0);
        disk.assert_old();
        let kept = fs::read_dir(disk.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(kept.filter(|name| name.as_bytes().starts_with(b".swapbin~")).count(), 0, "{place}");
        disk.deploy().run().exits(0);
    }
}
