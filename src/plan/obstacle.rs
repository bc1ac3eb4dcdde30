//! What is in the way of a rename, found before anything is touched.

use std::path::Path;

use rustix::fs::FileType;
use rustix::process::geteuid;

use super::target::Target;
use crate::error::{Error, Obstacle};
use crate::fs::{flags, temp, tree};

/// Refuses what is no file that could be replaced.
///
/// # Errors
/// [`Error::Target`].
pub(crate) fn judge_kind(target: &Target) -> Result<(), Error> {
    let Some(existing) = &target.existing else { return Ok(()) };
    match FileType::from_raw_mode(existing.stat.st_mode) {
        FileType::RegularFile | FileType::Symlink => Ok(()),
        FileType::Directory => refuse(&target.path, Obstacle::Directory),
        other => refuse(&target.path, Obstacle::Special { kind: kind_of(other) }),
    }
}

/// Refuses a name that a later run would take for one of its own.
///
/// # Errors
/// [`Error::Target`].
pub(crate) fn judge_name(target: &Target) -> Result<(), Error> {
    if temp::is_own_name(&target.leaf) { refuse(&target.path, Obstacle::OwnName) } else { Ok(()) }
}

/// Refuses a target that cannot be changed. One that is current need not be: it is left alone, and that works everywhere. What
/// cannot be found out here, the kernel says at the rename, and the old file survives that too.
///
/// # Errors
/// [`Error::Target`] with the first obstacle.
pub(crate) fn judge_change(target: &Target) -> Result<(), Error> {
    let path = target.path.as_path();
    if let Some(existing) = &target.existing {
        let flags = flags::of(&target.dir, &target.leaf);
        if flags.mount_point {
            let is_directory = tree::is_directory(&existing.stat);
            return refuse(path, if is_directory { Obstacle::MountedDirectory } else { Obstacle::MountPoint });
        }
        if flags.immutable {
            return refuse(path, Obstacle::Immutable);
        }
        if flags.append_only {
            return refuse(path, Obstacle::AppendOnly);
        }
    }
    judge_directory(target)?;
    if let Some(existing) = &target.existing {
        let (me, sticky) = (geteuid(), target.dir_stat.st_mode & 0o1000 != 0);
        let mine = me.as_raw() == existing.stat.st_uid || me.as_raw() == target.dir_stat.st_uid;
        // CAP_FOWNER overrides, unlink(2); root without it learns so from the rename.
        if sticky && !mine && !me.is_root() {
            return refuse(path, Obstacle::Sticky { owner: existing.stat.st_uid });
        }
    }
    Ok(())
}

/// Refuses a directory in which no file can be made.
///
/// # Errors
/// [`Error::Target`] with the first obstacle.
pub(crate) fn judge_directory(target: &Target) -> Result<(), Error> {
    let dir = &target.dir;
    if target.room.read_only {
        return refuse(&target.path, Obstacle::ReadOnly);
    }
    let dir_flags = dir.flags();
    if dir_flags.immutable {
        return refuse(dir.path(), Obstacle::Immutable);
    }
    if dir_flags.append_only {
        return refuse(dir.path(), Obstacle::AppendOnly);
    }
    let writable =
        dir.is_writable().map_err(|errno| Error::Io { op: "access", path: dir.path().to_owned(), source: errno.into() })?;
    if !writable {
        return refuse(dir.path(), Obstacle::NotWritable);
    }
    match target.room.inode {
        true => Ok(()),
        false => refuse(dir.path(), Obstacle::NoInodes),
    }
}

/// Refuses a target that cannot be overwritten in place. Its directory does not matter, nor whether something is mounted there.
///
/// # Errors
/// [`Error::Target`] with the first obstacle.
pub(crate) fn judge_overwriting(target: &Target) -> Result<(), Error> {
    let path = target.path.as_path();
    let Some(existing) = &target.existing else { return refuse(path, Obstacle::Absent) };
    if !existing.is_regular() {
        return refuse(path, Obstacle::Special { kind: "symbolic link" });
    }
    let flags = flags::of(&target.dir, &target.leaf);
    let writable = || target.dir.file_is_writable(&target.leaf);
    match (flags.immutable, flags.append_only) {
        (true, _) => refuse(path, Obstacle::Immutable),
        (false, true) => refuse(path, Obstacle::AppendOnly),
        (false, false) if writable().is_ok_and(|may| !may) => refuse(path, Obstacle::FileNotWritable),
        (false, false) => Ok(()),
    }
}

fn refuse(path: &Path, obstacle: Obstacle) -> Result<(), Error> {
    Err(Error::Target { path: path.to_owned(), obstacle })
}

/// Refuses a source that does not fit beside the old file. Where copies may share blocks the copy itself finds out.
///
/// # Errors
/// [`Error::Target`].
pub(crate) fn judge_size(target: &Target, needed: u64, may_share: bool) -> Result<(), Error> {
    let available = target.room.bytes;
    if needed > available && !(may_share && target.room.reflinks) {
        return refuse(target.dir.path(), Obstacle::NoSpace { needed: Some(needed), available: Some(available) });
    }
    Ok(())
}

/// What a special file is called.
pub(super) fn kind_of(file_type: FileType) -> &'static str {
    match file_type {
        FileType::BlockDevice => "block device",
        FileType::CharacterDevice => "character device",
        FileType::Fifo => "fifo",
        FileType::Socket => "socket",
        _ => "special file",
    }
}
