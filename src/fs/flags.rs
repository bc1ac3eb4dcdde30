//! What an inode forbids beyond its mode: immutable, append-only, mount point.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, IFlags, Mode, OFlags, StatxAttributes, StatxFlags};

/// Flags of an inode that no mode shows. What cannot be found out counts as not set: the kernel still refuses the rename.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) immutable: bool,
    pub(crate) append_only: bool,
    pub(crate) mount_point: bool,
}

/// The flags of `name` in `dir`, links not followed; of the directory itself for an empty name.
///
/// statx(2) where it may be called and knows the flag; else FS_IOC_GETFLAGS and the mount ids in /proc (`STATX_ATTR_MOUNT_ROOT`
/// is Linux 5.8).
pub(crate) fn of(dir: impl AsFd, name: &std::ffi::OsStr) -> Flags {
    let at = AtFlags::SYMLINK_NOFOLLOW | AtFlags::EMPTY_PATH;
    let known = rustix::fs::statx(&dir, name, at, StatxFlags::TYPE).ok();
    let flag = |attribute: StatxAttributes| {
        let stat = known.as_ref()?;
        stat.stx_attributes_mask.contains(attribute).then(|| stat.stx_attributes.contains(attribute))
    };
    let inode_flags = || inode_flags(&dir, name).unwrap_or(IFlags::empty());
    Flags {
        immutable: flag(StatxAttributes::IMMUTABLE).unwrap_or_else(|| inode_flags().contains(IFlags::IMMUTABLE)),
        append_only: flag(StatxAttributes::APPEND).unwrap_or_else(|| inode_flags().contains(IFlags::APPEND)),
        mount_point: flag(StatxAttributes::MOUNT_ROOT).unwrap_or_else(|| is_mount_point(&dir, name)),
    }
}

fn inode_flags(dir: impl AsFd, name: &std::ffi::OsStr) -> Option<IFlags> {
    let name = if name.is_empty() { ".".as_ref() } else { name };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(dir, name, flags, Mode::empty()).ok()?;
    rustix::fs::ioctl_getflags(fd).ok()
}

fn is_mount_point(dir: impl AsFd, name: &std::ffi::OsStr) -> bool {
    let child = rustix::fs::openat(&dir, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
    let Ok(child) = child else { return false };
    match (super::mount::id_of(child), super::mount::id_of(dir)) {
        (Some(child), Some(dir)) => child != dir,
        _ => false,
    }
}
