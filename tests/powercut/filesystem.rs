//! The filesystems: how each is made, mounted, and made to commit.

use std::ffi::CString;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::sys;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filesystem {
    Ext4,
    /// Without the flush of a replaced file's data that ext4 slips in at a rename, which hides a missing fsync.
    Ext4NoAutoDaAlloc,
    Xfs,
    Btrfs,
}

impl Filesystem {
    pub const ALL: [Filesystem; 4] = [Filesystem::Ext4NoAutoDaAlloc, Filesystem::Ext4, Filesystem::Xfs, Filesystem::Btrfs];

    pub fn name(self) -> &'static str {
        match self {
            Filesystem::Ext4 => "ext4",
            Filesystem::Ext4NoAutoDaAlloc => "ext4-noauto_da_alloc",
            Filesystem::Xfs => "xfs",
            Filesystem::Btrfs => "btrfs",
        }
    }

    pub fn named(name: &str) -> Option<Filesystem> {
        Filesystem::ALL.into_iter().find(|filesystem| filesystem.name() == name)
    }

    /// What `mkfs.` and mount(2) call it.
    pub fn kind(self) -> &'static str {
        match self {
            Filesystem::Ext4 | Filesystem::Ext4NoAutoDaAlloc => "ext4",
            Filesystem::Xfs => "xfs",
            Filesystem::Btrfs => "btrfs",
        }
    }

    /// Bytes of a disk: about the least that its mkfs takes.
    pub fn size(self) -> u64 {
        let mebibytes = match self {
            Filesystem::Ext4 | Filesystem::Ext4NoAutoDaAlloc => 64,
            Filesystem::Xfs => 300,
            Filesystem::Btrfs => 128,
        };
        mebibytes << 20
    }

    /// Bytes that have to arrive whole. ext4 and btrfs check their superblocks, of 1024 and 4096 bytes, with one checksum, and look
    /// for no other copy at mount; xfs replays nothing onto a block whose first sector bears a later number than the log has,
    /// whatever is behind it. On disks that tear these they have no promise to give.
    pub fn unit(self) -> usize {
        match self {
            Filesystem::Ext4 | Filesystem::Ext4NoAutoDaAlloc => 1024,
            Filesystem::Xfs | Filesystem::Btrfs => 4096,
        }
    }

    /// # Errors
    /// mkfs could not be started, or failed.
    pub fn make(self, device: &Path) -> io::Result<()> {
        let quiet: &[&str] = match self.kind() {
            // Nothing may be left to threads that would write during the record.
            "ext4" => &["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard"],
            _ => &["-q", "-f", "-K"],
        };
        let mut mkfs = Command::new(format!("mkfs.{}", self.kind()));
        mkfs.env("PATH", path_with_sbin()).args(quiet).arg(device).stdin(Stdio::null()).stdout(Stdio::null());
        let status = sys::die_with_parent(&mut mkfs).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("{mkfs:?}: {status}"))) }
    }

    /// Mounts it, which replays its journal.
    ///
    /// # Errors
    /// Of mount(2).
    pub fn mount(self, device: &Path, at: &Path) -> io::Result<()> {
        let options = match self {
            Filesystem::Ext4NoAutoDaAlloc => c"noauto_da_alloc",
            _ => c"",
        };
        let options = CString::from(options);
        Ok(mount(device, at, self.kind(), MountFlags::empty(), options.as_c_str())?)
    }

    /// Unmounts it. Whoever looks at all processes of the machine holds a file of ours for a moment.
    ///
    /// # Errors
    /// Of umount(2).
    pub fn unmount(self, at: &Path) -> io::Result<()> {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            match unmount(at, UnmountFlags::empty()) {
                Err(Errno::BUSY) if Instant::now() < until => std::thread::sleep(Duration::from_millis(10)),
                unmounted => return Ok(unmounted?),
            }
        }
    }

    /// Has the journal committed, but no data of files that nobody synced: what a busy neighbour's fsync does.
    ///
    /// # Errors
    /// Of the calls it makes.
    pub fn commit(self, neighbour: &File) -> io::Result<()> {
        let mode = neighbour.metadata()?.permissions().mode();
        neighbour.set_permissions(Permissions::from_mode((mode & 0o7777) ^ 0o040))?;
        match self {
            // Its fsync writes one file's part of a log; what all others did goes with the transaction.
            Filesystem::Btrfs => sys::commit_btrfs(neighbour),
            _ => neighbour.sync_all(),
        }
    }
}

pub fn path_with_sbin() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}
