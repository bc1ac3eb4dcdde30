//! Whether a file is to be installed at all.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Stat};
use rustix::process::{getgid, getuid};

use super::{failure, stage};
use crate::event::Cancel;
use crate::fs::{attrs, dir, label};
use crate::plan::{Dirs, Entry, EntryError, same_content, simple_backup_name, split};
use crate::report::InstallError;
use crate::request::{BackupNames, FileTimes, InstallFile, Installation, Label, Mode, OnFailure, WhenCurrent};
use crate::source::LocalSource;

/// A file that is to be installed.
pub(super) struct Judged {
    pub(super) entry: Entry,
    pub(super) source_stat: Stat,
}

impl Judged {
    /// The name it will have, for [`Taken::take`].
    pub(super) fn name(&self) -> Option<Name> {
        name_of(&self.entry)
    }
}

pub(super) enum Verdict {
    /// There is nothing to do.
    Current,
    /// An earlier file of this call gets the name, and has to have it first.
    AfterOthers,
    Install(Box<Judged>),
}

/// A directory, by device and inode, and a name in it.
type Name = (u64, u64, OsString);

/// The names this call gives.
#[derive(Default)]
pub(super) struct Taken {
    promised: HashSet<Name>,
    given: HashSet<Name>,
}

impl Taken {
    /// The name will be given.
    pub(super) fn promise(&mut self, name: Option<Name>) {
        self.promised.extend(name);
    }

    /// What was promised is done.
    pub(super) fn give_all(&mut self) {
        self.given.extend(self.promised.drain());
    }

    fn has_promised(&self, entry: &Entry) -> bool {
        !self.promised.is_empty() && name_of(entry).is_some_and(|name| self.promised.contains(&name))
    }

    fn has(&self, entry: &Entry) -> bool {
        self.has_promised(entry) || !self.given.is_empty() && name_of(entry).is_some_and(|name| self.given.contains(&name))
    }
}

fn name_of(entry: &Entry) -> Option<Name> {
    let (device, inode) = entry.dir.id().ok()?;
    Some((device, inode, entry.leaf.clone()))
}

/// Judges a file as install(1) does and in its order, and refuses what a rename would destroy and what cannot be renamed over.
///
/// # Errors
/// Why it is not installed.
pub(super) fn judge(
    file: &InstallFile,
    installation: &Installation,
    dirs: &mut Dirs,
    taken: &Taken,
) -> Result<Verdict, InstallError> {
    // Before it is read for a comparison, which changes its access time.
    let source_stat = rustix::fs::statat(CWD, &file.source, AtFlags::empty());
    let entry = dirs.entry(&file.target);
    if let (WhenCurrent::Leave, Ok(entry)) = (installation.when_current, &entry) {
        if taken.has_promised(entry) {
            return Ok(Verdict::AfterOthers);
        }
        if let Some(source) = current(file, entry, installation) {
            return leave(entry, &source, installation).map(|()| Verdict::Current);
        }
    }
    let source_stat = source_stat.map_err(|errno| InstallError::StatSource(errno.into()))?;
    if FileType::from_raw_mode(source_stat.st_mode) == FileType::Directory {
        return Err(InstallError::SourceIsDirectory);
    }
    let entry = match entry {
        Ok(entry) => entry,
        Err(EntryError::Stat(error)) => return Err(InstallError::StatTarget(error)),
        Err(EntryError::Directory) => return Err(InstallError::TargetIsDirectory),
        Err(EntryError::Create(error)) => {
            // The source would have been opened first.
            LocalSource::open(&file.source).map_err(failure::of_opening)?;
            return Err(InstallError::Create(error));
        }
    };
    if let Some(stat) = &entry.stat {
        if is_same_file(&file.source, &source_stat, &entry, stat) {
            return Err(InstallError::SameFile);
        }
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            return Err(InstallError::TargetIsDirectory);
        }
    }
    let numbered = installation.backup.as_ref().is_some_and(|policy| policy.names == BackupNames::Numbered);
    if numbered && taken.has_promised(&entry) {
        return Ok(Verdict::AfterOthers);
    }
    if !numbered && taken.has(&entry) {
        return Err(InstallError::JustCreated);
    }
    judge_backup(file, installation, &entry, &source_stat)?;
    if leads_through(&file.source, &entry) {
        // install(1) removes the link, and then finds no source.
        return Err(InstallError::OpenSource(rustix::io::Errno::NOENT.into()));
    }
    match entry.obstacle() {
        Some(obstacle) => Err(InstallError::Refused(obstacle)),
        None if needs_temporary_name(&entry, installation) && entry.dir.flags().append_only => {
            Err(failure::of_fixed_names(&entry, installation.backup.is_some()))
        }
        None => Ok(Verdict::Install(Box::new(Judged { entry, source_stat }))),
    }
}

/// Whether the file cannot be published by a link alone.
fn needs_temporary_name(entry: &Entry, installation: &Installation) -> bool {
    entry.stat.is_some() || installation.strip.is_some() || installation.on_failure == OnFailure::InstallNone
}

/// Whether the target is a link that the source is found by.
fn leads_through(source: &Path, entry: &Entry) -> bool {
    let is_link = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
    if !entry.stat.as_ref().is_some_and(is_link) {
        return false;
    }
    let mut path = source.to_owned();
    // As many as the kernel follows, path_resolution(7).
    for _ in 0..40 {
        match dir::stat_at(CWD, path.as_os_str()) {
            Ok(stat) if is_link(&stat) => {}
            _ => return false,
        }
        if entry.is_named(&path) {
            return true;
        }
        let Ok(text) = dir::read_link(CWD, path.as_os_str()) else { return false };
        path = split(&path).0.join(text);
    }
    false
}

/// Refuses a backup that would replace the source, or what the source, a link, leads to. Another name of a source is no harm.
fn judge_backup(file: &InstallFile, installation: &Installation, entry: &Entry, source: &Stat) -> Result<(), InstallError> {
    let Some(policy) = &installation.backup else { return Ok(()) };
    if entry.stat.is_none() || policy.names == BackupNames::Numbered {
        return Ok(());
    }
    let name = simple_backup_name(policy, &entry.leaf);
    let is_source = || {
        let backup = rustix::fs::statat(&*entry.dir, &name, AtFlags::empty());
        backup.is_ok_and(|backup| (backup.st_dev, backup.st_ino) == (source.st_dev, source.st_ino))
    };
    let is_link = || {
        dir::stat_at(CWD, file.source.as_os_str()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
    };
    match is_source() && (split(&file.source).1 == name || is_link()) {
        true => Err(InstallError::BackupIsSource { backup: entry.sibling(&file.target, &name) }),
        false => Ok(()),
    }
}

/// Whether installing would put the source itself out of the way. Another name of the same inode is no harm: the source's own
/// name keeps it.
fn is_same_file(source: &Path, source_stat: &Stat, entry: &Entry, target: &Stat) -> bool {
    if (source_stat.st_dev, source_stat.st_ino) != (target.st_dev, target.st_ino) {
        return false;
    }
    let through_link =
        dir::stat_at(CWD, source.as_os_str()).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink);
    through_link || target.st_nlink < 2 || entry.is_named(source)
}

/// The source, if the target is what it should be, as install's `-C` has it: plain files, no bits beyond permissions anywhere,
/// owner and group those asked for or the caller's real ones, mode, size and content, and the label if the source's is asked for.
fn current(file: &InstallFile, entry: &Entry, installation: &Installation) -> Option<Stat> {
    let target = entry.stat.as_ref()?;
    let plain = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_mode & 0o7000 == 0;
    let owner = installation.uid.unwrap_or_else(|| getuid().as_raw());
    let group = installation.gid.unwrap_or_else(|| getgid().as_raw());
    let wanted = Mode::from_bits(target.st_mode) == installation.mode && (target.st_uid, target.st_gid) == (owner, group);
    if !plain(target) || !wanted {
        return None;
    }
    // A link is none, whatever it leads to.
    let source = dir::stat_at(CWD, file.source.as_os_str()).ok()?;
    if !plain(&source) || source.st_size != target.st_size {
        return None;
    }
    let opened = LocalSource::open(&file.source).ok()?;
    let there = entry.dir.open_file(&entry.leaf).ok()?;
    if installation.label == Label::OfSource && label::is_enabled() {
        let label = label::get(opened.file()).ok().flatten();
        if label.is_none() || label != label::get(&there).ok().flatten() {
            return None;
        }
    }
    let same = same_content(opened.file(), &there, source.st_size as u64, &Cancel::new()).unwrap_or(false);
    same.then_some(source)
}

/// Leaves a target that is what it should be, but for the times if those of the source are asked for.
fn leave(entry: &Entry, source: &Stat, installation: &Installation) -> Result<(), InstallError> {
    match installation.times {
        FileTimes::Now => Ok(()),
        FileTimes::OfSource => {
            attrs::set_times_at(&*entry.dir, &entry.leaf, &stage::times_of(source)).map_err(InstallError::Times)
        }
    }
}
