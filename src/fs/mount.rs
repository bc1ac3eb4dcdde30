//! Mounts: which one a descriptor is on, how much room it has, whether it keeps its promises.

use std::os::fd::{AsFd, AsRawFd};

use rustix::io::Errno;

/// statfs(2) magic numbers, from linux/magic.h.
const OVERLAYFS: i64 = 0x794c_7630;
const TMPFS: i64 = 0x0102_1994;
const RAMFS: i64 = 0x8584_58f6;
const EXT: i64 = 0xef53;
const BTRFS: i64 = 0x9123_683e;
const XFS: i64 = 0x5846_5342;
const BCACHEFS: i64 = 0xca45_1a4e;
const AUFS: i64 = 0x6175_6673;

/// A mount as statfs(2) describes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Bytes the caller may still use.
    pub(crate) bytes: u64,
    /// Whether there is an inode left; filesystems without a fixed number always have one.
    pub(crate) inode: bool,
    /// Whether the mount is read-only.
    pub(crate) read_only: bool,
    /// Whether copies may share blocks and so need no room.
    pub(crate) reflinks: bool,
    /// Whether it is an overlay.
    pub(crate) overlay: bool,
}

/// Asks the mount that `dir` is on. What it does not tell is found out by trying.
pub(crate) fn room(dir: impl AsFd) -> Room {
    ask(dir).unwrap_or(Room { bytes: u64::MAX, inode: true, read_only: false, reflinks: true, overlay: false })
}

fn ask(dir: impl AsFd) -> Result<Room, Errno> {
    // ST_RDONLY, statfs(2).
    const READ_ONLY: i64 = 1;
    let stat = rustix::fs::fstatfs(dir)?;
    // The reserved blocks of ext4 are root's to use, mke2fs(8).
    let blocks = if rustix::process::geteuid().is_root() { stat.f_bfree } else { stat.f_bavail };
    let magic = stat.f_type as i64;
    Ok(Room {
        // A filesystem without a size, such as /proc or a tmpfs without a limit, says 0 of everything.
        bytes: if stat.f_blocks == 0 { u64::MAX } else { blocks.saturating_mul(stat.f_bsize as u64) },
        inode: stat.f_files == 0 || stat.f_ffree > 0,
        read_only: stat.f_flags as i64 & READ_ONLY != 0,
        reflinks: [BTRFS, XFS, BCACHEFS].contains(&(magic & 0xffff_ffff)),
        overlay: magic & 0xffff_ffff == OVERLAYFS,
    })
}

impl Room {
    /// Whether the mount `dir` is on ignores fsync: an overlay mounted `volatile`, as kernel documentation overlayfs.rst has it.
    pub(crate) fn is_volatile(&self, dir: impl AsFd) -> bool {
        self.overlay
            && id_of(dir).is_some_and(|id| {
                let mounts = fs_err::read_to_string("/proc/self/mountinfo").unwrap_or_default();
                super_options(&mounts, id).is_some_and(says_volatile)
            })
    }
}

/// What a filesystem is called by itself, in hexadecimal: it stays the same over a reboot, where device numbers do not. Kernels
/// before 6.9 tell it for ext4 and btrfs only, which make it the f_fsid of statfs(2).
pub(crate) fn uuid(dir: impl AsFd) -> Option<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    if let Some(uuid) = crate::sys::filesystem_uuid(dir.as_fd()) {
        return Some(hex(&uuid));
    }
    let stat = rustix::fs::fstatvfs(&dir).ok()?;
    let magic = magic_of(dir)?;
    ([EXT, BTRFS].contains(&magic) && stat.f_fsid != 0).then(|| format!("fsid-{:x}", stat.f_fsid))
}

/// Whether the filesystem's content ends with the boot.
pub(crate) fn ends_with_boot(dir: impl AsFd) -> bool {
    magic_of(dir).is_some_and(|magic| [TMPFS, RAMFS].contains(&magic))
}

/// Whether it is one of the filesystems of local disks that this program was tried on.
pub(crate) fn is_local(dir: impl AsFd) -> bool {
    magic_of(dir).is_some_and(|magic| [EXT, XFS, BTRFS].contains(&magic))
}

/// Whether it is btrfs.
pub(crate) fn is_btrfs(dir: impl AsFd) -> bool {
    magic_of(dir) == Some(BTRFS)
}

/// What btrfs has of room for names: it keeps them, and everything else that is no file's content, apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// Bytes that may still become metadata, as far as anybody can tell; 0 where nothing does.
    pub(crate) free: u64,
    /// Bytes of a block of it.
    pub(crate) leaf: usize,
}

/// The metadata of the filesystem `dir` is on; `None` where it is no btrfs.
pub(crate) fn metadata(dir: impl AsFd) -> Option<Metadata> {
    is_btrfs(&dir).then(|| described(dir).unwrap_or(Metadata { free: 0, leaf: SMALLEST_LEAF }))
}

/// Bytes of a block of metadata, at least, mkfs.btrfs(8).
const SMALLEST_LEAF: usize = 4096;

/// As /sys/fs/btrfs describes it: what is left of the metadata there is, and what belongs to nothing yet.
// Of other types on other architectures.
#[allow(clippy::unnecessary_cast)]
fn described(dir: impl AsFd) -> Option<Metadata> {
    let stat = rustix::fs::fstatfs(&dir).ok()?;
    let uuid = uuid(dir)?;
    let cuts = [0..8, 8..12, 12..16, 16..20, 20..32];
    let uuid = cuts.map(|cut| uuid.get(cut)).into_iter().collect::<Option<Vec<_>>>()?.join("-");
    let number =
        |name: &str| -> Option<u64> { fs_err::read_to_string(format!("/sys/fs/btrfs/{uuid}/{name}")).ok()?.trim().parse().ok() };
    let left = |of: &str, taken: &[&str]| {
        let total = number(&format!("allocation/{of}/total_bytes"))?;
        let taken = taken.iter().map(|what| number(&format!("allocation/{of}/{what}"))).sum::<Option<u64>>()?;
        Some(total.saturating_sub(taken))
    };
    // The reserve for emergencies is part of what may be used.
    let metadata = left("metadata", &["bytes_used", "bytes_pinned", "bytes_reserved", "bytes_may_use", "bytes_readonly"])?;
    let available = stat.f_bavail as u64 * stat.f_bsize as u64;
    let unallocated = available.saturating_sub(left("data", &["bytes_used"])?);
    Some(Metadata { free: metadata + unallocated, leaf: number("nodesize")? as usize })
}

/// Whether its files are those of other filesystems underneath, which is where mappings lead: what the kernel knows of a file here
/// is not all that there is to know.
pub(crate) fn is_stacked(file: impl AsFd) -> bool {
    // What cannot be found out is taken for yes.
    magic_of(file).is_none_or(|magic| [OVERLAYFS, AUFS].contains(&magic))
}

/// What kind of filesystem it is.
// Of another type on other architectures.
#[allow(clippy::unnecessary_cast)]
fn magic_of(dir: impl AsFd) -> Option<i64> {
    Some(rustix::fs::fstatfs(dir).ok()?.f_type as i64 & 0xffff_ffff)
}

/// The mount id of a descriptor, from /proc/self/fdinfo; `None` without /proc.
pub(crate) fn id_of(fd: impl AsFd) -> Option<u64> {
    let info = fs_err::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd())).ok()?;
    info.lines().find_map(|line| line.strip_prefix("mnt_id:"))?.trim().parse().ok()
}

/// Whether a list of mounts, proc_pid_mountinfo(5), has one with this id.
pub(crate) fn is_listed(mountinfo: &[u8], id: u64) -> bool {
    let id = id.to_string();
    mountinfo.split(|byte| *byte == b'\n').any(|line| line.split(|byte| *byte == b' ').next() == Some(id.as_bytes()))
}

/// Whether what is open is on an overlay.
pub(crate) fn is_overlay(fd: impl AsFd) -> bool {
    magic_of(fd) == Some(OVERLAYFS)
}

/// `volatile`, or as later kernels put it, `fsync=volatile`.
fn says_volatile(options: &str) -> bool {
    options.split(',').any(|option| matches!(option, "volatile" | "fsync=volatile"))
}

/// The super block's options of one mount, the last field of its line, proc_pid_mountinfo(5).
fn super_options(mountinfo: &str, id: u64) -> Option<&str> {
    let line = mountinfo.lines().find(|line| line.split(' ').next().and_then(|first| first.parse().ok()) == Some(id))?;
    line.split(" - ").nth(1)?.split(' ').nth(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn super_options_are_found_by_mount_id() {
        let text = "36 35 98:0 /a /m rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n\
                    361 35 0:9 / /o rw - overlay overlay rw,lowerdir=/l,volatile\n";
        assert_eq!(super_options(text, 361), Some("rw,lowerdir=/l,volatile"));
        assert_eq!(super_options(text, 36), Some("rw,errors=continue"));
        assert_eq!(super_options(text, 3), None);
    }

    #[test]
    fn volatile_is_one_option_among_others() {
        assert!(says_volatile("rw,lowerdir=/l,volatile") && says_volatile("rw,uuid=on,fsync=volatile"));
        assert!(!says_volatile("rw,lowerdir=/volatile,fsync=strict"));
    }

    #[test]
    fn the_root_directory_is_on_a_mount_with_an_id() {
        assert!(id_of(std::fs::File::open("/").unwrap()).is_some());
    }
}
