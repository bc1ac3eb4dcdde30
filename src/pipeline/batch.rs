//! Several files as one change.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use rustix::process::{Resource, getrlimit};

use super::claim::Claim;
use super::{Host, Run, Settled, place};
use crate::checksum;
use crate::elf;
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::plan::{self, Found, Target};
use crate::report::{Action, BatchReport, FileFacts, Report, Times};
use crate::request::{Batch, Digest, Method, Request};
use crate::source::Session;
use crate::txn::{Committed, Replaced, Stage, State, Transaction};

/// Descriptors that are left to the rest of the process.
const SPARE_DESCRIPTORS: u64 = 32;

/// Files staged before they are synced and closed, at most.
const WINDOW: u64 = 1024;

/// Puts all files in place, or none.
///
/// # Guarantees
/// All targets are new inodes with the wanted bytes and metadata, on the disk, or all are what they were. Whoever opens a target
/// meanwhile gets the old file or the new one, whole. Files that are current already are left alone.
///
/// # Errors
/// On any error but [`Error::InDoubt`] and [`Error::HalfDone`] all targets are untouched, and nothing is left beside them.
///
/// # After a crash
/// Some targets may be new and some old, until the next run that concerns one of them, or a call of [`recover`](crate::recover),
/// has made all of them new or all old.
pub fn apply(batch: &Batch, host: &Host, observer: &mut dyn Observer) -> Result<BatchReport, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let started = Instant::now();
    let mut runs = plan_all(&batch.swaps, host, &mut session)?;
    let mut claim = Claim::several(host, &targets(&runs), &[], &mut session)?;
    while claim.is_news() || !runs.iter().all(Run::is_where_it_was) {
        let before = std::mem::replace(&mut runs, plan_all(&batch.swaps, host, &mut session)?);
        if !claim.is_news() && runs.iter().zip(&before).all(|(run, before)| run.is_at_the_same_as(before)) {
            break;
        }
        claim = claim.renewed(&targets(&runs), &[], &mut session)?;
    }
    let state = claim.state().expect("a claim of several names has a state directory");
    let mut times = Times { plan: started.elapsed(), ..Times::default() };

    let staging = Instant::now();
    let mut transaction = None;
    let mut outcomes = Vec::new();
    let mut swept = HashSet::new();
    let total = runs.len();
    for (index, run) in runs.into_iter().enumerate() {
        session.cancel.check()?;
        session.event(Event::File { index, total });
        outcomes.push(stage(run, state, (&mut transaction, total), &mut swept, &mut session)?);
    }
    times.fetch = staging.elapsed();
    leave_out_names(outcomes.iter_mut().filter_map(|outcome| match outcome {
        Outcome::Changes(run, ..) => Some(run),
        Outcome::Current(_) => None,
    }));

    let committing = Instant::now();
    let committed = transaction.map(|transaction| transaction.commit(session.cancel, session.observer)).transpose()?;
    times.commit = committing.elapsed();
    times.window = committed.as_ref().map(|committed| committed.window);
    let swaps = outcomes.into_iter().map(|outcome| outcome.report(committed.as_ref(), &mut session)).collect::<Result<_, _>>()?;
    times.total = started.elapsed();
    Ok(BatchReport { txid: committed.map(|committed| committed.txid), swaps, times })
}

fn targets<'r>(runs: &'r [Run<'_>]) -> Vec<&'r Target> {
    runs.iter().map(|run| &run.plan.target).collect()
}

/// What is to become of one file.
enum Outcome<'a> {
    /// It is what it should be.
    Current(Run<'a>),
    /// It is the transaction's change of this number.
    Changes(Run<'a>, usize, Digest),
}

impl Outcome<'_> {
    fn report(self, committed: Option<&Committed>, session: &mut Session<'_>) -> Result<Report, Error> {
        let (run, at, digest) = match self {
            Outcome::Current(mut run) => {
                run.plan.target.reopen()?;
                return run.leave(session);
            }
            Outcome::Changes(run, at, digest) => (run, at, digest),
        };
        let change = committed.and_then(|committed| committed.changes.get(at));
        let installed = change.and_then(|change| change.new.as_ref()).map(plan::facts);
        let installed = installed.map(|facts| FileFacts { sha256: Some(digest), ..facts });
        let kept = change.and_then(|change| change.kept.clone());
        Ok(Report { installed, kept, ..run.report(Action::Installed, session) })
    }
}

pub(super) fn plan_all<'a>(swaps: &'a [Request], host: &Host, session: &mut Session<'_>) -> Result<Vec<Run<'a>>, Error> {
    let (mut found, mut directories) = (Found::default(), HashMap::new());
    let (mut names, mut runs) = (HashSet::new(), Vec::new());
    for request in swaps {
        let mut run = Run::plan_among(request, &mut found, session)?;
        let target = &mut run.plan.target;
        if request.method == Method::InPlace {
            return Err(Error::InPlaceInBatch { path: target.path.clone() });
        }
        // There may be more files than descriptors.
        target.release(&mut directories);
        if !names.insert((target.dir_stat.st_dev, target.dir_stat.st_ino, target.leaf.clone())) {
            return Err(Error::SameTarget { path: target.path.clone() });
        }
        runs.push(run);
    }
    place::judge(host, runs.iter().map(|run| &*run.plan.target.path))?;
    Ok(runs)
}

/// Leaves out of the count of other names that keep the old content those that are replaced together.
pub(super) fn leave_out_names<'a, 'r: 'a>(runs: impl IntoIterator<Item = &'a mut Run<'r>>) {
    let runs: Vec<_> = runs.into_iter().collect();
    let inode = |run: &Run<'_>| run.plan.target.existing.as_ref().map(|existing| existing.identity());
    let mut together: HashMap<_, u64> = HashMap::new();
    runs.iter().filter_map(|run| inode(run)).for_each(|inode| *together.entry(inode).or_default() += 1);
    for run in runs {
        let others = inode(run).map_or(0, |inode| together[&inode] - 1);
        run.leave_out_names(others);
    }
}

/// Stages one file, if it is not current.
fn stage<'a, 's>(
    mut run: Run<'a>,
    state: &'s State,
    (transaction, files): (&mut Option<Transaction<'s>>, usize),
    swept: &mut HashSet<(u64, u64)>,
    session: &mut Session<'_>,
) -> Result<Outcome<'a>, Error> {
    run.plan.target.reopen()?;
    let settled = run.settle(session)?;
    let dir = &run.plan.target.dir_stat;
    if swept.insert((dir.st_dev, dir.st_ino)) {
        run.sweep(Some(state), session);
    }
    let (supply, bytes_decide) = match settled {
        Settled::Current => return Ok(Outcome::Current(run.released())),
        Settled::Differs(supply) => (supply, false),
        Settled::BytesDecide(supply) => (supply, true),
    };
    run.judge_change(&supply)?;
    let mut stage = Stage::beside(&run.plan.target.dir, &run.plan.target.path)?;
    let trusted = run.fill(&mut stage, supply, session)?;
    if bytes_decide && run.holds_the_same(&stage, session)? {
        return Ok(Outcome::Current(run.released()));
    }
    run.judge_unchanged()?;
    // After a crash the digest tells which version has the name.
    let (target, cancel) = (&run.plan.target, session.cancel);
    let error = |source| Error::Io { op: "read back the new content of", path: target.path.clone(), source };
    let new = run.verified.map_or_else(|| checksum::sha256_of(stage.file(), cancel, error), Ok)?;
    let linkage = elf::linkage(stage.file());
    let old = old_digest(&run, session)?;
    let sealed = run.seal(stage, trusted, session)?;
    let transaction = match transaction {
        Some(transaction) => transaction,
        None => transaction.insert(Transaction::begin(state, "apply", files, window())?),
    };
    let stat = run.plan.target.existing.as_ref().map(|existing| &existing.stat);
    let replaced = Replaced { leaf: &run.plan.target.leaf, stat, sha256: old, keep: run.request.keep, linkage };
    let at = transaction.add(sealed, replaced, new)?;
    Ok(Outcome::Changes(run.released(), at, new))
}

/// The digest of the old file, where it can be read.
fn old_digest(run: &Run<'_>, session: &Session<'_>) -> Result<Option<Digest>, Error> {
    if let Some(known) = run.previous.as_ref().and_then(|previous| previous.sha256) {
        return Ok(Some(known));
    }
    let target = &run.plan.target;
    let file = target.existing.as_ref().and_then(|existing| existing.file.as_ref());
    let error = |source| Error::Io { op: "read", path: target.path.clone(), source };
    file.map(|file| checksum::sha256_of(file, session.cancel, error)).transpose()
}

/// How many staged files may be open at once.
pub(super) fn window() -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // Each directory and each thread of the flush may have one besides.
    (limit.saturating_sub(SPARE_DESCRIPTORS) / 2).clamp(1, WINDOW) as usize
}

impl Run<'_> {
    /// Without the descriptor of the file that is there.
    fn released(mut self) -> Self {
        if let Some(existing) = &mut self.plan.target.existing {
            existing.file = None;
        }
        self
    }
}
