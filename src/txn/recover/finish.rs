//! The way forward or back, step by step. Every step is one that may be made again.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::examine::{Boot, Examined, Found, examine, find};
use super::leftover::{self, Leftover, State as LeftoverState, close, leftovers};
use crate::error::Error;
use crate::event::Cancel;
use crate::failpoint;
use crate::fs::dir::Dir;
use crate::fs::{rename, sync, temp, tree};
use crate::journal::{self, Direction, Entry, Facts, Journal, Kind, Phase, Seen, Step, Text, Unreadable};
use crate::txn::barrier;
use crate::txn::in_place;
use crate::txn::kept;
use crate::txn::litter;
use crate::txn::prune::{Records, prune};
use crate::txn::state::{self, State, Waited};

/// How a transaction that was broken off ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Everything is new.
    Forward,
    /// Everything is as before.
    Back,
}

impl From<Direction> for Settled {
    fn from(direction: Direction) -> Settled {
        match direction {
            Direction::Forward => Settled::Forward,
            Direction::Back => Settled::Back,
        }
    }
}

/// Finishes a transaction, or takes it back, as its journal says.
///
/// # Guarantees
/// Nothing is changed that is not known by its content to be what the transaction left there.
///
/// # Errors
/// [`Error::Unfinished`]: nothing was done, and the journal stays; and whatever a call gives, then it may be done in part, and
/// another try goes on from there.
///
/// # After a crash
/// Another try goes on from there.
pub(crate) fn settle(state: &State, leftover: &Leftover) -> Result<Settled, Error> {
    end(state, leftover, None).map(|(settled, _)| settled)
}

/// As [`settle`], in the direction that is asked for, and returns the files that are left as they are: they are what the
/// transaction knows neither before nor after itself, or are not here. Only what was staged for them goes.
///
/// # Errors
/// As [`settle`].
///
/// # After a crash
/// As [`settle`].
pub(crate) fn force(state: &State, leftover: &Leftover, direction: Direction) -> Result<Vec<PathBuf>, Error> {
    end(state, leftover, Some(direction)).map(|(_, left)| left)
}

fn end(state: &State, leftover: &Leftover, asked: Option<Direction>) -> Result<(Settled, Vec<PathBuf>), Error> {
    let (direction, left) = match in_place(leftover) {
        Some(journal) => in_place::settle(state, &leftover.txid, journal, asked)?,
        None => match judge(state, leftover, asked)? {
            Some(todo) => {
                carry_out(state, &todo)?;
                (todo.direction, todo.left())
            }
            None => (Direction::Back, Vec::new()),
        },
    };
    let settled = Settled::from(direction);
    // Of a file that is left the kept version may be the last copy: the record is what knows of it.
    let recorded = settled == Settled::Forward || (asked.is_some() && !left.is_empty());
    close(state, &leftover.txid, recorded).map_err(|source| state.error(source))?;
    Ok((settled, left))
}

/// What [`settle`] would do; nothing is changed.
///
/// # Errors
/// As [`settle`].
pub(crate) fn outlook(state: &State, leftover: &Leftover) -> Result<Settled, Error> {
    let direction = match in_place(leftover) {
        Some(journal) => in_place::outlook(&leftover.txid, journal)?,
        None => judge(state, leftover, None)?.map_or(Direction::Back, |todo| todo.direction),
    };
    Ok(Settled::from(direction))
}

/// The journal of a file that was overwritten in place, if it is one.
fn in_place(leftover: &Leftover) -> Option<&Journal> {
    leftover.journal.as_ref().ok().filter(|journal| journal.is_in_place())
}

/// Forgets a transaction; every file stays as it is.
///
/// # Errors
/// [`Error::State`].
pub(crate) fn abandon(state: &State, txid: &str) -> Result<(), Error> {
    close(state, txid, true).map_err(|source| state.error(source))
}

/// What is to be done, step by step.
struct Todo<'a> {
    journal: &'a Journal,
    direction: Direction,
    steps: Vec<Step>,
    examined: Vec<Examined>,
    /// Directories in which something was prepared that no entry may tell of.
    unnamed: Vec<Arc<Dir>>,
}

impl Todo<'_> {
    /// The files that do not become what the direction wants.
    fn left(&self) -> Vec<PathBuf> {
        let entries = self.journal.entries.iter().zip(&self.steps).zip(&self.examined);
        let left = entries.filter(|((entry, step), examined)| match (step, examined.facts) {
            (Step::Stop | Step::Later, _) => true,
            // Never renamed, so nothing is to be taken back: but it is not what it was.
            (Step::Nothing, Facts::Here { target, .. }) => self.direction == Direction::Back && target != journal::before(entry),
            _ => false,
        });
        left.map(|((entry, _), _)| path_of(entry)).collect()
    }
}

/// Decides; `None` for a journal that never came to name anything.
fn judge<'a>(state: &State, leftover: &'a Leftover, asked: Option<Direction>) -> Result<Option<Todo<'a>>, Error> {
    let txid = &leftover.txid;
    let stuck = |path: PathBuf, reason: &str, later| Error::Unfinished {
        path,
        txid: txid.clone(),
        reason: reason.to_owned(),
        later,
        told: leftover.journal.is_ok(),
    };
    let itself = || state.journal_path(txid);
    let journal = match &leftover.journal {
        Ok(journal) => journal,
        Err(Unreadable::Empty) => return Ok(None),
        Err(Unreadable::Version(version)) => {
            let reason = format!("its journal has version {version} of the format, and this program does not know it");
            return Err(stuck(itself(), &reason, false));
        }
        Err(Unreadable::Damaged) => return Err(stuck(itself(), "its journal is damaged", false)),
    };
    let boot = Boot::of(journal.header.boot.as_deref(), state::boot().as_deref());
    let mut examined = Vec::new();
    for entry in &journal.entries {
        let looked = examine(entry, boot);
        examined.push(looked.map_err(|errno| Error::Io { op: "look at", path: path_of(entry), source: errno.into() })?);
    }
    let facts: Vec<Facts> = examined.iter().map(|examined| examined.facts).collect();
    let (direction, steps) = journal::decide(journal, &facts, asked);
    for ((entry, step), facts) in journal.entries.iter().zip(&steps).zip(&facts).filter(|_| asked.is_none()) {
        match step {
            Step::Stop => return Err(stuck(path_of(entry), obstacle(entry, facts), false)),
            Step::Later => return Err(stuck(entry.dir.as_path().to_owned(), AWAY, true)),
            _ => {}
        }
    }
    let mut unnamed = Vec::new();
    // Without COMMIT the entries may be missing, and the names have to be looked for.
    for place in journal.directories.iter().filter(|_| journal.phase == Phase::Preparing) {
        let path = place.dir.as_path();
        let found = find(path, &place.filesystem, boot);
        match found.map_err(|errno| Error::Io { op: "look at", path: path.to_owned(), source: errno.into() })? {
            Found::Here(dir) => unnamed.push(dir),
            Found::Not(Facts::Away) if asked.is_none() => return Err(stuck(path.to_owned(), AWAY, true)),
            // Where it is now nobody knows; nothing in it is needed.
            Found::Not(_) => {}
        }
    }
    Ok(Some(Todo { journal, direction, steps, examined, unnamed }))
}

/// Nobody can say which of the two it is.
const AWAY: &str = "it is not there: its filesystem is not mounted, or it was moved";

/// Why nobody can say what to do.
fn obstacle(entry: &Entry, facts: &Facts) -> &'static str {
    match facts {
        Facts::Moved => "its directory is not the one it was",
        Facts::Here { target: Seen::Absent, .. } if entry.old.is_some() && entry.new.is_some() => "it is gone",
        Facts::Here { target: Seen::Other, .. } => "it is neither the old version nor the new one",
        _ => "what was put aside for it is not as the transaction left it",
    }
}

fn path_of(entry: &Entry) -> PathBuf {
    entry.dir.as_path().join(entry.leaf.as_os_str())
}

/// As [`settle`], for a transaction of this process, whose journal it holds itself.
///
/// # Errors
/// As [`settle`].
pub(crate) fn finish_own(state: &State, txid: &str, file: &File) -> Result<(), Error> {
    let bytes = leftover::read(file).map_err(|source| state.error(source))?;
    let leftover = Leftover { txid: txid.to_owned(), lock: None, journal: journal::read(&bytes) };
    settle(state, &leftover).map(drop)
}

fn carry_out(state: &State, todo: &Todo<'_>) -> Result<(), Error> {
    let Todo { journal, direction, steps, examined, unnamed } = todo;
    let order: Vec<usize> = match direction {
        Direction::Forward => (0..steps.len()).collect(),
        // The last rename is taken back first, so that a program never meets a library older than itself.
        Direction::Back => (0..steps.len()).rev().collect(),
    };
    let in_turn = matches!(&journal.entries[..], [one, other] if journal::in_turn(one, other));
    for (nth, at) in order.iter().copied().enumerate() {
        if let Some(before) = order[..nth].last().and_then(|before| examined[*before].dir.as_ref()).filter(|_| in_turn) {
            barrier::turn(before)?;
        }
        let (entry, Some(dir)) = (&journal.entries[at], &examined[at].dir) else { continue };
        let error = |source: io::Error| Error::write("recover", &path_of(entry), source);
        failpoint::hit("recover").map_err(error)?;
        step(entry, dir, steps[at]).map_err(|errno| error(errno.into()))?;
        if let (Step::Exchange | Step::Keep | Step::Remove, Some(kept)) = (steps[at], &entry.kept)
            && kept.private
        {
            let place = kept::place_for(dir, kept).map_err(|errno| error(errno.into()))?;
            failpoint::around("recover-sync", || sync::dir(&place.dir, None)).map_err(|source| sync_error(&place.dir, source))?;
        }
    }
    sync_directories(examined)?;
    let mut tidied = false;
    for ((entry, examined), step) in journal.entries.iter().zip(examined).zip(steps) {
        match (&examined.dir, step, examined.facts) {
            (None, ..) => {}
            // What is not the new version may be the last copy of another.
            (Some(dir), Step::Stop, Facts::Here { temp: Seen::New, .. }) => {
                tidied |= remove_staged(entry, dir, &journal.header.txid);
            }
            (Some(_), Step::Stop | Step::Later, _) => {}
            (Some(dir), ..) => tidied |= tidy(entry, dir, &journal.header.txid, *direction),
        }
    }
    for dir in unnamed {
        // The journal stays until they are gone: nothing else knows of them.
        let removed = litter::remove_all_of(dir, &journal.header.txid);
        if removed.map_err(|errno| Error::write("remove what was staged in", dir.path(), errno.into()))? {
            failpoint::around("recover-sync", || sync::dir(dir, None)).map_err(|source| sync_error(dir, source))?;
        }
    }
    // While the journal is there: who is killed meanwhile has it done by another recovery.
    if *direction == Direction::Forward {
        tidied |= prune_kept(state, todo);
    }
    if tidied { sync_directories(examined) } else { Ok(()) }
}

/// Removes the versions that are too many now, as a run that was not broken off does. Says whether there were any. Of a file that is
/// left the kept versions may be what is needed next.
fn prune_kept(state: &State, Todo { journal, steps, examined, .. }: &Todo<'_>) -> bool {
    let mut limits: HashMap<&Path, (&Arc<Dir>, HashMap<&OsStr, u32>)> = HashMap::new();
    for ((entry, examined), step) in journal.entries.iter().zip(examined).zip(steps) {
        let Some(dir) = examined.dir.as_ref().filter(|_| !matches!(step, Step::Stop | Step::Later)) else { continue };
        limits.entry(dir.path()).or_insert((dir, HashMap::new())).1.insert(entry.leaf.as_os_str(), entry.keep);
    }
    let records = Records::with_own(&journal.header.txid, journal.entries.clone());
    limits.into_values().fold(false, |removed, (dir, keep)| prune(state, &records, dir, &keep) | removed)
}

fn step(entry: &Entry, dir: &Arc<Dir>, step: Step) -> Result<(), Errno> {
    let leaf = entry.leaf.as_os_str();
    let temp = entry.temp.as_ref().map(|temp| temp.as_os_str()).unwrap_or_default();
    let place = || kept::place_for(dir, entry.kept.as_ref().ok_or(Errno::INVAL)?);
    match step {
        Step::Nothing | Step::Lost | Step::Stop | Step::Later => Ok(()),
        Step::Publish if entry.old.is_none() => rename::create(dir, temp, leaf),
        Step::RestoreTemp if is_directory(entry) => rename::exchange(dir, temp, leaf),
        Step::Publish | Step::RestoreTemp => rename::replace(dir, temp, leaf),
        Step::Exchange => {
            rename::exchange(dir, temp, leaf)?;
            let place = place()?;
            rename::move_to(dir, temp, &place.dir, &place.name)
        }
        Step::Keep => {
            let place = place()?;
            rename::move_to(dir, temp, &place.dir, &place.name)
        }
        Step::Remove => {
            let place = place()?;
            rename::move_to(dir, leaf, &place.dir, &place.name)
        }
        Step::Restore if is_directory(entry) => {
            let kept = kept::relative(entry.kept.as_ref().ok_or(Errno::INVAL)?);
            match entry.new {
                // By the other way round: one directory does not replace another.
                Some(_) => {
                    kept::make_room_again(dir, temp)?;
                    rename::create(dir, &kept, temp)?;
                }
                None => return rename::create(dir, &kept, leaf),
            }
            rename::exchange(dir, temp, leaf)
        }
        Step::Restore => {
            let place = place()?;
            rename::move_back(&place.dir, &place.name, dir, leaf)
        }
        // Under its temporary name it is ours to remove, whatever it is.
        Step::Unpublish => rename::create(dir, leaf, temp),
    }
}

/// Whether what has the name is, or is to be, a directory: then names change places, and nothing is replaced.
fn is_directory(entry: &Entry) -> bool {
    [&entry.old, &entry.new].into_iter().flatten().any(|version| version.kind == Kind::Directory)
}

/// Removes what has only been needed on the way.
fn tidy(entry: &Entry, dir: &Arc<Dir>, txid: &str, direction: Direction) -> bool {
    let mut tidied = remove_staged(entry, dir, txid);
    if direction == Direction::Forward {
        tidied |= entry.temp.as_ref().is_some_and(|temp| kept::remove_emptied(dir, temp.as_os_str()));
    }
    if let Some(kept) = &entry.kept {
        tidied |= match direction {
            Direction::Forward => entry.keep == 0 && kept::remove(dir, kept).is_ok(),
            // The old version has its name again, and this is a second one at most.
            Direction::Back if is_directory(entry) => kept::remove_room(dir, kept).is_ok(),
            Direction::Back => litter::remove_second_name(dir, kept.name.as_os_str()),
        };
    }
    tidied
}

fn remove_staged(entry: &Entry, dir: &Arc<Dir>, txid: &str) -> bool {
    // A directory that was to be brought back is staged by the name it is kept by, and stays.
    let ours = |temp: &&Text| temp::transaction_of(temp.as_os_str(), temp::BATCH_PREFIX).is_some_and(|(id, _)| id == txid);
    entry.temp.as_ref().filter(ours).is_some_and(|temp| tree::remove(dir, temp.as_os_str()).is_ok())
}

fn sync_directories(examined: &[Examined]) -> Result<(), Error> {
    let mut directories: HashMap<(u64, u64), Arc<Dir>> = HashMap::new();
    for dir in examined.iter().filter_map(|examined| examined.dir.as_ref()) {
        let stat = rustix::fs::fstat(dir).map_err(|errno| sync_error(dir, errno.into()))?;
        directories.entry((stat.st_dev, stat.st_ino)).or_insert_with(|| Arc::clone(dir));
    }
    for dir in directories.values() {
        failpoint::around("recover-sync", || sync::dir(dir, None)).map_err(|source| sync_error(dir, source))?;
    }
    Ok(())
}

fn sync_error(dir: &Dir, source: io::Error) -> Error {
    Error::InDoubt { path: dir.path().to_owned(), source }
}

/// What is left over, in two kinds.
#[derive(Debug, Default)]
pub(crate) struct Concerning {
    /// It is about one of the names, and has to be settled first.
    pub(crate) first: Vec<Leftover>,
    /// It is about others, and has changed nothing: it can go, and need not.
    pub(crate) litter: Vec<Leftover>,
    /// One of the names that somebody else is just settling.
    busy: Option<PathBuf>,
}

/// Sorts what is left over by whether it is about one of these names.
///
/// # Errors
/// The state directory cannot be read.
pub(crate) fn concerning(state: &State, mut names: impl FnMut(&Entry) -> bool) -> Result<Concerning, Errno> {
    let mut found = Concerning::default();
    for (_, what) in leftovers(state)? {
        let leftover = match what {
            LeftoverState::Left(leftover) => leftover,
            LeftoverState::Running(file) => {
                let journal = leftover::read(&file).ok().and_then(|bytes| journal::read(&bytes).ok());
                let entry = journal.as_ref().and_then(|journal| journal.entries.iter().find(|entry| names(entry)));
                found.busy = found.busy.or_else(|| entry.map(path_of));
                continue;
            }
            LeftoverState::Strange(_) => continue,
        };
        match &leftover.journal {
            Ok(journal) if journal.entries.iter().any(&mut names) => found.first.push(leftover),
            Ok(Journal { phase: Phase::Preparing, .. }) | Err(Unreadable::Empty) => found.litter.push(leftover),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(found)
}

/// The same, for a caller who has these names locked. So nobody else is at work there, but `recover`, or a run at other names of the
/// same transaction, may be just settling it: that is waited for. It would go on with what it has seen, whatever is put there
/// meanwhile.
///
/// # Errors
/// [`Error::State`]; [`Error::Locked`] if it is not done in time; cancelled.
pub(crate) fn concerning_alone(
    state: &State,
    mut names: impl FnMut(&Entry) -> bool,
    wait: Duration,
    cancel: &Cancel,
) -> Result<(Concerning, Waited), Error> {
    let (started, mut waited) = (Instant::now(), Waited::No);
    loop {
        let found = concerning(state, &mut names).map_err(|errno| state.error(errno))?;
        let Some(path) = found.busy.clone() else { return Ok((found, waited)) };
        // Others may wait for what was found.
        drop(found);
        cancel.check()?;
        if started.elapsed() >= wait {
            return Err(Error::Locked { path, waited: wait });
        }
        waited = Waited::Yes;
        thread::sleep(state::TICK);
    }
}
