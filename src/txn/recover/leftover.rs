//! Journals in the state directory: made, found, closed.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use rustix::io::Errno;

use crate::failpoint;
use crate::fs::temp::TXID_DIGITS;
use crate::fs::{private, sync};
use crate::journal::{self, Journal, Phase, Unreadable};
use crate::txn::state;

/// The largest journal that is read: a hundred thousand files have some 50 MB.
const LARGEST: u64 = 1 << 30;

/// A journal whose owner is gone.
#[derive(Debug)]
pub(crate) struct Leftover {
    pub(crate) txid: String,
    /// Held as long as we look at it; `None` for a journal of our own, which is locked already.
    #[allow(dead_code)]
    pub(super) lock: Option<File>,
    pub(crate) journal: Result<Journal, Unreadable>,
}

impl Leftover {
    /// Whether names may have been changed.
    pub(crate) fn is_decided(&self) -> bool {
        match &self.journal {
            Ok(journal) => journal.phase != Phase::Preparing,
            Err(unreadable) => *unreadable != Unreadable::Empty,
        }
    }

    /// The files that ended with the boot in which the transaction began.
    pub(crate) fn lost(&self) -> Vec<PathBuf> {
        let Ok(journal) = &self.journal else { return Vec::new() };
        let same_boot = journal.header.boot.is_some() && journal.header.boot == state::boot();
        let lost = journal.entries.iter().filter(|entry| entry.filesystem.volatile && !same_boot);
        lost.map(|entry| entry.dir.as_path().join(entry.leaf.as_os_str())).collect()
    }
}

/// Whose a journal is.
#[derive(Debug)]
pub(crate) enum State {
    /// That of a run that is at work, or somebody else is just looking at it or settling it. The file, to be read only.
    Running(File),
    /// Nobody's any more.
    Left(Leftover),
    /// It is not what it should be: no file, or not ours to read.
    Strange(String),
}

/// A new journal: open, locked, and empty.
///
/// # Errors
/// Of openat(2) and flock(2).
///
/// # After a crash
/// An empty journal may be left.
pub(crate) fn create(state: &state::State) -> io::Result<(String, File)> {
    loop {
        let txid = state.new_txid()?;
        let file = match private::create(&state.open, txid.as_ref()) {
            Err(Errno::EXIST) => continue,
            file => file?,
        };
        // Another run may have seen it before it was locked, and have removed it.
        match private::try_lock(&file) {
            Ok(true) if rustix::fs::fstat(&file)?.st_nlink == 1 => return Ok((txid, file)),
            Ok(_) => {}
            Err(errno) => {
                let _ = state.open.unlink(txid.as_ref());
                return Err(errno.into());
            }
        }
    }
}

/// All journals that are not closed, oldest first.
///
/// # Errors
/// The directory cannot be read.
pub(crate) fn leftovers(state: &state::State) -> Result<Vec<(String, State)>, Errno> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let mut names: Vec<OsString> = state.open.names_beginning(b"")?;
    names.retain(|name| name.len() == TXID_DIGITS && name.as_encoded_bytes().iter().all(|byte| hex(*byte)));
    names.sort();
    let mut found = Vec::new();
    for name in names {
        let txid = name.to_string_lossy().into_owned();
        match look(state, &txid) {
            Ok(Some(what)) => found.push((txid, what)),
            // Closed meanwhile.
            Ok(None) => {}
            Err(error) => found.push((txid, State::Strange(reason(&error)))),
        }
    }
    Ok(found)
}

const NO_FILE: &str = "it is no regular file";

/// Why a journal cannot be read.
fn reason(error: &io::Error) -> String {
    match Errno::from_io_error(error) {
        Some(Errno::LOOP) => "it is a link".to_owned(),
        // Directories and sockets cannot be opened for writing, open(2).
        Some(Errno::ISDIR | Errno::NXIO) => NO_FILE.to_owned(),
        _ => crate::error::lowered(error),
    }
}

fn look(state: &state::State, txid: &str) -> io::Result<Option<State>> {
    let file = match private::open(&state.open, txid.as_ref()) {
        Err(Errno::NOENT) => return Ok(None),
        file => file?,
    };
    if !private::lock(&file) {
        return Ok(Some(State::Running(file)));
    }
    let stat = rustix::fs::fstat(&file)?;
    if stat.st_nlink == 0 {
        return Ok(None);
    }
    if !file.metadata()?.is_file() {
        return Ok(Some(State::Strange(NO_FILE.to_owned())));
    }
    if stat.st_uid != rustix::process::geteuid().as_raw() || stat.st_mode & 0o022 != 0 {
        return Ok(Some(State::Strange("it belongs to somebody else, or others may write to it".to_owned())));
    }
    let bytes = read(&file)?;
    let journal = journal::read(&bytes).and_then(|journal| match journal.header.txid == txid {
        true => Ok(journal),
        false => Err(Unreadable::Damaged),
    });
    Ok(Some(State::Left(Leftover { txid: txid.to_owned(), lock: Some(file), journal })))
}

/// A journal's bytes, from the beginning.
///
/// # Errors
/// Of pread(2).
pub(crate) fn read(file: &File) -> io::Result<Vec<u8>> {
    let size = file.metadata()?.len();
    if size > LARGEST {
        return Err(Errno::FBIG.into());
    }
    let mut bytes = vec![0; size as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Closes a journal: what was done goes to the history, what was not is forgotten.
///
/// # Errors
/// Of renameat(2), unlinkat(2) and fsync(2). The journal may still be there: nothing is left to do for it.
///
/// # After a crash
/// The journal may still be there.
pub(crate) fn close(state: &state::State, txid: &str, done: bool) -> io::Result<()> {
    failpoint::hit("close")?;
    match done {
        true => private::rename(&state.open, txid.as_ref(), &state.done, txid.as_ref())?,
        false => state.open.unlink(txid.as_ref())?,
    }
    if done {
        failpoint::around("close-sync", || sync::dir(&state.done, None))?;
    }
    failpoint::around("close-sync", || sync::dir(&state.open, None))
}
