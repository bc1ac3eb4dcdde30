//! An overwriting that was broken off: made old again, or seen to be done.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::io::Errno;

use super::former::Former;
use super::{aside, idle, make_way, restore, torn};
use crate::error::Error;
use crate::failpoint;
use crate::fs::dir::Dir;
use crate::fs::sync;
use crate::journal::{Content, Direction, Entry, Facts, Journal, Overwritten, Phase, Repair, Seen, Version, decide_in_place};
use crate::txn::identify::seen;
use crate::txn::kept;
use crate::txn::recover::{Boot, Found, find};
use crate::txn::state::{self, State};

/// Finishes it, or takes it back. Returns the direction, and the file if it is left as it is, which is done only where a direction
/// was `asked` for.
///
/// # Guarantees
/// Nothing is written over but what is known by its content to be some of the old and some of the new, and only while nobody else
/// has the file.
///
/// # Errors
/// [`Error::Unfinished`]; [`Error::Busy`] and [`Error::NoProof`] as for the overwriting itself; and whatever a call gives.
///
/// # After a crash
/// Another try goes on from there.
pub(in crate::txn) fn settle(
    state: &State,
    txid: &str,
    journal: &Journal,
    asked: Option<Direction>,
) -> Result<(Direction, Vec<PathBuf>), Error> {
    let scene = Scene::look(txid, journal)?;
    let (direction, repair) = decide_in_place(journal.phase, scene.facts, asked);
    let io = |source: std::io::Error| Error::write("recover", &scene.path(), source);
    failpoint::hit("recover").map_err(io)?;
    let mut left = Vec::new();
    match repair {
        Repair::Stop | Repair::Later if asked.is_none() => return Err(scene.stuck(repair)),
        Repair::Stop | Repair::Later => left.push(scene.path()),
        Repair::Restore => scene.write(Direction::Back)?,
        Repair::Rewrite => scene.write(Direction::Forward)?,
        // Without the copy it was mended by a recovery that was broken off itself.
        Repair::Complete if scene.has_copy() => scene.mend(&scene.of_new()?)?,
        // The write takes capabilities before it gives bytes.
        Repair::Nothing if scene.has_copy() => scene.mend(&scene.of_old()?)?,
        Repair::Nothing | Repair::Complete | Repair::Keep | Repair::Lost => {}
    }
    if direction == Direction::Forward && left.is_empty() {
        make_way(state, scene.entry.dir.as_path(), scene.entry.leaf.as_os_str(), scene.entry.keep);
    }
    if let Some(work) = &scene.work {
        // Of a file that is left the copy may be the last of its content.
        let keeps = scene.entry.keep > 0 && direction == Direction::Forward || !left.is_empty();
        aside::tidy(work, txid, keeps).map_err(io)?;
    }
    Ok((direction, left))
}

/// What [`settle`] would do; nothing is changed.
///
/// # Errors
/// [`Error::Unfinished`].
pub(in crate::txn) fn outlook(txid: &str, journal: &Journal) -> Result<Direction, Error> {
    let scene = Scene::look(txid, journal)?;
    match decide_in_place(journal.phase, scene.facts, None) {
        (_, repair @ (Repair::Stop | Repair::Later)) => Err(scene.stuck(repair)),
        (direction, _) => Ok(direction),
    }
}

/// What is there.
struct Scene<'a> {
    txid: &'a str,
    entry: &'a Entry,
    /// The file's directory, where it is here.
    dir: Option<Arc<Dir>>,
    /// Where things were put aside, where that is here.
    work: Option<Arc<Dir>>,
    facts: Overwritten,
}

impl<'a> Scene<'a> {
    fn look(txid: &'a str, journal: &'a Journal) -> Result<Scene<'a>, Error> {
        let entry = &journal.entries[0];
        let mut scene = Scene { txid, entry, dir: None, work: None, facts: Overwritten::Moved };
        let boot = Boot::of(journal.header.boot.as_deref(), state::boot().as_deref());
        scene.facts =
            scene.find(boot, journal.phase).map_err(|source| Error::Io { op: "look at", path: scene.path(), source })?;
        Ok(scene)
    }

    fn find(&mut self, boot: Boot, phase: Phase) -> std::io::Result<Overwritten> {
        let (Some(old), Some(new), Some(record)) = (&self.entry.old, &self.entry.new, &self.entry.kept) else {
            return Ok(Overwritten::Moved);
        };
        let dir = match find(self.entry.dir.as_path(), &self.entry.filesystem, boot)? {
            Found::Here(dir) => dir,
            Found::Not(Facts::Lost) => return Ok(Overwritten::Lost),
            Found::Not(Facts::Away) => return Ok(Overwritten::Away),
            Found::Not(Facts::Moved | Facts::Here { .. }) => return Ok(Overwritten::Moved),
        };
        let work = match kept::place(&dir, record) {
            Ok(place) => place.dir,
            // The state directory has lost it.
            Err(Errno::NOENT) => return Ok(Overwritten::Moved),
            Err(errno) => return Err(errno.into()),
        };
        (self.dir, self.work) = (Some(Arc::clone(&dir)), Some(Arc::clone(&work)));
        if !matches!(phase, Phase::Committed | Phase::Aborting) {
            // What the file holds now is not asked.
            return Ok(Overwritten::Here { content: Content::Other, copy: false, staged: false });
        }
        let copy = seen(&work, &aside::copy_name(self.txid), Some(old), None)? == Seen::Old;
        let staged = seen(&work, &aside::staged_name(self.txid), None, Some(new))? == Seen::New;
        let content = match seen(&dir, self.entry.leaf.as_os_str(), Some(old), Some(new))? {
            Seen::Old => Content::Old,
            Seen::New => Content::New,
            Seen::Other if copy && staged && self.is_torn(old)? => Content::Torn,
            Seen::Other | Seen::Absent => Content::Other,
        };
        Ok(Overwritten::Here { content, copy, staged })
    }

    /// Whether it is the same inode, and holds some of both.
    fn is_torn(&self, old: &Version) -> std::io::Result<bool> {
        let file = self.open(self.entry.leaf.as_os_str().to_owned(), &self.dir)?;
        Ok(rustix::fs::fstat(&file)?.st_ino == old.inode && torn::is_torn(&file, &self.copy()?, &self.staged()?)?)
    }

    fn has_copy(&self) -> bool {
        matches!(self.facts, Overwritten::Here { copy: true, .. })
    }

    fn open(&self, name: OsString, dir: &Option<Arc<Dir>>) -> std::io::Result<File> {
        Ok(dir.as_ref().ok_or(Errno::NOENT)?.open_file(&name)?)
    }

    fn copy(&self) -> std::io::Result<File> {
        self.open(aside::copy_name(self.txid), &self.work)
    }

    fn staged(&self) -> std::io::Result<File> {
        self.open(aside::staged_name(self.txid), &self.work)
    }

    /// Writes one of the two contents, under the lease.
    fn write(&self, direction: Direction) -> Result<(), Error> {
        let path = self.path();
        let read = |source| Error::Io { op: "read what was put aside for", path: self.path(), source };
        let dir = self.dir.as_ref().ok_or_else(|| read(Errno::NOENT.into()))?;
        let (old, new) = (&self.entry.old, &self.entry.new);
        let size = |version: &Option<Version>| version.as_ref().map_or(0, |version| version.size);
        let lease = idle::prove(dir, self.entry.leaf.as_os_str(), &path)?;
        // Looked at a moment ago by its name.
        let inode = rustix::fs::fstat(lease.file()).map(|stat| stat.st_ino);
        if inode != Ok(old.as_ref().map_or(0, |old| old.inode)) {
            return Err(Error::TargetChanged { path });
        }
        match direction {
            Direction::Back => restore(&lease, &self.copy().map_err(read)?, &self.of_old()?, size(old), &path),
            Direction::Forward => restore(&lease, &self.staged().map_err(read)?, &self.of_new()?, size(new), &path),
        }
    }

    /// Gives the file what a write takes besides bytes, and puts it on the disk. That may be done while others have it.
    fn mend(&self, former: &Former) -> Result<(), Error> {
        let path = self.path();
        let io = |source: std::io::Error| Error::write("recover", &path, source);
        let file = self.open(self.entry.leaf.as_os_str().to_owned(), &self.dir).map_err(io)?;
        former.give(&file, &path)?;
        failpoint::around("restore-sync", || sync::file(&file)).map_err(io)
    }

    fn of_old(&self) -> Result<Former, Error> {
        self.former(&self.entry.old)
    }

    fn of_new(&self) -> Result<Former, Error> {
        self.former(&self.entry.new)
    }

    fn former(&self, version: &Option<Version>) -> Result<Former, Error> {
        let path = self.path();
        let read = |source| Error::Io { op: "read what was put aside for", path: path.clone(), source };
        let version = version.as_ref().ok_or_else(|| read(Errno::NOENT.into()))?;
        Former::recorded(version, &self.copy().map_err(read)?, &path)
    }

    fn path(&self) -> PathBuf {
        self.entry.dir.as_path().join(self.entry.leaf.as_os_str())
    }

    fn stuck(&self, repair: Repair) -> Error {
        let (path, reason, later) = match (repair, self.facts) {
            (Repair::Later, _) => (self.entry.dir.as_path().to_owned(), "its filesystem is not mounted", true),
            (_, Overwritten::Here { content: Content::Other, .. }) => {
                (self.path(), "it holds neither the old content nor the new one, nor some of both", false)
            }
            (_, Overwritten::Here { .. }) => (self.path(), "what was put aside for it is not as the transaction left it", false),
            _ => (self.path(), "its directory, or that of what was put aside for it, is not the one it was", false),
        };
        Error::Unfinished { path, txid: self.txid.to_owned(), reason: reason.to_owned(), later, told: true }
    }
}
