//! Whom root follows: links and directories on the way that only root can change.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::Stat;
use rustix::io::Errno;

use crate::error::{Error, Obstacle};
use crate::fs::dir;
use crate::request::{PathTrust, Request};
use crate::sys;

const STICKY: u32 = 0o1000;
const GROUP_WRITE: u32 = 0o020;
const OTHER_WRITE: u32 = 0o002;

/// Whether the way is judged at all: root alone can be led to write where the one who leads may not.
pub(crate) fn applies(request: &Request) -> bool {
    request.path_trust == PathTrust::Strict && sys::is_root_to_the_kernel()
}

/// Refuses a directory that others may write to. In a sticky one they cannot touch what is not theirs.
///
/// # Errors
/// [`Error::Target`].
pub(crate) fn judge_dir(fd: &OwnedFd, path: &Path) -> Result<(), Error> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let stat = rustix::fs::fstat(fd).map_err(|errno| Error::Io { op: "stat", path: path.to_owned(), source: errno.into() })?;
    let owner_is_other = !is_trusted_owner(stat.st_uid);
    let sticky = stat.st_mode & STICKY != 0;
    if owner_is_other || (!sticky && others_may_write(&stat, || dir::has_acl(fd))) {
        let obstacle = Obstacle::SharedDirectory { owner: stat.st_uid, mode: stat.st_mode };
        return Err(Error::Target { path: path.to_owned(), obstacle });
    }
    Ok(())
}

/// Refuses to follow a link that others may have made in a sticky directory, as `fs.protected_symlinks` does, proc(5). In
/// other directories [`judge_dir`] has seen to it.
///
/// # Errors
/// [`Error::Target`].
pub(crate) fn judge_link(dir_fd: impl AsFd, name: &OsStr, path: &Path) -> Result<(), Error> {
    let io = |errno: Errno| Error::Io { op: "stat", path: path.to_owned(), source: errno.into() };
    let dir: Stat = rustix::fs::fstat(&dir_fd).map_err(io)?;
    let link = dir::stat_at(dir_fd, name).map_err(io)?;
    if is_shared_sticky(&dir) && !is_trusted_owner(link.st_uid) {
        return Err(Error::Target { path: path.to_owned(), obstacle: Obstacle::SharedLink { owner: link.st_uid } });
    }
    Ok(())
}

/// Refuses what somebody else put under the target's name in a sticky directory: anybody may have planted it there for root to
/// fill, and it would stay his, by owner, mode and access control list.
///
/// # Errors
/// [`Error::Target`].
pub(crate) fn judge_leaf(dir: &Stat, leaf: &Stat, path: &Path) -> Result<(), Error> {
    match is_shared_sticky(dir) && !is_trusted_owner(leaf.st_uid) {
        true => Err(Error::Target { path: path.to_owned(), obstacle: Obstacle::Sticky { owner: leaf.st_uid } }),
        false => Ok(()),
    }
}

/// Refuses a manifest that others own or may write to. How it was reached does not matter: what root has written tells root
/// what to do.
///
/// # Errors
/// [`Error::SharedManifest`]; [`Error::Io`].
#[cfg(feature = "manifest")]
pub(crate) fn judge_manifest(file: &std::fs::File, path: &Path) -> Result<(), Error> {
    let stat = rustix::fs::fstat(file).map_err(|errno| Error::Io { op: "stat", path: path.to_owned(), source: errno.into() })?;
    if is_trusted_owner(stat.st_uid) && !others_may_write(&stat, || dir::file_has_acl(file)) {
        return Ok(());
    }
    use rustix::fs::FileType;
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    Err(Error::SharedManifest { path: path.to_owned(), regular, owner: stat.st_uid, mode: stat.st_mode & 0o7777 })
}

/// Whether anybody but the owner may write, by the mode. The group root may; but where there is an access control list, the
/// group bits are its mask and say nothing of whom it lets in, acl(5).
fn others_may_write(stat: &Stat, has_acl: impl FnOnce() -> Result<bool, Errno>) -> bool {
    let group = stat.st_mode & GROUP_WRITE != 0 && (stat.st_gid != 0 || has_acl().unwrap_or(true));
    group || stat.st_mode & OTHER_WRITE != 0
}

fn is_shared_sticky(dir: &Stat) -> bool {
    dir.st_mode & STICKY != 0 && dir.st_mode & (OTHER_WRITE | GROUP_WRITE) != 0
}

/// Root, or, where this root is only a user namespace's, an owner that has no number here: the host's own directories.
pub(super) fn is_trusted_owner(uid: u32) -> bool {
    uid == 0 || (uid == overflow_uid() && !ids_are_the_hosts())
}

/// What the kernel shows for an owner without a number in this namespace, user_namespaces(7).
fn overflow_uid() -> u32 {
    let text = fs_err::read_to_string("/proc/sys/kernel/overflowuid").unwrap_or_default();
    text.trim().parse().unwrap_or(65534)
}

/// Whether all numbers mean the same here as outside. Without /proc: yes, which is the stricter answer.
fn ids_are_the_hosts() -> bool {
    let map = fs_err::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.is_empty() || map.split_ascii_whitespace().eq(["0", "0", "4294967295"])
}
