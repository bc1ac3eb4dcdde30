//! A file that only a process still has, brought back by the way every file goes.

mod from_memory;
mod moved;
pub(super) mod recorded;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;

use super::claim::Claim;
use super::sinks::Staging;
use super::{Host, Run};
use crate::checksum;
use crate::elf;
use crate::error::{Error, Obstacle, quoted};
use crate::event::{Event, Observer};
use crate::failpoint;
use crate::fs::mount;
use crate::plan;
use crate::proc::{FileId, Proc};
use crate::proof::Trusted;
use crate::report::{Action, Possessor, Rescuable, RescueList, RescueReport, SourceFacts, SourceKind, Warning};
use crate::request::{Follow, Lost, Mode, PathTrust, Request, Rescue, Source};
use crate::rescue::{self, Candidate, Choice, Compared, Conditions, Here, Known, NotHeld, Opened, Wanted};
use crate::source::{LocalSource, Session, Sink as _};
use crate::txn::{self, Stage};
use recorded::Recorded;

/// The largest file that is not trusted and is read all the same, so that its digest can be told: 1 GiB.
const LARGEST_DISTRUSTED: u64 = 1 << 30;

/// How long a file that is written to has to stand still.
const STILL: Duration = Duration::from_secs(1);

/// All that processes have, or one of them has, and no path leads to any more. `all`: also what never had a name, such as
/// temporary files.
///
/// # Errors
/// /proc cannot be read; [`Error::Process`].
pub fn rescuable(all: bool, only: Option<u32>, host: &Host) -> Result<RescueList, Error> {
    let (proc, here) = look()?;
    let wanted = if all { Wanted::All } else { Wanted::Named };
    let error = |errno| only.map_or_else(|| no_proc(errno), |pid| no_process(pid, errno));
    let found = rescue::find(&proc, &here, &wanted, only).map_err(error)?;
    let recorded = Recorded::read(host);
    let known = found.candidates.into_iter().map(|candidate| {
        let distrust = rescue::distrust(&candidate, &recorded);
        public(&Known { candidate, sha256: None, build_id: None, distrust })
    });
    Ok(RescueList { files: known.collect(), unreadable: found.unreadable, hidden: found.hidden })
}

/// Brings a file back that is gone from its path, and that a process still runs, maps or has open.
///
/// # Guarantees
/// As [`swap`](crate::swap). Nothing of the process is changed. A file that is at the path already is replaced only if that is
/// asked for, and is kept then.
///
/// # Errors
/// [`Error::NothingToRescue`], [`Error::SeveralVersions`], [`Error::DistrustedProcess`], [`Error::NotWhatRuns`],
/// [`Error::ProcessGone`], [`Error::Process`]; [`Error::Target`] with [`Obstacle::Exists`]; else as [`swap`](crate::swap).
///
/// # After a crash
/// As [`swap`](crate::swap).
pub fn rescue(request: &Rescue, really: bool, host: &Host, observer: &mut dyn Observer) -> Result<RescueReport, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let (proc, here) = look()?;
    let recorded = Recorded::read(host);
    let mut searched = search(request, &proc, &here)?;
    let conditions = Conditions { sha256: request.sha256, explicit: request.pid.is_some() && request.sha256.is_some() };
    let known = learn(std::mem::take(&mut searched.candidates), conditions, &recorded, &proc, &mut session)?;
    let chosen = match rescue::choose(known, conditions) {
        Choice::Take(chosen) => chosen,
        Choice::Nothing => return Err(nothing(request, &searched, &recorded)),
        Choice::Several(several) => return Err(Error::SeveralVersions { what: what(request), files: public_all(&several) }),
        Choice::Distrusted(known) => {
            // Its digest is what has to be named. Of something huge whoever wants it can compute it.
            let digest = |known: Known| match known.candidate.size <= LARGEST_DISTRUSTED {
                true => with_digest(known, &proc, &mut session),
                false => Ok(known),
            };
            let known = known.into_iter().map(digest).collect::<Result<Vec<_>, _>>()?;
            return Err(Error::DistrustedProcess { what: what(request), files: public_all(&known) });
        }
    };
    let target = request.to.clone().or_else(|| path_asked_for(request)).unwrap_or_else(|| chosen[0].candidate.name.clone());
    let job = Job { request, target: &target, recorded: &recorded, really };
    match request.from_memory {
        true => job.rebuild_first(&chosen, &proc, host, &mut session),
        false => job.take_first(&chosen, &proc, host, &mut session),
    }
}

fn look() -> Result<(Proc, Here), Error> {
    let proc = Proc::open().map_err(no_proc)?;
    let here = Here::new(&proc).map_err(no_proc)?;
    Ok((proc, here))
}

fn no_proc(errno: Errno) -> Error {
    Error::Io { op: "look at the processes in", path: "/proc".into(), source: errno.into() }
}

fn nothing(request: &Rescue, found: &rescue::Found, recorded: &Recorded) -> Error {
    let rescue::Found { unreadable, hidden, .. } = *found;
    let moved = path_asked_for(request).and_then(|path| moved::aside(&path, request.follow, recorded));
    Error::NothingToRescue { what: what(request), pid: request.pid, unreadable, hidden, moved }
}

/// The error of looking at one process: one that has ended is none.
pub(super) fn no_process(pid: u32, errno: Errno) -> Error {
    let errno = if errno == Errno::SRCH { Errno::NOENT } else { errno };
    Error::Process { pid, source: errno.into() }
}

fn what(request: &Rescue) -> String {
    match &request.lost {
        Lost::Path(path) => quoted(path),
        Lost::Name(name) => format!("file called {}", quoted(name)),
        Lost::Held(_) => "file".to_owned(),
    }
}

fn path_asked_for(request: &Rescue) -> Option<PathBuf> {
    match &request.lost {
        Lost::Path(path) => Some(path.clone()),
        _ => None,
    }
}

fn search(request: &Rescue, proc: &Proc, here: &Here) -> Result<rescue::Found, Error> {
    let process = |errno: Errno| match request.pid {
        Some(pid) => no_process(pid, errno),
        None => no_proc(errno),
    };
    match &request.lost {
        Lost::Held(link) => {
            let reason = "a descriptor, a mapping or a program is one of a process".to_owned();
            let pid = request.pid.ok_or(Error::BadOption { option: "pid", reason })?;
            let candidate = rescue::held(proc, here, pid, link).map_err(|why| {
                let not_held = |special| Error::NotHeld { pid, link: link.clone(), special };
                match why {
                    NotHeld::Nothing => not_held(false),
                    NotHeld::Special => not_held(true),
                    NotHeld::Unreadable(errno) => process(errno),
                }
            })?;
            Ok(rescue::Found { candidates: vec![candidate], ..rescue::Found::default() })
        }
        Lost::Name(name) => rescue::find(proc, here, &Wanted::Leaf(name), request.pid).map_err(process),
        Lost::Path(path) => {
            let (path, directory) = place(path, request)?;
            rescue::find(proc, here, &Wanted::Path { path: &path, directory, present: request.from_memory }, request.pid)
                .map_err(process)
        }
    }
}

/// The path as the kernel has it, and the directory it is in, where that is still there.
fn place(path: &Path, request: &Rescue) -> Result<(PathBuf, Option<FileId>), Error> {
    match plan::locate(path, request.follow, PathTrust::Any) {
        Ok(target) => Ok((target.path, Some(FileId::from(&target.dir_stat)))),
        Err(Error::Target {
            obstacle: Obstacle::MissingParent | Obstacle::DanglingLink { .. } | Obstacle::NotADirectory,
            ..
        }) => {
            let absolute = std::path::absolute(path);
            Ok((absolute.map_err(|source| Error::Io { op: "look for", path: path.to_owned(), source })?, None))
        }
        Err(error) => Err(error),
    }
}

/// What is known of the candidates: also their digests, where they are needed. Those that are not trusted are not read for
/// that unless they are asked for by process and digest: anybody may hold out a file of terabytes.
fn learn(
    candidates: Vec<Candidate>,
    conditions: Conditions,
    recorded: &Recorded,
    proc: &Proc,
    session: &mut Session<'_>,
) -> Result<Vec<Known>, Error> {
    let know = |candidate: Candidate| Known {
        distrust: rescue::distrust(&candidate, recorded),
        candidate,
        sha256: None,
        build_id: None,
    };
    let known: Vec<Known> = candidates.into_iter().map(know).collect();
    let trusted = known.iter().filter(|known| known.distrust.is_none()).count();
    let digest = |known: Known| {
        let asked = if known.distrust.is_some() { conditions.explicit } else { conditions.sha256.is_some() || trusted > 1 };
        if asked { with_digest(known, proc, session) } else { Ok(known) }
    };
    known.into_iter().map(digest).collect()
}

/// One that cannot be opened has none.
fn with_digest(known: Known, proc: &Proc, session: &mut Session<'_>) -> Result<Known, Error> {
    if known.sha256.is_some() {
        return Ok(known);
    }
    let whole = known.candidate.sources.iter().filter(|source| source.kind != SourceKind::Memory);
    let file = whole.into_iter().find_map(|source| source.open(proc, &known.candidate).ok());
    let path = || known.candidate.name.clone();
    let error = |source| Error::Io { op: "read", path: path(), source };
    let Some(Opened { file, .. }) = file else { return Ok(known) };
    let build_id = elf::build_id(&file).map(|id| id.iter().map(|byte| format!("{byte:02x}")).collect());
    Ok(Known { sha256: Some(checksum::sha256_of(&file, session.cancel, error)?), build_id, ..known })
}

fn public_all(known: &[Known]) -> Vec<Rescuable> {
    known.iter().map(public).collect()
}

// Of other types on other architectures.
#[allow(clippy::unnecessary_cast)]
fn public(known: &Known) -> Rescuable {
    let Candidate { file, stat, size, name, gone, sources, .. } = &known.candidate;
    let processes = sources.iter().map(|source| Possessor {
        pid: source.pid,
        command: source.command.clone(),
        source: source.kind,
        link: source.path(),
    });
    Rescuable {
        path: name.clone(),
        gone: *gone,
        size: *size,
        owner: stat.as_ref().map(|stat| (Mode::from_bits(stat.st_mode), stat.st_uid, stat.st_gid)),
        dev: file.dev,
        ino: file.ino,
        modified: stat.as_ref().map(|stat| stat.st_mtime as i64),
        sha256: known.sha256,
        build_id: known.build_id.clone(),
        source: sources.iter().map(|source| source.kind).min().unwrap_or(SourceKind::Memory),
        processes: processes.collect(),
        distrust: known.distrust.clone(),
    }
}

/// The version of a file that a record tells of and nobody keeps any more, taken out of a process that still has it: by device,
/// inode, size and time, and by the digest if one was recorded. `None` if there is none.
///
/// # Errors
/// As [`rescue`].
pub(super) fn former(
    path: &Path,
    follow: Follow,
    path_trust: PathTrust,
    host: &Host,
    session: &mut Session<'_>,
) -> Result<Option<RescueReport>, Error> {
    let recorded = Recorded::read(host);
    // Nothing of it stays open: what was broken off in place may have to be settled first.
    let (located, present) = plan::locate_any(path, follow, path_trust)
        .map(|target| (target.path, target.existing.map(|existing| existing.stat.st_ino)))?;
    let mut versions = recorded.former(&located);
    versions.retain(|(version, ..)| Some(version.inode) != present);
    let inodes: Vec<u64> = versions.iter().map(|(version, ..)| version.inode).collect();
    // Without a record nobody need be looked at; without /proc nobody can be.
    let Some((proc, here)) = look().ok().filter(|_| !versions.is_empty()) else { return Ok(None) };
    let found = rescue::find(&proc, &here, &Wanted::Inodes(&inodes), None).map_err(no_proc)?;
    for (version, device, keep) in versions {
        let is_it = |candidate: &&Candidate| {
            let Some(stat) = candidate.stat.as_ref().filter(|stat| stat.st_dev == device) else { return false };
            let now = txn::version(stat, None);
            let is_named = candidate.sources.iter().any(|source| !source.foreign) || version.sha256.is_some();
            // Whoever makes a file of the same number, size and time is another one, and the file is his.
            (now.kind, now.inode, now.size, now.modified) == (version.kind, version.inode, version.size, version.modified)
                && (now.uid, now.gid) == (version.uid, version.gid)
                && is_named
        };
        let Some(candidate) = found.candidates.iter().find(is_it) else { continue };
        let request = Rescue {
            sha256: version.sha256,
            replace: true,
            keep: keep.max(1),
            follow,
            path_trust,
            ..Rescue::new(Lost::Path(path.to_owned()))
        };
        let known = Known { candidate: candidate.clone(), sha256: version.sha256, build_id: None, distrust: None };
        let job = Job { request: &request, target: path, recorded: &recorded, really: true };
        match job.take_first(&[known], &proc, host, session) {
            // A version before that one may do.
            Err(Error::NotWhatRuns { .. } | Error::ProcessGone { .. } | Error::DigestMismatch { .. }) => {}
            Ok(mut report) => {
                let (path, link) = (report.swap.target.clone(), PathBuf::from(&report.swap.source.from));
                let warning = Warning::TakenFromProcess { path, link };
                session.event(Event::Warning(&warning));
                report.swap.warnings.push(warning);
                return Ok(Some(report));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The error that nothing is kept; where a recorded version was only moved aside, another one that says where it is.
pub(super) fn or_moved(nothing: Error, host: &Host) -> Error {
    let Error::NothingKept { path } = &nothing else { return nothing };
    match moved::aside(path, Follow::Link, &Recorded::read(host)) {
        Some(at) => Error::MovedAside { path: path.clone(), at },
        None => nothing,
    }
}

/// What is to be done with what was found.
struct Job<'a> {
    request: &'a Rescue,
    target: &'a Path,
    recorded: &'a Recorded,
    /// Or only to be talked about.
    really: bool,
}

impl Job<'_> {
    /// Takes the first way that leads to the file.
    fn take_first(&self, chosen: &[Known], proc: &Proc, host: &Host, session: &mut Session<'_>) -> Result<RescueReport, Error> {
        let mut last = None;
        for known in chosen {
            for source in &known.candidate.sources {
                if source.kind == SourceKind::Memory {
                    last.get_or_insert(Error::OnlyMemory { path: known.candidate.name.clone(), pid: source.pid });
                    continue;
                }
                let taken = match source.open(proc, &known.candidate) {
                    Ok(opened) => Way { job: self, known, source, opened }.take(host, session),
                    Err(errno) => Err(Error::ProcessGone { path: known.candidate.name.clone(), source: errno.into() }),
                };
                match taken {
                    // Another process may still have the file as it was.
                    Err(error @ (Error::NotWhatRuns { .. } | Error::ProcessGone { .. })) => last = Some(error),
                    result => return result,
                }
            }
        }
        Err(last.expect("what was found has a source"))
    }
}

/// One way to one file.
struct Way<'a> {
    job: &'a Job<'a>,
    known: &'a Known,
    source: &'a rescue::Source,
    opened: Opened,
}

impl Way<'_> {
    fn take(self, host: &Host, session: &mut Session<'_>) -> Result<RescueReport, Error> {
        let &Job { request: wanted, target, recorded, really } = self.job;
        let from = self.source.path();
        let request = Request {
            follow: wanted.follow,
            path_trust: wanted.path_trust,
            sha256: wanted.sha256,
            keep: wanted.keep,
            // A target that is a directory takes the name from it.
            ..Request::new(Source::File(self.known.candidate.name.clone()), target)
        };
        let (mut run, mut claim) = match really {
            true => Run::claimed(&request, host, session).map(|(run, claim)| (run, Some(claim)))?,
            false => (Run::plan(&request, host, session)?, None),
        };
        let stat = rustix::fs::fstat(&self.opened.file).map_err(|errno| Error::Io {
            op: "stat",
            path: from.clone(),
            source: errno.into(),
        })?;
        run.source = SourceFacts { from: crate::error::escaped(from.as_os_str()), attempts: 1, ..SourceFacts::default() };
        run.source.bytes = Some(stat.st_size as u64);
        if self.is_there_already(&run, &stat, session)? {
            let swap = if really { run.leave(session)? } else { run.report(Action::Unchanged, session) };
            return Ok(self.report(swap, None));
        }
        let privilege = recorded.privilege(&run.plan.target.path, &stat, &self.opened.file, session)?;
        let own = plan::of_inode(&self.opened.file, &stat, privilege, &run.plan.target)?;
        // What a swap warns of is about the file that is replaced.
        run.plan.warnings.retain(|warning| !matches!(warning, Warning::PrivilegeKept { .. } | Warning::PrivilegeDropped { .. }));
        run.plan.warnings.extend(own.warnings);
        run.plan.warnings.extend(recorded.warning());
        (run.plan.wanted, run.plan.owner) = (own.wanted, own.owner);

        let state = claim.as_ref().and_then(Claim::state);
        if really {
            run.sweep(state, session);
        }
        plan::judge_change(&run.plan.target)?;
        let source = LocalSource::from_file(
            self.opened.file.try_clone().map_err(|source| Error::Io { op: "open", path: from.clone(), source })?,
            from,
        )?;
        plan::judge_size(&run.plan.target, source.allocated(), true)?;
        if !really {
            return Ok(self.report(run.report(Action::WouldInstall, session), None));
        }
        let mut stage = Stage::beside(&run.plan.target.dir, &run.plan.target.path)?;
        let trusted = self.fill(&mut stage, source, &mut run, session)?;
        let compared = self.compare(&stage, &mut run)?;
        if !run.plan.target.is_as_planned() {
            return Err(Error::TargetChanged { path: run.plan.target.path });
        }
        run.verified = request.sha256;
        let warning = claim.as_mut().and_then(Claim::warning);
        run.plan.warnings.extend(warning);
        let state = claim.as_ref().and_then(Claim::state);
        let swap = run.commit(stage, trusted, state, session)?;
        Ok(self.report(swap, compared))
    }

    /// Whether the file at the path is this one, byte for byte.
    ///
    /// # Errors
    /// It is another one, and must not be replaced.
    fn is_there_already(&self, run: &Run<'_>, stat: &rustix::fs::Stat, session: &Session<'_>) -> Result<bool, Error> {
        let Some(existing) = &run.plan.target.existing else { return Ok(false) };
        let same_size = existing.is_regular() && existing.size() == stat.st_size as u64;
        let file = existing.file.as_ref().filter(|_| same_size);
        let same = file.map(|file| plan::same_content(&self.opened.file, file, existing.size(), session.cancel)).transpose()?;
        match same.unwrap_or(false) {
            true => Ok(true),
            false if self.job.request.replace => Ok(false),
            false => Err(Error::Target { path: run.plan.target.path.clone(), obstacle: Obstacle::Exists }),
        }
    }

    /// Copies as many bytes as the file has at the start. One that is written to meanwhile is copied again, if that is asked
    /// for, until it stands still.
    fn fill(
        &self,
        stage: &mut Stage,
        source: LocalSource,
        run: &mut Run<'_>,
        session: &mut Session<'_>,
    ) -> Result<Trusted, Error> {
        let mut source = source;
        loop {
            failpoint::hit("rescue-copy").map_err(|error| source.read_error(error))?;
            let bytes = source.size().unwrap_or_default();
            session.event(Event::Size { bytes });
            Staging { stage: &mut *stage, target: &run.plan.target }.take_file(&source, session)?;
            run.source.bytes = Some(bytes);
            if source.check_unchanged().is_ok() && (!self.job.request.until_still || self.stands_still(&source, session)?) {
                break;
            }
            if !self.job.request.until_still {
                run.plan.warnings.push(Warning::ChangedMeanwhile { path: run.plan.target.path.clone() });
                break;
            }
            stage.restart()?;
            let again = source.file().try_clone().map_err(|error| source.read_error(error))?;
            source = LocalSource::from_file(again, source.path().to_owned())?;
        }
        let read_error = |error| source.read_error(error);
        let digest =
            self.job.request.sha256.map(|_| checksum::sha256_of(stage.file(), session.cancel, read_error)).transpose()?;
        Trusted::require(&run.source.from, self.job.request.sha256, digest, false)
    }

    /// Waits, and says whether the file has not changed meanwhile.
    fn stands_still(&self, source: &LocalSource, session: &Session<'_>) -> Result<bool, Error> {
        let ticks = 20;
        for _ in 0..ticks {
            session.cancel.check()?;
            std::thread::sleep(STILL / ticks);
            if source.check_unchanged().is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Compares what was copied with what the process runs. On an overlay, where the file may be another one than what is
    /// mapped, it has to be the same; elsewhere, where memory may not be read, that is only said.
    fn compare(&self, stage: &Stage, run: &mut Run<'_>) -> Result<Option<bool>, Error> {
        let path = run.plan.target.path.clone();
        let error = |source| Error::Io { op: "read the new content of", path: path.clone(), source };
        let pid = self.source.pid;
        let compared = rescue::compare(&self.opened.process, self.known.candidate.file, stage.file()).map_err(error)?;
        // Who names the digest knows what he wants.
        let asked_for = self.job.request.sha256.is_some();
        match compared {
            Compared::Nothing => Ok(None),
            Compared::Same => Ok(Some(true)),
            Compared::Different if asked_for => {
                run.plan.warnings.push(Warning::NotWhatRuns { path, pid });
                Ok(Some(false))
            }
            Compared::Different => Err(Error::NotWhatRuns { path: self.known.candidate.name.clone(), pid, unknown: None }),
            Compared::Unreadable(errno) => {
                let reason = crate::error::lowered(&std::io::Error::from(errno));
                if mount::is_overlay(&self.opened.file) && !asked_for {
                    let path = self.known.candidate.name.clone();
                    return Err(Error::NotWhatRuns { path, pid, unknown: Some(reason) });
                }
                run.plan.warnings.push(Warning::NotCompared { path, pid, reason });
                Ok(Some(false))
            }
        }
    }

    fn report(&self, swap: crate::report::Report, compared: Option<bool>) -> RescueReport {
        RescueReport { file: public(self.known), swap, reconstruction: None, compared }
    }
}
