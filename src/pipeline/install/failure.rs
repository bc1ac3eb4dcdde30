//! From the errors of the parts to those of an installation, with the error of the system call behind them, so that it can be
//! worded as by the C library.

use std::io;

use rustix::io::Errno;

use crate::error::{Error, Obstacle};
use crate::fs::temp::Unfit;
use crate::plan::Entry;
use crate::report::InstallError;
use crate::txn::BackupError;

fn system_error(error: Error) -> io::Error {
    match error {
        Error::Io { source, .. }
        | Error::Source { source, .. }
        | Error::CannotSet { source, .. }
        | Error::CannotKeep { source, .. } => source,
        Error::SourceIsDirectory { .. } => Errno::ISDIR.into(),
        Error::TargetChanged { .. } => Errno::EXIST.into(),
        Error::Target { obstacle, .. } => match obstacle {
            Obstacle::NotWritable => Errno::ACCESS,
            Obstacle::Forbidden => Errno::PERM,
            Obstacle::ReadOnly => Errno::ROFS,
            Obstacle::NoSpace { .. } => Errno::NOSPC,
            Obstacle::Quota => Errno::DQUOT,
            Obstacle::FileTooLarge => Errno::FBIG,
            Obstacle::NameTooLong => Errno::NAMETOOLONG,
            Obstacle::Directory => Errno::ISDIR,
            _ => Errno::IO,
        }
        .into(),
        other => io::Error::other(other),
    }
}

pub(super) fn of_opening(error: Error) -> InstallError {
    InstallError::OpenSource(system_error(error))
}

/// A file cannot be made beside the target. What forbids that forbids to remove the old file as well, or to rename it.
pub(super) fn of_creating(error: io::Error, entry: &Entry, keeps: bool) -> InstallError {
    let forbids = matches!(Errno::from_io_error(&error), Some(Errno::ACCESS | Errno::PERM | Errno::ROFS));
    match entry.dir_obstacle().filter(|_| forbids) {
        Some(obstacle) => InstallError::Refused(obstacle),
        None if forbids && entry.stat.is_some() && keeps => InstallError::BackUp(error),
        None if forbids && entry.stat.is_some() => InstallError::Replace(error),
        None => InstallError::Create(error),
    }
}

/// In a directory that lets no name go, append-only, nothing can be replaced and no temporary file removed.
pub(super) fn of_fixed_names(entry: &Entry, keeps: bool) -> InstallError {
    let error = Errno::PERM.into();
    match entry.stat {
        None => InstallError::Create(error),
        Some(_) if keeps => InstallError::BackUp(error),
        Some(_) => InstallError::Replace(error),
    }
}

pub(super) fn of_copying(error: Error) -> InstallError {
    match error {
        Error::Cancelled => InstallError::Cancelled,
        error @ Error::Source { .. } => InstallError::ReadSource(system_error(error)),
        error => InstallError::Write(system_error(error)),
    }
}

pub(super) fn of_stripping(unfit: Unfit) -> InstallError {
    match unfit {
        Unfit::Io(error) => InstallError::Write(error),
        Unfit::NotRegular => InstallError::Stripped("is no regular file"),
        Unfit::Foreign => InstallError::Stripped("belongs to another user"),
        Unfit::Linked => InstallError::Stripped("has another name as well"),
    }
}

pub(super) fn of_sealing(error: Error) -> InstallError {
    match error {
        Error::CannotSet { what: "owner" | "group", source, .. } => InstallError::Owner(source),
        Error::CannotSet { what: "times", source, .. } => InstallError::Times(source),
        Error::CannotSet { source, .. } => InstallError::Mode(source),
        Error::CannotKeep { source, .. } => InstallError::Attribute(source),
        error => InstallError::Write(system_error(error)),
    }
}

pub(super) fn of_publishing(error: BackupError, entry: &Entry) -> InstallError {
    match error {
        BackupError::Keep(error) if Errno::from_io_error(&error) == Some(Errno::BUSY) => {
            InstallError::Refused(Obstacle::MountPoint)
        }
        BackupError::Keep(error) => InstallError::BackUp(error),
        BackupError::NotTakenBack(error) => InstallError::NotTakenBack(error),
        BackupError::Rename(Error::Cancelled) => InstallError::Cancelled,
        BackupError::Rename(Error::Target { obstacle: obstacle @ Obstacle::MountPoint, .. }) => InstallError::Refused(obstacle),
        BackupError::Rename(error) if entry.stat.is_none() => InstallError::Create(system_error(error)),
        BackupError::Rename(error) => InstallError::Replace(system_error(error)),
    }
}
