//! Who uses a file, and who runs what is no longer there.

use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::Host;
use super::rescue::no_process;
use super::rescue::recorded;
use crate::error::{Error, Obstacle, lowered};
use crate::plan;
use crate::proc::{self, FileId, Proc};
use crate::report::{Action, FileFacts, FileUse, FileVersion, ProcessFacts, Report, Unread, UsageReport, Users};
use crate::request::{Follow, PathTrust};
use crate::usage::{self, Asked, Before, Recorded, Wanted};

/// What is looked at for files that are not current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stale {
    /// All processes, and all they run and map.
    All,
    /// All processes, for former versions of these files.
    Files(Vec<PathBuf>),
    /// One process.
    Process(u32),
}

/// Who executes, maps or has open the file of one of these paths, or a former version of it: one that the kernel says had the
/// path, or that a record in the state directory has there.
///
/// # Errors
/// [`Error::BadOption`] for a directory; [`Error::Target`] where a directory on the way may not be searched; /proc cannot be read.
pub fn who(paths: &[PathBuf], host: &Host) -> Result<UsageReport, Error> {
    of_files(paths, host, Wanted::All)
}

/// Who runs or maps something that is no longer what its path leads to. A file is left out that never had a path for others:
/// memory of the kernel and of drivers, and data in memory that was meant to go with its process.
///
/// # Errors
/// As [`who`]; [`Error::Process`] if there is no such process, or it may not be looked at.
pub fn stale(of: &Stale, host: &Host) -> Result<UsageReport, Error> {
    match of {
        Stale::Files(paths) => of_files(paths, host, Wanted::Outdated),
        Stale::All => {
            let proc = Proc::open().map_err(no_proc)?;
            let records = recorded::Recorded::read(host).versions();
            let looked = usage::stale(&proc, &records).map_err(no_proc)?;
            let (mut uses, mut unknown) = (Vec::new(), Vec::new());
            for outdated in looked.found {
                uses.extend(outdated.uses);
                unknown.extend(outdated.unknown);
            }
            Ok(UsageReport { uses, unreadable: unread(&proc, looked.unreadable), unknown, hidden: proc.hides() })
        }
        Stale::Process(pid) => {
            let proc = Proc::open().map_err(no_proc)?;
            match usage::stale_process(&proc, *pid, &recorded::Recorded::read(host).versions()) {
                Ok(found) => {
                    Ok(UsageReport { uses: found.uses, unknown: found.unknown.into_iter().collect(), ..UsageReport::default() })
                }
                Err(errno) => Err(no_process(*pid, errno)),
            }
        }
    }
}

fn of_files(paths: &[PathBuf], host: &Host, wanted: Wanted) -> Result<UsageReport, Error> {
    let asked = paths.iter().map(|path| asked(path)).collect::<Result<Vec<_>, _>>()?;
    let proc = Proc::open().map_err(no_proc)?;
    let records = recorded::Recorded::read(host).versions();
    let looked = usage::who(&proc, &asked, &records, wanted).map_err(no_proc)?;
    let uses = looked.found.into_iter().flatten();
    let is_unknown = |one: &FileUse| wanted == Wanted::Outdated && one.version == FileVersion::Unknown;
    let (unknown, uses): (Vec<FileUse>, Vec<FileUse>) = uses.partition(is_unknown);
    let mut unknown: Vec<ProcessFacts> = unknown.into_iter().map(|one| one.process).collect();
    unknown.dedup();
    Ok(UsageReport { uses, unreadable: unread(&proc, looked.unreadable), unknown, hidden: proc.hides() })
}

/// Those that cannot be read and are still there: who has ended has no files.
fn unread(proc: &Proc, processes: Vec<(u32, Errno)>) -> Vec<Unread> {
    let one = |(pid, errno): (u32, Errno)| {
        let process = usage::facts(proc, pid)?;
        Some(Unread { process, reason: lowered(&io::Error::from(errno)) })
    };
    processes.into_iter().filter_map(one).collect()
}

/// Says of each file that was replaced who still runs, maps or has open a version before. Of a directory that was exchanged or
/// removed, and of a link to another release, that is who has a file that was below it; releases before the last are not looked for.
///
/// # Errors
/// /proc cannot be read.
pub fn find_users(reports: &mut [Report], host: &Host) -> Result<(), Error> {
    let replaced: Vec<&mut Report> = reports.iter_mut().filter(|report| is_replaced(report)).collect();
    if replaced.is_empty() {
        return Ok(());
    }
    let asked = |report: &&mut Report| Asked {
        current: report.installed.as_ref().map(id),
        mapped: None,
        directory: directory_of(&report.target),
        path: report.target.clone(),
        before: before(report),
    };
    let asked: Vec<Asked> = replaced.iter().map(asked).collect();
    let proc = Proc::open().map_err(no_proc)?;
    let looked = usage::who(&proc, &asked, &recorded::Recorded::read(host).versions(), Wanted::All).map_err(no_proc)?;
    let mut users: HashMap<PathBuf, Vec<ProcessFacts>> = HashMap::new();
    for one in looked.found.into_iter().flatten() {
        let of_path = users.entry(one.path).or_default();
        // Once, whatever it has.
        if matches!(one.version, FileVersion::Replaced | FileVersion::Deleted) && of_path.last() != Some(&one.process) {
            of_path.push(one.process);
        }
    }
    for report in replaced {
        let processes = users.remove(&report.target).unwrap_or_default();
        report.in_use_by = Some(Users { processes, unreadable: looked.unreadable.len() });
    }
    Ok(())
}

fn before(report: &Report) -> Option<Before> {
    let facts = report.previous.as_ref()?;
    let (path, inode, size) = (report.target.clone(), facts.ino, facts.size);
    Some(Before {
        version: Recorded { path, inode, size, modified: facts.modified.unwrap_or_default() },
        device: facts.dev,
        directory: report.previous_path.as_deref().and_then(directory_of),
        path: report.previous_path.clone(),
    })
}

/// The directory a path is in.
fn directory_of(path: &Path) -> Option<FileId> {
    rustix::fs::stat(path.parent()?).ok().as_ref().map(FileId::from)
}

fn id(facts: &FileFacts) -> FileId {
    FileId { dev: facts.dev, ino: facts.ino }
}

/// Whether there is a version before. What was overwritten in place has none.
fn is_replaced(report: &Report) -> bool {
    let before = report.previous.as_ref().map(id);
    before.is_some()
        && matches!(report.action, Action::Installed | Action::Removed)
        && before != report.installed.as_ref().map(id)
}

fn asked(path: &Path) -> Result<Asked, Error> {
    let gone = |error: &Error| matches!(error, Error::Target { obstacle: Obstacle::MissingParent, .. });
    let target = match plan::locate(path, Follow::Target, PathTrust::Any) {
        Ok(target) => target,
        // What was in a directory that is gone may still be run; then its path is all there is.
        Err(error) if gone(&error) => {
            let path = std::path::absolute(path).map_err(|_| error)?;
            return Ok(Asked { path, current: None, mapped: None, directory: None, before: None });
        }
        Err(Error::Target { path, obstacle: Obstacle::Directory }) => {
            let reason = format!("{} is a directory", crate::error::quoted(&path));
            return Err(Error::BadOption { option: "path", reason });
        }
        Err(error) => return Err(error),
    };
    let directory = rustix::fs::fstat(&*target.dir).ok().as_ref().map(FileId::from);
    let current = target.existing.as_ref().map(|existing| FileId::from(&existing.stat));
    // Only where devices have no major number do mappings name another one.
    let is_regular = target.existing.as_ref().is_some_and(|existing| existing.is_regular());
    let mapped = current.filter(|current| is_regular && rustix::fs::major(current.dev) == 0).and_then(|_| {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file: OwnedFd = rustix::fs::openat(&*target.dir, &*target.leaf, flags, Mode::empty()).ok()?;
        proc::mapped_id(&file)
    });
    Ok(Asked { path: target.path, current, mapped, directory, before: None })
}

fn no_proc(errno: Errno) -> Error {
    Error::Io { op: "look at the processes in", path: "/proc".into(), source: errno.into() }
}
