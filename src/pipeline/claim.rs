//! The right to change some names: nobody else of ours is at them, and nobody left them half done.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::{Host, Run};
use crate::error::Error;
use crate::event::Event;
use crate::fs::tree;
use crate::journal::Entry;
use crate::plan::{self, Target};
use crate::report::Warning;
use crate::request::{Method, Request};
use crate::source::Session;
use crate::txn::{self, State, Waited};

/// The right, for as long as it lives.
pub(super) struct Claim {
    state: Option<State>,
    /// Whether what was seen of the targets before may be out of date.
    news: bool,
    /// What all waiting together may not take longer than.
    deadline: Instant,
    rounds: usize,
    warning: Option<Warning>,
}

/// How often what was claimed may turn out to be something else: somebody who does not ask for locks changes it each time.
const ROUNDS: usize = 20;

impl Claim {
    /// For one name. Without a state directory that can be used there is neither lock nor kept version: one rename is safe by
    /// itself.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Unfinished`], cancelled.
    pub(super) fn single(host: &Host, target: &mut Target, keep: u32, session: &mut Session<'_>) -> Result<Claim, Error> {
        match State::open(&host.state_dir) {
            Ok(state) => Claim::take_one(state, until(host), target, session),
            Err(error) => {
                let keeps = keep > 0 && target.existing.is_some();
                let warning = keeps.then(|| Warning::NothingKept { path: target.path.clone(), reason: error.to_string() });
                Ok(Claim { state: None, news: false, deadline: Instant::now(), rounds: 0, warning })
            }
        }
    }

    /// For one name about which something has to be written down.
    ///
    /// # Errors
    /// As [`Claim::single`], and [`Error::State`].
    pub(super) fn recorded(host: &Host, target: &mut Target, session: &mut Session<'_>) -> Result<Claim, Error> {
        Claim::take_one(State::open(&host.state_dir)?, until(host), target, session)
    }

    fn take_one(state: State, deadline: Instant, target: &mut Target, session: &mut Session<'_>) -> Result<Claim, Error> {
        let mut file = target.existing.as_mut().and_then(|existing| existing.file.take());
        let claim = Claim::take(state, deadline, &[target], &[], &mut file, session);
        if let Some(existing) = &mut target.existing {
            existing.file = file;
        }
        claim
    }

    /// For several names at once, of which no file is open, and these directories besides, with everything below them. A target
    /// that is a directory is claimed so without being asked for.
    ///
    /// # Errors
    /// As [`Claim::single`], and [`Error::State`].
    pub(super) fn several(
        host: &Host,
        targets: &[&Target],
        trees: &[Tree<'_>],
        session: &mut Session<'_>,
    ) -> Result<Claim, Error> {
        Claim::take(State::open(&host.state_dir)?, until(host), targets, trees, &mut None, session)
    }

    /// `file` is closed before anything is settled: what was being overwritten in place is put right only while nobody has it, and
    /// that is said of this process too.
    fn take(
        mut state: State,
        deadline: Instant,
        targets: &[&Target],
        trees: &[Tree<'_>],
        file: &mut Option<File>,
        session: &mut Session<'_>,
    ) -> Result<Claim, Error> {
        let names = targets.iter().map(|target| (&target.dir_stat, &*target.leaf, &*target.path));
        let trees: Vec<Tree<'_>> = targets.iter().filter_map(|target| Tree::at(target)).chain(trees.iter().copied()).collect();
        let waited = state.lock(names, trees.iter().map(|tree| tree.path), left(deadline), session.cancel)?;
        let concerns =
            |entry: &Entry| targets.iter().any(|target| is_of(entry, target)) || trees.iter().any(|tree| tree.has(entry));
        let (concerned, settled) = txn::concerning_alone(&state, concerns, left(deadline), session.cancel)?;
        // Another run may have been there, and done, before anything was locked.
        let as_planned = || targets.iter().all(|target| Tree::at(target).is_some() || target.is_as_planned());
        let mut news = [waited, settled].contains(&Waited::Yes) || !are_where_they_were(targets) || !as_planned();
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
        Ok(Claim { state: Some(state), news, deadline, rounds: 0, warning: None })
    }

    /// Whether the targets have to be looked at again, and the claim then renewed.
    pub(super) fn is_news(&self) -> bool {
        self.news
    }

    /// The same for what the targets have come to be: with another directory at a path, a name is another one.
    ///
    /// # Errors
    /// As [`Claim::several`]; [`Error::TargetChanged`] if that goes on and on.
    pub(super) fn renewed(mut self, targets: &[&Target], trees: &[Tree<'_>], session: &mut Session<'_>) -> Result<Claim, Error> {
        let Some(state) = self.state.take() else { return Ok(self) };
        let rounds = self.next_round(targets.first().copied())?;
        Ok(Claim { rounds, ..Claim::take(state, self.deadline, targets, trees, &mut None, session)? })
    }

    fn next_round(&self, target: Option<&Target>) -> Result<usize, Error> {
        match target {
            Some(target) if self.rounds == ROUNDS => Err(Error::TargetChanged { path: target.path.clone() }),
            _ => Ok(self.rounds + 1),
        }
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

fn until(host: &Host) -> Instant {
    let now = Instant::now();
    // Longer than the clock goes.
    now.checked_add(host.wait).unwrap_or(now + Duration::from_secs(1 << 30))
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

impl<'a> Run<'a> {
    /// Plans, and claims the target; what may have changed until then is planned for again.
    ///
    /// # Errors
    /// As [`Run::plan`] and [`Claim::single`], or [`Claim::recorded`] for a file that is to be overwritten in place.
    pub(super) fn claimed(request: &'a Request, host: &Host, session: &mut Session<'_>) -> Result<(Run<'a>, Claim), Error> {
        let mut run = Run::plan(request, host, session)?;
        let mut claim = match request.method {
            Method::Rename => Claim::single(host, &mut run.plan.target, request.keep, session)?,
            // A write that is broken off has to be undone by what is written down.
            Method::InPlace => Claim::recorded(host, &mut run.plan.target, session)?,
        };
        while claim.is_news() || !run.is_where_it_was() {
            let Some(state) = claim.state.take() else { break };
            let before = std::mem::replace(&mut run, Run::plan(request, host, session)?);
            if !claim.is_news() && run.is_at_the_same_as(&before) {
                claim.state = Some(state);
                break;
            }
            let rounds = claim.next_round(Some(&run.plan.target))?;
            claim = Claim { rounds, ..Claim::take_one(state, claim.deadline, &mut run.plan.target, session)? };
        }
        Ok((run, claim))
    }

    /// Whether the path that was asked for still leads to the target, or to its directory, as most do. A link on the way may have
    /// been given another target before this one was claimed.
    pub(super) fn is_where_it_was(&self) -> bool {
        let (target, asked) = (&self.plan.target, &*self.request.target);
        let dir = (target.dir_stat.st_dev, target.dir_stat.st_ino);
        let leads = |path: &Path| {
            let id = rustix::fs::stat(path).map(|stat| (stat.st_dev, stat.st_ino));
            id.is_ok_and(|id| id == dir || target.existing.as_ref().is_some_and(|existing| existing.identity() == id))
        };
        let parent = asked.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
        parent.is_some_and(leads) || leads(asked)
    }

    /// Whether both are of the same name in the same directory.
    pub(super) fn is_at_the_same_as(&self, other: &Run<'_>) -> bool {
        let place = |run: &Run<'_>| {
            let target = &run.plan.target;
            (target.dir_stat.st_dev, target.dir_stat.st_ino, target.leaf.clone())
        };
        place(self) == place(other)
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

/// Of each of these targets, and of these directories with everything below them, that a transaction that was broken off is about
/// it, and that this has to be settled first.
pub(super) fn unfinished(host: &Host, targets: &[&Target], trees: &[Tree<'_>]) -> Vec<Warning> {
    let Ok(Some(state)) = State::existing(&host.state_dir) else { return Vec::new() };
    let Ok(concerned) = txn::concerning(&state, |_| true) else { return Vec::new() };
    let mut warnings = Vec::new();
    for leftover in concerned.first {
        let Ok(journal) = &leftover.journal else { continue };
        let concerns = |target: &&&Target| {
            let tree = Tree::at(target);
            journal.entries.iter().any(|entry| is_of(entry, target) || tree.is_some_and(|tree| tree.has(entry)))
        };
        let names = targets.iter().filter(concerns).map(|target| &*target.path);
        let trees = trees.iter().filter(|tree| journal.entries.iter().any(|entry| tree.has(entry))).map(|tree| tree.path);
        let warn = |path: &Path| Warning::Unfinished { path: path.to_owned(), txid: leftover.txid.clone() };
        warnings.extend(names.chain(trees).map(warn));
    }
    warnings
}

/// A directory that changes with everything below it: another takes its place, or it goes.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a> {
    /// Without links.
    pub(super) path: &'a Path,
    /// Device and inode.
    pub(super) id: (u64, u64),
}

impl Tree<'_> {
    fn at(target: &Target) -> Option<Tree<'_>> {
        let existing = target.existing.as_ref().filter(|existing| tree::is_directory(&existing.stat))?;
        Some(Tree { path: &target.path, id: existing.identity() })
    }

    /// Whether an entry of a journal is about a name below it, which recovery then would look for in vain.
    fn has(self, entry: &Entry) -> bool {
        let dir = entry.dir.as_path();
        // A directory that is mounted twice has two paths.
        dir.starts_with(self.path) || plan::is_below(dir, self.id)
    }
}

/// Whether the directories have the paths they were found by. Another one may have taken the place of one, or of one above, before
/// it was locked: what is put there would go with it.
fn are_where_they_were(targets: &[&Target]) -> bool {
    let mut last = None;
    targets.iter().all(|target| {
        let id = (target.dir_stat.st_dev, target.dir_stat.st_ino);
        let seen = last.replace(id) == Some(id);
        seen || match rustix::fs::stat(target.dir.path()) {
            Ok(now) => (now.st_dev, now.st_ino) == id,
            // A path may be longer than one call takes.
            Err(errno) => ![Errno::NOENT, Errno::NOTDIR].contains(&errno),
        }
    })
}

/// Whether an entry of a journal is about this target.
fn is_of(entry: &Entry, target: &Target) -> bool {
    let same_dir = entry.dir.as_path() == target.dir.path()
        || (entry.filesystem.dev, entry.filesystem.inode) == (target.dir_stat.st_dev, target.dir_stat.st_ino);
    same_dir && entry.leaf.as_os_str() == target.leaf
}
