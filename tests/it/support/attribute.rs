//! Extended attributes, and the ones with a meaning: access control lists and file capabilities.

use std::path::Path;

use rustix::fs::{XattrFlags, getxattr, removexattr, setxattr};
use rustix::io::Errno;

/// Access control lists as the kernel stores them.
pub const ACL: &str = "system.posix_acl_access";
/// The list a directory hands down to new files.
pub const DEFAULT_ACL: &str = "system.posix_acl_default";
/// File capabilities as the kernel stores them.
pub const CAPABILITY: &str = "security.capability";

/// Sets an attribute.
#[track_caller]
pub fn set_attribute(path: impl AsRef<Path>, name: &str, value: &[u8]) {
    let path = path.as_ref();
    try_set_attribute(path, name, value).unwrap_or_else(|errno| panic!("{name} of {}: {errno}", path.display()));
}

/// Sets an attribute, where the kernel may refuse it.
///
/// # Errors
/// Of setxattr(2).
pub fn try_set_attribute(path: impl AsRef<Path>, name: &str, value: &[u8]) -> Result<(), Errno> {
    setxattr(path.as_ref(), name, value, XattrFlags::empty())
}

/// Removes an attribute.
#[track_caller]
pub fn remove_attribute(path: impl AsRef<Path>, name: &str) {
    removexattr(path.as_ref(), name).unwrap_or_else(|errno| panic!("{name} cannot be removed: {errno}"));
}

/// The value of an attribute; `None` if the file has none of that name.
#[track_caller]
pub fn attribute(path: impl AsRef<Path>, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 1 << 16];
    match getxattr(path.as_ref(), name, &mut value) {
        Ok(length) => Some(value[..length].to_vec()),
        Err(Errno::NODATA) => None,
        Err(errno) => panic!("{name} of {}: {errno}", path.as_ref().display()),
    }
}

/// An access control list: owner, one more user, owning group, mask and others, each with its rwx bits.
pub fn acl(owner: u16, (user, rights): (u32, u16), group: u16, mask: u16, others: u16) -> Vec<u8> {
    // linux/posix_acl_xattr.h: version 2, then tag, rights and id of each entry; everything little-endian.
    const NOBODY_IN_PARTICULAR: u32 = u32::MAX;
    let entries = [
        (0x01_u16, owner, NOBODY_IN_PARTICULAR),
        (0x02, rights, user),
        (0x04, group, NOBODY_IN_PARTICULAR),
        (0x10, mask, NOBODY_IN_PARTICULAR),
        (0x20, others, NOBODY_IN_PARTICULAR),
    ];
    let mut value = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, id) in entries {
        value.extend(tag.to_le_bytes());
        value.extend(rights.to_le_bytes());
        value.extend(id.to_le_bytes());
    }
    value
}

/// `cap_net_bind_service=ep`.
pub fn may_bind_low_ports() -> Vec<u8> {
    // linux/capability.h: revision 2 with the effective bit; permitted and inheritable, low words and then high ones.
    let words = [0x0200_0001_u32, 1 << 10, 0, 0, 0];
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}
