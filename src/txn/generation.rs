//! Replaced versions that are kept beside their target, and what is known of them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::Stat;
use rustix::io::Errno;

use super::commit::{Prepared, Publish, Sealed};
use super::kept::{self, Keeping};
use super::parallel::in_parallel;
use super::prune::{Records, prune};
use super::state::{self, State};
use super::{identify, recover};
use crate::error::Error;
use crate::event::{Cancel, Event, Observer};
use crate::failpoint;
use crate::fs::dir::{self, Dir};
use crate::fs::{mount, private, same, sync, temp};
use crate::journal::{self, Entry, Header, Journal, Record, Text, Unreadable, VERSION, Way};
use crate::request::Digest;

/// What is replaced.
pub(crate) struct Old<'a> {
    pub(crate) leaf: &'a OsStr,
    pub(crate) stat: &'a Stat,
    /// The digest, where one was computed.
    pub(crate) sha256: Option<Digest>,
    /// How many old versions are kept.
    pub(crate) keep: u32,
}

/// A single swap that is done.
#[derive(Debug)]
pub(crate) struct Swapped {
    pub(crate) stat: Stat,
    /// Where the old version is kept; `None` where the filesystem can neither link nor exchange, and it may not be copied.
    pub(crate) kept: Option<PathBuf>,
}

impl Sealed {
    /// As [`Sealed::prepare`] and [`Prepared::commit`], and the old version is kept. One rename is a commit by itself and needs
    /// no journal; what is written down is only where the old version is.
    ///
    /// # Guarantees
    /// As [`Prepared::commit`].
    ///
    /// # Errors
    /// As [`Prepared::commit`].
    ///
    /// # After a crash
    /// The target is the old or the new file. A temporary file, and a second name of the old file, may be left, which the next
    /// run in this directory removes.
    pub(crate) fn commit_keeping(
        self,
        state: &State,
        old: &Old<'_>,
        sha256: Option<Digest>,
        cancel: &Cancel,
        observer: &mut dyn Observer,
    ) -> Result<Swapped, Error> {
        let (dir, path) = (Arc::clone(self.dir()), self.target().to_owned());
        let error = |source: io::Error| state.error(source);
        let (txid, record) = create(state).map_err(error)?;
        let mut open = Open { state, txid: &txid, dir: &dir, kept: None };
        let Some(Keeping { kept, place, sha256: copied }) =
            kept::prepare(&dir, old.leaf, old.stat, temp::kept_name(&txid, 0), &path)?
        else {
            return self.commit_without(open, old.leaf, cancel, observer);
        };
        open.kept = Some(kept.clone());
        // With a second link it has another time of its last change.
        let now = || dir::stat_at(&*dir, old.leaf).map_err(|_| Error::TargetChanged { path: path.clone() });
        let planned = now()?;
        if !same::is_same_but_for_names(&planned, old.stat) {
            return Err(Error::TargetChanged { path });
        }
        let entry = Entry {
            dir: Text::from(dir.path()),
            filesystem: identify::filesystem(&dir, dir.id().map_err(|errno| error(errno.into()))?),
            leaf: Text::from(old.leaf),
            temp: None,
            kept: Some(kept.clone()),
            old: Some(identify::version(old.stat, copied.or(old.sha256))),
            new: Some(identify::version(self.stat(), sha256)),
            keep: old.keep,
        };
        write(&record, &txid, entry.clone()).map_err(error)?;
        let sync = |at| match at {
            0 => self.sync(),
            1 => failpoint::around("record-sync", || sync::file(&record)).map_err(error),
            _ => failpoint::around("record-sync", || sync::dir(&state.done, None)).map_err(error),
        };
        // Where all is on one filesystem with a journal, the first sync puts on the disk what was begun with of the record, too, and
        // the others have only to make sure: 5 flushes of the disk for the swap, and 6 or 7 with threads. Elsewhere all at once:
        // two disks work at the same time, and on btrfs it took 4 to 6 flushes, and 8 one after the other.
        sync::begin(&record);
        let is_one = dir.id().is_ok_and(|(device, _)| state.done.id().is_ok_and(|(other, _)| device == other));
        match is_one && !mount::is_btrfs(&*dir) {
            true => (0..3).try_for_each(sync)?,
            false => in_parallel(3, sync).into_iter().collect::<Result<(), _>>()?,
        }
        observer.event(&Event::Synced);
        let mut prepared = self.name()?;
        if !same::is_unchanged(&now()?, &planned) {
            return Err(Error::TargetChanged { path });
        }
        let mut is_kept = true;
        match kept.way {
            Way::Exchange => {
                cancel.check()?;
                is_kept = prepared.publish_exchanging(old.leaf, &place)?;
                if !is_kept {
                    prepared.publish(old.leaf, Publish::Replace, cancel)?;
                }
            }
            Way::Link | Way::Move | Way::Copy | Way::Twin => prepared.publish(old.leaf, Publish::Replace, cancel)?,
        }
        if is_kept {
            open.kept = None;
            open.txid = "";
        }
        drop(open);
        observer.event(&Event::Published);
        let stat = prepared.settle()?;
        prune(state, &Records::with_own(&txid, vec![entry]), &dir, &HashMap::from([(old.leaf, old.keep)]));
        Ok(Swapped { stat, kept: is_kept.then(|| dir.path().join(kept.name.as_os_str())) })
    }
}

impl Sealed {
    /// Without the old version, which cannot be kept.
    fn commit_without(
        self,
        open: Open<'_>,
        leaf: &OsStr,
        cancel: &Cancel,
        observer: &mut dyn Observer,
    ) -> Result<Swapped, Error> {
        drop(open);
        let stat = self.prepare(observer)?.commit(leaf, Publish::Replace, cancel, observer)?;
        Ok(Swapped { stat, kept: None })
    }
}

/// A record of a swap that is not made yet. Dropping it forgets it.
struct Open<'a> {
    state: &'a State,
    txid: &'a str,
    dir: &'a Arc<Dir>,
    kept: Option<journal::Kept>,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(kept) = &self.kept {
            let _ = kept::remove(self.dir, kept);
        }
        if !self.txid.is_empty() {
            let _ = self.state.done.unlink(self.txid.as_ref());
        }
    }
}

/// A new record in the history, locked as long as it is open.
fn create(state: &State) -> io::Result<(String, File)> {
    loop {
        let txid = state.new_txid()?;
        let file = match private::create(&state.done, txid.as_ref()) {
            Err(Errno::EXIST) => continue,
            file => file?,
        };
        // Another run may have seen it before it was locked, and have removed it.
        let _ = private::lock(&file);
        if rustix::fs::fstat(&file)?.st_nlink == 1 {
            return Ok((txid, file));
        }
    }
}

/// Bytes of a single swap's record, at most: two paths of up to 4096, each byte perhaps written as six, and some numbers.
const LARGEST_SINGLE: u64 = 64 << 10;

/// Removes the record of a swap in this directory that was killed before it changed anything: before the record was written,
/// or before the rename, and the target still is the file that was to be kept. Says whether it was one.
pub(super) fn forget_unmade(state: &State, dir: &Dir, txid: &str) -> bool {
    let Ok(file) = private::open(&state.done, txid.as_ref()) else { return false };
    // A batch's, which was on the disk before it came here, is not read for each of the names it keeps.
    let is_single = file.metadata().is_ok_and(|about| about.len() <= LARGEST_SINGLE);
    // Locked first: what is not written yet may be a moment later.
    if !is_single || !private::lock(&file) {
        return false;
    }
    let still_old = |entry: &Entry| {
        let old = entry.old.as_ref().map(|old| old.inode);
        entry.dir.as_path() == dir.path() && dir::stat_at(dir, entry.leaf.as_os_str()).ok().map(|stat| stat.st_ino) == old
    };
    let unmade = |bytes: Vec<u8>| match journal::read(&bytes) {
        Ok(journal) => journal.entries.is_empty() || (journal.header.single && journal.entries.iter().all(still_old)),
        Err(unreadable) => unreadable == Unreadable::Empty,
    };
    recover::read(&file).is_ok_and(unmade) && state.done.unlink(txid.as_ref()).is_ok()
}

fn write(mut file: &File, txid: &str, entry: Entry) -> io::Result<()> {
    failpoint::hit("record")?;
    let header = Header {
        swapbin_journal: VERSION,
        txid: txid.to_owned(),
        boot: state::boot(),
        time: state::now(),
        single: true,
        command: "swap".to_owned(),
    };
    let mut bytes = journal::encode(&Record::Header(header));
    bytes.extend(journal::encode(&Record::Entry(Box::new(entry))));
    file.write_all(&bytes)
}

/// A record of the history; `None` if there is none, or none yet.
///
/// # Errors
/// Why it cannot be read or obeyed.
pub(crate) fn record(state: &State, txid: &str) -> Result<Option<Journal>, String> {
    let lowered = |errno: Errno| crate::error::lowered(&io::Error::from(errno));
    let file = match private::open(&state.done, txid.as_ref()) {
        Err(Errno::NOENT) => return Ok(None),
        file => file.map_err(lowered)?,
    };
    private::judge(&file).map_err(|_| "it belongs to somebody else, or others may write to it".to_owned())?;
    let bytes = recover::read(&file).map_err(|error| crate::error::lowered(&error))?;
    match journal::read_closed(&bytes) {
        Ok(journal) if journal.header.txid == txid => Ok(Some(journal)),
        // A swap that was killed before it wrote anything down has changed nothing.
        Err(Unreadable::Empty) => Ok(None),
        // Or it is just being written.
        _ if !private::lock(&file) => Ok(None),
        Err(Unreadable::Version(version)) => {
            Err(format!("it is of version {version} of the format, which this program does not know"))
        }
        Ok(_) | Err(Unreadable::Damaged) => Err("it is damaged".to_owned()),
    }
}

impl Prepared {
    /// Syncs the directory after the rename.
    ///
    /// # Errors
    /// [`Error::InDoubt`].
    fn settle(&self) -> Result<Stat, Error> {
        self.sync_dir().map(|()| *self.stat())
    }
}
