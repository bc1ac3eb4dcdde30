//! What killed runs left behind.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{FileType, FlockOperation, Stat};
use rustix::io::Errno;

use super::state::State;
use super::{generation, kept};
use crate::fs::dir::{self, Dir};
use crate::fs::{temp, tree};
use crate::journal::{Kept, Text, Way};

/// Removes what runs that were killed left in `dir`, and tells of each.
///
/// Of single swaps: temporary files whose owner is gone. Whether an owner lives is told by its lock and nothing else: a pid may
/// be reused, and a clock may be wrong. While [`hold_off_sweepers`] holds for the directory, all of them stay. Of batches, and of
/// kept versions: names of this state directory's own transactions of which it has no record, or that of a swap that was not made
/// and that nobody is going to make. Other names are not looked at, for only their own state directory can tell. What cannot be
/// opened, locked or removed is left alone: sweeping is a courtesy and never fails a swap.
///
/// Says whether kept versions are there.
pub(crate) fn sweep(dir: &Arc<Dir>, state: Option<&State>, mut on_swept: impl FnMut(PathBuf)) -> bool {
    if !dir.is_readable() {
        return false;
    }
    let names = dir.names_beginning(PREFIX).unwrap_or_default();
    let lock = || rustix::fs::flock(dir, FlockOperation::NonBlockingLockExclusive);
    let alone = names.iter().any(|name| temp::is_temporary_name(name)) && lock().is_ok();
    let mut kept = false;
    // A batch has one record for all its names.
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    for name in names {
        let mut unknown = |prefix| {
            let (txid, _) = temp::transaction_of(&name, prefix)?;
            let Some(state) = state.filter(|state| state.is_ours(txid)) else { return Some(false) };
            let recorded = || state.knows(txid) && !generation::forget_unmade(state, dir, txid);
            Some(!*known.entry(txid.to_owned()).or_insert_with(recorded))
        };
        let removed = match (unknown(temp::BATCH_PREFIX), unknown(temp::KEPT_PREFIX)) {
            (Some(unknown), _) => unknown && remove_unowned_of_batch(dir, &name),
            (_, Some(unknown)) => unknown && remove_second_name(dir, &name),
            (None, None) => alone && temp::is_temporary_name(&name) && remove_unowned(dir, &name),
        };
        if removed {
            on_swept(dir.path().join(&name));
        } else {
            kept |= temp::transaction_of(&name, temp::KEPT_PREFIX).is_some();
        }
    }
    if alone {
        let _ = rustix::fs::flock(dir, FlockOperation::Unlock);
    }
    kept
}

/// Keeps [`sweep`] away from a directory as long as its descriptor is open: one lock for more files than there are descriptors
/// for, and for names that are no open file's. Where a sweep is just going on, a later call may get it.
///
/// Who may read the directory may take the lock, flock(2). All that does is to put off a sweep, so it is never waited for.
pub(crate) fn hold_off_sweepers(dir: &Dir) {
    if dir.is_readable() {
        let _ = rustix::fs::flock(dir, FlockOperation::NonBlockingLockShared);
    }
}

/// What all names of ours begin with.
const PREFIX: &[u8] = b".swapbin";

/// Removes a file whose owner is gone.
fn remove_unowned(dir: &Dir, name: &OsStr) -> bool {
    let Ok(file) = dir.open_file(name) else { return false };
    let regular = rustix::fs::fstat(&file).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
    regular && rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() && dir.unlink(name).is_ok()
}

/// The same of what a batch staged, of which nothing else is known: a file, a link, or a directory with everything in it.
fn remove_unowned_of_batch(dir: &Dir, name: &OsStr) -> bool {
    let file = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    match dir::stat_at(dir, name) {
        Ok(stat) if file(&stat) => remove_unowned(dir, name),
        Ok(_) => tree::remove(dir, name).is_ok(),
        Err(_) => false,
    }
}

/// Removes every temporary and kept name of one transaction, which has changed nothing; a kept one only where it is not the
/// last name of its file. Says whether there was any.
///
/// # Errors
/// The directory cannot be read, or one of the temporary names not be removed.
pub(super) fn remove_all_of(dir: &Arc<Dir>, txid: &str) -> Result<bool, Errno> {
    if !dir.is_readable() {
        return Err(Errno::ACCESS);
    }
    let mut removed = false;
    let names = |prefix: &str| dir.names_beginning(format!("{prefix}{txid}.").as_bytes());
    for name in names(temp::BATCH_PREFIX)? {
        if temp::transaction_of(&name, temp::BATCH_PREFIX).is_some() {
            match tree::remove(dir, &name) {
                Ok(()) => removed = true,
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
    for name in names(temp::KEPT_PREFIX)? {
        if temp::transaction_of(&name, temp::KEPT_PREFIX).is_some() {
            removed |= remove_second_name(dir, &name);
        }
    }
    Ok(removed)
}

/// Removes a name by which a file was to be kept, if the file has another, or it is a copy.
pub(super) fn remove_second_name(dir: &Arc<Dir>, name: &OsStr) -> bool {
    let Ok(stat) = dir::stat_at(&**dir, name) else { return false };
    let private = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
    let kept = Kept { name: Text::from(name), way: Way::Link, private, elsewhere: None };
    let Ok(place) = kept::place(dir, &kept) else { return false };
    match dir::stat_at(&*place.dir, &place.name) {
        Ok(inside) if inside.st_nlink < 2 && !temp::is_copy_name(name) => false,
        Ok(_) | Err(Errno::NOENT) => kept::remove(dir, &kept).is_ok(),
        Err(_) => false,
    }
}
