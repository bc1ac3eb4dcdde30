//! The state directory: whose it is, who else is at work, and what a transaction is called.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::fs::Stat;
use rustix::io::Errno;

use crate::error::Error;
use crate::event::Cancel;
use crate::failpoint;
use crate::fs::dir::Dir;
use crate::fs::temp::TXID_DIGITS;
use crate::fs::{private, sync};
use crate::sys;

/// Hexadecimal digits of the directory's own mark, with which the name of every transaction begins.
const MARK_DIGITS: usize = 8;

/// The largest time that a name can hold: until the year 2106.
const LARGEST_STAMP: u64 = 0xffff_ffff_ffff;

/// The byte of the lock file that is locked while the directory is set up. Targets have the bytes behind it.
const SETUP: u64 = 0;

/// Bytes for the names of one directory.
const NAMES: u64 = 1 << 32;

/// Names of one directory that are locked one by one.
const MANY: usize = 32;

/// The bytes that stand for directories with everything below them: behind those of all names.
const TREES: u64 = (1 << 62) + 2 * NAMES;

/// How long a wait for a lock lasts before it is tried again.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Where journals, and what is known of kept versions, are written: owned by the caller, and nobody else's to write to.
#[derive(Debug)]
pub(crate) struct State {
    path: PathBuf,
    /// Journals of transactions that are under way or were broken off.
    pub(crate) open: Arc<Dir>,
    /// Journals of those that are done.
    pub(crate) done: Arc<Dir>,
    lock: File,
    /// What is locked of it: first byte, count, and whether it is shared.
    locked: Vec<(u64, u64, bool)>,
    mark: String,
}

impl State {
    /// Opens the directory, and makes it if it is missing.
    ///
    /// # Errors
    /// [`Error::State`].
    ///
    /// # After a crash
    /// It may be there in part; the next run completes it.
    pub(crate) fn open(path: &Path) -> Result<State, Error> {
        let error = |source: io::Error| Error::State { path: path.to_owned(), reason: reason(&source) };
        let dir = make(path).map_err(|errno| error(errno.into()))?;
        let room = |name: &str| private::open_or_make(Some(&dir), &path.join(name), name.as_ref());
        let open = room("txn").map_err(|errno| error(errno.into()))?;
        let done = room("history").map_err(|errno| error(errno.into()))?;
        let lock = private::open_lock(&dir, "lock".as_ref()).map_err(|errno| error(errno.into()))?;
        let mark = mark(&dir, path, &lock).map_err(error)?;
        Ok(State { path: path.to_owned(), open, done, lock, locked: Vec::new(), mark })
    }

    /// The directory for what belongs beside a file, where nothing can be put there; made if it is missing.
    ///
    /// # Errors
    /// [`Error::State`].
    pub(crate) fn room(&self) -> Result<Arc<Dir>, Error> {
        let error = |source: io::Error| Error::State { path: self.path.clone(), reason: reason(&source) };
        // Written down without links in it, so that recovery may refuse to follow any.
        let path = fs_err::canonicalize(&self.path).map_err(error)?.join("kept");
        private::open_or_make(None, &path, "kept".as_ref()).map_err(|errno| error(errno.into()))
    }

    /// Opens the directory, if it is there.
    ///
    /// # Errors
    /// [`Error::State`].
    pub(crate) fn existing(path: &Path) -> Result<Option<State>, Error> {
        match fs_err::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => State::open(path).map(Some),
        }
    }

    /// The error that something in the directory could not be read or written.
    pub(crate) fn error(&self, source: impl Into<io::Error>) -> Error {
        Error::State { path: self.path.clone(), reason: crate::error::lowered(&source.into()) }
    }

    /// Where the journal of a transaction under way is, for messages.
    pub(crate) fn journal_path(&self, txid: &str) -> PathBuf {
        self.path.join("txn").join(txid)
    }

    /// Where the record of one that is done is, for messages.
    pub(crate) fn record_path(&self, txid: &str) -> PathBuf {
        self.path.join("history").join(txid)
    }

    /// The path, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a transaction of this name would be one of this directory's.
    pub(crate) fn is_ours(&self, txid: &str) -> bool {
        txid.starts_with(&self.mark)
    }

    /// Whether there is a record of this transaction, under way or done.
    pub(crate) fn knows(&self, txid: &str) -> bool {
        let missing = |dir: &Dir| crate::fs::dir::stat_at(dir, txid.as_ref()).err() == Some(Errno::NOENT);
        !(missing(&self.open) && missing(&self.done))
    }

    /// A name for a transaction: the mark, and the time in units of 2^-16 s. Names sort by the order in which they were given, for
    /// by that the newest kept version is told from the one that goes: where the clock was set back, a name is one behind the
    /// last there is. Who finds it taken asks again.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(crate) fn new_txid(&self) -> Result<String, Errno> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let units = (u128::from(time.as_secs()) << 16) + (u128::from(time.subsec_nanos()) << 16) / 1_000_000_000;
        let now = format!("{}{:012x}", self.mark, units as u64 & LARGEST_STAMP);
        match self.last_txid()? {
            Some(last) if last >= now => self.txid_after(&last),
            _ => Ok(now),
        }
    }

    /// The last name that was given to a transaction of which there is a record.
    fn last_txid(&self) -> Result<Option<String>, Errno> {
        let of_ours = |name: OsString| name.into_string().ok().filter(|name| name.len() == TXID_DIGITS);
        let mut last = None;
        for dir in [&self.open, &self.done] {
            last = last.max(dir.names_beginning(self.mark.as_bytes())?.into_iter().filter_map(of_ours).max());
        }
        Ok(last)
    }

    /// The next name, or one soon behind it: two runs at this at once are to find different ones.
    fn txid_after(&self, last: &str) -> Result<String, Errno> {
        let stamp = last.get(MARK_DIGITS..).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default();
        let mut random = [0u8; 1];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
        let next = (stamp + 1 + u64::from(random[0])).min(LARGEST_STAMP);
        Ok(format!("{}{next:012x}", self.mark))
    }

    /// Locks the names that are going to be changed, until the directory is dropped, and `trees`, directories that change with
    /// everything below them. Whoever changes a name shares the directories above it with others of its kind, so that no tree goes
    /// from under it. What was locked before is given up, unless it is the same: whoever holds something while it waits for what
    /// comes before that may be waited for in turn.
    ///
    /// # Errors
    /// [`Error::Locked`] if another run has one of them and is not done in time; cancelled.
    pub(crate) fn lock<'a>(
        &mut self,
        names: impl IntoIterator<Item = (&'a Stat, &'a std::ffi::OsStr, &'a Path)>,
        trees: impl IntoIterator<Item = &'a Path>,
        wait: Duration,
        cancel: &Cancel,
    ) -> Result<Waited, Error> {
        let names: Vec<_> = names.into_iter().collect();
        let above = above(names.iter().map(|(_, _, path)| *path)).into_iter();
        let mut locks: BTreeMap<u64, Lock<'_>> =
            above.map(|path| (byte_of_tree(path), Lock { count: 1, path, shared: true })).collect();
        locks.extend(trees.into_iter().map(|path| (byte_of_tree(path), Lock { count: 1, path, shared: false })));
        let names = bytes_of(names.into_iter().map(|(dir, leaf, path)| (byte_of(dir, leaf), path)).collect());
        locks.extend(names.into_iter().map(|(first, count, path)| (first, Lock { count, path, shared: false })));
        let wanted: Vec<_> = locks.iter().map(|(first, lock)| (*first, lock.count, lock.shared)).collect();
        let error = |source: io::Error, path: &Path| Error::State { path: path.to_owned(), reason: reason(&source) };
        if self.locked == wanted {
            return Ok(Waited::No);
        }
        if !std::mem::replace(&mut self.locked, wanted).is_empty() {
            sys::unlock_bytes_from(self.lock.as_fd(), SETUP + 1).map_err(|source| error(source, &self.path))?;
        }
        let started = Instant::now();
        let mut waited = Waited::No;
        failpoint::hit("lock").map_err(|source| self.error(source))?;
        // In the same order for everybody, so that no two wait for each other.
        for (first, Lock { count, path, shared }) in locks {
            while !sys::lock_bytes(self.lock.as_fd(), first, count, shared).map_err(|source| error(source, &self.path))? {
                cancel.check()?;
                if started.elapsed() >= wait {
                    return Err(Error::Locked { path: path.to_owned(), waited: wait });
                }
                waited = Waited::Yes;
                thread::sleep(TICK);
            }
        }
        Ok(waited)
    }
}

/// Bytes of the lock file, and what they stand for.
struct Lock<'a> {
    count: u64,
    path: &'a Path,
    shared: bool,
}

/// Whether somebody else was at work first, so that what was seen before may be out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Yes,
    No,
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The boot this is, random(4).
pub(crate) fn boot() -> Option<String> {
    let text = fs_err::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned())
}

/// The byte that stands for a name in a directory: those of one directory are [`NAMES`] in a row. Two names with the same one
/// only wait for each other without need.
fn byte_of(dir: &Stat, leaf: &std::ffi::OsStr) -> u64 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(&dir.st_dev.to_ne_bytes());
    hash.update(&dir.st_ino.to_ne_bytes());
    // A part of it: an offset has a sign, and ends at 2^63.
    let dir = u64::from(hash.finalize() >> 2);
    SETUP + 1 + dir * NAMES + u64::from(crc32fast::hash(leaf.as_encoded_bytes()))
}

/// The byte that stands for a directory and everything below it, by its path, which has no links.
fn byte_of_tree(path: &Path) -> u64 {
    TREES + u64::from(crc32fast::hash(path.as_os_str().as_encoded_bytes()))
}

/// The directories above these names; not the root, which nothing can take the place of.
fn above<'a>(names: impl Iterator<Item = &'a Path>) -> BTreeSet<&'a Path> {
    let mut found = BTreeSet::new();
    for name in names {
        for dir in name.ancestors().skip(1).filter(|dir| dir.parent().is_some()) {
            if !found.insert(dir) {
                break;
            }
        }
    }
    found
}

/// What to lock, first byte and count, for these bytes: of a directory with many names, all. The kernel looks through all locks
/// of a file for each new one, which took 60 ms of the run for 4,000.
fn bytes_of(mut bytes: Vec<(u64, &Path)>) -> Vec<(u64, u64, &Path)> {
    bytes.sort();
    bytes.dedup_by_key(|(byte, _)| *byte);
    let dir = |byte: u64| (byte - SETUP - 1) / NAMES;
    let ranges = bytes.chunk_by(|(one, _), (other, _)| dir(*one) == dir(*other)).flat_map(|names| match names.len() > MANY {
        true => vec![(SETUP + 1 + dir(names[0].0) * NAMES, NAMES, names[0].1)],
        false => names.iter().map(|(byte, path)| (*byte, 1, *path)).collect(),
    });
    ranges.collect()
}

/// The directory, and those it is in.
fn make(path: &Path) -> Result<Arc<Dir>, Errno> {
    match private::open_or_make(None, path, "".as_ref()) {
        Err(Errno::NOENT) => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).ok_or(Errno::NOENT)?;
            // Others' directories on the way are as good as ours: what matters is the last one.
            make(parent).map(drop).or_else(|errno| if errno == Errno::PERM { Ok(()) } else { Err(errno) })?;
            private::open_or_make(None, path, "".as_ref())
        }
        result => result,
    }
}

/// The directory's own mark: made once, and on the disk before anything has it in its name.
fn mark(dir: &Arc<Dir>, path: &Path, lock: &File) -> io::Result<String> {
    if let Some(mark) = read_mark(dir) {
        return Ok(mark);
    }
    while !sys::lock_bytes(lock.as_fd(), SETUP, 1, false)? {
        thread::sleep(TICK);
    }
    // Another run may have been first.
    if let Some(mark) = read_mark(dir) {
        return Ok(mark);
    }
    let _ = dir.unlink("mark.new".as_ref());
    let mut random = [0u8; MARK_DIGITS / 2];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
    let mark = format!("{:08x}", u32::from_ne_bytes(random));
    let mut file = private::create(dir, "mark.new".as_ref())?;
    file.write_all(mark.as_bytes())?;
    sync::file(&file)?;
    private::rename(dir, "mark.new".as_ref(), dir, "mark".as_ref())?;
    sync::dir(dir, None)?;
    // The directory's own name; that it cannot be synced is no reason to stop, for nothing depends on it yet.
    if let Some(parent) = path.parent().and_then(|parent| Dir::open(parent).ok()) {
        let _ = sync::dir(&parent, Some(&file));
    }
    Ok(mark)
}

fn read_mark(dir: &Dir) -> Option<String> {
    let mut text = String::new();
    dir.open_file("mark".as_ref()).ok()?.take(64).read_to_string(&mut text).ok()?;
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == MARK_DIGITS && text.bytes().all(hex)).then_some(text)
}

/// Why the directory cannot be used.
fn reason(error: &io::Error) -> String {
    match Errno::from_io_error(error) {
        Some(Errno::PERM) => "it belongs to somebody else, or others may write to it".to_owned(),
        Some(Errno::LOOP | Errno::NOTDIR) => "it is a link, or no directory".to_owned(),
        _ => crate::error::lowered(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(dir: u64, names: u64) -> Vec<(u64, &'static Path)> {
        (0..names).map(|name| (SETUP + 1 + dir * NAMES + name * 7, Path::new("/app"))).collect()
    }

    #[test]
    fn few_names_are_locked_by_themselves_and_many_by_their_directory() {
        let few: Vec<_> = bytes(5, 3).iter().map(|(byte, path)| (*byte, 1, *path)).collect();
        assert_eq!(bytes_of(bytes(5, 3)), few);
        let both = [bytes(6, 100), bytes(5, 3)].concat();
        assert_eq!(bytes_of(both), [few, vec![(SETUP + 1 + 6 * NAMES, NAMES, Path::new("/app"))]].concat());
    }

    #[test]
    fn the_directories_above_a_name_are_found_once_and_without_the_root() {
        let names = ["/usr/bin/app", "/usr/lib/app/lib.so", "/usr/bin/other", "/init"].map(Path::new);
        let found = above(names.into_iter());
        assert_eq!(Vec::from_iter(found), ["/usr", "/usr/bin", "/usr/lib", "/usr/lib/app"].map(Path::new));
    }

    #[test]
    fn every_byte_is_one_that_a_lock_may_have() {
        let mut stat: Stat = rustix::fs::stat("/").unwrap();
        for inode in 0..1000 {
            stat.st_ino = inode;
            assert!(byte_of(&stat, "app".as_ref()) + NAMES < TREES);
        }
        assert!(i64::try_from(TREES + NAMES).is_ok());
    }
}
