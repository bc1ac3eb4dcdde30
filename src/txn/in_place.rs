//! A file that keeps its inode and gets new content: where no rename can put another one in its place.
//!
//! Nothing here is atomic for a reader, so nobody may read: all of it happens under a lease, and the old content is on the disk a
//! second time before the first byte is written.

mod aside;
mod former;
mod idle;
mod pace;
mod recover;
mod torn;

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::Stat;

use super::history::{drop_record, find, forget, records};
use super::state::State;
use super::{Stage, identify};
use crate::checksum;
use crate::error::Error;
use crate::event::{Cancel, Event, Observer};
use crate::failpoint;
use crate::fs::copy::Side;
use crate::fs::dir::Dir;
use crate::fs::lease::{Standing, WriteLease};
use crate::fs::{mount, overwrite, sync};
use crate::journal::{Entry, Kept, Text, Version, Way};
use crate::metadata::Wanted;
use crate::proof::Trusted;
use crate::request::Digest;
use aside::Aside;
use former::Former;
pub(super) use recover::{outlook, settle};

/// One file to overwrite.
pub(crate) struct Overwriting<'a> {
    pub(crate) state: &'a State,
    pub(crate) dir: &'a Arc<Dir>,
    pub(crate) leaf: &'a OsStr,
    pub(crate) path: &'a Path,
    /// What it was when that was decided what it is to be.
    pub(crate) stat: &'a Stat,
    pub(crate) wanted: &'a Wanted,
    /// Of the new content, where it is known.
    pub(crate) sha256: Option<Digest>,
    /// How many old versions are kept.
    pub(crate) keep: u32,
    /// What it is made by, for the history.
    pub(crate) command: &'static str,
}

/// A file that is overwritten.
#[derive(Debug)]
pub(crate) struct Overwrote {
    pub(crate) stat: Stat,
    pub(crate) txid: String,
    /// Digest of the old content.
    pub(crate) old: Digest,
    /// Digest of the new content.
    pub(crate) new: Digest,
    /// Where the copy of the old content is kept.
    pub(crate) kept: Option<PathBuf>,
}

/// Finds out whether the file could be overwritten now, and changes nothing. It may be otherwise a moment later.
///
/// # Errors
/// [`Error::Busy`], [`Error::NoProof`]; [`Error::Target`].
pub(crate) fn judge_idle(dir: &Dir, leaf: &OsStr, path: &Path) -> Result<(), Error> {
    idle::judge(dir, leaf, path)
}

impl Overwriting<'_> {
    /// Overwrites the file with what is staged. The last look at `cancel` is before the first byte is written.
    ///
    /// # Guarantees
    /// On success the file is the same inode, with the new content and the wanted metadata, on the disk. Whoever opens it meanwhile
    /// waits, and then gets the whole of one content.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::NoProof`], [`Error::TargetChanged`]: the file is untouched. [`Error::Disturbed`] and those of
    /// writing: it is as before, by way of the copy. [`Error::HalfDone`]: it could not be made so, and recovery has to.
    /// [`Error::InDoubt`]: it has its new content, and recovery has to tidy up.
    ///
    /// # After a crash
    /// The file may hold some of both contents, which recovery makes one of them, and copies be left beside it, which it removes.
    pub(crate) fn overwrite(
        &self,
        stage: Stage,
        trusted: Trusted,
        cancel: &Cancel,
        observer: &mut dyn Observer,
    ) -> Result<Overwrote, Error> {
        let read_error = |source| Error::Io { op: "read", path: self.path.to_owned(), source };
        let new_size = stage.written();
        let mut aside = Aside::begin(self.state, stage.dir(), self.path, self.command)?;
        let file = self.dir.open_file(self.leaf).map_err(|errno| read_error(errno.into()))?;
        let former = Former::of(&file, self.stat, self.path)?;
        let mut pace = aside.copy(&file, &former, cancel)?;
        // A descriptor of our own would be in the way of the lease too.
        drop(file);
        aside.stage(stage, trusted, &mut pace)?;
        pace.judge(self.path, new_size, self.stat.st_size as u64)?;
        let old = checksum::sha256_of(aside.copied(), cancel, read_error)?;
        let new = self.sha256.map_or_else(|| checksum::sha256_of(aside.staged(), cancel, read_error), Ok)?;
        aside.sync()?;
        observer.event(&Event::Synced);

        let lease = idle::prove(self.dir, self.leaf, self.path)?;
        let now = self.unchanged(&lease)?;
        former.may_be_given(lease.file(), self.path)?;
        let room = failpoint::hit("reserve").and_then(|()| overwrite::reserve(&lease, now.st_size as u64, new_size));
        room.map_err(|source| self.write_error(source))?;
        cancel.check()?;
        let entry = self.entry(&aside, identify::version(&now, Some(old)), new, new_size)?;
        aside.commit(entry)?;
        let written = self.write(&lease, &aside, new_size);
        let stat = match written {
            Ok(stat) => stat,
            Err(error) => return Err(self.take_back(&lease, &aside, &former, now.st_size as u64, error)),
        };
        aside.done()?;
        // Whoever waits goes on.
        drop(lease);
        observer.event(&Event::Published);
        make_way(self.state, self.dir.path(), self.leaf, self.keep);
        let (txid, kept) = aside.keep(self.keep)?;
        Ok(Overwrote { stat, txid, old, new, kept })
    }

    /// Looks whether the file is still what it was when it was copied.
    fn unchanged(&self, lease: &WriteLease) -> Result<Stat, Error> {
        let now = rustix::fs::fstat(lease.file()).map_err(|errno| self.write_error(errno.into()))?;
        let facts = |stat: &Stat| (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime, stat.st_mtime_nsec, stat.st_mode);
        let changed = |stat: &Stat| (stat.st_ctime, stat.st_ctime_nsec);
        // To open a file of a lower layer for writing makes it one of the upper layer.
        let same = mount::is_stacked(lease.file()) || changed(&now) == changed(self.stat);
        if same && facts(&now) == facts(self.stat) { Ok(now) } else { Err(Error::TargetChanged { path: self.path.to_owned() }) }
    }

    fn entry(&self, aside: &Aside<'_>, old: Version, new: Digest, new_size: u64) -> Result<Entry, Error> {
        let dir_id = self.dir.id().map_err(|errno| self.write_error(errno.into()))?;
        let new = Version {
            size: new_size,
            mode: self.wanted.mode.bits(),
            uid: self.wanted.uid.id().unwrap_or(old.uid),
            gid: self.wanted.gid.id().unwrap_or(old.gid),
            sha256: Some(new),
            ..old.clone()
        };
        let elsewhere = aside.dir().path() != self.dir.path();
        Ok(Entry {
            dir: Text::from(self.dir.path()),
            filesystem: identify::filesystem(self.dir, dir_id),
            leaf: Text::from(self.leaf),
            temp: Some(Text::from(aside::staged_name(aside.txid()))),
            kept: Some(Kept {
                name: Text::from(aside::kept_name(aside.txid())),
                way: Way::Copy,
                private: false,
                elsewhere: elsewhere.then(|| Text::from(aside.dir().path())),
            }),
            old: Some(old),
            new: Some(new),
            keep: self.keep,
        })
    }

    /// The new content, then the metadata that a write takes, all of it on the disk.
    fn write(&self, lease: &WriteLease, aside: &Aside<'_>, size: u64) -> Result<Stat, Error> {
        let mut watch = Watch::new(lease, self.path);
        pour(lease, aside.staged(), size, &mut || watch.look(), self.path)?;
        let error = |source| self.write_error(source);
        failpoint::hit("attributes").map_err(error)?;
        let stat = former::give_wanted(lease.file(), self.wanted, self.path)?;
        failpoint::around("sync", || sync::file(lease.file())).map_err(error)?;
        watch.look()?;
        Ok(stat)
    }

    /// The old content again, after the new could not be written. The error says why.
    fn take_back(&self, lease: &WriteLease, aside: &Aside<'_>, former: &Former, size: u64, error: Error) -> Error {
        let back = restore(lease, aside.copied(), former, size, self.path).and_then(|()| aside.forget());
        match back {
            Ok(()) => error,
            Err(_) => Error::HalfDone { path: self.path.to_owned(), txid: aside.txid().to_owned(), source: Box::new(error) },
        }
    }

    fn write_error(&self, source: std::io::Error) -> Error {
        Error::write("overwrite", self.path, source)
    }
}

/// Gives the leased file this content. After each piece it is looked whether to go on.
fn pour(
    lease: &WriteLease,
    from: &File,
    size: u64,
    look: &mut dyn FnMut() -> Result<(), Error>,
    path: &Path,
) -> Result<(), Error> {
    let failed = |error| Error::write("overwrite", path, error);
    failpoint::hit("overwrite").map_err(failed)?;
    let poured = overwrite::overwrite(lease, from, size, &mut |_| {
        failpoint::hit("overwritten").map_err(failed)?;
        look()
    });
    poured.map_err(|side| match side {
        Side::Read(source) => Error::Io { op: "read what was put aside for", path: path.to_owned(), source },
        Side::Write(source) => failed(source),
    })?
}

/// Gives the leased file its old content, and what else the write took, and puts it on the disk.
fn restore(lease: &WriteLease, copy: &File, former: &Former, size: u64, path: &Path) -> Result<(), Error> {
    pour(lease, copy, size, &mut || Ok(()), path)?;
    former.give(lease.file(), path)?;
    let synced = failpoint::around("restore-sync", || sync::file(lease.file()));
    synced.map_err(|source| Error::write("sync", path, source))
}

/// Sees to it that nobody waits too long.
struct Watch<'a> {
    lease: &'a WriteLease,
    path: &'a Path,
    /// When nobody waited yet.
    quiet: Instant,
    /// How long somebody who reads may wait; `None`: for ever.
    limit: Option<Duration>,
}

impl Watch<'_> {
    fn new<'a>(lease: &'a WriteLease, path: &'a Path) -> Watch<'a> {
        Watch { lease, path, quiet: Instant::now(), limit: pace::limit() }
    }

    /// Whether to go on. Who wants to read gets the new content when it is complete; the other half of the time is for the way
    /// back. Who wants to write would write over it: he gets the old.
    ///
    /// # Errors
    /// [`Error::Disturbed`].
    fn look(&mut self) -> Result<(), Error> {
        match self.lease.standing() {
            Standing::Quiet => self.quiet = Instant::now(),
            Standing::ReaderWaits if self.limit.is_none_or(|limit| self.quiet.elapsed() < limit) => {}
            Standing::ReaderWaits | Standing::Lost => return Err(Error::Disturbed { path: self.path.to_owned() }),
        }
        Ok(())
    }
}

/// Removes kept versions of one file, wherever they are, until with one more there are `keep` of them: the newest stay. What cannot
/// be removed is in nobody's way. Done while recovery still has the journal, so that who is killed meanwhile has it done.
fn make_way(state: &State, dir: &Path, leaf: &OsStr, keep: u32) {
    let mut left = keep.saturating_sub(1);
    for record in records(state).unwrap_or_default() {
        let of_it = |entry: &&Entry| entry.dir.as_path() == dir && entry.leaf.as_os_str() == leaf;
        let Some(entry) = record.entries.iter().find(of_it) else { continue };
        if find(entry).is_ok_and(|found| !found.is_current) {
            // Other records tell of other files too.
            if left == 0 && forget(entry) == Ok(true) && (record.header.single || record.is_in_place()) {
                let _ = drop_record(state, &record.header.txid);
            }
            left = left.saturating_sub(1);
        }
    }
}
