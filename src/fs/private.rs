//! Directories and files that nobody but their owner may have a hand in.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::dir::{self, Dir};

/// Opens a directory, which is made if it is missing, mode 0700; links are not followed at its name.
///
/// # Errors
/// Of mkdirat(2) and openat(2): ENOTDIR or ELOOP for a link. EPERM if it is another's, or others may write to it.
///
/// # After a crash
/// The directory is there or not.
pub(crate) fn open_or_make(parent: Option<&Dir>, path: &Path, name: &OsStr) -> Result<Arc<Dir>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || match parent {
        Some(parent) => rustix::fs::openat(parent, name, flags, Mode::empty()),
        None => rustix::fs::openat(CWD, path, flags, Mode::empty()),
    };
    let judged = || {
        let fd = open()?;
        judge(&fd).map(|()| fd)
    };
    let fd = match judged() {
        Err(Errno::NOENT) => {
            let made = match parent {
                Some(parent) => rustix::fs::mkdirat(parent, name, Mode::RWXU),
                None => rustix::fs::mkdirat(CWD, path, Mode::RWXU),
            };
            match made {
                // One that cannot be used is not left behind.
                Ok(()) => judged().inspect_err(|_| {
                    let _ = match parent {
                        Some(parent) => rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR),
                        None => rustix::fs::unlinkat(CWD, path, AtFlags::REMOVEDIR),
                    };
                })?,
                Err(Errno::EXIST) => judged()?,
                Err(errno) => return Err(errno),
            }
        }
        judged => judged?,
    };
    Ok(Arc::new(Dir::from_readable(fd, path.to_owned())))
}

/// Whether an open file or directory is one's own, and nobody else may write to it.
///
/// # Errors
/// EPERM if not.
pub(crate) fn judge(fd: impl std::os::fd::AsFd) -> Result<(), Errno> {
    let stat = rustix::fs::fstat(fd)?;
    let own = stat.st_uid == rustix::process::geteuid().as_raw() && stat.st_mode & 0o022 == 0;
    if own { Ok(()) } else { Err(Errno::PERM) }
}

/// A new file of this name, mode 0600.
///
/// # Errors
/// Of openat(2): EEXIST if there is something of this name.
///
/// # After a crash
/// It is there or not.
pub(crate) fn create(dir: &Dir, name: &OsStr) -> Result<File, Errno> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDWR | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::openat(dir, name, flags, Mode::RUSR | Mode::WUSR)?))
}

/// Opens a file of our own to read and add to it; links are not followed.
///
/// # Errors
/// Of openat(2).
pub(crate) fn open(dir: &Dir, name: &OsStr) -> Result<File, Errno> {
    let flags = OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::openat(dir, name, flags, Mode::empty())?))
}

/// Opens a file that is made if it is missing, mode 0600, to be locked.
///
/// # Errors
/// Of openat(2).
pub(crate) fn open_lock(dir: &Dir, name: &OsStr) -> Result<File, Errno> {
    // A lock for writing needs the right to write, fcntl_locking(2).
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = match rustix::fs::openat(dir, name, flags, Mode::empty()) {
        Err(Errno::NOENT) => rustix::fs::openat(dir, name, flags | OFlags::CREATE, Mode::RUSR | Mode::WUSR),
        opened => opened,
    };
    Ok(File::from(opened?))
}

/// Takes the lock by which others see that this file's owner lives; `false` if somebody has it, or there are no locks here.
pub(crate) fn lock(file: &File) -> bool {
    try_lock(file) == Ok(true)
}

/// The same, where it makes a difference that there are no locks.
///
/// # Errors
/// Of flock(2), but that somebody has it.
pub(crate) fn try_lock(file: &File) -> Result<bool, Errno> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Moves a name to another directory of the same filesystem, replacing what is there.
///
/// # Errors
/// Of renameat(2).
///
/// # After a crash
/// Before or after; on btrfs also a file with both names. Another call then removes the first.
pub(crate) fn rename(dir: &Dir, name: &OsStr, other: &Dir, to: &OsStr) -> Result<(), Errno> {
    let identity = |stat: Stat| (stat.st_dev, stat.st_ino);
    let file = identity(dir::stat_at(dir, name)?);
    rustix::fs::renameat(dir, name, other, to)?;
    // rename(2) of two names of one file does nothing, and says that all is well.
    match dir::stat_at(dir, name) {
        Ok(left) if identity(left) == file => dir.unlink(name),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_a_power_cut_left_with_both_names_loses_the_first() {
        let scratch = tempfile::tempdir().unwrap();
        std::fs::write(scratch.path().join("journal"), "text").unwrap();
        std::fs::hard_link(scratch.path().join("journal"), scratch.path().join("record")).unwrap();
        let dir = Dir::open(scratch.path()).unwrap();
        rename(&dir, "journal".as_ref(), &dir, "record".as_ref()).unwrap();
        assert!(!scratch.path().join("journal").exists());
        assert_eq!(std::fs::read(scratch.path().join("record")).unwrap(), b"text");
    }
}
