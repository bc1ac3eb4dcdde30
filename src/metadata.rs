//! The final metadata of a new file: what the plan decides, the stage is sealed with, and errors speak of.

use std::io;
use std::path::Path;

use rustix::fs::{Stat, Timespec, Timestamps};
use rustix::io::Errno;

use crate::error::Error;
use crate::fs::attrs::{self, Xattr};
use crate::request::{Kept, Mode};

/// The owner or the group a new file gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Whatever the kernel gives a new file.
    AsCreated,
    /// The old file's.
    Keep(Kept, u32),
    /// The one asked for.
    Set(&'static str, u32),
}

impl Owner {
    /// The number, if it is not left to the kernel.
    pub(crate) fn id(self) -> Option<u32> {
        match self {
            Owner::AsCreated => None,
            Owner::Keep(_, id) | Owner::Set(_, id) => Some(id),
        }
    }

    /// The error that it could not be given to `path`.
    pub(crate) fn error(self, path: &Path, source: io::Error) -> Error {
        if !is_refusal(&source) {
            return Error::write("change the owner of", path, source);
        }
        let path = path.to_owned();
        match self {
            Owner::AsCreated => Error::Io { op: "change the owner of", path, source },
            Owner::Keep(kept, id) => Error::CannotKeep { path, kept, detail: id.to_string(), source },
            Owner::Set(what, id) => Error::CannotSet { path, what, value: id.to_string(), source },
        }
    }
}

/// Everything but the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) uid: Owner,
    pub(crate) gid: Owner,
    pub(crate) mode: Mode,
    /// Whether the mode is the old file's, unchanged.
    pub(crate) mode_kept: bool,
    /// Whether bits that the kernel drops without a word, setgid of a group that the caller is not in (chmod(2)), may be gone.
    pub(crate) mode_lenient: bool,
    /// Access and modification time, where they are not to be the present.
    pub(crate) times: Option<Timestamps>,
    /// Extended attributes, access control list, capabilities and label among them.
    pub(crate) xattrs: Vec<Xattr>,
}

impl Wanted {
    /// All that a file, a directory or a link has, for another one that is to have the same; but attributes that belong to the old
    /// bytes. Of links the attributes are added by whoever can read them.
    pub(crate) fn same_as(stat: &Stat, mut xattrs: Vec<Xattr>) -> Wanted {
        xattrs.retain(|xattr| kind_of(xattr).is_some());
        Wanted {
            uid: Owner::Keep(Kept::Owner, stat.st_uid),
            gid: Owner::Keep(Kept::Group, stat.st_gid),
            mode: Mode::from_bits(stat.st_mode),
            mode_kept: false,
            mode_lenient: false,
            times: Some(times(stat)),
            xattrs,
        }
    }

    /// The error that the mode could not be given to `path`.
    pub(crate) fn mode_error(&self, path: &Path, source: io::Error) -> Error {
        if !is_refusal(&source) {
            return Error::write("change the mode of", path, source);
        }
        let (path, value) = (path.to_owned(), self.mode.to_string());
        match self.mode_kept {
            true => Error::CannotKeep { path, kept: Kept::Mode, detail: value, source },
            false => Error::CannotSet { path, what: "mode", value, source },
        }
    }

    /// The error that an attribute could not be given to `path`.
    pub(crate) fn xattr_error(&self, xattr: &Xattr, path: &Path, source: io::Error) -> Error {
        if !is_refusal(&source) {
            return Error::write("set the extended attributes of", path, source);
        }
        let detail = xattr.name.to_string_lossy().into_owned();
        let kept = kind_of(xattr).unwrap_or(Kept::Xattr);
        Error::CannotKeep { path: path.to_owned(), kept, detail, source }
    }
}

/// When a file was read and changed.
pub(crate) fn times(stat: &Stat) -> Timestamps {
    let time = |seconds, nanoseconds| Timespec { tv_sec: seconds as _, tv_nsec: nanoseconds as _ };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}

/// Whether the kernel refused the change itself, which another caller or another wish may mend; a full or broken disk is
/// something else.
fn is_refusal(error: &io::Error) -> bool {
    let mended_elsewhere = [Errno::NOSPC, Errno::DQUOT, Errno::FBIG, Errno::ROFS, Errno::IO];
    !Errno::from_io_error(error).is_some_and(|errno| mended_elsewhere.contains(&errno))
}

/// What kind of metadata an attribute is; `None` for those that belong to the old bytes or to the old layer, and must never
/// be carried over: integrity hashes (IMA, EVM) and overlayfs's own marks.
pub(crate) fn kind_of(xattr: &Xattr) -> Option<Kept> {
    let name = xattr.name.to_bytes();
    match name {
        b"security.ima" | b"security.evm" => None,
        _ if name.starts_with(b"trusted.overlay.") => None,
        _ if *xattr.name == *attrs::ACL || name == b"system.nfs4_acl" || name == b"system.richacl" => Some(Kept::Acl),
        _ if *xattr.name == *attrs::CAPABILITY => Some(Kept::Caps),
        _ if name.starts_with(b"security.") => Some(Kept::Context),
        _ => Some(Kept::Xattr),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_sorted_into_the_kinds_a_user_can_name() {
        let kind = |name: &str| kind_of(&Xattr { name: std::ffi::CString::new(name).unwrap(), value: Vec::new() });
        assert_eq!(kind("user.note"), Some(Kept::Xattr));
        assert_eq!(kind("system.posix_acl_access"), Some(Kept::Acl));
        assert_eq!(kind("security.capability"), Some(Kept::Caps));
        assert_eq!(kind("security.selinux"), Some(Kept::Context));
        for never in ["security.ima", "security.evm", "trusted.overlay.origin"] {
            assert_eq!(kind(never), None, "{never}");
        }
    }
}
