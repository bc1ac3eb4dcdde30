//! One name becomes another: the switch itself.

use std::ffi::OsStr;

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;

use super::dir::Dir;

/// Gives the file called `from` the name `to` in the same directory, replacing what is there.
///
/// # Guarantees
/// `to` is never absent and never partial for anybody, rename(2).
///
/// # After a crash
/// `to` is the old or the new file; which, is settled only by syncing the directory.
pub(crate) fn replace(dir: &Dir, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    rustix::fs::renameat(dir, from, dir, to)
}

/// Gives the file called `from` the name `to`, which must not exist.
///
/// # Errors
/// EEXIST if it does.
///
/// # After a crash
/// As [`replace`]; where the kernel or a filter has no renameat2(2), both names may be left, for one inode.
pub(crate) fn create(dir: &Dir, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    match rustix::fs::renameat_with(dir, from, dir, to, RenameFlags::NOREPLACE) {
        // Not known to the kernel, the filesystem or a seccomp filter: a link never replaces either.
        Err(Errno::INVAL | Errno::NOSYS | Errno::PERM | Errno::OPNOTSUPP) => {
            rustix::fs::linkat(dir, from, dir, to, AtFlags::empty())?;
            dir.unlink(from)
        }
        result => result,
    }
}

/// Why [`replace_keeping`] failed. Nothing is changed.
#[derive(Debug)]
pub(crate) enum KeepError {
    /// The old file could not be kept.
    Keep(Errno),
    /// The new one could not be put in its place.
    Replace(Errno),
}

/// As [`replace`], and what had the name `to` is called `backup` afterwards, replacing what had that name.
///
/// By a second link, so that `to` is never absent. Where links are refused (another's file under protected_hardlinks, too many
/// links, no links on this filesystem), the two names are exchanged and the old file then gets its own; where that is unknown
/// too, it is renamed away first, and `to` is absent for the moment between.
///
/// # After a crash
/// `to` is the old or the new file, or, only in the last of the three ways, absent while `backup` is the old file.
pub(crate) fn replace_keeping(dir: &Dir, from: &OsStr, to: &OsStr, backup: &OsStr) -> Result<(), KeepError> {
    match link_as(dir, to, backup) {
        Ok(()) => return replace(dir, from, to).map_err(KeepError::Replace),
        Err(Errno::PERM | Errno::MLINK | Errno::XDEV | Errno::OPNOTSUPP | Errno::NOSYS) => {}
        Err(errno) => return Err(KeepError::Keep(errno)),
    }
    match rustix::fs::renameat_with(dir, from, dir, to, RenameFlags::EXCHANGE) {
        Ok(()) => {
            // The old file has the temporary name now.
            let kept = rustix::fs::renameat(dir, from, dir, backup);
            kept.map_err(|errno| {
                let _ = rustix::fs::renameat_with(dir, from, dir, to, RenameFlags::EXCHANGE);
                KeepError::Keep(errno)
            })
        }
        Err(Errno::INVAL | Errno::NOSYS | Errno::PERM | Errno::OPNOTSUPP) => {
            rustix::fs::renameat(dir, to, dir, backup).map_err(KeepError::Keep)?;
            replace(dir, from, to).map_err(|errno| {
                let _ = rustix::fs::renameat(dir, backup, dir, to);
                KeepError::Replace(errno)
            })
        }
        Err(errno) => Err(KeepError::Replace(errno)),
    }
}

/// Gives the file called `name` the second name `other`, replacing what has it.
fn link_as(dir: &Dir, name: &OsStr, other: &OsStr) -> Result<(), Errno> {
    match rustix::fs::linkat(dir, name, dir, other, AtFlags::empty()) {
        Err(Errno::EXIST) => {}
        result => return result,
    }
    let spare = super::temp::new_name()?;
    rustix::fs::linkat(dir, name, dir, &spare, AtFlags::empty())?;
    let renamed = rustix::fs::renameat(dir, &spare, dir, other);
    // Two names of one inode stay both, rename(2); and after an error the spare one has to go as well.
    match dir.unlink(&spare) {
        Err(Errno::NOENT) | Ok(()) => renamed,
        Err(errno) => renamed.and(Err(errno)),
    }
}
