//! What a rollback would do, without doing it.

use std::path::Path;
use std::time::Instant;

use super::{digest, in_place, is_before, judge_damaged, kept_linkage, look, nothing, or_damaged, report, wanted_entries};
use crate::elf::{self, Linkage};
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::journal::{Entry, Journal, Kind, Version, Way};
use crate::pipeline::outlook::{self, Mounts};
use crate::pipeline::{Host, claim, rescue};
use crate::plan::{self, Target};
use crate::report::{Action, BatchOutlook, BatchReport, FileFacts, Report, Rescuable, SourceKind, Times, Warning};
use crate::request::{Follow, Mode, PathTrust};
use crate::source::Session;
use crate::txn::{self, LeftoverState, Settled, State};

use super::Rollback;

/// Says what [`rollback`](crate::rollback) would bring back, in the order of the renames, and changes nothing. A transaction that
/// was broken off and would be finished first is taken for finished.
///
/// # Errors
/// As [`rollback`](crate::rollback), as far as they show without writing.
pub fn dry_run_rollback(
    wanted: &Rollback,
    trust: PathTrust,
    host: &Host,
    observer: &mut dyn Observer,
) -> Result<BatchOutlook, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let started = Instant::now();
    let state = State::existing(&host.state_dir)?.ok_or_else(|| nothing(wanted))?;
    let pending = pending(&state)?;
    let (mut records, damaged) = txn::all_records(&state).map_err(|errno| state.error(errno))?;
    records.extend(pending.iter().cloned());
    // Names sort by time.
    records.sort_by(|one, other| other.header.txid.cmp(&one.header.txid));
    judge_damaged(&damaged, &records, wanted, Some(&mut session))?;
    let is_pending = |entry: &Entry| pending.iter().any(|journal| journal.entries.contains(entry));
    let entries = wanted_entries(records, wanted, trust, |entry| if is_pending(entry) { Ok(true) } else { is_before(entry) });
    let mut found = match (entries, wanted) {
        (Err(error @ (Error::NothingKept { .. } | Error::NotTheKept { .. })), Rollback::File { path, follow }) => {
            let found = out_of_a_process(&state, path, *follow, trust, host)?;
            vec![found.ok_or_else(|| or_damaged(rescue::or_moved(error, host), host))?]
        }
        (entries, _) => {
            let entries = entries?;
            let targets = look(&entries, trust)?;
            let each = entries.iter().zip(targets).map(|(entry, target)| one(entry, target, is_pending(entry), &session));
            each.collect::<Result<Vec<_>, _>>()?
        }
    };
    let order = elf::order(&found.iter().map(|one| (&*one.target.leaf, &one.linkage)).collect::<Vec<_>>());
    let (mut mounts, mut swaps, mut keeps) = (Mounts::default(), Vec::new(), Vec::new());
    for at in order {
        let One { target, report, keeps: kept, bytes, .. } = &mut found[at];
        session.event(Event::Planned { target: &target.path });
        report.warnings.iter().for_each(|warning| session.event(Event::Warning(warning)));
        if report.action != Action::Unchanged {
            mounts.add(target, Some(*bytes), *kept);
        }
        swaps.push(report.clone());
        keeps.push(*kept);
    }
    let targets: Vec<&Target> = found.iter().map(|one| &one.target).collect();
    outlook::warn(claim::unfinished(host, &targets, &[]), &mut swaps, &mut session);
    let total = started.elapsed();
    let report = BatchReport { txid: None, swaps, times: Times { plan: total, total, ..Times::default() } };
    Ok(BatchOutlook { report, keeps, mounts: mounts.in_order })
}

/// What was broken off and is going to be finished.
fn pending(state: &State) -> Result<Vec<Journal>, Error> {
    let leftovers = txn::leftovers(state).map_err(|errno| state.error(errno))?;
    let finished = leftovers.into_iter().filter_map(|(_, found)| match found {
        LeftoverState::Left(leftover) if matches!(txn::outlook(state, &leftover), Ok(Settled::Forward)) => leftover.journal.ok(),
        _ => None,
    });
    Ok(finished.collect())
}

/// What would become of one name.
struct One {
    target: Target,
    report: Report,
    linkage: Linkage,
    /// Whether what is there is going to be kept.
    keeps: bool,
    /// To be written.
    bytes: u64,
}

fn one(entry: &Entry, mut target: Target, is_pending: bool, session: &Session<'_>) -> Result<One, Error> {
    let is_copy = in_place::is_copy(entry);
    let path = target.path.clone();
    let nothing_kept = || Error::NothingKept { path: path.clone() };
    let (from, bytes) = match (&entry.old, &entry.kept) {
        (Some(_), None) => return Err(nothing_kept()),
        (Some(old), Some(kept)) => {
            if !is_pending {
                txn::find(entry)?;
            }
            // What has no second name is copied.
            let copied = matches!(kept.way, Way::Copy | Way::Twin);
            (crate::error::escaped(kept.path(entry.dir.as_path()).as_os_str()), if copied { old.size } else { 0 })
        }
        (None, _) => (String::new(), 0),
    };
    if is_copy && !is_pending {
        plan::judge_overwriting(&target)?;
        txn::judge_idle(&target.dir, &target.leaf, &target.path)?;
    }
    let previous = match target.existing.as_ref().map(|existing| existing.stat) {
        _ if is_pending => entry.new.as_ref().map(|new| facts(new, entry.filesystem.dev)),
        Some(stat) => Some(FileFacts { sha256: digest(&target, session)?, ..plan::facts(&stat) }),
        None => None,
    };
    let action = match (&entry.old, &previous) {
        (Some(_), _) => Action::WouldInstall,
        (None, Some(_)) => Action::WouldRemove,
        (None, None) => Action::Unchanged,
    };
    let keeps = previous.is_some();
    target.existing.iter_mut().for_each(|existing| existing.file = None);
    let installed = entry.old.as_ref().map(|old| facts(old, entry.filesystem.dev));
    let report = Report { installed, ..report(entry, &target, action, from, previous) };
    Ok(One { target, report, linkage: kept_linkage(entry), keeps, bytes })
}

fn facts(version: &Version, dev: u64) -> FileFacts {
    FileFacts {
        sha256: version.sha256,
        size: version.size,
        mode: Mode::from_bits(version.mode),
        uid: version.uid,
        gid: version.gid,
        dev,
        ino: version.inode,
        modified: Some(version.modified),
    }
}

/// The recorded version that a process still has, as a rescue would take it.
fn out_of_a_process(state: &State, path: &Path, follow: Follow, trust: PathTrust, host: &Host) -> Result<Option<One>, Error> {
    let target = plan::locate_any(path, follow, trust)?;
    let records = txn::records(state).map_err(|errno| state.error(errno))?;
    let former: Vec<&Entry> = records
        .iter()
        .flat_map(|record| &record.entries)
        .filter(|entry| super::is_of(entry, target.dir.path(), &target.leaf))
        .collect();
    // Without a record nobody need be looked at; without /proc nobody can be.
    let Some(list) = rescue::rescuable(true, None, host).ok().filter(|_| !former.is_empty()) else { return Ok(None) };
    for entry in former {
        let Some(old) = entry.old.as_ref().filter(|old| old.kind == Kind::File) else { continue };
        let Some(file) = list.files.iter().find(|file| is_it(file, old, entry.filesystem.dev)) else { continue };
        let Some(process) = file.processes.iter().find(|process| process.source == file.source) else { continue };
        plan::judge_kind(&target)?;
        plan::judge_change(&target)?;
        let previous = target.existing.as_ref().map(|existing| plan::facts(&existing.stat));
        let from = crate::error::escaped(process.link.as_os_str());
        let warning = Warning::TakenFromProcess { path: target.path.clone(), link: process.link.clone() };
        let report = Report {
            installed: Some(facts(old, entry.filesystem.dev)),
            warnings: vec![warning],
            ..report(entry, &target, Action::WouldInstall, from, previous)
        };
        let keeps = target.existing.is_some();
        return Ok(Some(One { target, report, linkage: Linkage::default(), keeps, bytes: old.size }));
    }
    Ok(None)
}

/// Whether a process has this very version, and more of it than its memory.
fn is_it(file: &Rescuable, version: &Version, dev: u64) -> bool {
    file.source != SourceKind::Memory
        && (file.dev, file.ino, file.size, file.modified) == (dev, version.inode, version.size, Some(version.modified.0))
        && file.owner.is_some_and(|(_, uid, gid)| (uid, gid) == (version.uid, version.gid))
}
