//! What was done before, and how much of it is still kept.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustix::fs::Stat;

use super::Host;
use crate::error::{Error, Obstacle};
use crate::fs::dir::Dir;
use crate::journal::{Entry, Journal};
use crate::plan;
use crate::report::{History, NotRemoved, Past, PastFile, Pruned};
use crate::request::{Follow, PathTrust};
use crate::txn::{self, State};

/// Records of which nothing is kept any more that are left for reading.
const RECORDS: usize = 200;

/// The changes that were made, newest first; only those of one file, if one is named. Records that cannot be used are named.
///
/// # Errors
/// [`Error::State`]; [`Error::Target`] for a path that cannot be looked up.
pub fn history(path: Option<&Path>, host: &Host) -> Result<History, Error> {
    let Some(state) = State::existing(&host.state_dir)? else { return Ok(History::default()) };
    let wanted_path = path.map(place).transpose()?;
    let wanted =
        |entry: &Entry| wanted_path.as_ref().is_none_or(|path| *path == entry.dir.as_path().join(entry.leaf.as_os_str()));
    let (records, damaged) = txn::all_records(&state).map_err(|errno| state.error(errno))?;
    let past = records.into_iter().filter(|record| !txn::never_happened(record)).map(|record| {
        let files = record.entries.iter().filter(|entry| wanted(entry)).map(file).collect();
        Past { txid: record.header.txid, time: record.header.time, command: record.header.command, files }
    });
    Ok(History { changes: past.filter(|past| !past.files.is_empty()).collect(), damaged })
}

/// The path by which records have a file: without links, as far as it is still there. Who only asks need not have it.
fn place(path: &Path) -> Result<PathBuf, Error> {
    match plan::locate_any(path, Follow::Target, PathTrust::Any) {
        Err(Error::Target {
            obstacle: Obstacle::MissingParent | Obstacle::DanglingLink { .. } | Obstacle::NotADirectory,
            ..
        }) => std::path::absolute(path).map_err(|source| Error::Io { op: "look for", path: path.to_owned(), source }),
        located => located.map(|target| target.path),
    }
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
/// any more the newest are left. Runs that change one of these files are waited for, and what was broken off there is settled.
///
/// # Guarantees
/// Only a version that a record names, and that is the very file the record tells of, is removed.
///
/// # Errors
/// [`Error::State`]; [`Error::Locked`]: then nothing is removed.
///
/// # After a crash
/// Some may be removed and some not.
pub fn prune(keep: u32, host: &Host) -> Result<Pruned, Error> {
    let Some(mut state) = State::existing(&host.state_dir)? else { return Ok(Pruned::default()) };
    let records = txn::records(&state).map_err(|errno| state.error(errno))?;
    let mut claimed: HashMap<Name, Stat> = HashMap::new();
    for (entry, fate) in fates(&records, keep).into_iter().flatten() {
        if let Fate::Goes(dir) = fate {
            claimed.insert(name(entry), dir);
        }
    }
    let unfinished = claim(&mut state, &claimed, host)?;
    let (records, damaged) = txn::all_records(&state).map_err(|errno| state.error(errno))?;
    let (mut pruned, mut empty) = (Pruned { damaged, ..Pruned::default() }, Vec::new());
    for (at, (record, fates)) in records.iter().zip(fates(&records, keep)).enumerate() {
        let mut keeps = false;
        for (entry, fate) in fates {
            let name = name(entry);
            let not_removed = |reason: String| {
                let kept = entry.kept.as_ref();
                kept.map(|kept| NotRemoved { path: kept.path(entry.dir.as_path()), reason })
            };
            match fate {
                Fate::Gone => {}
                Fate::Other(reason) => {
                    // It is said again, as long as it is there.
                    keeps = true;
                    pruned.left.extend(not_removed(reason));
                }
                Fate::Goes(_) if unfinished.contains(&name) => {
                    keeps = true;
                    pruned.left.extend(not_removed("an unfinished transaction may need it".to_owned()));
                }
                // What has come to be one too many since belongs to a run that sees to it.
                Fate::Goes(_) if claimed.contains_key(&name) => {
                    // Of a swap that was killed before its rename this name is all there is. If a newer change is about the file, it
                    // was made, and taken back.
                    let is_newest = records[..at].iter().flat_map(|newer| &newer.entries).all(|newer| self::name(newer) != name);
                    let unmade = is_newest && txn::never_happened(record);
                    match txn::forget(entry) {
                        Ok(true) if unmade => _ = txn::drop_record(&state, &record.header.txid),
                        Ok(true) => pruned.removed.push(name.0.join(name.1)),
                        Ok(false) => {
                            keeps = true;
                            pruned.left.extend(not_removed(OTHER.to_owned()));
                        }
                        Err(errno) => {
                            keeps = true;
                            let reason = crate::error::lowered(&std::io::Error::from(errno));
                            pruned.left.extend(not_removed(format!("it cannot be removed: {reason}")));
                        }
                    }
                }
                Fate::Goes(_) | Fate::Stays => keeps = true,
            }
        }
        if !keeps {
            empty.push(&record.header.txid);
        }
    }
    for txid in empty.into_iter().skip(RECORDS) {
        let _ = txn::drop_record(&state, txid);
    }
    pruned.removed.sort();
    pruned.removed.dedup();
    pruned.left.sort();
    pruned.left.dedup_by(|one, other| one.path == other.path);
    Ok(pruned)
}

/// A directory, and a name in it.
type Name = (PathBuf, OsString);

fn name(entry: &Entry) -> Name {
    (entry.dir.as_path().to_owned(), entry.leaf.as_os_str().to_owned())
}

/// What becomes of the version that an entry keeps.
enum Fate {
    /// There is none.
    Gone,
    /// Something else has its name, or it cannot be looked at: in words.
    Other(String),
    Stays,
    /// It is one too many, or only the directory that was made for it is left. About the directory of its file, of which
    /// there may be more than descriptors.
    Goes(Stat),
}

/// What is not the version that was recorded.
const OTHER: &str = "it is not what was kept";

impl Fate {
    fn goes(dir: &Dir) -> Fate {
        rustix::fs::fstat(dir).map_or_else(|errno| Fate::not_seen(&errno.into()), Fate::Goes)
    }

    fn not_seen(error: &std::io::Error) -> Fate {
        Fate::Other(format!("it cannot be looked at: {}", crate::error::lowered(error)))
    }
}

/// For each record, its entries and what becomes of what they keep.
fn fates(records: &[Journal], keep: u32) -> Vec<Vec<(&Entry, Fate)>> {
    let mut seen: HashMap<Name, u32> = HashMap::new();
    let mut fate = |entry: &Entry| match txn::find(entry) {
        // Who is just at work puts a version there, and is waited for.
        Err(Error::NothingKept { .. }) => txn::find_room(entry).map_or(Fate::Gone, |dir| Fate::goes(&dir)),
        Err(Error::Io { source, .. }) => Fate::not_seen(&source),
        Err(Error::NotTheKept { differs, .. }) => Fate::Other(format!("{OTHER}: {differs}")),
        Err(_) => Fate::Other(OTHER.to_owned()),
        // No version before: its run was killed before the rename, or it has come back; or it is just at work, and is waited for.
        Ok(found) if found.is_current => Fate::goes(&found.dir),
        Ok(found) => {
            let count = seen.entry(name(entry)).or_default();
            *count += 1;
            if *count > keep { Fate::goes(&found.dir) } else { Fate::Stays }
        }
    };
    records.iter().map(|record| record.entries.iter().map(|entry| (entry, fate(entry))).collect()).collect()
}

/// The right to remove what these files keep, until the state directory is dropped. Returns those that have something unfinished
/// about them that cannot be settled: it may need what is kept.
fn claim(state: &mut State, names: &HashMap<Name, Stat>, host: &Host) -> Result<HashSet<Name>, Error> {
    let locks: Vec<_> = names.iter().map(|((path, leaf), dir)| (dir, leaf, path.join(leaf))).collect();
    let locked = locks.iter().map(|(dir, leaf, path)| (*dir, leaf.as_os_str(), path.as_path()));
    state.lock(locked, [], host.wait, &host.cancel)?;
    let of_names = |entry: &Entry| names.contains_key(&name(entry));
    let (concerned, _) = txn::concerning_alone(state, of_names, host.wait, &host.cancel)?;
    let stuck = concerned.first.into_iter().filter(|leftover| txn::settle(state, leftover).is_err());
    let entries = stuck.flat_map(|leftover| leftover.journal.map(|journal| journal.entries).unwrap_or_default());
    Ok(entries.map(|entry| name(&entry)).collect())
}
