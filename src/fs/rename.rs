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
