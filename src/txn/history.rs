//! What was done, as the state directory has it: records, and the versions they keep.

use std::ffi::OsString;
use std::sync::Arc;

use rustix::io::Errno;

use super::generation::record;
use super::kept::{self, Place};
use super::recover::open_dir;
use super::state::State;
use super::{identify, prune};
use crate::error::Error;
use crate::fs::dir::{self, Dir};
use crate::fs::temp::TXID_DIGITS;
use crate::journal::{Entry, Journal, Way};
use crate::report::DamagedRecord;

/// All records, newest first, and those of which nobody can say what they tell: these stay where they are.
///
/// # Errors
/// The directory cannot be read.
pub(crate) fn all_records(state: &State) -> Result<(Vec<Journal>, Vec<DamagedRecord>), Errno> {
    let mut names: Vec<OsString> = state.done.names_beginning(b"")?;
    names.retain(|name| name.len() == TXID_DIGITS);
    // Names sort by time.
    names.sort_by(|one, other| other.cmp(one));
    let (mut records, mut damaged) = (Vec::new(), Vec::new());
    for txid in names.iter().filter_map(|name| name.to_str()) {
        match record(state, txid) {
            Ok(read) => records.extend(read),
            Err(reason) => {
                damaged.push(DamagedRecord { txid: txid.to_owned(), path: state.record_path(txid), reason });
            }
        }
    }
    Ok((records, damaged))
}

/// Only those that can be read.
///
/// # Errors
/// As [`all_records`].
pub(crate) fn records(state: &State) -> Result<Vec<Journal>, Errno> {
    all_records(state).map(|(records, _)| records)
}

/// A kept version that is there, and is the one that was recorded.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) dir: Arc<Dir>,
    pub(crate) place: Place,
    /// Whether it is what has the name: then it is no version before, but a second link that a killed run left.
    pub(crate) is_current: bool,
}

/// Looks for the version an entry keeps.
///
/// # Errors
/// [`Error::NothingKept`] if it is not there; [`Error::NotTheKept`] if what is there is something else.
pub(crate) fn find(entry: &Entry) -> Result<Found, Error> {
    let path = || entry.dir.as_path().join(entry.leaf.as_os_str());
    let gone = || Error::NothingKept { path: path() };
    let (Some(kept), Some(old)) = (&entry.kept, &entry.old) else { return Err(gone()) };
    let io = |errno: Errno| Error::Io { op: "look for the kept version of", path: path(), source: errno.into() };
    let dir = open_dir(entry.dir.as_path()).map_err(io)?.ok_or_else(gone)?;
    let other = |differs| Error::NotTheKept { path: path(), kept: kept.path(dir.path()), differs };
    let place = match kept::place(&dir, kept) {
        Err(Errno::NOENT) => return Err(gone()),
        Err(Errno::PERM | Errno::NOTDIR | Errno::LOOP) => return Err(other("its directory is somebody else's")),
        place => place.map_err(io)?,
    };
    let stat = match dir::stat_at(&*place.dir, &place.name) {
        Err(Errno::NOENT) => return Err(gone()),
        stat => stat.map_err(io)?,
    };
    let target = dir::stat_at(&*dir, entry.leaf.as_os_str()).ok();
    // A second link of what has the name, whatever has become of that since.
    let is_link = target.is_some_and(|target| (target.st_dev, target.st_ino) == (stat.st_dev, stat.st_ino));
    let is_current = is_link || (kept.way == Way::Twin && target.is_some_and(|target| target.st_ino == old.inode));
    match identify::difference(&place.dir, &place.name, &stat, old, kept.way).filter(|_| !is_link) {
        Some(differs) => Err(other(differs)),
        None => Ok(Found { dir, place, is_current }),
    }
}

/// The directory of an entry's file where the one that was made for its version is still there, and the version is not in it:
/// its removal was broken off, or a run is just going to put it there.
pub(crate) fn find_room(entry: &Entry) -> Option<Arc<Dir>> {
    let kept = entry.kept.as_ref().filter(|kept| kept.private)?;
    let dir = open_dir(entry.dir.as_path()).ok()??;
    let place = kept::place(&dir, kept).ok()?;
    let is_empty = dir::stat_at(&*place.dir, &place.name).err() == Some(Errno::NOENT);
    is_empty.then_some(dir)
}

/// Whether the record is that of a single swap that was killed before its rename.
pub(crate) fn never_happened(record: &Journal) -> bool {
    let is_current = |entry: &Entry| find(entry).is_ok_and(|found| found.is_current);
    record.header.single && record.entries.iter().all(is_current)
}

/// Removes the version an entry keeps, if it is the one that was recorded. Says whether it did.
///
/// # Errors
/// Of opening its directory, and of unlinkat(2).
pub(crate) fn forget(entry: &Entry) -> Result<bool, Errno> {
    open_dir(entry.dir.as_path())?.map_or(Ok(false), |dir| prune::forget(&dir, entry))
}

/// Removes a record of which nothing is kept any more.
///
/// # Errors
/// Of unlinkat(2).
pub(crate) fn drop_record(state: &State, txid: &str) -> Result<(), Errno> {
    state.done.unlink(txid.as_ref())
}
