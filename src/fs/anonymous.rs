//! Files without a name: whatever kills us, the kernel takes them away. A link gives one a name.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::dir::Dir;

/// How the kernel lets us give a file without a name one.
#[derive(Clone, Copy, Debug)]
pub(super) enum LinkBy {
    /// linkat(2) with AT_EMPTY_PATH: needs no /proc; for the ordinary user since Linux 6.10.
    Descriptor,
    /// Through /proc/self/fd.
    Proc,
}

/// A file without a name, if the filesystem has them and a name can be given later.
///
/// # Errors
/// Of open(2).
///
/// # After a crash
/// Nothing is left.
pub(super) fn create(dir: &Dir) -> Result<Option<(File, LinkBy)>, Errno> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(dir, c".", flags, Mode::RUSR | Mode::WUSR) {
        Ok(fd) => File::from(fd),
        // Not on this filesystem (EOPNOTSUPP), not in this kernel (EISDIR, ENOENT, EINVAL), not through this filter (EPERM).
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL | Errno::PERM) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    let by = match dir.link_by().get() {
        Some(by) => Some(*by),
        None => find_way(dir, &file).map(|by| *dir.link_by().get_or_init(|| by)),
    };
    Ok(by.map(|by| (file, by)))
}

/// Which way works is settled before a byte is written, once for a directory. A link to "." fails with EEXIST if the file
/// itself was accepted, and makes nothing.
fn find_way(dir: &Dir, file: &File) -> Option<LinkBy> {
    [LinkBy::Descriptor, LinkBy::Proc].into_iter().find(|by| link(dir, file, *by, ".".as_ref()) == Err(Errno::EXIST))
}

/// The same file by a descriptor that can neither be read nor written, and keeps no program from being started: open(2) on
/// O_PATH. `None` without /proc, or if what is found there is not what has this device and inode.
pub(super) fn reopen(file: &File, id: (u64, u64)) -> Option<OwnedFd> {
    let path = proc_path(file);
    let handle = rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let found = rustix::fs::fstat(&handle).ok()?;
    ((found.st_dev, found.st_ino) == id).then_some(handle)
}

/// Gives a file without a name this one.
///
/// # Errors
/// EEXIST if it is taken.
///
/// # After a crash
/// The name is there or not; which, is settled only by syncing the directory.
pub(super) fn link(dir: &Dir, file: impl AsFd, by: LinkBy, name: &OsStr) -> Result<(), Errno> {
    match by {
        LinkBy::Descriptor => rustix::fs::linkat(file, c"", dir, name, AtFlags::EMPTY_PATH),
        LinkBy::Proc => rustix::fs::linkat(CWD, proc_path(file), dir, name, AtFlags::SYMLINK_FOLLOW),
    }
}

/// A path of this very file, proc_pid_fd(5).
fn proc_path(file: impl AsFd) -> String {
    format!("/proc/self/fd/{}", file.as_fd().as_raw_fd())
}
