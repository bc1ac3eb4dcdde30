//! Many names that change as one: prepared, committed by one record, renamed back to back.

mod item;
mod room;
mod written;

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::Stat;
use rustix::io::Errno;

use super::barrier::{self, Barrier};
use super::commit::{Prepared, Sealed, name_error};
use super::flush::Outbox;
use super::identify;
use super::kept::{self, Place};
use super::new_tree::{self, NewTree};
use super::parallel::{DIRECTORIES, FILES, each_on_processors, in_parallel};
use super::prune::{Records, prune};
use super::recover;
use super::state::{self, State};
use crate::checksum::sha256_of_bytes;
use crate::elf::{self, Linkage};
use crate::error::{Error, Obstacle};
use crate::event::{Cancel, Event, Observer};
use crate::failpoint;
use crate::fs::dir::Dir;
use crate::fs::{sync, temp};
use crate::journal::{self, Entry, Filesystem, Header, Kind, Record, Text, VERSION, Version, Way};
use crate::metadata::Wanted;
use crate::request::Digest;
pub(crate) use item::Change;
use item::Item;
use room::SetAside;

/// A transaction that is being prepared. Dropping it takes everything back.
pub(crate) struct Transaction<'a> {
    state: &'a State,
    txid: String,
    /// Open and locked: by that others see that the owner lives.
    journal: File,
    directories: HashMap<(u64, u64), (Arc<Dir>, Filesystem)>,
    items: Vec<Item>,
    /// Those that are not on the disk yet, in the order of `waiting`, which items they are.
    window: Outbox,
    waiting: Vec<usize>,
    barrier: Barrier,
    /// Files staged before they are synced and closed, at most.
    limit: usize,
    /// Whether COMMIT may be on the disk: nothing is to be taken back without the journal any more.
    decided: bool,
    /// Room for the renames, and for the way back.
    room: SetAside,
    /// What is asked when everything is renamed, and may still go back.
    last: Option<Question<'a>>,
}

/// Whether all is well.
type Question<'a> = Box<dyn Fn() -> Result<(), Error> + 'a>;

/// What is known of a target beside the file that is staged for it.
pub(crate) struct Replaced<'a> {
    pub(crate) leaf: &'a OsStr,
    /// What has the name; `None`: nothing.
    pub(crate) stat: Option<&'a Stat>,
    /// Its digest, where it could be read.
    pub(crate) sha256: Option<Digest>,
    /// How many old versions are kept.
    pub(crate) keep: u32,
    /// What the new file needs: it is put in place after that.
    pub(crate) linkage: Linkage,
}

impl<'a> Transaction<'a> {
    /// Begins a transaction: from now on others see that it is under way. About so many `files` are coming, of which `limit` may
    /// be open at once.
    ///
    /// # Errors
    /// [`Error::State`].
    ///
    /// # After a crash
    /// A journal without COMMIT is left, which the next run closes.
    pub(crate) fn begin(state: &'a State, command: &str, files: usize, limit: usize) -> Result<Transaction<'a>, Error> {
        let (txid, journal) = recover::create(state).map_err(|source| state.error(source))?;
        let header = Header {
            swapbin_journal: VERSION,
            txid: txid.clone(),
            boot: state::boot(),
            time: state::now(),
            single: false,
            command: command.to_owned(),
        };
        let transaction = Transaction {
            state,
            txid,
            journal,
            directories: HashMap::new(),
            items: Vec::new(),
            window: Outbox::to_disk(files.min(limit)),
            waiting: Vec::new(),
            barrier: Barrier::default(),
            limit: limit.max(1),
            decided: false,
            room: SetAside::default(),
            last: None,
        };
        transaction.write(&journal::encode(&Record::Header(header)))?;
        Ok(transaction)
    }

    /// Takes a sealed file, and prepares to keep what it replaces. Returns the number of the change.
    ///
    /// # Errors
    /// Of linkat(2); [`Error::TargetChanged`]. Nothing that others see is changed.
    ///
    /// # After a crash
    /// Temporary and kept names may be left, which recovery removes.
    pub(crate) fn add(&mut self, sealed: Sealed, replaced: Replaced<'_>, sha256: Digest) -> Result<usize, Error> {
        self.add_several(vec![(sealed, replaced, sha256)])
    }

    /// Takes sealed files, with as many threads as there are processors if they are many. Returns the number of the first change;
    /// the others follow in order.
    ///
    /// # Errors
    /// As [`Transaction::add`], of the first in order.
    ///
    /// # After a crash
    /// As [`Transaction::add`].
    pub(crate) fn add_several(&mut self, files: Vec<(Sealed, Replaced<'_>, Digest)>) -> Result<usize, Error> {
        let filesystems = files.iter().map(|(sealed, ..)| self.note(sealed.dir())).collect::<Result<Vec<_>, _>>()?;
        let (txid, first) = (&*self.txid, self.items.len());
        let entered = each_on_processors(FILES, files, |at, (mut sealed, replaced, sha256)| {
            let (dir, path, n) = (Arc::clone(sealed.dir()), sealed.target().to_owned(), first + at);
            let temp = temp::batch_name(txid, n);
            sealed.give_name(temp.clone())?;
            let new = identify::version(sealed.stat(), Some(sha256));
            let item = Item::enter((txid, n), &dir, path, filesystems[at].clone(), temp, new, &replaced)?;
            Ok((sealed, item))
        });
        // Of all that were entered something may have to be taken back.
        let mut failed = None;
        for entered in entered {
            match entered {
                Ok((sealed, item)) => {
                    self.barrier.staged(sealed.stat().st_size as u64);
                    self.waiting.push(self.items.len());
                    self.items.push(item);
                    self.window.put(sealed);
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), Err)?;
        if self.waiting.len() >= self.limit {
            self.close_window()?;
        }
        Ok(first)
    }

    /// Makes a new directory under a temporary name, to be filled and taken by [`Transaction::add_tree`] next.
    ///
    /// # Errors
    /// Of mkdirat(2).
    ///
    /// # After a crash
    /// As [`Transaction::add`].
    pub(crate) fn new_tree(&mut self, dir: &Arc<Dir>, path: &Path) -> Result<NewTree, Error> {
        self.note(dir)?;
        // Descriptors are for what is in it now.
        self.close_window()?;
        // Most directories have several files.
        let is_owed = self.barrier.takes(dir, usize::MAX);
        NewTree::make(dir, path, self.next_name(), self.limit, is_owed)
    }

    /// Takes a directory that is complete.
    ///
    /// # Errors
    /// As [`Transaction::add`], and of fsync(2).
    ///
    /// # After a crash
    /// As [`Transaction::add`].
    pub(crate) fn add_tree(&mut self, tree: NewTree, replaced: &Replaced<'_>) -> Result<usize, Error> {
        self.add_prepared(tree.prepare()?, None, replaced)
    }

    /// Makes a symbolic link under a temporary name, and takes it.
    ///
    /// # Errors
    /// As [`Transaction::add`].
    ///
    /// # After a crash
    /// As [`Transaction::add`].
    pub(crate) fn add_link(
        &mut self,
        dir: &Arc<Dir>,
        path: &Path,
        text: &Path,
        wanted: &Wanted,
        replaced: &Replaced<'_>,
    ) -> Result<usize, Error> {
        self.note(dir)?;
        let prepared = new_tree::prepare_link(dir, text, wanted, path, self.next_name())?;
        self.add_prepared(prepared, Some(sha256_of_bytes(text.as_os_str().as_bytes())), replaced)
    }

    fn add_prepared(&mut self, prepared: Prepared, sha256: Option<Digest>, replaced: &Replaced<'_>) -> Result<usize, Error> {
        let (dir, path) = (Arc::clone(prepared.dir()), prepared.target().to_owned());
        let new = identify::version(prepared.stat(), sha256);
        let n = self.enter(&dir, path, prepared.name().to_owned(), new, replaced)?;
        self.items[n].prepared = Some(prepared);
        Ok(n)
    }

    /// Takes a version that is kept, which is to have its name again. A directory, which can have one name only, keeps the one it
    /// is kept by until then.
    ///
    /// # Errors
    /// As [`Transaction::add`].
    ///
    /// # After a crash
    /// As [`Transaction::add`]; the kept version stays where it is.
    pub(crate) fn restore(
        &mut self,
        dir: &Arc<Dir>,
        path: &Path,
        replaced: &Replaced<'_>,
        (place, kept): (&Place, &journal::Kept),
        version: &Version,
    ) -> Result<usize, Error> {
        self.note(dir)?;
        let (mut prepared, copied) = match version.kind {
            Kind::Directory => {
                let moved = Prepared::moved(dir, path, kept::relative(kept));
                (moved.map_err(|source| name_error("bring back the kept version of", path, source))?, None)
            }
            _ => Prepared::again(dir, path, place, self.next_name())?,
        };
        // The name was looked up again since the version was found, and its bytes were read where they have a digest.
        let mut now = identify::version(prepared.stat(), copied.or(version.sha256));
        let mut version = Version { sha256: version.sha256.or(copied), ..version.clone() };
        if copied.is_some() || kept.way == Way::Twin {
            version.inode = now.inode;
        }
        if version.sha256.is_some() {
            now.modified = version.modified;
        }
        if now != version {
            let kept = dir.path().join(kept.name.as_os_str());
            return Err(Error::NotTheKept { path: path.to_owned(), kept, differs: "it was changed just now" });
        }
        prepared.close_reader();
        let n = self.enter(dir, path.to_owned(), prepared.name().to_owned(), version, replaced)?;
        self.items[n].prepared = Some(prepared);
        Ok(n)
    }

    /// What the transaction is called.
    pub(crate) fn txid(&self) -> &str {
        &self.txid
    }

    /// Asks this when everything is renamed; if the answer is an error, everything goes back.
    pub(crate) fn ask_at_the_end(&mut self, question: Question<'a>) {
        self.last = Some(question);
    }

    /// The temporary name of the next change.
    fn next_name(&self) -> OsString {
        temp::batch_name(&self.txid, self.items.len())
    }

    /// Prepares to keep what is replaced, and writes a change down, in memory.
    fn enter(
        &mut self,
        dir: &Arc<Dir>,
        path: PathBuf,
        temp: OsString,
        new: Version,
        replaced: &Replaced<'_>,
    ) -> Result<usize, Error> {
        let n = self.items.len();
        let filesystem = self.note(dir)?;
        self.items.push(Item::enter((&self.txid, n), dir, path, filesystem, temp, new, replaced)?);
        Ok(n)
    }

    /// Takes a name that is to go; what has it is kept.
    ///
    /// # Errors
    /// As [`Transaction::add`].
    pub(crate) fn remove(&mut self, dir: &Arc<Dir>, path: &Path, replaced: &Replaced<'_>) -> Result<usize, Error> {
        let n = self.items.len();
        let Some(stat) = replaced.stat else { return Ok(n) };
        let filesystem = self.note(dir)?;
        let kept = kept::prepare_move(dir, replaced.leaf, stat, temp::kept_name(&self.txid, n));
        let (kept, place) = kept.map_err(|errno| name_error("keep the old file of", path, errno.into()))?;
        let entry = Entry {
            dir: Text::from(dir.path()),
            filesystem,
            leaf: Text::from(replaced.leaf),
            temp: None,
            kept: Some(kept),
            old: Some(identify::version(stat, replaced.sha256)),
            new: None,
            keep: replaced.keep,
        };
        let planned = Some(*stat);
        self.items.push(Item {
            dir: Arc::clone(dir),
            path: path.to_owned(),
            planned,
            place: Some(place),
            prepared: None,
            entry,
            linkage: Linkage::default(),
            is_shared: false,
        });
        Ok(n)
    }

    /// Writes down that something is going to be prepared in this directory.
    fn note(&mut self, dir: &Arc<Dir>) -> Result<Filesystem, Error> {
        let key = dir.id().map_err(|errno| stat_error(dir, errno))?;
        if let Some((_, filesystem)) = self.directories.get(&key) {
            return Ok(filesystem.clone());
        }
        if !dir.path().is_absolute() {
            return Err(Error::Target { path: dir.path().to_owned(), obstacle: Obstacle::NoPath });
        }
        let filesystem = identify::filesystem(dir, key);
        let place = journal::Place { dir: Text::from(dir.path()), filesystem: filesystem.clone() };
        self.write(&journal::encode(&Record::Directory(place)))?;
        self.barrier.note(key.0, dir);
        self.directories.insert(key, (Arc::clone(dir), filesystem.clone()));
        Ok(filesystem)
    }

    /// Closes what is staged, on the disk or owed to it: there may be more files than descriptors.
    fn close_window(&mut self) -> Result<(), Error> {
        let (files, at) = self.take_window();
        let each: Vec<&Sealed> = files.iter().filter(|file| !self.barrier.covers(file.dir())).collect();
        in_parallel(each.len(), |at| each[at].sync()).into_iter().collect::<Result<(), _>>()?;
        self.close(files, at)
    }

    /// Puts everything that is staged, the journal, and all these directories on the disk together.
    fn flush(&mut self, directories: &[&Dir]) -> Result<(), Error> {
        let (files, at) = self.take_window();
        let each: Vec<&Sealed> = files.iter().filter(|file| !self.barrier.covers(file.dir())).collect();
        let journal = !self.barrier.covers(&self.state.open);
        self.barrier.reach(directories, each.len() + usize::from(journal), |at| match each.get(at) {
            Some(file) => file.sync(),
            None => sync::file(&self.journal).map_err(|source| self.state.error(source)),
        })?;
        drop(each);
        self.close(files, at)
    }

    /// The files that are not on the disk yet, and which items they are. Those that are left to the sync of a whole filesystem
    /// are known to the barrier.
    fn take_window(&mut self) -> (Vec<Sealed>, Vec<usize>) {
        let files = self.window.take();
        let mut counts: HashMap<Option<u64>, (&Dir, usize)> = HashMap::new();
        for file in &files {
            let device = file.dir().id().ok().map(|(device, _)| device);
            counts.entry(device).or_insert((file.dir(), 0)).1 += 1;
        }
        for (dir, count) in counts.into_values() {
            self.barrier.takes(dir, count);
        }
        (files, std::mem::take(&mut self.waiting))
    }

    fn close(&mut self, files: Vec<Sealed>, at: Vec<usize>) -> Result<(), Error> {
        for (n, file) in at.into_iter().zip(files) {
            self.items[n].prepared = Some(file.close_named()?);
        }
        Ok(())
    }

    /// Makes the change.
    ///
    /// # Guarantees
    /// All names are changed and on the disk, or none is.
    ///
    /// # Errors
    /// All names are as before; but with [`Error::InDoubt`] all are changed and may not stay so, and with [`Error::HalfDone`]
    /// recovery has to decide.
    ///
    /// # After a crash
    /// Recovery makes it all or nothing: by the journal, which is on the disk as a whole before the first rename.
    pub(crate) fn commit(mut self, cancel: &Cancel, observer: &mut dyn Observer) -> Result<Committed, Error> {
        let directories: Vec<Arc<Dir>> = self.directories.values().map(|(dir, _)| Arc::clone(dir)).collect();
        let private =
            self.items.iter().filter_map(|item| item.place.as_ref().filter(|place| !Arc::ptr_eq(&place.dir, &item.dir)));
        let private: Vec<Arc<Dir>> = private.map(|place| Arc::clone(&place.dir)).collect();
        self.find_shared();
        let order = self.order();
        self.write_entries(&order)?;
        let synced = directories.iter().chain(&private).chain([&self.state.open]);
        self.flush(&synced.map(|dir| &**dir).collect::<Vec<_>>())?;
        observer.event(&Event::Synced);
        cancel.check()?;
        self.room = SetAside::on(directories.iter().chain([&self.state.open]))?;
        self.write_commit()?;
        let renaming = Instant::now();
        let in_turn = matches!(order[..], [one, other] if journal::in_turn(&self.items[one].entry, &self.items[other].entry));
        for (nth, at) in order.iter().copied().enumerate() {
            let before = order[..nth].last().filter(|_| in_turn);
            let ready = before.map_or(Ok(()), |before| barrier::turn(&self.items[*before].dir));
            if let Err(error) = ready.and_then(|()| self.room.with(|| self.items[at].publish())) {
                return Err(self.take_back(at, error));
            }
        }
        let window = renaming.elapsed();
        let well = failpoint::hit("published").map_err(|source| self.state.error(source));
        if let Err(error) = well.and_then(|()| self.last.take().map_or(Ok(()), |ask| ask())) {
            return Err(self.take_back(0, error));
        }
        observer.event(&Event::Published);
        self.room = SetAside::default();
        let filled = self.items.iter().filter_map(Item::filled).map(Arc::clone);
        let directories: Vec<Arc<Dir>> = directories.into_iter().chain(filled).collect();
        barrier::names(&directories).map_err(|(dir, source)| Error::InDoubt { path: self.first_in(&dir), source })?;
        let changes = self.items.iter().map(Item::change).collect();
        let txid = std::mem::take(&mut self.txid);
        let unkept: Vec<&Item> = self.items.iter().filter(|item| item.entry.keep == 0).collect();
        each_on_processors(FILES, unkept, |_, item| item.forget());
        // Before the journal goes, which knows of them: who is killed meanwhile has it done by recovery.
        for item in &self.items {
            item.entry.temp.iter().for_each(|temp| _ = kept::remove_emptied(&item.dir, temp.as_os_str()));
        }
        self.prune(&txid);
        // One that cannot be closed is in nobody's way: recovery finds that nothing is left to do.
        let _ = recover::close(self.state, &txid, true);
        Ok(Committed { txid, changes, window })
    }

    /// What is said to be in doubt where a directory cannot be synced: a file in it, or one that is kept in it.
    fn first_in(&self, dir: &Dir) -> PathBuf {
        let is_of = |item: &&Item| {
            let kept = item.place.as_ref().map(|place| place.dir.path());
            item.dir.path() == dir.path() || kept == Some(dir.path())
        };
        self.items.iter().find(is_of).map_or_else(|| dir.path().to_owned(), |item| item.path.clone())
    }

    /// Removes what is kept beyond the limit.
    fn prune(&self, txid: &str) {
        let mut limits: HashMap<*const Dir, HashMap<&OsStr, u32>> = HashMap::new();
        for item in &self.items {
            limits.entry(Arc::as_ptr(&item.dir)).or_default().insert(item.leaf(), item.entry.keep);
        }
        let entries = self.items.iter().map(|item| item.entry.clone()).collect();
        let records = Records::with_own(txid, entries);
        let directories = self.directories.values().filter_map(|(dir, _)| Some((dir, limits.get(&Arc::as_ptr(dir))?)));
        each_on_processors(DIRECTORIES, directories.collect(), |_, (dir, limits)| prune(self.state, &records, dir, limits));
    }

    /// Finds the names that have one file.
    fn find_shared(&mut self) {
        let mut names: HashMap<(u64, u64), u32> = HashMap::new();
        self.items.iter().filter_map(Item::inode).for_each(|inode| *names.entry(inode).or_default() += 1);
        for item in &mut self.items {
            item.is_shared = item.inode().is_some_and(|inode| names[&inode] > 1);
        }
    }

    /// In which order names change: libraries before the programs that need them, so that no program ever meets a library older
    /// than itself.
    fn order(&self) -> Vec<usize> {
        elf::order(&self.items.iter().map(|item| (item.leaf(), &item.linkage)).collect::<Vec<_>>())
    }
}

/// Before it is decided, nothing has happened that others see.
impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.decided {
            return;
        }
        drop(self.window.take());
        for item in self.items.drain(..) {
            item.forget();
        }
        let _ = self.state.open.unlink(self.txid.as_ref());
    }
}

/// A transaction that is done.
#[derive(Debug)]
pub(crate) struct Committed {
    pub(crate) txid: String,
    /// In the order they were added.
    pub(crate) changes: Vec<Change>,
    /// From before the first rename to after the last.
    pub(crate) window: Duration,
}

fn stat_error(dir: &Dir, errno: Errno) -> Error {
    Error::Io { op: "stat", path: dir.path().to_owned(), source: errno.into() }
}
