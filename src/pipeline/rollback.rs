//! Earlier versions, brought back by the way they went: as one change.

mod outlook;

pub use outlook::dry_run_rollback;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::claim::Claim;
use super::{Host, in_place, rescue};
use crate::checksum;
use crate::elf::{self, Linkage};
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::journal::{Entry, Journal, Kind};
use crate::plan::{self, Target};
use crate::report::{Action, BatchReport, DamagedRecord, FileFacts, Report, SourceFacts, Times, Warning};
use crate::request::{Digest, Follow, PathTrust};
use crate::source::Session;
use crate::txn::{self, LeftoverState, Replaced, Settled, State, Transaction};

/// What is to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollback {
    /// The newest kept version of one file.
    File {
        /// The file.
        path: PathBuf,
        /// Whether a link at its name is followed.
        follow: Follow,
    },
    /// The newest transaction.
    Last,
    /// One transaction.
    Transaction(String),
}

/// Brings back the versions before: of one file, or of all files of a transaction. What is there now is kept in turn, so that a
/// second call goes forward again.
///
/// Of one file of which none is kept any more, the version that was recorded is taken out of a process that still has it, if
/// there is one: as [`rescue`](crate::rescue) does.
///
/// # Guarantees
/// As [`apply`](crate::apply). A version is brought back only if it is the very file that was kept: by inode, size, mode, owner,
/// and by its digest where one was recorded. What was overwritten in place comes back in place, by its digest alone.
///
/// # Errors
/// [`Error::NothingKept`], [`Error::MovedAside`], [`Error::NotTheKept`], [`Error::NoTransaction`], [`Error::DamagedRecord`],
/// [`Error::NothingRecorded`]; else as [`apply`](crate::apply).
///
/// # After a crash
/// As [`apply`](crate::apply).
pub fn rollback(wanted: &Rollback, trust: PathTrust, host: &Host, observer: &mut dyn Observer) -> Result<BatchReport, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let started = Instant::now();
    let kept = match State::existing(&host.state_dir)? {
        Some(state) => {
            if *wanted == Rollback::Last {
                settle_newest(&state, &mut session)?;
            }
            recorded_entries(&state, wanted, trust, Some(&mut session))
        }
        None => return Err(nothing(wanted)),
    };
    let mut entries = match (kept, wanted) {
        (Err(error @ (Error::NothingKept { .. } | Error::NotTheKept { .. })), Rollback::File { path, follow }) => {
            let found = rescue::former(path, *follow, trust, host, &mut session)?;
            let found = found.ok_or_else(|| or_damaged(rescue::or_moved(error, host), host))?;
            return Ok(BatchReport { txid: None, times: found.swap.times, swaps: vec![found.swap] });
        }
        (kept, _) => kept?,
    };
    let (claim, targets) = loop {
        let targets = look(&entries, trust)?;
        let claim = Claim::several(host, &targets.iter().collect::<Vec<_>>(), &[], &mut session)?;
        // A change that another run made before we had the claim, or that was just recovered, is a newer one.
        let now = claim.state().map(|state| recorded_entries(state, wanted, trust, None)).transpose()?.unwrap_or_default();
        if now == entries {
            let (mut claim, mut targets) = (claim, targets);
            while claim.is_news() {
                targets = look(&entries, trust)?;
                claim = claim.renewed(&targets.iter().collect::<Vec<_>>(), &[], &mut session)?;
            }
            break (claim, targets);
        }
        entries = now;
    };
    let state = claim.state().expect("a claim of several names has a state directory");
    if let [entry] = &*entries
        && in_place::is_copy(entry)
    {
        let target = targets.into_iter().next().ok_or_else(|| nothing(wanted))?;
        let mut done = in_place::roll_back(entry, target, state, &mut session)?;
        done.swaps[0].warnings.extend(forget(entry, &mut session));
        return Ok(done);
    }

    let mut transaction = Transaction::begin(state, "rollback", 0, 1)?;
    let mut reports = Vec::new();
    for (entry, target) in entries.iter().zip(&targets) {
        session.event(Event::Planned { target: &target.path });
        reports.push(take(entry, target, &mut transaction, &session)?);
    }
    let times = Times { plan: started.elapsed(), ..Times::default() };
    if reports.iter().all(|report| report.action == Action::Unchanged) {
        return Ok(BatchReport { txid: None, swaps: reports, times: Times { total: times.plan, ..times } });
    }
    let committing = Instant::now();
    let committed = transaction.commit(session.cancel, session.observer)?;
    for (report, entry) in reports.iter_mut().zip(&entries) {
        report.warnings.extend(forget(entry, &mut session));
    }
    let changed = reports.iter_mut().filter(|report| report.action != Action::Unchanged);
    for (report, change) in changed.zip(&committed.changes) {
        report.kept.clone_from(&change.kept);
        let facts = change.new.as_ref().map(plan::facts);
        report.installed = facts.map(|facts| FileFacts { sha256: report.verified, ..facts });
    }
    let window = Some(committed.window);
    let times = Times { commit: committing.elapsed(), window, total: started.elapsed(), ..times };
    Ok(BatchReport { txid: Some(committed.txid), swaps: reports, times })
}

/// The newest change may be one that was broken off: that is settled first, as a run on its files does.
fn settle_newest(state: &State, session: &mut Session<'_>) -> Result<(), Error> {
    let newest = txn::records(state).map_err(|errno| state.error(errno))?.into_iter().next().map(|record| record.header.txid);
    for (txid, found) in txn::leftovers(state).map_err(|errno| state.error(errno))? {
        let LeftoverState::Left(leftover) = found else { continue };
        match txn::settle(state, &leftover) {
            Ok(settled) => session.event(Event::Recovered { txid: &txid, forward: settled == Settled::Forward }),
            Err(error) if leftover.is_decided() && Some(&txid) > newest.as_ref() => return Err(error),
            // An older one, or one that has changed nothing.
            Err(_) => {}
        }
    }
    Ok(())
}

/// The entries of the history whose old versions are wanted. Records that cannot be used are `told` of.
fn recorded_entries(
    state: &State,
    wanted: &Rollback,
    trust: PathTrust,
    told: Option<&mut Session<'_>>,
) -> Result<Vec<Entry>, Error> {
    let (records, damaged) = txn::all_records(state).map_err(|errno| state.error(errno))?;
    judge_damaged(&damaged, &records, wanted, told)?;
    wanted_entries(records, wanted, trust, is_before)
}

/// Tells of records that cannot be used. If the one that is wanted may be among them, nobody can say what to take back.
fn judge_damaged(
    damaged: &[DamagedRecord],
    records: &[Journal],
    wanted: &Rollback,
    told: Option<&mut Session<'_>>,
) -> Result<(), Error> {
    let newest = records.iter().find(|record| !txn::never_happened(record)).map(|record| &record.header.txid);
    let is_in_the_way = |record: &&DamagedRecord| match wanted {
        Rollback::File { .. } => false,
        Rollback::Last => Some(&record.txid) > newest,
        Rollback::Transaction(txid) => record.txid == *txid,
    };
    if let Some(DamagedRecord { path, reason, .. }) = damaged.iter().find(is_in_the_way) {
        return Err(Error::DamagedRecord { path: path.clone(), reason: reason.clone() });
    }
    if let Some(session) = told {
        damaged.iter().for_each(|record| session.event(Event::Warning(&Warning::DamagedRecord { record: record.clone() })));
    }
    Ok(())
}

/// The error that nothing is kept; where a record cannot be used, another one that says so, for it may be the one that tells of it.
fn or_damaged(nothing: Error, host: &Host) -> Error {
    let Error::NothingKept { .. } = nothing else { return nothing };
    let state = State::existing(&host.state_dir).ok().flatten();
    let damaged = state.and_then(|state| txn::all_records(&state).ok()).and_then(|(_, damaged)| damaged.into_iter().next());
    damaged.map_or(nothing, |DamagedRecord { path, reason, .. }| Error::DamagedRecord { path, reason })
}

/// The entries of these records, the newest first, whose old versions are wanted.
///
/// # Errors
/// [`Error::NotTheKept`] for a file of which the newest version that is kept is not what it was: nobody has asked for an older one.
fn wanted_entries(
    records: Vec<Journal>,
    wanted: &Rollback,
    trust: PathTrust,
    is_before: impl Fn(&Entry) -> Result<bool, Error>,
) -> Result<Vec<Entry>, Error> {
    let chosen: Option<Journal> = match wanted {
        Rollback::File { path, follow } => {
            let target = plan::locate_any(path, *follow, trust)?;
            let of_it = |entry: &&Entry| is_of(entry, target.dir.path(), &target.leaf);
            for entry in records.iter().flat_map(|record| &record.entries).filter(of_it) {
                if is_before(entry)? {
                    return Ok(vec![entry.clone()]);
                }
            }
            return Err(Error::NothingKept { path: target.path });
        }
        Rollback::Last => records.into_iter().find(|record| !txn::never_happened(record)),
        Rollback::Transaction(txid) => records.into_iter().find(|record| record.header.txid == *txid),
    };
    // The last change first: a program goes before the library it needs.
    chosen.map(|record| record.entries.into_iter().rev().collect()).ok_or_else(|| nothing(wanted))
}

fn is_of(entry: &Entry, dir: &Path, leaf: &OsStr) -> bool {
    entry.dir.as_path() == dir && entry.leaf.as_os_str() == leaf
}

/// Whether a version before is kept there.
///
/// # Errors
/// [`Error::NotTheKept`], and that it cannot be looked at.
fn is_before(entry: &Entry) -> Result<bool, Error> {
    match txn::find(entry) {
        Ok(found) => Ok(!found.is_current),
        Err(Error::NothingKept { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_directory(entry: &Entry) -> bool {
    [&entry.old, &entry.new].into_iter().flatten().any(|version| version.kind == Kind::Directory)
}

fn nothing(wanted: &Rollback) -> Error {
    match wanted {
        Rollback::File { path, .. } => Error::NothingKept { path: path.clone() },
        Rollback::Last => Error::NothingRecorded,
        Rollback::Transaction(txid) => Error::NoTransaction { txid: txid.clone() },
    }
}

fn look(entries: &[Entry], trust: PathTrust) -> Result<Vec<Target>, Error> {
    let mut directories = HashMap::new();
    let target = |entry: &Entry| {
        let path = entry.dir.as_path().join(entry.leaf.as_os_str());
        let mut target = match is_directory(entry) {
            true => plan::locate_name(entry.dir.as_path(), entry.leaf.as_os_str(), trust)?,
            false => {
                let target = plan::locate(&path, Follow::Link, trust)?;
                plan::judge_kind(&target)?;
                target
            }
        };
        if !in_place::is_copy(entry) {
            plan::judge_change(&target)?;
        }
        target.release(&mut directories);
        Ok(target)
    };
    entries.iter().map(target).collect()
}

fn take(entry: &Entry, target: &Target, transaction: &mut Transaction<'_>, session: &Session<'_>) -> Result<Report, Error> {
    let stat = target.existing.as_ref().map(|existing| &existing.stat);
    let replaced = Replaced {
        leaf: &target.leaf,
        stat,
        sha256: digest(target, session)?,
        keep: entry.keep.max(1),
        linkage: kept_linkage(entry),
    };
    let from = match (&entry.old, &entry.kept) {
        (Some(old), Some(kept)) => {
            let found = txn::find(entry)?;
            transaction.restore(&target.dir, &target.path, &replaced, (&found.place, kept), old)?;
            crate::error::escaped(found.dir.path().join(kept.name.as_os_str()).as_os_str())
        }
        (Some(_), None) => return Err(Error::NothingKept { path: target.path.clone() }),
        // There was nothing, and there is nothing.
        (None, _) if stat.is_none() => {
            return Ok(report(entry, target, Action::Unchanged, String::new(), None));
        }
        // There was nothing, so there is to be nothing again.
        (None, _) => {
            transaction.remove(&target.dir, &target.path, &replaced)?;
            String::new()
        }
    };
    let previous = stat.map(|stat| FileFacts { sha256: replaced.sha256, ..plan::facts(stat) });
    let action = if entry.old.is_some() { Action::Installed } else { Action::Removed };
    Ok(report(entry, target, action, from, previous))
}

/// Removes the name of a version that was brought back: it is no version before any more. Returns, and tells, that it stays, if so.
fn forget(entry: &Entry, session: &mut Session<'_>) -> Option<Warning> {
    let (Err(errno), Some(kept)) = (txn::forget(entry), &entry.kept) else { return None };
    let dir = entry.dir.as_path();
    let reason = crate::error::lowered(&std::io::Error::from(errno));
    let warning = Warning::NotForgotten { path: dir.join(entry.leaf.as_os_str()), kept: kept.path(dir), reason };
    session.event(Event::Warning(&warning));
    Some(warning)
}

fn report(entry: &Entry, target: &Target, action: Action, from: String, previous: Option<FileFacts>) -> Report {
    Report {
        action,
        target: target.path.clone(),
        through_link: None,
        source: SourceFacts { from, ..SourceFacts::default() },
        installed: None,
        previous,
        verified: entry.old.as_ref().and_then(|old| old.sha256),
        kept: None,
        previous_path: None,
        in_use_by: None,
        warnings: Vec::new(),
        times: Times::default(),
    }
}

/// What the version that is to come back needs.
fn kept_linkage(entry: &Entry) -> Linkage {
    let found = entry.old.as_ref().and_then(|_| txn::find(entry).ok());
    let file = found.and_then(|found| found.place.open().ok());
    file.map(|file| elf::linkage(&file)).unwrap_or_default()
}

/// The digest of what is there now, where it can be read.
fn digest(target: &Target, session: &Session<'_>) -> Result<Option<Digest>, Error> {
    let Some(existing) = target.existing.as_ref().filter(|existing| existing.is_regular()) else { return Ok(None) };
    let Ok(file) = target.dir.open_file(&target.leaf) else { return Ok(None) };
    let error = |source| Error::Io { op: "read", path: target.path.clone(), source };
    debug_assert!(existing.file.is_none(), "released");
    checksum::sha256_of(&file, session.cancel, error).map(Some)
}
