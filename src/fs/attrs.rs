//! Owner, mode and extended attributes.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, Timestamps, XattrFlags};
use rustix::io::Errno;

use crate::sys;

/// The access control list of POSIX.1e, acl(5), as the kernel stores it.
pub(crate) const ACL: &CStr = c"system.posix_acl_access";

/// What files made in a directory get for theirs.
pub(crate) const DEFAULT_ACL: &CStr = c"system.posix_acl_default";

/// File capabilities, capabilities(7).
pub(crate) const CAPABILITY: &CStr = c"security.capability";

/// An extended attribute, xattr(7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Xattr {
    pub(crate) name: CString,
    pub(crate) value: Vec<u8>,
}

/// All extended attributes of an open file, without a value where that is not `needed`: the right to see a name is not yet
/// the right to read the value. Filesystems without any have none.
pub(crate) fn list(file: impl AsFd, needed: impl Fn(&Xattr) -> bool) -> Result<Vec<Xattr>, Errno> {
    collect(|buffer| rustix::fs::flistxattr(&file, buffer), |name| get(&file, name), needed)
}

/// The same by a path, links followed: for /proc/self/fd of a descriptor that may not be read.
pub(crate) fn list_by_path(path: &str, needed: impl Fn(&Xattr) -> bool) -> Result<Vec<Xattr>, Errno> {
    collect(|buffer| rustix::fs::listxattr(path, buffer), |name| get_by_path(path, name), needed)
}

fn collect(
    names: impl Fn(&mut [u8]) -> Result<usize, Errno>,
    value: impl Fn(&CStr) -> Result<Option<Vec<u8>>, Errno>,
    needed: impl Fn(&Xattr) -> bool,
) -> Result<Vec<Xattr>, Errno> {
    let names = match grow(names) {
        Err(Errno::NOTSUP) => return Ok(Vec::new()),
        result => result?,
    };
    let mut found = Vec::new();
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut xattr = Xattr { name: CString::new(name).expect("split at every NUL"), value: Vec::new() };
        if needed(&xattr) {
            // An attribute without a value was removed since it was listed.
            let Some(value) = value(&xattr.name)? else { continue };
            xattr.value = value;
        }
        found.push(xattr);
    }
    Ok(found)
}

/// What an access control list lets the owning group do, as rwx bits. Under a list the group bits of the mode are the list's
/// mask and say something else, acl(5).
pub(crate) fn group_rights(acl: &[u8]) -> Option<u32> {
    // linux/posix_acl_xattr.h: a version, then tag, rights and id of each entry, all little-endian.
    const GROUP_OBJ: u16 = 0x04;
    const MASK: u16 = 0x10;
    let entries = acl.get(4..)?.chunks_exact(8);
    let rights = |tag: u16| {
        let entry = entries.clone().find(|entry| entry[..2] == tag.to_le_bytes())?;
        Some(u32::from(u16::from_le_bytes([entry[2], entry[3]])) & 0o7)
    };
    Some(rights(GROUP_OBJ)? & rights(MASK).unwrap_or(0o7))
}

/// One attribute's value; `None` if the file has none of that name.
pub(crate) fn get(file: impl AsFd, name: &CStr) -> Result<Option<Vec<u8>>, Errno> {
    present(grow(|buffer| rustix::fs::fgetxattr(&file, name, buffer)))
}

/// The same by a path, links followed.
pub(crate) fn get_by_path(path: &str, name: &CStr) -> Result<Option<Vec<u8>>, Errno> {
    present(grow(|buffer| rustix::fs::getxattr(path, name, buffer)))
}

fn present(value: Result<Vec<u8>, Errno>) -> Result<Option<Vec<u8>>, Errno> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Sets an attribute, if the file does not have just this value.
pub(crate) fn set(file: impl AsFd, xattr: &Xattr) -> io::Result<()> {
    if get(&file, &xattr.name).is_ok_and(|value| value.as_ref() == Some(&xattr.value)) {
        return Ok(());
    }
    set_again(file, xattr)
}

/// Sets an attribute, also if the file has just this value.
pub(crate) fn set_again(file: impl AsFd, xattr: &Xattr) -> io::Result<()> {
    Ok(rustix::fs::fsetxattr(file, &*xattr.name, &xattr.value, XattrFlags::empty())?)
}

/// Removes an access control list that came from the directory's default one, acl(5).
pub(crate) fn drop_inherited_acl(file: impl AsFd) -> io::Result<()> {
    // Most directories have none to give. To look costs little; to remove, a transaction of the filesystem even if there is none.
    if get(&file, ACL) == Ok(None) {
        return Ok(());
    }
    match rustix::fs::fremovexattr(&file, ACL) {
        Ok(()) | Err(Errno::NODATA | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Removes the default access control list that a new directory takes over from the one it is in, acl(5).
pub(crate) fn drop_inherited_default_acl(dir: impl AsFd) -> io::Result<()> {
    if get(&dir, DEFAULT_ACL) == Ok(None) {
        return Ok(());
    }
    match rustix::fs::fremovexattr(&dir, DEFAULT_ACL) {
        Ok(()) | Err(Errno::NODATA | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Gives the file an owner, a group, or both. This clears setuid, setgid and capabilities, chown(2).
pub(crate) fn chown(file: impl AsFd, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
    sys::fchown(file.as_fd(), uid, gid)
}

/// Gives the file its permission bits. The kernel drops setgid silently where the caller is not of the group, chmod(2).
pub(crate) fn chmod(file: impl AsFd, mode: u32) -> io::Result<()> {
    sys::fchmod(file.as_fd(), mode)
}

/// Gives the file its access and modification time.
pub(crate) fn set_times(file: impl AsFd, times: &Timestamps) -> io::Result<()> {
    Ok(rustix::fs::futimens(file, times)?)
}

/// Gives what has a name its access and modification time; a link itself, not what it leads to.
pub(crate) fn set_times_at(dir: impl AsFd, name: &OsStr, times: &Timestamps) -> io::Result<()> {
    Ok(rustix::fs::utimensat(dir, name, times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Calls with a buffer that grows until the answer fits.
fn grow(call: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut buffer = vec![0; 512];
    loop {
        match call(&mut buffer) {
            Ok(len) => {
                buffer.truncate(len);
                return Ok(buffer);
            }
            // XATTR_LIST_MAX and XATTR_SIZE_MAX are 64 KiB, xattr(7); some filesystems allow more.
            Err(Errno::RANGE) if buffer.len() < 16 << 20 => buffer.resize(buffer.len() * 8, 0),
            Err(errno) => return Err(errno),
        }
    }
}
