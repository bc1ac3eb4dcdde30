//! Telling one version of a file from another, also after a reboot.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use crate::checksum::{sha256_of, sha256_of_bytes};
use crate::error::Error;
use crate::event::Cancel;
use crate::fs::dir::{self, Dir};
use crate::fs::mount;
use crate::journal::{Filesystem, Kind, Seen, Version, Way};
use crate::request::Digest;

/// The version that these facts are of.
// Of other types on other architectures.
#[allow(clippy::unnecessary_cast)]
pub(crate) fn version(stat: &Stat, sha256: Option<Digest>) -> Version {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Symlink => Kind::Link,
        FileType::Directory => Kind::Directory,
        _ => Kind::Other,
    };
    Version {
        kind,
        inode: stat.st_ino,
        size: stat.st_size as u64,
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u32),
        sha256,
    }
}

/// The digest of what has a name, as far as it has one and can be read.
pub(crate) fn digest_at(dir: &Dir, name: &OsStr, kind: Kind) -> Option<Digest> {
    match kind {
        Kind::Link => Some(sha256_of_bytes(dir::read_link(dir, name).ok()?.as_os_str().as_bytes())),
        Kind::File => {
            let file = dir.open_file(name).ok()?;
            sha256_of(&file, &Cancel::new(), |source| Error::Io { op: "read", path: dir.path().join(name), source }).ok()
        }
        Kind::Directory | Kind::Other => None,
    }
}

/// What of the file that has a name is not as it was recorded, first of all; `None`: it is that version. A copy is a file of its
/// own; one made for a file that keeps its inode has only the bytes of what it is a copy of.
pub(crate) fn difference(dir: &Dir, name: &OsStr, stat: &Stat, recorded: &Version, way: Way) -> Option<&'static str> {
    let now = version(stat, None);
    let is_itself = !matches!(way, Way::Copy | Way::Twin);
    let is_directory = recorded.kind == Kind::Directory;
    let differences = [
        (recorded.kind != now.kind, "it is of another kind"),
        (is_itself && recorded.inode != now.inode, "it is another file"),
        (!is_directory && recorded.size != now.size, "it has another size"),
        (way != Way::Copy && recorded.mode != now.mode, "it has another mode"),
        (way != Way::Copy && (recorded.uid, recorded.gid) != (now.uid, now.gid), "it has another owner or group"),
        (!is_directory && recorded.sha256.is_none() && recorded.modified != now.modified, "it was written to since"),
    ];
    if let Some((_, what)) = differences.into_iter().find(|(differs, _)| *differs) {
        return Some(what);
    }
    // The bytes come last, for they have to be read.
    match (recorded.sha256, recorded.sha256.and_then(|_| digest_at(dir, name, recorded.kind))) {
        (None, _) => None,
        (Some(_), None) => Some("it cannot be read"),
        (then, now) => (then != now).then_some("it has another content"),
    }
}

/// Where a directory is, which has this device and inode.
pub(crate) fn filesystem(dir: &Dir, (dev, inode): (u64, u64)) -> Filesystem {
    Filesystem { uuid: mount::uuid(dir), dev, inode, volatile: mount::ends_with_boot(dir) }
}

/// Which of two versions has a name. By size and digest; the number of the inode decides only between two that are alike, and
/// where a version has no digest, together with the time of its last change.
///
/// # Errors
/// The name cannot be looked up.
pub(crate) fn seen(dir: &Dir, name: &OsStr, old: Option<&Version>, new: Option<&Version>) -> Result<Seen, Errno> {
    let stat = match dir::stat_at(dir, name) {
        Ok(stat) => stat,
        Err(Errno::NOENT) => return Ok(Seen::Absent),
        Err(errno) => return Err(errno),
    };
    let mut now = version(&stat, None);
    let asks = |version: Option<&Version>| version.is_some_and(|version| looks_alike(version, &now) && version.sha256.is_some());
    if asks(old) || asks(new) {
        now.sha256 = digest_at(dir, name, now.kind);
    }
    let is = |version: Option<&Version>| version.is_some_and(|version| is_same(version, &now));
    Ok(match (is(old), is(new)) {
        (true, false) => Seen::Old,
        (false, true) => Seen::New,
        (true, true) if new.is_some_and(|new| new.inode == now.inode) => Seen::New,
        (true, true) => Seen::Old,
        (false, false) => Seen::Other,
    })
}

fn looks_alike(recorded: &Version, now: &Version) -> bool {
    recorded.kind == now.kind && (recorded.kind == Kind::Directory || recorded.size == now.size)
}

fn is_same(recorded: &Version, now: &Version) -> bool {
    looks_alike(recorded, now)
        && match recorded.sha256 {
            Some(_) => recorded.sha256 == now.sha256,
            None if recorded.kind == Kind::Directory => recorded.inode == now.inode,
            None => recorded.inode == now.inode && recorded.modified == now.modified,
        }
}
