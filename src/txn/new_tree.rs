//! What is staged besides files: links, and directories with everything in them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::Stat;

use super::attributes;
use super::commit::{Prepared, Sealed, name_error};
use super::parallel::in_parallel;
use crate::error::Error;
use crate::failpoint;
use crate::fs::dir::{self, Dir};
use crate::fs::temp::Named;
use crate::fs::{attrs, sync, tree};
use crate::metadata::Wanted;

/// A new directory that is being filled under a temporary name, which nobody else may enter. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct NewTree {
    named: Named,
    parent: Arc<Dir>,
    target: PathBuf,
    top: Arc<Dir>,
    /// What is not on the disk yet.
    window: Vec<Unsynced>,
    /// How much of it may be open at once.
    limit: usize,
    /// Whether a sync of the whole filesystem will be for it too, before it is renamed.
    is_owed: bool,
}

#[derive(Debug)]
enum Unsynced {
    File(Sealed),
    Directory(Arc<Dir>, PathBuf),
}

impl NewTree {
    /// Makes the directory, empty. `is_owed`: what is put in it is not synced here, but with all of its filesystem later.
    ///
    /// # Errors
    /// Of mkdirat(2).
    ///
    /// # After a crash
    /// It may be left under that name.
    pub(super) fn make(parent: &Arc<Dir>, target: &Path, temp: OsString, limit: usize, is_owed: bool) -> Result<NewTree, Error> {
        let error = |source| Error::write("create a temporary directory for", target, source);
        let top = failpoint::hit("stage").and_then(|()| Ok(tree::make(parent, &temp)?)).map_err(error)?;
        let named = Named::made(parent, temp);
        let limit = limit.max(1);
        Ok(NewTree { named, parent: Arc::clone(parent), target: target.to_owned(), top, window: Vec::new(), limit, is_owed })
    }

    /// The directory.
    pub(crate) fn top(&self) -> &Arc<Dir> {
        &self.top
    }

    /// Makes a directory below it.
    ///
    /// # Errors
    /// Of mkdirat(2).
    pub(crate) fn directory(&self, dir: &Dir, name: &OsStr, target: &Path) -> Result<Arc<Dir>, Error> {
        tree::make(dir, name).map_err(|errno| Error::write("create", target, errno.into()))
    }

    /// Takes a file that was staged in a directory of this tree: it gets its name.
    ///
    /// # Errors
    /// Of linkat(2), and of fsync(2) for what was taken before.
    pub(crate) fn file(&mut self, mut sealed: Sealed, name: &OsStr) -> Result<Stat, Error> {
        sealed.give_name(name.to_owned())?;
        let stat = *sealed.stat();
        self.take(Unsynced::File(sealed))?;
        Ok(stat)
    }

    /// Says that everything is in a directory of this tree, which gets its attributes: the times last, which every name made in
    /// it changes.
    ///
    /// # Errors
    /// [`Error::CannotKeep`], [`Error::CannotSet`]; of fsync(2) for what was taken before.
    pub(crate) fn complete(&mut self, dir: Arc<Dir>, wanted: &Wanted, target: &Path) -> Result<Stat, Error> {
        if !wanted.xattrs.iter().any(|xattr| *xattr.name == *attrs::DEFAULT_ACL) {
            attrs::drop_inherited_default_acl(&*dir).map_err(|source| Error::write("create", target, source))?;
        }
        let stat = attributes::give(&*dir, wanted, target)?;
        self.take(Unsynced::Directory(dir, target.to_owned()))?;
        Ok(stat)
    }

    fn take(&mut self, unsynced: Unsynced) -> Result<(), Error> {
        self.window.push(unsynced);
        if self.window.len() >= self.limit { self.flush() } else { Ok(()) }
    }

    /// Puts what was taken on the disk, all of it together, and closes it.
    fn flush(&mut self) -> Result<(), Error> {
        let window = std::mem::take(&mut self.window);
        let count = if self.is_owed { 0 } else { window.len() };
        let outcomes = in_parallel(count, |at| match &window[at] {
            Unsynced::File(sealed) => sealed.sync(),
            Unsynced::Directory(dir, target) => failpoint::hit("sync-prepared")
                .and_then(|()| sync::dir(dir, None))
                .map_err(|source| Error::write("sync", target, source)),
        });
        let synced: Result<(), Error> = outcomes.into_iter().collect();
        for unsynced in window {
            if let Unsynced::File(sealed) = unsynced {
                // From now on it goes with the tree it is in.
                sealed.close_named()?.leave();
            }
        }
        synced
    }

    /// Everything is in it.
    ///
    /// # Errors
    /// Of fsync(2).
    pub(super) fn prepare(mut self) -> Result<Prepared, Error> {
        self.flush()?;
        let stat = rustix::fs::fstat(&*self.top).map_err(|errno| Error::write("stat", &self.target, errno.into()))?;
        Ok(Prepared::made(self.named, self.parent, self.target, stat))
    }
}

/// Makes a link that gets this owner and these times.
///
/// # Errors
/// [`Error::CannotKeep`], [`Error::CannotSet`]; of symlinkat(2).
///
/// # After a crash
/// It may be left.
pub(crate) fn make_link(dir: &Dir, name: &OsStr, text: &Path, wanted: &Wanted, target: &Path) -> Result<Stat, Error> {
    let error = |source| name_error("create the link", target, source);
    failpoint::hit("stage").and_then(|()| Ok(tree::make_link(dir, text, name)?)).map_err(error)?;
    let look = || dir::stat_at(dir, name).map_err(|errno| error(errno.into()));
    let made = look()?;
    for (owner, now, ids) in
        [(wanted.uid, made.st_uid, (wanted.uid.id(), None)), (wanted.gid, made.st_gid, (None, wanted.gid.id()))]
    {
        if owner.id().is_some_and(|id| id != now) {
            tree::chown_link(dir, name, ids.0, ids.1).map_err(|source| owner.error(target, source))?;
        }
    }
    if let Some(times) = &wanted.times {
        attrs::set_times_at(dir, name, times).map_err(error)?;
    }
    look()
}

/// A link under its temporary name.
///
/// # Errors
/// As [`make_link`].
pub(super) fn prepare_link(
    dir: &Arc<Dir>,
    text: &Path,
    wanted: &Wanted,
    target: &Path,
    temp: OsString,
) -> Result<Prepared, Error> {
    // Whatever fails, the name goes.
    let named = Named::made(dir, temp);
    let stat = make_link(dir, named.name(), text, wanted, target)?;
    Ok(Prepared::made(named, Arc::clone(dir), target.to_owned(), stat))
}
