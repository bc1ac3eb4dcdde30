//! What has to be on the disk before the next step: each file and directory by a sync of its own, or a whole filesystem by one.
//!
//! Measured on Linux 6.18 with loop devices, files of 12 KiB; milliseconds and flushes of the disk:
//!
//! | | ext4 | xfs | btrfs |
//! |---|---|---|---|
//! | 3 directories after renames, fsync in turn | 0.6 / 2 | 0.3 / 2 | 5.6 / 6 |
//! | the same, syncfs | 1.1 / 4 | 0.5 / 2 | 2.9 / 2 |
//! | 1 file and its directory, fsync in turn | 0.6 / 2 | 0.5 / 2 | 1.7 / 4 |
//! | the same, syncfs | 0.9 / 4 | 0.5 / 2 | 2.3 / 2 |
//! | 6 files in 3 directories, fsync in turn | 3.8 / 12 | 2.4 / 12 | 8.8 / 18 |
//! | the same, 9 threads | 2.5 / 4 | 4.6 / 6 | 13 / 4 |
//! | the same, syncfs | 1.4 / 3 | 0.8 / 2 | 3.1 / 2 |
//! | 1,000 files in 40 directories, 32 threads | 81 / 97 | 49 / 75 | 346 / 124 |
//! | the same, syncfs | 71 / 4 | 74 / 3 | 29 / 2 |
//!
//! So several new files are put on the disk by one syncfs; names alone by fsync of their directories, one after the other, which
//! find the work of the first done; but on btrfs, where each is a transaction, by syncfs again. Not where syncfs(2) is no promise,
//! and not where others have much to write: it would wait for that as well.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::parallel::in_parallel;
use crate::error::Error;
use crate::failpoint;
use crate::fs::dir::Dir;
use crate::fs::{mount, sync};

/// Files from which syncfs is the faster way.
const SEVERAL: usize = 2;

/// What others may have waiting for their disks: bytes. A disk that writes 200 MB/s has it written in 0.3 s.
const NEIGHBOURS: u64 = 64 << 20;

/// The filesystems on which a transaction stages files, and what it owes them.
#[derive(Debug, Default)]
pub(super) struct Barrier {
    mounts: BTreeMap<u64, Mount>,
    /// Bytes that were staged and may not be on the disk.
    staged: u64,
}

#[derive(Debug)]
struct Mount {
    /// Open since before anything was written: it is told of every error since, syncfs(2).
    dir: Arc<Dir>,
    /// Whether syncfs here waits for everything, and tells of errors.
    is_sound: bool,
    /// Whether something was left to it.
    is_owed: bool,
}

impl Barrier {
    /// Takes note of a directory in which something is going to be staged.
    pub(super) fn note(&mut self, device: u64, dir: &Arc<Dir>) {
        let mount = || Mount { dir: Arc::clone(dir), is_sound: sync::filesystem_is_sound(dir), is_owed: false };
        self.mounts.entry(device).or_insert_with(mount);
    }

    /// Takes note that so many bytes were staged.
    pub(super) fn staged(&mut self, bytes: u64) {
        self.staged += bytes;
    }

    /// Whether so many new files on this filesystem are left to the sync of all of it, which [`Barrier::reach`] then makes. They
    /// may be closed: an error of theirs is the filesystem's too, and stays.
    pub(super) fn takes(&mut self, dir: &Dir, files: usize) -> bool {
        let Some(mount) = dir.id().ok().and_then(|(device, _)| self.mounts.get_mut(&device)) else { return false };
        mount.is_owed |= mount.is_sound && files >= SEVERAL && is_quiet(self.staged);
        mount.is_owed
    }

    /// Whether everything on this directory's filesystem is going to be synced.
    pub(super) fn covers(&self, dir: &Dir) -> bool {
        dir.id().is_ok_and(|(device, _)| self.mounts.get(&device).is_some_and(|mount| mount.is_owed))
    }

    /// Syncs what was left to it, and of these directories, those it does not cover; together with `others`, pieces of work of
    /// the caller's.
    ///
    /// # Errors
    /// Of fsync(2) and syncfs(2), also of what others wrote to the same filesystem; of `piece`.
    pub(super) fn reach(
        &mut self,
        directories: &[&Dir],
        others: usize,
        piece: impl Fn(usize) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let alone: Vec<&Dir> = directories.iter().copied().filter(|dir| !self.covers(dir)).collect();
        let owed: Vec<&Dir> = self.mounts.values().filter(|mount| mount.is_owed).map(|mount| &*mount.dir).collect();
        let outcomes = in_parallel(others + alone.len() + owed.len(), |at| {
            let Some(at) = at.checked_sub(others) else { return piece(at) };
            let (dir, synced) = match alone.get(at) {
                Some(dir) => (*dir, failpoint::around("sync-prepared", || sync::dir(dir, None))),
                None => {
                    let dir = owed[at - alone.len()];
                    let whole = || failpoint::around("sync", || sync::filesystem(dir));
                    (dir, failpoint::hit("sync-prepared").and_then(|()| whole()))
                }
            };
            synced.map_err(|source| Error::write("sync", dir.path(), source))
        });
        outcomes.into_iter().collect::<Result<(), _>>()?;
        self.mounts.values_mut().for_each(|mount| mount.is_owed = false);
        self.staged = 0;
        Ok(())
    }
}

/// Puts the names of directories on the disk, each filesystem's in turn.
///
/// # Errors
/// Of fsync(2), and of which directory.
pub(super) fn names(directories: &[Arc<Dir>]) -> Result<(), (Arc<Dir>, io::Error)> {
    let mut filesystems: BTreeMap<u64, Vec<&Arc<Dir>>> = BTreeMap::new();
    for dir in directories {
        let (device, _) = dir.id().map_err(|errno| (Arc::clone(dir), errno.into()))?;
        filesystems.entry(device).or_default().push(dir);
    }
    let filesystems: Vec<Vec<&Arc<Dir>>> = filesystems.into_values().collect();
    let outcomes = in_parallel(filesystems.len(), |at| names_of_one(&filesystems[at]));
    outcomes.into_iter().collect()
}

/// Puts the names of a directory on the disk before the next change, which has to come after them there too.
///
/// # Errors
/// Of fsync(2).
pub(super) fn turn(dir: &Dir) -> Result<(), Error> {
    failpoint::around("sync-turn", || sync::dir(dir, None)).map_err(|source| Error::write("sync", dir.path(), source))
}

fn names_of_one(directories: &[&Arc<Dir>]) -> Result<(), (Arc<Dir>, io::Error)> {
    let each = || {
        directories.iter().try_for_each(|dir| {
            failpoint::around("sync-dir", || sync::dir(dir, None)).map_err(|source| (Arc::clone(dir), source))
        })
    };
    let first = directories[0];
    let whole = directories.len() >= SEVERAL && mount::is_btrfs(&**first) && sync::filesystem_is_sound(first) && is_quiet(0);
    // An error may be that of another's file; the directories can tell for themselves.
    if whole && failpoint::around("sync-dir", || sync::filesystem(first)).is_ok() { Ok(()) } else { each() }
}

/// Whether others have little to write, beside so many bytes of ours: which count twice where one filesystem lies in a file of
/// another.
fn is_quiet(ours: u64) -> bool {
    failpoint::hit("quiet").is_ok() && sync::waiting().is_some_and(|bytes| bytes <= NEIGHBOURS + 2 * ours)
}
