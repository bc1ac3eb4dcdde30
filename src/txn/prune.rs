//! Kept versions that go: those beyond the limit, and second names of a file that has come back.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;

use super::generation::record;
use super::identify;
use super::kept;
use super::state::State;
use crate::failpoint;
use crate::fs::dir::{self, Dir};
use crate::fs::{private, temp};
use crate::journal::{Entry, Kept, Seen, Way};

/// Records that were read, so that the record of a batch is read once for all its directories.
#[derive(Debug, Default)]
pub(crate) struct Records(Mutex<HashMap<String, Option<Arc<Told>>>>);

/// What a record says of each directory.
#[derive(Debug)]
struct Told {
    is_single: bool,
    /// It is that of the run itself: what it keeps is not what is there.
    is_own: bool,
    entries: HashMap<PathBuf, Vec<Entry>>,
}

impl Told {
    fn of(entries: Vec<Entry>, is_single: bool, is_own: bool) -> Told {
        let mut told = Told { is_single, is_own, entries: HashMap::new() };
        for entry in entries.into_iter().filter(|entry| entry.kept.is_some()) {
            told.entries.entry(entry.dir.as_path().to_owned()).or_default().push(entry);
        }
        told
    }
}

impl Records {
    /// With those entries of a run's own that are done: the record of a batch has not come to the history yet.
    pub(super) fn with_own(txid: &str, entries: Vec<Entry>) -> Records {
        let own = Arc::new(Told::of(entries, false, true));
        Records(Mutex::new(HashMap::from([(txid.to_owned(), Some(own))])))
    }

    fn told(&self, state: &State, txid: &str) -> Option<Arc<Told>> {
        let read = || {
            let journal = record(state, txid).ok().flatten()?;
            Some(Arc::new(Told::of(journal.entries, journal.header.single, false)))
        };
        // Who else wants it waits until it is read.
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        records.entry(txid.to_owned()).or_insert_with(read).clone()
    }
}

/// Removes the kept versions of these targets beyond the newest so many of each; also names of a file that is in place again, or
/// that a newer name keeps: a rollback that did not come to its end leaves such. Only what a record of ours names, and what is the
/// file the record tells of, is removed; what cannot be is left, for it is in nobody's way. Says whether something was removed.
pub(crate) fn prune(state: &State, records: &Records, dir: &Arc<Dir>, keep: &HashMap<&OsStr, u32>) -> bool {
    let names: HashSet<OsString> = dir.names_beginning(temp::KEPT_PREFIX.as_bytes()).unwrap_or_default().into_iter().collect();
    let of_ours = |name: &OsString| {
        let (txid, _) = temp::transaction_of(name, temp::KEPT_PREFIX)?;
        state.is_ours(txid).then(|| txid.to_owned())
    };
    // A set: a batch keeps many names, and has one record.
    let txids: BTreeSet<String> = names.iter().filter_map(of_ours).collect();
    let (mut staying, mut removed): (HashMap<OsString, Vec<Kept>>, _) = (HashMap::new(), false);
    // The newest first.
    for txid in txids.into_iter().rev() {
        let Some(told) = records.told(state, &txid) else { continue };
        for entry in told.entries.get(dir.path()).into_iter().flatten() {
            let (Some(kept), leaf) = (&entry.kept, entry.leaf.as_os_str()) else { continue };
            let Some(limit) = keep.get(leaf).filter(|_| names.contains(kept.name.as_os_str())) else { continue };
            let stays = staying.entry(leaf.to_owned()).or_default();
            // Looked at only where it makes a difference.
            if stays.len() < *limit as usize {
                if told.is_own || !is_none(dir, leaf, kept, stays) {
                    stays.push(kept.clone());
                    continue;
                }
                if told.is_single && is_at_work(state, &txid) {
                    continue;
                }
            }
            if forget(dir, entry) == Ok(true) {
                removed = true;
                // The record of a single swap has nothing else to tell.
                if told.is_single {
                    let _ = state.done.unlink(txid.as_ref());
                }
            }
        }
    }
    removed
}

/// Whether it is no version before: another name of what is in place, or of what one of these keeps, or only the directory that
/// was made for one.
fn is_none(dir: &Arc<Dir>, leaf: &OsStr, kept: &Kept, others: &[Kept]) -> bool {
    let of_place = |kept: &Kept| kept::place(dir, kept).and_then(|place| identity(&place.dir, &place.name));
    let file = match of_place(kept) {
        Err(errno) => return errno == Errno::NOENT && kept.private,
        Ok(file) => file,
    };
    identity(dir, leaf) == Ok(file) || others.iter().any(|other| of_place(other) == Ok(file))
}

fn identity(dir: &Dir, name: &OsStr) -> Result<(u64, u64), Errno> {
    dir::stat_at(dir, name).map(|stat| (stat.st_dev, stat.st_ino))
}

/// Whether a single swap is not done yet: until then the file is in place that it keeps.
fn is_at_work(state: &State, txid: &str) -> bool {
    private::open(&state.done, txid.as_ref()).is_ok_and(|record| !private::lock(&record))
}

/// Removes a kept version, if it is still the file that was recorded. Says whether it did.
///
/// # Errors
/// Of unlinkat(2).
pub(super) fn forget(dir: &Arc<Dir>, entry: &Entry) -> Result<bool, Errno> {
    let (Some(kept), Some(old)) = (&entry.kept, &entry.old) else { return Ok(false) };
    let place = match kept::place(dir, kept) {
        Err(Errno::NOENT) => return Ok(false),
        place => place?,
    };
    let stat = match dir::stat_at(&*place.dir, &place.name) {
        // A directory that was brought back is moved, and leaves the room that was made for it.
        Err(Errno::NOENT) => return kept::remove_room(dir, kept).map(|()| kept.private),
        stat => stat?,
    };
    let is_it = match kept.way {
        Way::Copy | Way::Twin => identify::seen(&place.dir, &place.name, Some(old), None)? == Seen::Old,
        Way::Link | Way::Exchange | Way::Move => stat.st_ino == old.inode,
    };
    if !is_it {
        return Ok(false);
    }
    failpoint::hit("forget").map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    kept::remove(dir, kept).map(|()| true)
}
