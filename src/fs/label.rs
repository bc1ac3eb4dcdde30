//! Security labels of SELinux: whether the kernel has them, what the policy says, and the attribute they are kept in.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

use rustix::fs::{Access, FileType, StatVfsMountFlags, XattrFlags};
use rustix::io::Errno;

use super::attrs::{self, Xattr};
use crate::sys::{FileLabels, Selinux};

/// The attribute, xattr(7).
pub(crate) const NAME: &CStr = c"security.selinux";

/// What there is of SELinux.
enum Support {
    /// Nothing: labels mean nothing here.
    None,
    Whole(Selinux),
    /// The kernel has it, but the policy cannot be asked: the library is not there, for this reason.
    WithoutLibrary(String),
}

/// Costs one access(2) where the kernel has no SELinux, and nothing the second time.
fn support() -> &'static Support {
    static SUPPORT: OnceLock<Support> = OnceLock::new();
    SUPPORT.get_or_init(|| {
        if rustix::fs::access("/sys/fs/selinux/enforce", Access::EXISTS).is_err() {
            return Support::None;
        }
        match Selinux::load() {
            Ok(library) if library.is_enabled() => Support::Whole(library),
            Err(reason) if is_configured() => Support::WithoutLibrary(reason),
            _ => Support::None,
        }
    })
}

/// What is_selinux_enabled(3) looks at besides: in a container the kernel may have SELinux, but it is hidden by a read-only
/// mount, and the machine inside knows nothing of it.
fn is_configured() -> bool {
    let writable = |mount: rustix::fs::StatVfs| !mount.f_flag.contains(StatVfsMountFlags::RDONLY);
    rustix::fs::statvfs("/sys/fs/selinux").is_ok_and(writable)
        && rustix::fs::access("/etc/selinux/config", Access::EXISTS).is_ok()
}

/// Whether files have labels of SELinux here.
pub(crate) fn is_enabled() -> bool {
    !matches!(support(), Support::None)
}

/// Whether the kernel takes a label for one.
///
/// # Errors
/// EINVAL: it does not. If that cannot be asked, there is no error: it shows when the label is set.
pub(crate) fn check(label: &OsStr) -> io::Result<()> {
    let Ok(text) = CString::new(label.as_bytes()) else { return Err(Errno::INVAL.into()) };
    match support() {
        Support::Whole(library) => match library.try_label(&text) {
            Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => Err(error),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The labels that the policy has for paths. Opened when the first is asked for.
#[derive(Debug, Default)]
pub(crate) enum Policy {
    #[default]
    Unopened,
    Open(FileLabels),
    /// It cannot be asked, and that has been said.
    Closed,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The policy cannot be asked at all. Said once.
    Policy(io::Error),
    /// It cannot be asked about this path.
    Path(io::Error),
}

impl Policy {
    /// The label of a name in a directory, under the directory's real path: what restorecon(8) would give it. `None` if the
    /// policy has none, or labels mean nothing here.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub(crate) fn of_file(&mut self, dir: impl AsFd, name: &OsStr) -> Result<Option<Vec<u8>>, NoAnswer> {
        self.of(dir, name, FileType::RegularFile)
    }

    /// The label of a directory.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub(crate) fn of_directory(&mut self, dir: impl AsFd) -> Result<Option<Vec<u8>>, NoAnswer> {
        self.of(dir, OsStr::new(""), FileType::Directory)
    }

    fn of(&mut self, dir: impl AsFd, name: &OsStr, kind: FileType) -> Result<Option<Vec<u8>>, NoAnswer> {
        if self.open().map_err(NoAnswer::Policy)?.is_none() {
            return Ok(None);
        }
        let mut path =
            rustix::fs::readlink(proc_path(dir), Vec::new()).map_err(|errno| NoAnswer::Path(errno.into()))?.into_bytes();
        if !name.is_empty() {
            // The root directory ends in a slash already.
            path.extend(if path == b"/" { &b""[..] } else { b"/" });
            path.extend(name.as_bytes());
        }
        self.of_path(path, kind)
    }

    /// The label of what is going to have this path, real and absolute.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub(crate) fn of_path(&mut self, path: Vec<u8>, kind: FileType) -> Result<Option<Vec<u8>>, NoAnswer> {
        let Some(labels) = self.open().map_err(NoAnswer::Policy)? else { return Ok(None) };
        let path = CString::new(path).expect("a path has no NUL");
        match labels.look_up(&path, kind.as_raw_mode()) {
            Ok(label) => Ok(Some(label)),
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::NOENT | Errno::NODATA | Errno::NOTSUP) => Ok(None),
                _ => Err(NoAnswer::Path(error)),
            },
        }
    }

    fn open(&mut self) -> io::Result<Option<&FileLabels>> {
        if let Policy::Unopened = self {
            *self = Policy::Closed;
            match support() {
                Support::None => {}
                Support::Whole(library) => *self = Policy::Open(library.file_labels()?),
                Support::WithoutLibrary(reason) => return Err(io::Error::other(reason.clone())),
            }
        }
        Ok(match self {
            Policy::Open(labels) => Some(labels),
            _ => None,
        })
    }
}

/// The label of an open file; `None` if it has none.
pub(crate) fn get(file: impl AsFd) -> Result<Option<Vec<u8>>, Errno> {
    Ok(attrs::get(file, NAME)?.map(without_nul))
}

/// Gives an open file a label, if it does not have it. Where the filesystem keeps none, that is no error.
///
/// # Errors
/// The kernel knows no such label, or does not let this process give it.
pub(crate) fn set(file: impl AsFd, label: &[u8]) -> io::Result<()> {
    match attrs::set(file, &Xattr { name: NAME.to_owned(), value: with_nul(label) }) {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::NOTSUP) => Ok(()),
        done => done,
    }
}

/// The same of a directory whose descriptor may not be read. Says whether it had another one.
///
/// # Errors
/// As [`set`].
pub(crate) fn set_directory(dir: impl AsFd, label: &[u8]) -> io::Result<bool> {
    let (path, value) = (proc_path(&dir), with_nul(label));
    if get_directory(dir).is_ok_and(|found| found.as_deref() == Some(label)) {
        return Ok(false);
    }
    match rustix::fs::setxattr(path, NAME, &value, XattrFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::NOTSUP) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The label of a directory whose descriptor may not be read; `None` if it has none.
pub(crate) fn get_directory(dir: impl AsFd) -> Result<Option<Vec<u8>>, Errno> {
    Ok(attrs::get_by_path(&proc_path(dir), NAME)?.map(without_nul))
}

/// A label with the type of another one, its third part. User, role and level stay; a level may hold colons.
pub(crate) fn with_type_of(label: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let kind = other.split(|byte| *byte == b':').nth(2)?;
    let mut parts: Vec<&[u8]> = label.splitn(4, |byte| *byte == b':').collect();
    *parts.get_mut(2)? = kind;
    Some(parts.join(&b':'))
}

fn proc_path(fd: impl AsFd) -> String {
    format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())
}

/// libselinux writes the NUL at the end, the kernel shows it.
fn with_nul(label: &[u8]) -> Vec<u8> {
    [label, b"\0"].concat()
}

fn without_nul(mut value: Vec<u8>) -> Vec<u8> {
    value.pop_if(|last| *last == 0);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_takes_over_the_type_and_nothing_else() {
        let of = |label: &str, other: &str| {
            with_type_of(label.as_bytes(), other.as_bytes()).map(|label| String::from_utf8(label).unwrap())
        };
        let policy = "system_u:object_r:bin_t:s0";
        assert_eq!(of("staff_u:object_r:tmp_t:s0:c1,c2", policy).as_deref(), Some("staff_u:object_r:bin_t:s0:c1,c2"));
        assert_eq!(of("staff_u:object_r:tmp_t", policy).as_deref(), Some("staff_u:object_r:bin_t"));
        assert_eq!((of("unlabeled", policy), of("a:b:c", "kernel")), (None, None));
    }
}
