//! Sealed, prepared, committed: the order of calls that makes a swap survive a power cut.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::Stat;
use rustix::io::Errno;

use super::undo::Undo;
use crate::error::{Error, Obstacle};
use crate::event::{Cancel, Event, Observer};
use crate::failpoint;
use crate::fs::dir::{self, Dir};
use crate::fs::rename::Backup;
use crate::fs::temp::{Named, Temp};
use crate::fs::{rename, sync};
use crate::request::Digest;

/// Whether the target's name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Publish {
    /// Replace what has the name.
    Replace,
    /// The name was free when the plan was made; if it no longer is, somebody else's file is not overwritten.
    NoClobber,
}

/// When a file without a name gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Before it is published: a temporary one.
    Temporary,
    /// When it is published, and then its target's, which is expected to be free.
    Final,
}

/// A staged file with its final bytes and metadata.
#[derive(Debug)]
pub(crate) struct Sealed {
    temp: Temp,
    dir: Arc<Dir>,
    target: PathBuf,
    stat: Stat,
}

/// A sealed file that is on the disk, has a temporary name or can be given its final one, and is open for writing nowhere.
#[derive(Debug)]
pub(crate) struct Prepared {
    named: Named,
    dir: Arc<Dir>,
    target: PathBuf,
    stat: Stat,
}

impl Sealed {
    pub(super) fn new(temp: Temp, dir: Arc<Dir>, target: PathBuf, stat: Stat) -> Sealed {
        Sealed { temp, dir, target, stat }
    }

    /// Syncs the file, names it, and closes the last writable descriptor.
    ///
    /// # Guarantees
    /// Bytes and metadata are on the disk before the name can be: a rename that is durable never shows an empty file.
    ///
    /// # Errors
    /// Of fsync(2), linkat(2), close(2). A failed fsync is not retried. The file is removed.
    ///
    /// # After a crash
    /// The target is the old file; at most one temporary file is left, which the next run in this directory sweeps.
    pub(crate) fn prepare(self, observer: &mut dyn Observer) -> Result<Prepared, Error> {
        self.sync()?;
        observer.event(&Event::Synced);
        self.close(Naming::Temporary)
    }

    /// Asks the kernel to begin writing the file to the disk. Only a hint.
    pub(super) fn begin_sync(&self) {
        sync::begin(self.temp.file());
    }

    /// The file.
    pub(super) fn file(&self) -> &File {
        self.temp.file()
    }

    /// The first half of [`Sealed::prepare`]: bytes and metadata go to the disk.
    ///
    /// # Errors
    /// Of fsync(2), which is not to be retried.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        let synced = failpoint::around("sync", || sync::file(self.temp.file()));
        synced.map_err(|source| Error::write("sync the new content of", &self.target, source))
    }

    /// Gives the file the temporary name of its own that a journal will tell of.
    ///
    /// # Errors
    /// Of linkat(2).
    pub(super) fn give_name(&mut self, name: std::ffi::OsString) -> Result<(), Error> {
        let named = failpoint::hit("link").and_then(|()| self.temp.give_name(name));
        named.map_err(|source| name_error("name the new file of", &self.target, source))
    }

    /// What it is now.
    pub(super) fn stat(&self) -> &Stat {
        &self.stat
    }

    /// The directory it is in.
    pub(super) fn dir(&self) -> &Arc<Dir> {
        &self.dir
    }

    /// The target's path.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// As [`Sealed::close`], with a temporary name.
    ///
    /// # Errors
    /// As [`Sealed::close`].
    pub(super) fn name(self) -> Result<Prepared, Error> {
        self.close(Naming::Temporary)
    }

    /// The second half of [`Sealed::prepare`]: nobody can write to the file any more, and it gets its temporary name, if it is
    /// to have one.
    ///
    /// # Errors
    /// Of linkat(2) and close(2).
    pub(crate) fn close(self, naming: Naming) -> Result<Prepared, Error> {
        let Sealed { temp, dir, target, stat } = self;
        let named = failpoint::hit("link").and_then(|()| match naming {
            Naming::Temporary => temp.name_and_close(),
            Naming::Final => temp.close((stat.st_dev, stat.st_ino)),
        });
        let named = named.map_err(|source| name_error("name the new file of", &target, source))?;
        Ok(Prepared { named, dir, target, stat })
    }
}

impl Sealed {
    /// As [`Sealed::close`], of a file that was given the name a journal will tell of.
    ///
    /// # Errors
    /// Of close(2); another file has the name.
    pub(super) fn close_named(self) -> Result<Prepared, Error> {
        let Sealed { temp, dir, target, stat } = self;
        let named = failpoint::hit("link").and_then(|()| temp.close_named((stat.st_dev, stat.st_ino)));
        let named = named.map_err(|source| name_error("name the new file of", &target, source))?;
        Ok(Prepared { named, dir, target, stat })
    }
}

impl Prepared {
    /// What is no file, and complete.
    pub(super) fn made(named: Named, dir: Arc<Dir>, target: PathBuf, stat: Stat) -> Prepared {
        Prepared { named, dir, target, stat }
    }

    /// A file that is there already, by a second name that is its temporary one; or, where there are no links, a copy of it, of
    /// which the digest comes, too.
    ///
    /// # Errors
    /// Of linkat(2) and fsync(2); of copying.
    pub(super) fn again(
        dir: &Arc<Dir>,
        target: &Path,
        place: &super::kept::Place,
        temp: std::ffi::OsString,
    ) -> Result<(Prepared, Option<Digest>), Error> {
        let error = |source| name_error("bring back the kept version of", target, source);
        let made = |named, stat| Prepared { named, dir: Arc::clone(dir), target: target.to_owned(), stat };
        match Named::second(dir, &place.dir, &place.name, temp.clone()) {
            Ok(named) => {
                let stat = dir::stat_at(&**dir, named.name()).map_err(|errno| error(errno.into()))?;
                // Whoever wrote it may not have synced it.
                named.reader().map_or(Ok(()), sync::file).map_err(error)?;
                Ok((made(named, stat), None))
            }
            Err(refused) if Errno::from_io_error(&refused).is_some_and(rename::is_no_link) => {
                let (stat, sha256) = super::copy::make(&place.dir, &place.name, dir, &temp, target)?;
                Ok((made(Named::made(dir, temp), stat), Some(sha256)))
            }
            Err(failed) => Err(error(failed)),
        }
    }

    /// A directory that is kept, staged by the name it is kept by: it has that name until it is renamed.
    ///
    /// # Errors
    /// It is not there.
    pub(super) fn moved(dir: &Arc<Dir>, target: &Path, name: std::ffi::OsString) -> std::io::Result<Prepared> {
        let stat = dir::stat_at(&**dir, &name)?;
        Ok(Prepared { named: Named::lasting(dir, name), dir: Arc::clone(dir), target: target.to_owned(), stat })
    }

    /// The switch: renames the file to `leaf` and syncs the directory. The last look at `cancel` is before the rename.
    ///
    /// # Guarantees
    /// Whoever opens `leaf` meanwhile gets the old file or the new one, whole.
    ///
    /// # Errors
    /// Before the rename, and if it fails: the target is untouched. [`Error::InDoubt`] if the directory cannot be synced:
    /// the new file is in place, but may be the old one again after a power cut.
    ///
    /// # After a crash
    /// The target is the old or the new file.
    pub(crate) fn commit(
        mut self,
        leaf: &OsStr,
        publish: Publish,
        cancel: &Cancel,
        observer: &mut dyn Observer,
    ) -> Result<Stat, Error> {
        self.publish(leaf, publish, cancel)?;
        observer.event(&Event::Published);
        self.sync_dir().map(|()| self.stat)
    }

    /// Makes the rename durable.
    ///
    /// # Errors
    /// [`Error::InDoubt`].
    pub(super) fn sync_dir(&self) -> Result<(), Error> {
        let synced = failpoint::around("sync-dir", || sync::dir(&self.dir, self.named.reader()));
        synced.map_err(|source| Error::InDoubt { path: self.target.clone(), source })
    }

    /// The rename alone; of a file without a name, the link that gives it `leaf`. It is durable once the directory is synced.
    ///
    /// # Errors
    /// The target is untouched.
    pub(crate) fn publish(&mut self, leaf: &OsStr, publish: Publish, cancel: &Cancel) -> Result<(), Error> {
        failpoint::hit("rename").map_err(|source| self.rename_error(source))?;
        cancel.check()?;
        let renamed = match (self.named.link_as(leaf), publish) {
            // Its name was free, and no longer is.
            (Some(Err(Errno::EXIST)), Publish::Replace) => {
                self.named.give_name().and_then(|()| rename::replace(&self.dir, self.named.name(), leaf))
            }
            (Some(linked), _) => linked,
            (None, Publish::Replace) => rename::replace(&self.dir, self.named.name(), leaf),
            (None, Publish::NoClobber) => rename::create(&self.dir, self.named.name(), leaf),
        };
        let renamed = renamed.map_err(std::io::Error::from).and_then(|()| failpoint::hit("rename-reply"));
        if let Err(error) = renamed
            && !self.has_name(leaf)
        {
            return Err(self.rename_error(error));
        }
        self.named.keep();
        Ok(())
    }

    /// The rename, with what is replaced kept as `backup`.
    ///
    /// # Guarantees
    /// As [`Prepared::publish`]; `leaf` is never absent where the filesystem can link or exchange.
    ///
    /// # Errors
    /// [`BackupError::Keep`] if the old file could not get its second name, and then nothing is changed;
    /// [`BackupError::NotTakenBack`].
    pub(crate) fn publish_keeping(&mut self, leaf: &OsStr, backup: Backup<'_>, cancel: &Cancel) -> Result<(), BackupError> {
        failpoint::hit("rename").map_err(|source| BackupError::Rename(self.rename_error(source)))?;
        cancel.check().map_err(BackupError::Rename)?;
        match rename::replace_keeping(&self.dir, self.named.name(), leaf, backup) {
            Ok(()) => {
                self.named.keep();
                Ok(())
            }
            Err(error) => Err(self.keep_error(error)),
        }
    }

    /// Where names could not be changed back, the temporary one is left: it may be that of the only copy of the old file.
    fn keep_error(&mut self, error: rename::KeepError) -> BackupError {
        match error {
            rename::KeepError::Keep(errno) => BackupError::Keep(errno.into()),
            rename::KeepError::Replace(errno) => BackupError::Rename(self.rename_error(errno.into())),
            rename::KeepError::NotTakenBack(errno) => {
                self.named.keep();
                BackupError::NotTakenBack(errno.into())
            }
        }
    }

    /// The rename such that it can be undone by [`Provisional::take_back`] until [`Provisional::settle`].
    ///
    /// # Guarantees
    /// As [`Prepared::publish_keeping`].
    ///
    /// # Errors
    /// As [`Prepared::publish_keeping`]. The file's own steps are undone already, where that is possible.
    pub(crate) fn publish_provisionally(
        mut self,
        leaf: &OsStr,
        replaces: bool,
        backup: Option<Backup<'_>>,
        cancel: &Cancel,
    ) -> Result<Provisional, BackupError> {
        failpoint::hit("rename").map_err(|source| BackupError::Rename(self.rename_error(source)))?;
        cancel.check().map_err(BackupError::Rename)?;
        let mut undo = Undo::new(Arc::clone(&self.dir));
        let done = match replaces {
            true => undo.replace(self.named.name(), leaf, backup),
            false => undo.create(self.named.name(), leaf).map_err(rename::KeepError::Replace),
        };
        match done {
            // The names are the undo list's affair now.
            Ok(()) => {
                let reader = self.named.published();
                Ok(Provisional { undo, reader })
            }
            Err(error) => {
                let error = undo.take_back().map_or_else(rename::KeepError::NotTakenBack, |()| error);
                Err(self.keep_error(error))
            }
        }
    }

    /// The rename where the old file could not be linked: new and old change names, and the old one is then moved to where it is
    /// kept. `false` if that is not known here, and nothing is done.
    ///
    /// # Errors
    /// Of renameat2(2). If the second step failed, the first is undone.
    ///
    /// # After a crash
    /// `leaf` is the old or the new file; the old one may have the temporary name.
    pub(super) fn publish_exchanging(&mut self, leaf: &OsStr, place: &super::kept::Place) -> Result<bool, Error> {
        failpoint::hit("rename").map_err(|source| self.rename_error(source))?;
        match rename::exchange(&self.dir, self.named.name(), leaf) {
            Ok(()) => {}
            // renameat2(2) has it for other mounts only; overlayfs for a directory that is not of its upper layer.
            Err(Errno::XDEV) => {
                return Err(Error::Target { path: self.target.clone(), obstacle: Obstacle::LowerLayer });
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => return Ok(false),
            Err(errno) => return Err(self.rename_error(errno.into())),
        }
        let moved = failpoint::hit("exchanged")
            .and_then(|()| Ok(rename::move_to(&self.dir, self.named.name(), &place.dir, &place.name)?));
        if let Err(source) = moved {
            if rename::exchange(&self.dir, self.named.name(), leaf).is_err() {
                // What has the temporary name is the only copy of the old file.
                self.named.keep();
            }
            return Err(name_error("keep the old file of", &self.target, source));
        }
        self.named.keep();
        Ok(true)
    }

    /// Leaves the file under its temporary name: what becomes of it is the journal's affair now.
    pub(super) fn leave(&mut self) {
        self.named.keep();
    }

    /// The name until it is published.
    pub(super) fn name(&self) -> &OsStr {
        self.named.name()
    }

    /// The directory it is in.
    pub(super) fn dir(&self) -> &Arc<Dir> {
        &self.dir
    }

    /// The target's path.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// What was installed.
    pub(super) fn stat(&self) -> &Stat {
        &self.stat
    }

    /// The file, where it may be read.
    pub(crate) fn into_reader(mut self) -> Option<std::fs::File> {
        self.named.published()
    }

    /// Gives up the descriptor by which others see that the owner lives: there may be more files than descriptors.
    pub(crate) fn close_reader(&mut self) {
        self.named.close_reader();
    }

    /// Whether the new file has its name already: over a network the reply of a rename may be lost, and the answer to its
    /// repetition is then an error.
    fn has_name(&self, leaf: &OsStr) -> bool {
        let renamed = |stat: Stat| (stat.st_dev, stat.st_ino) == (self.stat.st_dev, self.stat.st_ino);
        dir::stat_at(&*self.dir, leaf).is_ok_and(renamed)
            && dir::stat_at(&*self.dir, self.named.name()).err() == Some(Errno::NOENT)
    }

    fn rename_error(&self, source: std::io::Error) -> Error {
        let target = |obstacle| Error::Target { path: self.target.clone(), obstacle };
        match Errno::from_io_error(&source) {
            Some(Errno::EXIST) => Error::TargetChanged { path: self.target.clone() },
            // rename(2) gives EBUSY for a mount point, also for one in another mount namespace on older kernels.
            Some(Errno::BUSY) => target(Obstacle::MountPoint),
            Some(Errno::ISDIR) => target(Obstacle::Directory),
            // The directory was removed meanwhile, or the staged file was.
            Some(Errno::NOENT) => Error::TargetChanged { path: self.target.clone() },
            _ => name_error("rename the new file to", &self.target, source),
        }
    }
}

/// Puts a file that is in place already, and its name, on the disk.
///
/// # Errors
/// [`Error::InDoubt`].
pub(crate) fn make_durable(file: &File, dir: &Dir, path: &Path) -> Result<(), Error> {
    let synced = failpoint::around("sync", || sync::file(file))
        .and_then(|()| failpoint::around("sync-dir", || sync::dir(dir, Some(file))));
    synced.map_err(|source| Error::InDoubt { path: path.to_owned(), source })
}

/// Puts everything of a directory's filesystem on the disk: for many files that are in place already.
///
/// # Errors
/// [`Error::InDoubt`].
pub(crate) fn make_all_durable(dir: &Dir) -> Result<(), Error> {
    sync::filesystem(dir).map_err(|source| Error::InDoubt { path: dir.path().to_owned(), source })
}

/// A file that has its name, but may still have to give it back.
#[derive(Debug)]
pub(crate) struct Provisional {
    undo: Undo,
    reader: Option<std::fs::File>,
}

impl Provisional {
    /// Everything is as it was before, and the new file is gone.
    ///
    /// # Errors
    /// Of renameat2(2). The new file stays, and what it replaced may have a temporary name.
    pub(crate) fn take_back(self) -> std::io::Result<()> {
        Ok(self.undo.take_back()?)
    }

    /// It stays. What it replaced goes, unless it is a backup.
    pub(crate) fn settle(self) -> Option<std::fs::File> {
        self.undo.settle();
        self.reader
    }
}

/// Why a file was not replaced with its predecessor kept.
#[derive(Debug)]
pub(crate) enum BackupError {
    /// The predecessor could not be kept.
    Keep(std::io::Error),
    /// The new file could not be put in its place.
    Rename(Error),
    /// One of the two, and what was done before cannot be taken back.
    NotTakenBack(std::io::Error),
}

/// An error of giving a name. Write permission was there when the plan was made: what forbids it now are flags that nothing
/// showed, and security modules.
pub(super) fn name_error(op: &'static str, target: &Path, source: std::io::Error) -> Error {
    match Errno::from_io_error(&source) {
        Some(Errno::PERM | Errno::ACCESS) => Error::Target { path: target.to_owned(), obstacle: Obstacle::Forbidden },
        _ => Error::write(op, target, source),
    }
}
