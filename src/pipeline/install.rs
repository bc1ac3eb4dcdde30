//! Many files in one call, as install(1) has it: all staged, all synced together, then renamed back to back.

mod judge;
mod strip;

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{Timespec, Timestamps};
use rustix::process::{Resource, getrlimit};

use super::Host;
use crate::error::{Error, Obstacle};
use crate::event::Cancel;
use crate::fs::sync;
use crate::metadata::{Owner, Wanted};
use crate::plan::{Dirs, Entry, backup_name, kept_attributes};
use crate::proof::Trusted;
use crate::report::{Copied, InstallError, Installed};
use crate::request::{Durability, FileTimes, InstallFile, Installation, OnFailure, Preserve};
use crate::source::LocalSource;
use crate::txn::{self, BackupError, Prepared, Publish, Sealed, Stage};
use judge::Judged;

/// Descriptors that are left to the rest of the process: standard streams, directories, a source, a library or two.
const SPARE_DESCRIPTORS: u64 = 24;

/// Files staged before they are synced and closed, at most. More at once share no more flushes.
const WINDOW: u64 = 1024;

/// Installs the files of one call, and tells of each in order.
///
/// # Guarantees
/// A target is never absent, partial, or of another mode than asked for; whatever fails, what had its name is untouched. All
/// files are staged and synced before the first is renamed, so that the set is mixed for as short as renames take.
///
/// # After a crash
/// Each target is the old or the new file; the set may be mixed.
pub fn install(installation: &Installation, host: &Host) -> Vec<Installed> {
    let mut call = Call { installation, cancel: &host.cancel, dirs: Dirs::default() };
    let mut slots = call.stage_all();
    if installation.on_failure == OnFailure::InstallNone && slots.iter().any(|slot| matches!(slot, Slot::Failed(_))) {
        return slots.into_iter().map(Slot::held_back).collect();
    }
    call.publish_all(&mut slots);
    call.sync_dirs(&mut slots);
    slots.into_iter().map(Slot::outcome).collect()
}

/// How far a file has come.
enum Slot {
    Current,
    Failed(InstallError),
    Sealed(Pending, Sealed),
    Ready(Pending, Prepared),
    Done { pending: Pending, prepared: Prepared },
}

/// What is known of a file that is on its way.
struct Pending {
    entry: Entry,
    backup: Option<std::ffi::OsString>,
    copied: Copied,
}

impl Slot {
    fn outcome(self) -> Installed {
        match self {
            Slot::Current => Installed::Current,
            Slot::Failed(error) => Installed::Failed(error),
            Slot::Done { pending, .. } => {
                let Pending { entry, backup, copied } = pending;
                let backup = backup.filter(|_| entry.stat.is_some()).map(|name| entry.dir.path().join(name));
                Installed::New { replaced: entry.stat.is_some(), backup, copied }
            }
            Slot::Sealed(..) | Slot::Ready(..) => Installed::HeldBack,
        }
    }

    fn held_back(self) -> Installed {
        match self {
            Slot::Failed(error) => Installed::Failed(error),
            Slot::Current => Installed::Current,
            _ => Installed::HeldBack,
        }
    }
}

struct Call<'a> {
    installation: &'a Installation,
    cancel: &'a Cancel,
    dirs: Dirs,
}

impl Call<'_> {
    /// Stages every file, a window of them at a time: there may be more files than descriptors.
    fn stage_all(&mut self) -> Vec<Slot> {
        let files = &self.installation.files;
        let window = window();
        let mut slots = Vec::with_capacity(files.len());
        let mut taken = judge::Taken::default();
        for files in files.chunks(window) {
            let from = slots.len();
            for file in files {
                slots.push(self.stage(file, &mut taken).unwrap_or_else(Slot::Failed));
            }
            self.prepare(&mut slots, from);
        }
        // Locks are kept as long as descriptors last; with more files than that, none is.
        if files.len() > window {
            for slot in &mut slots {
                if let Slot::Ready(_, prepared) = slot {
                    prepared.close_reader();
                }
            }
        }
        slots
    }

    fn stage(&mut self, file: &InstallFile, taken: &mut judge::Taken) -> Result<Slot, InstallError> {
        self.cancel.check().map_err(|_| InstallError::Cancelled)?;
        let installation = self.installation;
        let Judged { entry, source_stat } = match judge::judge(file, installation, &mut self.dirs, taken)? {
            judge::Verdict::Current => return Ok(Slot::Current),
            judge::Verdict::Install(judged) => judged,
        };
        let backup = match &installation.backup {
            Some(policy) if entry.stat.is_some() => {
                let name = backup_name(policy, &entry.dir, &entry.leaf).map_err(|errno| InstallError::BackUp(errno.into()))?;
                judge::judge_backup(&entry, &name, &source_stat)?;
                Some(name)
            }
            _ => None,
        };
        let source = LocalSource::open(&file.source).map_err(open_error)?;
        if source.identity() != (source_stat.st_dev, source_stat.st_ino) {
            return Err(InstallError::SourceReplaced);
        }
        let mut stage = match &installation.strip {
            None => Stage::beside(&entry.dir, &file.target),
            Some(_) => Stage::named(&entry.dir, &file.target),
        }
        .map_err(create_error)?;
        let copied = self.fill(&mut stage, &source)?;
        if let Some(program) = &installation.strip {
            strip::run(program, &mut stage)?;
        }
        let times = match installation.times {
            FileTimes::Now => None,
            FileTimes::OfSource => Some(times_of(&source_stat)),
        };
        let id = |what, id: Option<u32>| id.map_or(Owner::AsCreated, |id| Owner::Set(what, id));
        let xattrs = match installation.keep == Preserve::none() {
            true => Vec::new(),
            false => kept_attributes(&entry, installation.keep).map_err(|errno| InstallError::Attribute(errno.into()))?,
        };
        let (uid, gid) = (id("owner", installation.uid), id("group", installation.gid));
        let wanted = Wanted { uid, gid, mode: installation.mode, mode_kept: false, times, xattrs };
        let sealed = stage.seal(Trusted::unasked(), &wanted).map_err(seal_error)?;
        Ok(Slot::Sealed(Pending { entry, backup, copied }, sealed))
    }

    fn fill(&self, stage: &mut Stage, source: &LocalSource) -> Result<Copied, InstallError> {
        let cancel = self.cancel;
        let Some(size) = source.size() else {
            source.pour_into(&mut || cancel.check(), &mut |chunk| stage.put(chunk)).map_err(copy_error)?;
            return Ok(Copied::Stream);
        };
        let sparse = source.is_sparse();
        let read_error = |error| source.read_error(error);
        let reflinked = stage.copy_from(source.file(), size, sparse, read_error, &mut |_| cancel.check()).map_err(copy_error)?;
        Ok(match (reflinked, sparse) {
            (true, _) => Copied::Reflink,
            (false, true) => Copied::Sparse,
            (false, false) => Copied::Kernel,
        })
    }

    /// Syncs what is sealed from `from` on, all of it together, and names it.
    fn prepare(&self, slots: &mut Vec<Slot>, from: usize) {
        let window: Vec<Slot> = slots.drain(from..).collect();
        let (mut pending, mut sealed) = (Vec::new(), Vec::new());
        for slot in window {
            match slot {
                Slot::Sealed(about, file) => {
                    pending.push(Ok(about));
                    sealed.push(file);
                }
                other => pending.push(Err(other)),
            }
        }
        let synced = match self.installation.durability {
            Durability::Full => txn::sync_all(&sealed),
            Durability::None => sealed.iter().map(|_| Ok(())).collect(),
        };
        let mut files = sealed.into_iter().zip(synced);
        for about in pending {
            slots.push(match about {
                Err(slot) => slot,
                Ok(about) => {
                    let (file, synced) = files.next().expect("one for each that is pending");
                    match synced.and_then(|()| file.name()) {
                        Ok(prepared) => Slot::Ready(about, prepared),
                        Err(error) => Slot::Failed(copy_error(error)),
                    }
                }
            });
        }
    }

    /// Renames back to back. With all or none, a rename that fails takes the earlier ones back.
    fn publish_all(&self, slots: &mut [Slot]) {
        for slot in slots.iter_mut() {
            let taken = std::mem::replace(slot, Slot::Current);
            *slot = match taken {
                Slot::Ready(pending, mut prepared) => match self.publish(&pending, &mut prepared) {
                    Ok(()) => Slot::Done { pending, prepared },
                    Err(error) => Slot::Failed(error),
                },
                other => other,
            };
        }
    }

    fn publish(&self, pending: &Pending, prepared: &mut Prepared) -> Result<(), InstallError> {
        let leaf = &pending.entry.leaf;
        match &pending.backup {
            Some(backup) => prepared.publish_keeping(leaf, backup, self.cancel).map_err(|error| match error {
                BackupError::Keep(error) => InstallError::BackUp(error),
                BackupError::Rename(error) => rename_error(error),
            }),
            None => prepared.publish(leaf, Publish::Replace, self.cancel).map_err(rename_error),
        }
    }

    /// Syncs every directory something was renamed in.
    fn sync_dirs(&self, slots: &mut [Slot]) {
        if self.installation.durability == Durability::None {
            return;
        }
        for dir in self.dirs.all() {
            let here =
                |slot: &&mut Slot| matches!(slot, Slot::Done { pending, .. } if std::sync::Arc::ptr_eq(&pending.entry.dir, dir));
            let witness: Option<Option<&File>> = slots.iter().find_map(|slot| match slot {
                Slot::Done { pending, prepared } if std::sync::Arc::ptr_eq(&pending.entry.dir, dir) => Some(prepared.reader()),
                _ => None,
            });
            let Some(witness) = witness else { continue };
            let Err(error) = sync::dir(dir, witness) else { continue };
            for slot in slots.iter_mut().filter(here) {
                let error = error.raw_os_error().map_or_else(|| io::ErrorKind::Other.into(), io::Error::from_raw_os_error);
                *slot = Slot::Failed(InstallError::InDoubt(error));
            }
        }
    }
}

/// How many files can be open at once. Each takes two descriptors while it is named.
fn window() -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from((limit.saturating_sub(SPARE_DESCRIPTORS) / 2).clamp(1, WINDOW)).expect("at most a thousand")
}

fn times_of(stat: &rustix::fs::Stat) -> Timestamps {
    let time = |seconds, nanoseconds| Timespec { tv_sec: seconds, tv_nsec: nanoseconds as _ };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}

/// The error of the system call behind an error, so that it can be worded as by the C library.
fn system_error(error: Error) -> io::Error {
    use rustix::io::Errno;
    match error {
        Error::Io { source, .. }
        | Error::Source { source, .. }
        | Error::CannotSet { source, .. }
        | Error::CannotKeep { source, .. } => source,
        Error::SourceIsDirectory { .. } => Errno::ISDIR.into(),
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

fn open_error(error: Error) -> InstallError {
    InstallError::OpenSource(system_error(error))
}

fn create_error(error: Error) -> InstallError {
    InstallError::Create(system_error(error))
}

fn copy_error(error: Error) -> InstallError {
    match error {
        Error::Cancelled => InstallError::Cancelled,
        error @ Error::Source { .. } => InstallError::ReadSource(system_error(error)),
        error => InstallError::Write(system_error(error)),
    }
}

fn seal_error(error: Error) -> InstallError {
    match error {
        Error::CannotSet { what: "owner" | "group", source, .. } => InstallError::Owner(source),
        Error::CannotSet { what: "times", source, .. } => InstallError::Times(source),
        Error::CannotSet { source, .. } => InstallError::Mode(source),
        Error::CannotKeep { source, .. } => InstallError::Attribute(source),
        error => InstallError::Write(system_error(error)),
    }
}

fn rename_error(error: Error) -> InstallError {
    match error {
        Error::Cancelled => InstallError::Cancelled,
        Error::Target { obstacle: obstacle @ Obstacle::MountPoint, .. } => InstallError::Refused(obstacle),
        error => InstallError::Replace(system_error(error)),
    }
}

/// The path under which a stage is known to a program.
fn path_of(stage: &Stage) -> Result<std::path::PathBuf, InstallError> {
    let path = stage.path().expect("a stage for a program has a name");
    // A name that begins with a dash would be an option.
    Ok(if path.as_os_str().as_encoded_bytes().starts_with(b"-") { Path::new(".").join(path) } else { path })
}
