//! What is put aside before a file is overwritten: its old content, the new one, and the journal that tells of both.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::former::Former;
use super::pace::{self, Pace};
use crate::error::{Error, Obstacle};
use crate::event::Cancel;
use crate::failpoint;
use crate::fs::dir::Dir;
use crate::fs::temp::{self, Named, Temp};
use crate::fs::{copy, rename, sync};
use crate::journal::{self, Entry, Header, IN_PLACE, Place, Record, Text};
use crate::proof::Trusted;
use crate::txn::Stage;
use crate::txn::state::{self, State};
use crate::txn::{identify, recover};

/// Bytes of the new content that are written once more to see how fast that goes, where the old content was too little to tell.
const SAMPLE: u64 = 8 << 20;

/// Files of one transaction, in one directory. Dropping it before [`Aside::commit`] removes them.
pub(super) struct Aside<'a> {
    state: &'a State,
    dir: Arc<Dir>,
    /// The file's path, for messages.
    path: PathBuf,
    txid: String,
    /// Open and locked: by that others see that the owner lives.
    journal: File,
    copy: Option<Named>,
    staged: Option<Named>,
    /// Whether recovery may need what is here.
    decided: bool,
}

/// The name of the new content until it is done.
pub(super) fn staged_name(txid: &str) -> OsString {
    temp::batch_name(txid, 0)
}

/// The name of the copy of the old content until it is kept.
pub(super) fn copy_name(txid: &str) -> OsString {
    temp::batch_name(txid, 1)
}

impl<'a> Aside<'a> {
    /// Begins, with everything in `dir`.
    ///
    /// # Errors
    /// [`Error::State`].
    ///
    /// # After a crash
    /// A journal without an entry may be left, and temporary names, which recovery removes.
    pub(super) fn begin(state: &'a State, dir: &Arc<Dir>, path: &Path, command: &str) -> Result<Aside<'a>, Error> {
        if !dir.path().is_absolute() {
            return Err(Error::Target { path: dir.path().to_owned(), obstacle: Obstacle::NoPath });
        }
        let (txid, journal) = recover::create(state).map_err(|source| state.error(source))?;
        let header = Header {
            swapbin_journal: IN_PLACE,
            txid: txid.clone(),
            boot: state::boot(),
            time: state::now(),
            single: false,
            command: command.to_owned(),
        };
        let aside =
            Aside { state, dir: Arc::clone(dir), path: path.to_owned(), txid, journal, copy: None, staged: None, decided: false };
        let id = dir.id().map_err(|errno| state.error(errno))?;
        let place = Place { dir: Text::from(dir.path()), filesystem: identify::filesystem(dir, id) };
        let mut bytes = journal::encode(&Record::Header(header));
        bytes.extend(journal::encode(&Record::Directory(place)));
        (&aside.journal).write_all(&bytes).map_err(|source| state.error(source))?;
        Ok(aside)
    }

    /// Puts a copy of the old content on the disk. Says how fast that went.
    ///
    /// # Errors
    /// Of reading and writing; cancelled.
    pub(super) fn copy(&mut self, old: &File, former: &Former, cancel: &Cancel) -> Result<Pace, Error> {
        let started = Instant::now();
        let mut temp = self.temp()?;
        let stat = rustix::fs::fstat(old).map_err(|errno| self.error(errno.into()))?;
        failpoint::hit("aside").map_err(|source| self.error(source))?;
        if !copy::reflink(old, temp.file()) {
            let size = stat.st_size as u64;
            let copied = copy::copy(old, temp.file(), size, true, &mut |_| cancel.check());
            copied.map_err(|side| match side {
                copy::Side::Read(source) => Error::Io { op: "read", path: self.path.clone(), source },
                copy::Side::Write(source) => self.error(source),
            })??;
        }
        former.note_on(temp.file(), &self.path)?;
        failpoint::around("aside-sync", || sync::file(temp.file())).map_err(|source| self.error(source))?;
        let mut pace = Pace::default();
        pace.add(stat.st_size as u64, started.elapsed());
        self.give_name(&mut temp, copy_name(&self.txid))?;
        self.copy = Some(self.close(temp)?);
        Ok(pace)
    }

    /// Takes the new content, and puts it on the disk.
    ///
    /// # Errors
    /// Of fsync(2) and linkat(2).
    pub(super) fn stage(&mut self, stage: Stage, trusted: Trusted, pace: &mut Pace) -> Result<(), Error> {
        let size = stage.written();
        let mut temp = stage.into_bytes(trusted);
        failpoint::around("aside-sync", || sync::file(temp.file())).map_err(|source| self.error(source))?;
        if pace.says_little() && !pace::is_little(size) {
            let started = Instant::now();
            let sample = self.temp()?;
            let copied = copy::copy(temp.file(), sample.file(), size.min(SAMPLE), false, &mut |_| Ok::<_, Error>(()));
            copied.map_err(|side| match side {
                copy::Side::Read(source) | copy::Side::Write(source) => self.error(source),
            })??;
            sync::file(sample.file()).map_err(|source| self.error(source))?;
            pace.add(size.min(SAMPLE), started.elapsed());
        }
        self.give_name(&mut temp, staged_name(&self.txid))?;
        self.staged = Some(self.close(temp)?);
        Ok(())
    }

    /// Puts the names on the disk.
    ///
    /// # Errors
    /// Of fsync(2).
    pub(super) fn sync(&self) -> Result<(), Error> {
        let synced = failpoint::around("sync-prepared", || sync::dir(&self.dir, None));
        synced.map_err(|source| Error::write("sync", self.dir.path(), source))
    }

    /// Writes down what is going to be done: from now on recovery needs what is here.
    ///
    /// # Errors
    /// Nothing is decided; but with [`Error::HalfDone`] nobody can say.
    pub(super) fn commit(&mut self, entry: Entry) -> Result<(), Error> {
        let mut bytes = journal::encode(&Record::Entry(Box::new(entry)));
        bytes.extend(journal::encode(&Record::Commit { entries: 1 }));
        let written = failpoint::hit("commit-record")
            .and_then(|()| (&self.journal).write_all(&bytes))
            .and_then(|()| failpoint::around("commit-sync", || sync::file(&self.journal)))
            .and_then(|()| failpoint::around("commit-sync-dir", || sync::dir(&self.state.open, Some(&self.journal))));
        let error = match written {
            Ok(()) => {
                self.leave();
                return Ok(());
            }
            Err(source) => self.state.error(source),
        };
        let gone = self.state.open.unlink(self.txid.as_ref()).map_err(std::io::Error::from);
        if gone.and_then(|()| sync::dir(&self.state.open, Some(&self.journal))).is_ok() {
            return Err(error);
        }
        self.leave();
        Err(Error::HalfDone { path: self.path.clone(), txid: self.txid.clone(), source: Box::new(error) })
    }

    /// Writes down that all is done: whatever becomes of the file now is none of recovery's.
    ///
    /// # Errors
    /// [`Error::InDoubt`]: recovery finds that it is done.
    pub(super) fn done(&self) -> Result<(), Error> {
        let written = failpoint::hit("done-record")
            .and_then(|()| (&self.journal).write_all(&journal::encode(&Record::Done)))
            .and_then(|()| failpoint::around("done-sync", || sync::file(&self.journal)));
        written.map_err(|source| Error::InDoubt { path: self.path.clone(), source })
    }

    /// Gives the copy the name it is kept by, or removes it, and everything else. Returns what the transaction is called, and where
    /// the copy is.
    ///
    /// # Errors
    /// [`Error::InDoubt`]: the file has its new content, and recovery does the rest.
    pub(super) fn keep(self, keep: u32) -> Result<(String, Option<PathBuf>), Error> {
        let tidied = tidy(&self.dir, &self.txid, keep > 0);
        tidied.map_err(|source| Error::InDoubt { path: self.path.clone(), source })?;
        // One that cannot be closed is in nobody's way: recovery finds that nothing is left to do.
        let _ = recover::close(self.state, &self.txid, keep > 0);
        let kept = (keep > 0).then(|| self.dir.path().join(kept_name(&self.txid)));
        Ok((self.txid.clone(), kept))
    }

    /// Removes everything, after the old content was restored.
    ///
    /// # Errors
    /// Of unlinkat(2) and fsync(2).
    pub(super) fn forget(&self) -> Result<(), Error> {
        tidy(&self.dir, &self.txid, false).map_err(|source| Error::write("sync", self.dir.path(), source))?;
        recover::close(self.state, &self.txid, false).map_err(|source| self.state.error(source))
    }

    /// The copy of the old content.
    pub(super) fn copied(&self) -> &File {
        self.copy.as_ref().and_then(Named::reader).expect("a copy was made, and can be read")
    }

    /// The new content.
    pub(super) fn staged(&self) -> &File {
        self.staged.as_ref().and_then(Named::reader).expect("something was staged, and can be read")
    }

    /// What the transaction is called.
    pub(super) fn txid(&self) -> &str {
        &self.txid
    }

    /// Where everything is.
    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    fn leave(&mut self) {
        self.decided = true;
        [&mut self.copy, &mut self.staged].into_iter().flatten().for_each(Named::keep);
    }

    fn temp(&self) -> Result<Temp, Error> {
        Temp::create(&self.dir).map_err(|source| Error::write("create a temporary file in", self.dir.path(), source))
    }

    fn give_name(&self, temp: &mut Temp, name: OsString) -> Result<(), Error> {
        failpoint::hit("link").and_then(|()| temp.give_name(name)).map_err(|source| self.error(source))
    }

    /// Gives up the right to write to it.
    fn close(&self, temp: Temp) -> Result<Named, Error> {
        let named = temp.name_and_close().map_err(|source| self.error(source))?;
        match named.reader() {
            Some(_) => Ok(named),
            None => Err(self.error(rustix::io::Errno::ACCESS.into())),
        }
    }

    fn error(&self, source: std::io::Error) -> Error {
        Error::write("put aside the content of", &self.path, source)
    }
}

/// Before it is decided, nothing has happened that others see.
impl Drop for Aside<'_> {
    fn drop(&mut self) {
        if !self.decided {
            (self.copy, self.staged) = (None, None);
            let _ = self.state.open.unlink(self.txid.as_ref());
        }
    }
}

/// The name that the copy is kept by.
pub(super) fn kept_name(txid: &str) -> OsString {
    temp::kept_name(txid, 0)
}

/// Removes what was put aside, but for the copy where that is to be kept. What is done already is no error.
///
/// # Errors
/// Of renameat2(2), unlinkat(2) and fsync(2).
///
/// # After a crash
/// Another call goes on from there.
pub(super) fn tidy(dir: &Dir, txid: &str, keep: bool) -> std::io::Result<()> {
    use rustix::io::Errno;
    let gone = |result: Result<(), Errno>| if result == Err(Errno::NOENT) { Ok(()) } else { result };
    let copy = copy_name(txid);
    failpoint::hit("kept")?;
    match keep {
        true => gone(rename::create(dir, &copy, &kept_name(txid)))?,
        false => gone(dir.unlink(&copy))?,
    }
    gone(dir.unlink(&staged_name(txid)))?;
    failpoint::around("kept-sync", || sync::dir(dir, None))
}
