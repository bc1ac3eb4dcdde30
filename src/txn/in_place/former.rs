//! What a write takes from a file besides its bytes, so that it can be given back: write(2) clears setuid and setgid, and drops
//! capabilities.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::Stat;

use crate::error::Error;
use crate::fs::attrs::{self, Xattr};
use crate::journal::Version;
use crate::metadata::Wanted;
use crate::request::Kept;
use crate::txn::attributes;

/// Owner, mode and capabilities.
#[derive(Debug)]
pub(super) struct Former {
    uid: u32,
    gid: u32,
    mode: u32,
    capability: Option<Xattr>,
}

impl Former {
    /// Of a file as it is now.
    ///
    /// # Errors
    /// [`Error::CannotKeep`] if its capabilities cannot be read.
    pub(super) fn of(file: &File, stat: &Stat, path: &Path) -> Result<Former, Error> {
        let capability = capability_of(file, path)?;
        Ok(Former { uid: stat.st_uid, gid: stat.st_gid, mode: stat.st_mode & 0o7777, capability })
    }

    /// Of a version that is written down, and the copy of it.
    ///
    /// # Errors
    /// As [`Former::of`].
    pub(super) fn recorded(version: &Version, copy: &File, path: &Path) -> Result<Former, Error> {
        Ok(Former { uid: version.uid, gid: version.gid, mode: version.mode, capability: capability_of(copy, path)? })
    }

    /// Lets the copy tell of the capabilities, which no record has. Nobody can run it.
    ///
    /// # Errors
    /// [`Error::CannotKeep`].
    pub(super) fn note_on(&self, copy: impl AsFd, path: &Path) -> Result<(), Error> {
        match &self.capability {
            Some(capability) => attrs::set(copy, capability).map_err(|source| self.error(path, source)),
            None => Ok(()),
        }
    }

    /// Whether what a write takes can be given back: tried by giving it now, when it changes nothing.
    ///
    /// # Errors
    /// [`Error::CannotKeep`].
    pub(super) fn may_be_given(&self, file: &File, path: &Path) -> Result<(), Error> {
        if let Some(capability) = &self.capability {
            attrs::set_again(file, capability).map_err(|source| self.error(path, source))?;
        }
        if self.mode & 0o6000 != 0 {
            attrs::chmod(file, self.mode).map_err(|source| self.error(path, source))?;
        }
        Ok(())
    }

    /// Gives it back.
    ///
    /// # Errors
    /// [`Error::CannotKeep`].
    pub(super) fn give(&self, file: &File, path: &Path) -> Result<(), Error> {
        let error = |source| self.error(path, source);
        let stat = || rustix::fs::fstat(file).map_err(|errno| error(errno.into()));
        let now = stat()?;
        if (now.st_uid, now.st_gid) != (self.uid, self.gid) {
            attrs::chown(file, Some(self.uid), Some(self.gid)).map_err(error)?;
        }
        if let Some(capability) = &self.capability {
            attrs::set(file, capability).map_err(error)?;
        }
        if stat()?.st_mode & 0o7777 != self.mode {
            attrs::chmod(file, self.mode).map_err(error)?;
        }
        Ok(())
    }

    fn error(&self, path: &Path, source: std::io::Error) -> Error {
        let (kept, detail) = match self.capability {
            Some(_) => (Kept::Caps, "they go with any write".to_owned()),
            None => (Kept::Mode, format!("{:04o}", self.mode)),
        };
        Error::CannotKeep { path: path.to_owned(), kept, detail, source }
    }
}

fn capability_of(file: &File, path: &Path) -> Result<Option<Xattr>, Error> {
    let value = attrs::get(file, attrs::CAPABILITY).map_err(|errno| Error::CannotKeep {
        path: path.to_owned(),
        kept: Kept::Caps,
        detail: "reading them".to_owned(),
        source: errno.into(),
    })?;
    Ok(value.map(|value| Xattr { name: attrs::CAPABILITY.to_owned(), value }))
}

/// Gives the new content the metadata that is wanted, if it has not all of it: who has leave to write may have none to change the
/// rest.
///
/// # Errors
/// [`Error::CannotKeep`], [`Error::CannotSet`].
pub(super) fn give_wanted(file: &File, wanted: &Wanted, path: &Path) -> Result<Stat, Error> {
    let stat = rustix::fs::fstat(file).map_err(|errno| Error::Io { op: "stat", path: path.to_owned(), source: errno.into() })?;
    let is = |id: Option<u32>, now| id.is_none_or(|id| id == now);
    let has = |xattr: &Xattr| attrs::get(file, &xattr.name).is_ok_and(|value| value.as_ref() == Some(&xattr.value));
    let right = is(wanted.uid.id(), stat.st_uid)
        && is(wanted.gid.id(), stat.st_gid)
        && stat.st_mode & 0o7777 == wanted.mode.bits()
        && wanted.xattrs.iter().all(has);
    if right { Ok(stat) } else { attributes::give(file, wanted, path) }
}
