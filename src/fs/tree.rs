//! Directories and links that are made, and whole trees that are looked through or removed.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Gid, Stat, Uid};
use rustix::io::Errno;

use super::dir::{self, Dir, Links};
use super::flags;

/// Makes a directory that only its owner may enter, and opens it.
///
/// # Errors
/// Of mkdirat(2) and openat(2); EEXIST if the name is taken.
///
/// # After a crash
/// It is there or not.
pub(crate) fn make(parent: &Dir, name: &OsStr) -> Result<Arc<Dir>, Errno> {
    dir::make(parent, name, 0o700)?;
    open(parent, name).map(Arc::new).inspect_err(|_| {
        let _ = parent.remove_dir(name);
    })
}

/// Opens a directory by its name, which is no link.
///
/// # Errors
/// ENOTDIR for anything else; of openat(2).
pub(crate) fn open(parent: &Dir, name: &OsStr) -> Result<Dir, Errno> {
    Dir::from_path_fd(dir::open_path(parent, name, Links::Refuse)?, parent.path().join(name))
}

/// Makes a symbolic link.
///
/// # Errors
/// Of symlinkat(2); EEXIST if the name is taken.
///
/// # After a crash
/// It is there or not; which, is settled only by syncing `dir`.
pub(crate) fn make_link(dir: &Dir, text: &Path, name: &OsStr) -> Result<(), Errno> {
    rustix::fs::symlinkat(text, dir, name)
}

/// Gives a link itself an owner, a group, or both.
pub(crate) fn chown_link(dir: &Dir, name: &OsStr, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
    Ok(rustix::fs::chownat(dir, name, uid.map(Uid::from_raw), gid.map(Gid::from_raw), AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Removes a name; of a directory also everything below it. No link is followed, and nothing on another mount is touched.
///
/// # Errors
/// EBUSY for a mount point, and then other things may be gone already; of unlinkat(2).
///
/// # After a crash
/// Some of it may be left.
pub(crate) fn remove(parent: &Dir, name: &OsStr) -> Result<(), Errno> {
    match parent.unlink(name) {
        // POSIX has EPERM for directories, Linux has EISDIR.
        Err(Errno::ISDIR | Errno::PERM) if is_directory(&dir::stat_at(parent, name)?) => {}
        result => return result,
    }
    if flags::of(parent, name).mount_point {
        return Err(Errno::BUSY);
    }
    let mut inner = open(parent, name)?;
    if rustix::fs::fstat(&inner)?.st_mode & 0o700 != 0o700 {
        // It is ours, and its owner has denied himself what removing takes.
        let _ = inner.chmod(0o700);
        inner = open(parent, name)?;
    }
    for child in inner.all_names()? {
        remove(&inner, &child)?;
    }
    parent.remove_dir(name)
}

/// Whether `is_it` holds for anything below a directory. No link is followed.
///
/// # Errors
/// Something cannot be looked at.
pub(crate) fn any(top: &Dir, is_it: &mut dyn FnMut(&Dir, &OsStr, &Stat) -> bool) -> Result<bool, Errno> {
    for name in top.all_names()? {
        let stat = dir::stat_at(top, &name)?;
        if is_it(top, &name, &stat) || (is_directory(&stat) && any(&open(top, &name)?, is_it)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether it is a directory.
pub(crate) fn is_directory(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}
