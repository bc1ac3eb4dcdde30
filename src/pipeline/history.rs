//! What was done before, and how much of it is still kept.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::Host;
use crate::error::Error;
use crate::journal::{Entry, Journal};
use crate::plan;
use crate::report::{Past, PastFile, Pruned};
use crate::request::{Follow, PathTrust};
use crate::txn::{self, State};

/// Records of which nothing is kept any more that are left for reading.
const RECORDS: usize = 200;

/// The changes that were made, newest first; only those of one file, if one is named.
///
/// # Errors
/// [`Error::State`]; [`Error::Target`] for a file that cannot be found.
pub fn history(path: Option<&std::path::Path>, host: &Host) -> Result<Vec<Past>, Error> {
    let Some(state) = State::existing(&host.state_dir)? else { return Ok(Vec::new()) };
    let target = path.map(|path| plan::locate(path, Follow::Target, PathTrust::Any)).transpose()?;
    let wanted = |entry: &Entry| {
        target.as_ref().is_none_or(|target| entry.dir.as_path() == target.dir.path() && entry.leaf.as_os_str() == target.leaf)
    };
    let past = records(&state)?.into_iter().filter(|record| !txn::never_happened(record)).map(|record| {
        let files = record.entries.iter().filter(|entry| wanted(entry)).map(file).collect();
        Past { txid: record.header.txid, time: record.header.time, command: record.header.command, files }
    });
    Ok(past.filter(|past| !past.files.is_empty()).collect())
}

fn file(entry: &Entry) -> PastFile {
    let dir = entry.dir.as_path();
    let kept = entry.kept.as_ref().filter(|_| txn::find(entry).is_ok_and(|found| !found.is_current));
    PastFile {
        path: dir.join(entry.leaf.as_os_str()),
        old: entry.old.as_ref().map(|old| old.size),
        new: entry.new.as_ref().map(|new| new.size),
        kept: kept.map(|kept| kept.path(dir)),
    }
}

/// Removes kept versions beyond the newest `keep` of each file, and says which files one went of. Of records that keep nothing
/// any more the newest are left.
///
/// # Guarantees
/// Only a version that a record names, and that is the very file the record tells of, is removed.
///
/// # Errors
/// [`Error::State`].
///
/// # After a crash
/// Some may be removed and some not.
pub fn prune(keep: u32, host: &Host) -> Result<Pruned, Error> {
    let Some(state) = State::existing(&host.state_dir)? else { return Ok(Pruned::default()) };
    let (mut pruned, mut empty) = (Pruned::default(), Vec::new());
    let mut seen: HashMap<(PathBuf, OsString), u32> = HashMap::new();
    for record in records(&state)? {
        let mut keeps = false;
        for entry in &record.entries {
            let found = match txn::find(entry) {
                Ok(found) => found,
                Err(Error::NotTheKept { kept, .. }) => {
                    pruned.left.push(kept);
                    continue;
                }
                Err(_) => continue,
            };
            let name = (entry.dir.as_path().to_owned(), entry.leaf.as_os_str().to_owned());
            let path = name.0.join(&name.1);
            let goes = match found.is_current {
                // No version before, so it takes no other's place; and its run may be just at work.
                true => keep == 0,
                false => {
                    let count = seen.entry(name).or_default();
                    *count += 1;
                    *count > keep
                }
            };
            match goes && txn::forget(entry) {
                true => pruned.removed.push(path),
                false => {
                    keeps = true;
                    pruned.left.extend(entry.kept.as_ref().filter(|_| goes).map(|kept| kept.path(entry.dir.as_path())));
                }
            }
        }
        if !keeps {
            empty.push(record.header.txid);
        }
    }
    for txid in empty.iter().skip(RECORDS) {
        let _ = txn::drop_record(&state, txid);
    }
    for paths in [&mut pruned.removed, &mut pruned.left] {
        paths.sort();
        paths.dedup();
    }
    Ok(pruned)
}

fn records(state: &State) -> Result<Vec<Journal>, Error> {
    txn::records(state).map_err(|errno| state.error(errno))
}
