//! Directories as descriptors: whatever happens to their names, the descriptor stays with the directory.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::anonymous::LinkBy;
use super::flags::{self, Flags};
use crate::sys;

/// A directory files are put into.
#[derive(Debug)]
pub(crate) struct Dir {
    fd: OwnedFd,
    /// Whether the descriptor may be read, and therefore synced. One opened with O_PATH may not, open(2).
    readable: bool,
    path: PathBuf,
    /// Device and inode, once they were asked for.
    id: OnceLock<(u64, u64)>,
    /// How files without a name get one here, once that was found out.
    link_by: OnceLock<LinkBy>,
    /// The directory's own flags, once they were asked for.
    flags: OnceLock<Flags>,
}

/// What a name in a directory turned out to be on the way down.
#[derive(Debug)]
pub(crate) enum Child {
    /// A directory, opened with O_PATH.
    Dir(OwnedFd),
    /// A symbolic link, and what it says.
    Link(PathBuf),
}

impl Dir {
    fn new(fd: OwnedFd, readable: bool, path: PathBuf) -> Dir {
        Dir { fd, readable, path, id: OnceLock::new(), link_by: OnceLock::new(), flags: OnceLock::new() }
    }

    /// Opens the directory behind an O_PATH descriptor for use. A directory that may be written but not read stays O_PATH.
    pub(crate) fn from_path_fd(fd: OwnedFd, path: PathBuf) -> Result<Dir, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::openat(&fd, c".", flags, Mode::empty()) {
            Ok(fd) => Ok(Dir::new(fd, true, path)),
            Err(Errno::ACCESS) => Ok(Dir::new(fd, false, path)),
            Err(errno) => Err(errno),
        }
    }

    /// Opens a directory by its path, links followed. One that may be written but not read is opened with O_PATH.
    pub(crate) fn open(path: &Path) -> Result<Dir, Errno> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::openat(CWD, path, flags | OFlags::RDONLY, Mode::empty()) {
            Ok(fd) => Ok(Dir::new(fd, true, path.to_owned())),
            Err(Errno::ACCESS) => {
                let fd = rustix::fs::openat(CWD, path, flags | OFlags::PATH, Mode::empty())?;
                Ok(Dir::new(fd, false, path.to_owned()))
            }
            Err(errno) => Err(errno),
        }
    }

    /// A directory that was opened for reading.
    pub(super) fn from_readable(fd: OwnedFd, path: PathBuf) -> Dir {
        Dir::new(fd, true, path)
    }

    /// The path, for messages only.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Device and inode. They cannot change under an open descriptor.
    ///
    /// # Errors
    /// Of fstat(2).
    pub(crate) fn id(&self) -> Result<(u64, u64), Errno> {
        if let Some(id) = self.id.get() {
            return Ok(*id);
        }
        let stat = rustix::fs::fstat(&self.fd)?;
        Ok(*self.id.get_or_init(|| (stat.st_dev, stat.st_ino)))
    }

    /// Its own flags, as they were when they were first asked for.
    pub(crate) fn flags(&self) -> Flags {
        *self.flags.get_or_init(|| flags::of(&self.fd, OsStr::new("")))
    }

    /// How files without a name get one here, once that was found out.
    pub(super) fn link_by(&self) -> &OnceLock<LinkBy> {
        &self.link_by
    }

    /// Whether the directory can be listed and synced through this descriptor.
    pub(crate) fn is_readable(&self) -> bool {
        self.readable
    }

    /// Opens a file in this directory for reading, never following a link and never waiting for a fifo's other end.
    pub(crate) fn open_file(&self, name: &OsStr) -> Result<File, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.fd, name, flags, Mode::empty())?))
    }

    /// Opens a file in this directory to be read and overwritten, as [`Dir::open_file`] does. Its content is not touched by that.
    ///
    /// # Errors
    /// ETXTBSY if it is a program that runs; EAGAIN if somebody has a lease on it, open(2).
    pub(crate) fn open_to_overwrite(&self, name: &OsStr) -> Result<File, Errno> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.fd, name, flags, Mode::empty())?))
    }

    /// Names a file of this directory without any right to read it.
    pub(crate) fn open_path(&self, name: &OsStr) -> Result<OwnedFd, Errno> {
        rustix::fs::openat(&self.fd, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
    }

    /// The names in this directory that begin with `prefix`.
    pub(crate) fn names_beginning(&self, prefix: &[u8]) -> Result<Vec<OsString>, Errno> {
        self.names(|name| name.starts_with(prefix))
    }

    /// The names in this directory that are wanted.
    pub(crate) fn names(&self, wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<OsString>, Errno> {
        let mut found = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if wanted(name) {
                found.push(OsString::from_vec(name.to_vec()));
            }
        }
        Ok(found)
    }

    /// The names in this directory that are of one of these inodes, but for those that begin as temporary files and kept versions
    /// do. On an overlay a directory may tell other numbers than its files have.
    pub(crate) fn names_with_inode(&self, is_wanted: impl Fn(u64) -> bool) -> Result<Vec<OsString>, Errno> {
        let mut found = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if is_wanted(entry.ino()) && !name.starts_with(b".swapbin") {
                found.push(OsString::from_vec(name.to_vec()));
            }
        }
        Ok(found)
    }

    /// All names in this directory but those of itself and its parent.
    pub(crate) fn all_names(&self) -> Result<Vec<OsString>, Errno> {
        self.names(|name| name != b"." && name != b"..")
    }

    /// Removes a name.
    pub(crate) fn unlink(&self, name: &OsStr) -> Result<(), Errno> {
        rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())
    }

    /// Removes the name of an empty directory.
    pub(crate) fn remove_dir(&self, name: &OsStr) -> Result<(), Errno> {
        rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)
    }

    /// Whether the caller may create and remove names here, by its effective ids.
    pub(crate) fn is_writable(&self) -> Result<bool, Errno> {
        use rustix::fs::Access;
        self.permits(".".as_ref(), Access::WRITE_OK | Access::EXEC_OK)
    }

    /// Whether the caller may write to the file of this name, which is no link, by its effective ids.
    pub(crate) fn file_is_writable(&self, name: &OsStr) -> Result<bool, Errno> {
        self.permits(name, rustix::fs::Access::WRITE_OK)
    }

    fn permits(&self, name: &OsStr, access: rustix::fs::Access) -> Result<bool, Errno> {
        match rustix::fs::accessat(&self.fd, name, access, AtFlags::EACCESS) {
            Ok(()) => Ok(true),
            Err(Errno::ACCESS) => Ok(false),
            // A read-only mount is told by the mount's own flags. A filter that forbids faccessat2(2) leaves it to the first
            // file that is opened.
            Err(Errno::ROFS | Errno::PERM | Errno::NOSYS | Errno::INVAL) => Ok(true),
            Err(errno) => Err(errno),
        }
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Dir {
    /// Gives the directory an owner, a group, or both. Its setuid and setgid bits may go, chown(2).
    pub(crate) fn chown(&self, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        match self.readable {
            true => sys::fchown(self.fd.as_fd(), uid, gid),
            false => sys::chown_path(&self.proc_path(), uid, gid),
        }
    }

    /// Gives the directory its permission bits.
    pub(crate) fn chmod(&self, mode: u32) -> io::Result<()> {
        match self.readable {
            true => sys::fchmod(self.fd.as_fd(), mode),
            false => sys::chmod_path(&self.proc_path(), mode),
        }
    }

    /// A path of this very directory, for calls that take no descriptor opened with O_PATH, proc_pid_fd(5).
    fn proc_path(&self) -> CString {
        CString::new(format!("/proc/self/fd/{}", self.fd.as_raw_fd())).expect("digits have no NUL")
    }
}

/// Makes a directory. The umask takes its part.
///
/// # Errors
/// Of mkdirat(2).
///
/// # After a crash
/// It is there or not; which, is settled only by syncing `dir`.
pub(crate) fn make(dir: impl AsFd, name: &OsStr, mode: u32) -> Result<(), Errno> {
    rustix::fs::mkdirat(dir, name, Mode::from_raw_mode(mode))
}

/// Removes an empty directory.
///
/// # Errors
/// Of unlinkat(2); ENOTEMPTY or EEXIST if it is not empty.
///
/// # After a crash
/// It is there or not; which, is settled only by syncing the directory it is in.
pub(crate) fn remove_empty(path: &Path) -> Result<(), Errno> {
    rustix::fs::unlinkat(CWD, path, AtFlags::REMOVEDIR)
}

/// Whether a link in the last part of a name is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    Follow,
    Refuse,
}

/// Opens a directory with O_PATH, which needs no right on it.
///
/// # Errors
/// ENOTDIR for anything else, a refused link among them.
pub(crate) fn open_path(dir: impl AsFd, name: &OsStr, links: Links) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let flags = if links == Links::Refuse { flags | OFlags::NOFOLLOW } else { flags };
    rustix::fs::openat(dir, name, flags, Mode::empty())
}

/// Whether names in the directory can be looked up: what chdir(2) asks for.
///
/// # Errors
/// EACCES.
pub(crate) fn search(dir: impl AsFd) -> Result<(), Errno> {
    open_path(dir, ".".as_ref(), Links::Follow).map(drop)
}

/// Where a path starts: the root directory, or the working directory.
pub(crate) fn open_start(absolute: bool) -> Result<OwnedFd, Errno> {
    let start = if absolute { c"/" } else { c"." };
    rustix::fs::openat(CWD, start, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// One step down a path. O_DIRECTORY lets an automount happen, O_NOFOLLOW keeps links from being followed unseen.
///
/// # Errors
/// ENOTDIR for what is neither directory nor link, and whatever openat(2) gives.
pub(crate) fn open_child(dir: impl AsFd, name: &OsStr) -> Result<Child, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(&dir, name, flags, Mode::empty()) {
        Ok(fd) => Ok(Child::Dir(fd)),
        Err(Errno::NOTDIR | Errno::LOOP) => match read_link(&dir, name) {
            Ok(text) => Ok(Child::Link(text)),
            Err(Errno::INVAL) => Err(Errno::NOTDIR),
            Err(errno) => Err(errno),
        },
        Err(errno) => Err(errno),
    }
}

/// What a symbolic link says.
pub(crate) fn read_link(dir: impl AsFd, name: &OsStr) -> Result<PathBuf, Errno> {
    let text = rustix::fs::readlinkat(dir, name, Vec::new())?;
    Ok(PathBuf::from(OsString::from_vec(text.into_bytes())))
}

/// stat of a name, links not followed. Not statx(2): filters forbid it, and older fakeroot(1) does not know it.
pub(crate) fn stat_at(dir: impl AsFd, name: &OsStr) -> Result<Stat, Errno> {
    rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
}

/// Whether the directory has an access control list, which may let in more than its mode shows.
pub(crate) fn has_acl(dir: impl AsFd) -> Result<bool, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    file_has_acl(rustix::fs::openat(dir, c".", flags, Mode::empty())?)
}

/// The same of what is open for reading.
pub(crate) fn file_has_acl(fd: impl AsFd) -> Result<bool, Errno> {
    match rustix::fs::fgetxattr(fd, c"system.posix_acl_access", &mut [0u8; 0][..]) {
        Ok(_) => Ok(true),
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(false),
        Err(errno) => Err(errno),
    }
}
