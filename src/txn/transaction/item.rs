//! One name of a transaction: looked at, changed, reported.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::Stat;
use rustix::io::Errno;

use crate::elf::Linkage;
use crate::error::{Error, Obstacle};
use crate::event::Cancel;
use crate::failpoint;
use crate::fs::dir::{self, Dir};
use crate::fs::{rename, same, temp};
use crate::journal::{Entry, Filesystem, Text, Version, Way};
use crate::txn::Replaced;
use crate::txn::commit::{Prepared, Publish, name_error};
use crate::txn::identify;
use crate::txn::kept::{self, Keeping, Place};

/// What is changed of one name.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) dir: Arc<Dir>,
    pub(super) path: PathBuf,
    /// What has the name, after the second link was made; `None`: nothing.
    pub(super) planned: Option<Stat>,
    /// Where the old version is kept.
    pub(super) place: Option<Place>,
    /// The new file; `None`: the name goes.
    pub(super) prepared: Option<Prepared>,
    pub(super) entry: Entry,
    pub(super) linkage: Linkage,
    /// Whether another name of the transaction has the same file: what is done to that one changes the ctime of this.
    pub(super) is_shared: bool,
}

impl Item {
    /// Prepares to keep what is replaced, and writes down what is to be changed, as the number `n` of a transaction. Here it is
    /// in memory only.
    ///
    /// # Errors
    /// Of linkat(2); [`Error::TargetChanged`]. Nothing is left.
    ///
    /// # After a crash
    /// The kept name may be there.
    pub(super) fn enter(
        (txid, n): (&str, usize),
        dir: &Arc<Dir>,
        path: PathBuf,
        filesystem: Filesystem,
        temp: OsString,
        new: Version,
        replaced: &Replaced<'_>,
    ) -> Result<Item, Error> {
        let keeping = replaced.stat.map(|stat| {
            let keeping = kept::prepare(dir, replaced.leaf, stat, temp::kept_name(txid, n), &path)?;
            keeping.ok_or_else(|| Error::Target { path: path.clone(), obstacle: Obstacle::CannotKeep })
        });
        let (sha256, (kept, place)) = match keeping.transpose()? {
            Some(Keeping { kept, place, sha256 }) => (sha256.or(replaced.sha256), (Some(kept), Some(place))),
            None => (replaced.sha256, (None, None)),
        };
        let entry = Entry {
            dir: Text::from(dir.path()),
            filesystem,
            leaf: Text::from(replaced.leaf),
            temp: Some(Text::from(temp)),
            kept,
            old: replaced.stat.map(|stat| identify::version(stat, sha256)),
            new: Some(new),
            keep: replaced.keep,
        };
        let linkage = replaced.linkage.clone();
        let mut item =
            Item { dir: Arc::clone(dir), path, planned: None, place, prepared: None, entry, linkage, is_shared: false };
        match item.look(replaced.stat) {
            Ok(planned) => item.planned = planned,
            Err(error) => {
                item.forget();
                return Err(error);
            }
        }
        Ok(item)
    }

    /// Which file has the name.
    pub(super) fn inode(&self) -> Option<(u64, u64)> {
        self.planned.map(|stat| (stat.st_dev, stat.st_ino))
    }

    pub(super) fn leaf(&self) -> &OsStr {
        self.entry.leaf.as_os_str()
    }

    /// The directory of its own into which the old version has come with the change.
    pub(super) fn filled(&self) -> Option<&Arc<Dir>> {
        let moved = self.entry.kept.as_ref().is_some_and(|kept| kept.private && matches!(kept.way, Way::Exchange | Way::Move));
        self.place.as_ref().filter(|_| moved).map(|place| &place.dir)
    }

    pub(super) fn change(&self) -> Change {
        let kept = self.entry.kept.as_ref();
        Change {
            new: self.prepared.as_ref().map(|prepared| *prepared.stat()),
            kept: kept.filter(|_| self.entry.keep > 0).map(|kept| self.dir.path().join(kept.name.as_os_str())),
            aside: kept.map(|kept| self.dir.path().join(kept::relative(kept))),
        }
    }

    /// Looks what has the name, now that it may have a second link; it must be what was planned for.
    pub(super) fn look(&self, planned: Option<&Stat>) -> Result<Option<Stat>, Error> {
        match (dir::stat_at(&*self.dir, self.leaf()), planned) {
            (Ok(now), Some(planned)) if same::is_same_but_for_names(&now, planned) => Ok(Some(now)),
            (Err(Errno::NOENT), None) => Ok(None),
            _ => Err(Error::TargetChanged { path: self.path.clone() }),
        }
    }

    /// The change itself.
    pub(super) fn publish(&mut self) -> Result<(), Error> {
        self.unchanged()?;
        let leaf = self.leaf().to_owned();
        let way = self.entry.kept.as_ref().map(|kept| kept.way);
        match (&mut self.prepared, &self.place, way) {
            (Some(prepared), Some(place), Some(Way::Exchange)) => match prepared.publish_exchanging(&leaf, place)? {
                true => Ok(()),
                false => Err(Error::Target { path: self.path.clone(), obstacle: Obstacle::CannotKeep }),
            },
            (Some(prepared), _, _) => {
                let publish = if self.planned.is_some() { Publish::Replace } else { Publish::NoClobber };
                // It is decided: who wants to stop comes too late.
                prepared.publish(&leaf, publish, &Cancel::new())
            }
            (None, Some(place), _) => failpoint::hit("rename")
                .and_then(|()| Ok(rename::move_to(&self.dir, &leaf, &place.dir, &place.name)?))
                .map_err(|source| match Errno::from_io_error(&source) {
                    // overlayfs, of a directory that is not of its upper layer alone.
                    Some(Errno::XDEV) => Error::Target { path: self.path.clone(), obstacle: Obstacle::LowerLayer },
                    _ => name_error("remove", &self.path, source),
                }),
            (None, None, _) => Ok(()),
        }
    }

    /// Whether somebody else has changed the target since it was planned for: by inode and time of the last change of any kind;
    /// that of a shared one changes with the other names, and all the rest is compared.
    pub(super) fn unchanged(&self) -> Result<(), Error> {
        match (dir::stat_at(&*self.dir, self.leaf()), &self.planned) {
            (Ok(now), Some(planned)) if same::is_unchanged(&now, planned) => Ok(()),
            (Ok(now), Some(planned)) if self.is_shared && same::is_same_but_for_names(&now, planned) => Ok(()),
            (Err(Errno::NOENT), None) => Ok(()),
            _ => Err(Error::TargetChanged { path: self.path.clone() }),
        }
    }

    /// Removes the name by which the old version is kept.
    pub(super) fn forget(&self) {
        if let Some(kept) = &self.entry.kept {
            let _ = kept::remove(&self.dir, kept);
        }
    }
}

/// What became of one name.
#[derive(Debug)]
pub(crate) struct Change {
    /// The new file; `None`: the name is gone.
    pub(crate) new: Option<Stat>,
    /// Where the old version is kept.
    pub(crate) kept: Option<PathBuf>,
    /// Where the old version was put aside, also if it is gone by now.
    pub(crate) aside: Option<PathBuf>,
}
