//! Whether a file is to be installed at all.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Stat};
use rustix::process::{getgid, getuid};

use crate::event::Cancel;
use crate::fs::dir;
use crate::plan::{Dirs, Entry, EntryError, same_content};
use crate::report::InstallError;
use crate::request::{InstallFile, Installation, Mode, WhenCurrent};
use crate::source::LocalSource;

/// A file that is to be installed.
pub(super) struct Judged {
    pub(super) entry: Entry,
    pub(super) source_stat: Stat,
}

pub(super) enum Verdict {
    Current,
    Install(Judged),
}

/// The names this call has given already: directory, by device and inode, and name.
#[derive(Default)]
pub(super) struct Taken(HashSet<(u64, u64, OsString)>);

/// Judges a file as install(1) does, and refuses what a rename would destroy and what cannot be renamed over.
///
/// # Errors
/// Why it is not installed.
pub(super) fn judge(
    file: &InstallFile,
    installation: &Installation,
    dirs: &mut Dirs,
    taken: &mut Taken,
) -> Result<Verdict, InstallError> {
    let source_stat =
        rustix::fs::statat(CWD, &file.source, AtFlags::empty()).map_err(|errno| InstallError::StatSource(errno.into()))?;
    if FileType::from_raw_mode(source_stat.st_mode) == FileType::Directory {
        return Err(InstallError::SourceIsDirectory);
    }
    let entry = dirs.entry(&file.target).map_err(|error| match error {
        EntryError::Stat(error) => InstallError::StatTarget(error),
        EntryError::Dir(error) => InstallError::Create(error),
    })?;
    if let Some(stat) = &entry.stat {
        if is_same_file(&file.source, &source_stat, &entry, stat, installation) {
            return Err(InstallError::SameFile);
        }
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            return Err(InstallError::TargetIsDirectory);
        }
    }
    let dir = rustix::fs::fstat(&*entry.dir).map_err(|errno| InstallError::StatTarget(errno.into()))?;
    let numbered = installation.backup.as_ref().is_some_and(|policy| policy.names != crate::request::BackupNames::Simple);
    if !taken.0.insert((dir.st_dev, dir.st_ino, entry.leaf.clone())) && !numbered {
        return Err(InstallError::JustCreated);
    }
    if installation.when_current == WhenCurrent::Leave && is_current(file, &source_stat, &entry, installation) {
        return Ok(Verdict::Current);
    }
    if let Some(obstacle) = entry.obstacle() {
        return Err(InstallError::Refused(obstacle));
    }
    Ok(Verdict::Install(Judged { entry, source_stat }))
}

/// Refuses a backup that would replace the source.
///
/// # Errors
/// [`InstallError::BackupIsSource`].
pub(super) fn judge_backup(entry: &Entry, backup: &OsStr, source: &Stat) -> Result<(), InstallError> {
    match dir::stat_at(&*entry.dir, backup) {
        Ok(stat) if (stat.st_dev, stat.st_ino) == (source.st_dev, source.st_ino) => {
            Err(InstallError::BackupIsSource { backup: entry.dir.path().join(backup) })
        }
        _ => Ok(()),
    }
}

/// Whether installing would put the source itself out of the way. Another name of the same inode is no harm: the source's own
/// name keeps it.
fn is_same_file(source: &Path, source_stat: &Stat, entry: &Entry, target: &Stat, _installation: &Installation) -> bool {
    if (source_stat.st_dev, source_stat.st_ino) != (target.st_dev, target.st_ino) {
        return false;
    }
    let through_link =
        dir::stat_at(CWD, source.as_os_str()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink);
    through_link || target.st_nlink < 2 || entry.is_named(source)
}

/// Whether the target is what it should be, as install's `-C` has it: plain files, no bits beyond permissions anywhere, owner
/// and group those asked for or the caller's real ones, mode, size and content.
fn is_current(file: &InstallFile, source: &Stat, entry: &Entry, installation: &Installation) -> bool {
    let Some(target) = &entry.stat else { return false };
    let plain = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_mode & 0o7000 == 0;
    let owner = installation.uid.unwrap_or_else(|| getuid().as_raw());
    let group = installation.gid.unwrap_or_else(|| getgid().as_raw());
    if !plain(source)
        || !plain(target)
        || source.st_size != target.st_size
        || Mode::from_bits(target.st_mode) != installation.mode
        || (target.st_uid, target.st_gid) != (owner, group)
    {
        return false;
    }
    let Ok(opened) = LocalSource::open(&file.source) else { return false };
    let Ok(there) = entry.dir.open_file(&entry.leaf) else { return false };
    same_content(opened.file(), &there, source.st_size as u64, &Cancel::new()).unwrap_or(false)
}
