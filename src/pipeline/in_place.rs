//! A file that keeps its inode and gets new content: the way of a request that asks for that.

use std::path::Path;
use std::time::Instant;

use rustix::fs::Stat;

use super::Run;
use crate::checksum;
use crate::error::{Error, Obstacle};
use crate::fs::mount;
use crate::journal::{Entry, Way};
use crate::metadata::Wanted;
use crate::plan::{self, Target};
use crate::proof::Trusted;
use crate::report::{Action, BatchReport, FileFacts, Report, SourceFacts, Times};
use crate::request::{Digest, Method};
use crate::source::Session;
use crate::txn::{self, Overwriting, Stage, State};

impl Run<'_> {
    /// Whether the file is to be overwritten in place.
    pub(super) fn is_in_place(&self) -> bool {
        self.request.method == Method::InPlace
    }

    /// Finds out before anything is fetched whether the file could be overwritten at all.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::NoProof`]; [`Error::Target`] if it may not be written to.
    pub(super) fn judge_idle(&mut self) -> Result<(), Error> {
        let target = &mut self.plan.target;
        // Our own descriptor would be in the way.
        if let Some(existing) = &mut target.existing {
            existing.file = None;
        }
        txn::judge_idle(&target.dir, &target.leaf, &target.path)?;
        let planned = target.existing.as_ref().map(|existing| metadata(&existing.stat));
        target.reopen()?;
        match target.existing.as_ref().map(|existing| metadata(&existing.stat)) == planned {
            true => Ok(()),
            false => Err(Error::TargetChanged { path: target.path.clone() }),
        }
    }

    /// A stage beside the target; where nothing can be put there, in the state directory.
    pub(super) fn stage(&mut self, state: Option<&State>) -> Result<Stage, Error> {
        match state.filter(|_| self.is_in_place()) {
            Some(state) => stage(&mut self.plan.target, state),
            None => Stage::beside(&self.plan.target.dir, &self.plan.target.path),
        }
    }

    /// Overwrites the target with what is staged.
    pub(super) fn overwrite(
        mut self,
        stage: Stage,
        trusted: Trusted,
        state: &State,
        session: &mut Session<'_>,
    ) -> Result<Report, Error> {
        let started = Instant::now();
        let to_be = ToBe { wanted: &self.plan.wanted, sha256: self.verified, keep: self.request.keep, command: "in-place" };
        let overwriting = to_be.of(&mut self.plan.target, state)?;
        let done = overwriting.overwrite(stage, trusted, session.cancel, session.observer)?;
        self.times.commit = started.elapsed();
        self.kept = done.kept;
        self.previous = self.previous.take().map(|previous| FileFacts { sha256: Some(done.old), ..previous });
        let installed = FileFacts { sha256: Some(done.new), ..plan::facts(&done.stat) };
        Ok(Report { installed: Some(installed), ..self.report(Action::Installed, session) })
    }
}

/// What a file is overwritten with, besides the bytes, and by whom.
struct ToBe<'a> {
    wanted: &'a Wanted,
    sha256: Option<Digest>,
    keep: u32,
    command: &'static str,
}

impl<'a> ToBe<'a> {
    /// The overwriting of a target, of which nothing of ours is open any more.
    fn of(self, target: &'a mut Target, state: &'a State) -> Result<Overwriting<'a>, Error> {
        if let Some(existing) = &mut target.existing {
            existing.file = None;
        }
        let ToBe { wanted, sha256, keep, command } = self;
        let Target { dir, leaf, path, existing, .. } = target;
        let stat = &existing.as_ref().ok_or_else(|| absent(path))?.stat;
        Ok(Overwriting { state, dir, leaf, path, stat, wanted, sha256, keep, command })
    }
}

/// What was planned by, besides the bytes.
fn metadata(stat: &Stat) -> (u32, u32, u32, i64) {
    (stat.st_mode, stat.st_uid, stat.st_gid, stat.st_size)
}

fn absent(path: &Path) -> Error {
    Error::Target { path: path.to_owned(), obstacle: Obstacle::Absent }
}

/// A stage beside the target; where nothing can be put there, in the state directory.
fn stage(target: &mut Target, state: &State) -> Result<Stage, Error> {
    let beside = plan::judge_directory(target).and_then(|()| Stage::beside(&target.dir, &target.path));
    let full = |obstacle: &Obstacle| matches!(obstacle, Obstacle::NoSpace { .. } | Obstacle::Quota);
    match beside {
        Err(Error::Target { obstacle, .. }) if !full(&obstacle) => {
            let room = state.room()?;
            target.room = mount::room(&*room);
            txn::sweep(&room, Some(state), |_| {});
            Stage::beside(&room, &target.path)
        }
        beside => beside,
    }
}

/// Brings back the content that an overwriting in place has kept, by the same way.
///
/// # Errors
/// As [`Overwriting::overwrite`]; [`Error::NotTheKept`].
pub(super) fn roll_back(
    entry: &Entry,
    mut target: Target,
    state: &State,
    session: &mut Session<'_>,
) -> Result<BatchReport, Error> {
    let started = Instant::now();
    let nothing = || Error::NothingKept { path: entry.dir.as_path().join(entry.leaf.as_os_str()) };
    let (old, record) = entry.old.as_ref().zip(entry.kept.as_ref()).ok_or_else(nothing)?;
    plan::judge_overwriting(&target)?;
    txn::judge_idle(&target.dir, &target.leaf, &target.path)?;
    let found = txn::find(entry)?;
    let kept = record.path(found.dir.path());
    let read_error = |source| Error::Io { op: "read", path: kept.clone(), source };
    let copy = found.place.open().map_err(|errno| read_error(errno.into()))?;
    let mut stage = stage(&mut target, state)?;
    stage.copy_from(&copy, old.size, true, read_error, &mut |_| session.cancel.check())?;
    let actual = checksum::sha256_of(stage.file(), session.cancel, read_error)?;
    let trusted = Trusted::require(&crate::error::escaped(kept.as_os_str()), old.sha256, Some(actual), false)?;
    target.reopen()?;
    let wanted = plan::restored(&target, &copy, (old.uid, old.gid, old.mode))?;
    let to_be = ToBe { wanted: &wanted, sha256: Some(actual), keep: entry.keep.max(1), command: "rollback" };
    let overwriting = to_be.of(&mut target, state)?;
    let previous = plan::facts(overwriting.stat);
    let done = overwriting.overwrite(stage, trusted, session.cancel, session.observer)?;
    let report = Report {
        action: Action::Installed,
        target: target.path.clone(),
        through_link: None,
        source: SourceFacts { from: crate::error::escaped(kept.as_os_str()), ..SourceFacts::default() },
        installed: Some(FileFacts { sha256: Some(done.new), ..plan::facts(&done.stat) }),
        previous: Some(FileFacts { sha256: Some(done.old), ..previous }),
        verified: Some(done.new),
        kept: done.kept,
        previous_path: None,
        in_use_by: None,
        warnings: Vec::new(),
        times: Times::default(),
    };
    let times = Times { total: started.elapsed(), ..Times::default() };
    Ok(BatchReport { txid: Some(done.txid), swaps: vec![report], times })
}

/// Whether it is what an overwriting in place has kept.
pub(super) fn is_copy(entry: &Entry) -> bool {
    entry.kept.as_ref().is_some_and(|kept| kept.way == Way::Copy)
}
