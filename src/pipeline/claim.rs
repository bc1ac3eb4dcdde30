//! The right to change some names: nobody else of ours is at them, and nobody left them half done.

use std::fs::File;

use super::{Host, Run};
use crate::error::Error;
use crate::event::Event;
use crate::fs::tree;
use crate::journal::Entry;
use crate::plan::Target;
use crate::report::Warning;
use crate::source::Session;
use crate::txn::{self, State, Waited};

/// The right, for as long as it lives.
pub(super) struct Claim {
    state: Option<State>,
    /// Whether what was seen of the targets before may be out of date.
    news: bool,
    warning: Option<Warning>,
}

impl Claim {
    /// For one name. Without a state directory that can be used there is neither lock nor kept version: one rename is safe by
    /// itself.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Unfinished`], cancelled.
    pub(super) fn single(host: &Host, target: &mut Target, keep: u32, session: &mut Session<'_>) -> Result<Claim, Error> {
        match State::open(&host.state_dir) {
            Ok(state) => Claim::take_one(state, host, target, session),
            Err(error) => {
                let keeps = keep > 0 && target.existing.is_some();
                let warning = keeps.then(|| Warning::NothingKept { path: target.path.clone(), reason: error.to_string() });
                Ok(Claim { state: None, news: false, warning })
            }
        }
    }

    /// For one name about which something has to be written down.
    ///
    /// # Errors
    /// As [`Claim::single`], and [`Error::State`].
    pub(super) fn recorded(host: &Host, target: &mut Target, session: &mut Session<'_>) -> Result<Claim, Error> {
        Claim::take_one(State::open(&host.state_dir)?, host, target, session)
    }

    fn take_one(state: State, host: &Host, target: &mut Target, session: &mut Session<'_>) -> Result<Claim, Error> {
        let mut file = target.existing.as_mut().and_then(|existing| existing.file.take());
        let claim = Claim::take(state, host, &[target], &mut file, session);
        if let Some(existing) = &mut target.existing {
            existing.file = file;
        }
        claim
    }

    /// For several names at once, of which no file is open.
    ///
    /// # Errors
    /// As [`Claim::single`], and [`Error::State`].
    pub(super) fn several(host: &Host, targets: &[&Target], session: &mut Session<'_>) -> Result<Claim, Error> {
        Claim::take(State::open(&host.state_dir)?, host, targets, &mut None, session)
    }

    /// `file` is closed before anything is settled: what was being overwritten in place is put right only while nobody has it, and
    /// that is said of this process too.
    fn take(
        state: State,
        host: &Host,
        targets: &[&Target],
        file: &mut Option<File>,
        session: &mut Session<'_>,
    ) -> Result<Claim, Error> {
        let names = targets.iter().map(|target| (&target.dir_stat, &*target.leaf, &*target.path));
        let waited = state.lock(names, host.wait, session.cancel)?;
        let concerned = txn::concerning(&state, |entry| targets.iter().any(|target| is_of(entry, target)))
            .map_err(|errno| state.error(errno))?;
        let mut news = waited == Waited::Yes;
        for leftover in concerned.litter {
            // Of no concern to us: if it cannot go, it stays.
            news |= txn::settle(&state, &leftover).is_ok();
        }
        for leftover in concerned.first {
            *file = None;
            let settled = txn::settle(&state, &leftover)?;
            session.event(Event::Recovered { txid: &leftover.txid, forward: settled == txn::Settled::Forward });
            news = true;
        }
        Ok(Claim { state: Some(state), news, warning: None })
    }

    /// Whether the targets have to be looked at again.
    pub(super) fn is_news(&self) -> bool {
        self.news
    }

    /// The state directory, where there is one.
    pub(super) fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// That nothing will be kept, if so.
    pub(super) fn warning(&mut self) -> Option<Warning> {
        self.warning.take()
    }
}

impl Run<'_> {
    /// Warns if a transaction that was broken off has to be settled before anything else is done with the target. Nothing is
    /// changed. A state directory that cannot be read is no concern of who only asks.
    pub(super) fn warn_of_unfinished(&mut self, host: &Host) {
        let Ok(Some(state)) = State::existing(&host.state_dir) else { return };
        let Ok(concerned) = txn::concerning(&state, |entry| is_of(entry, &self.plan.target)) else { return };
        for leftover in concerned.first {
            let target = &self.plan.target;
            let Ok(journal) = &leftover.journal else { continue };
            // Until it is settled the old version may have the name it is to be kept by besides its own.
            let of_target = journal.entries.iter().filter(|entry| is_of(entry, target));
            let kept = of_target.filter(|entry| txn::find(entry).is_ok_and(|found| found.is_current)).count() as u64;
            let warning = Warning::Unfinished { path: target.path.clone(), txid: leftover.txid };
            self.leave_out_names(kept);
            self.plan.warnings.push(warning);
        }
    }

    /// Takes so many other names of the old file for none that keep the old content.
    pub(super) fn leave_out_names(&mut self, names: u64) {
        self.plan.warnings.retain_mut(|warning| warning.holds_without(names));
    }
}

/// Of each of these targets that a transaction that was broken off is about, that this has to be settled first.
pub(super) fn unfinished(host: &Host, targets: &[&Target]) -> Vec<Warning> {
    let Ok(Some(state)) = State::existing(&host.state_dir) else { return Vec::new() };
    let concerns = |entry: &Entry| targets.iter().any(|target| is_of(entry, target));
    let Ok(concerned) = txn::concerning(&state, concerns) else { return Vec::new() };
    let mut warnings = Vec::new();
    for leftover in concerned.first {
        let Ok(journal) = &leftover.journal else { continue };
        let meant = targets.iter().filter(|target| journal.entries.iter().any(|entry| is_of(entry, target)));
        let warn = |target: &&Target| Warning::Unfinished { path: target.path.clone(), txid: leftover.txid.clone() };
        warnings.extend(meant.map(warn));
    }
    warnings
}

/// Whether an entry of a journal is about this target, or about a name below it: a directory that is exchanged or goes takes along
/// what recovery looks for by its path. Neither path has links.
fn is_of(entry: &Entry, target: &Target) -> bool {
    let same_dir = entry.dir.as_path() == target.dir.path()
        || (entry.filesystem.dev, entry.filesystem.inode) == (target.dir_stat.st_dev, target.dir_stat.st_ino);
    let is_directory = target.existing.as_ref().is_some_and(|existing| tree::is_directory(&existing.stat));
    (same_dir && entry.leaf.as_os_str() == target.leaf) || (is_directory && entry.dir.as_path().starts_with(&target.path))
}
