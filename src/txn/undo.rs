//! Renames that can be taken back: where all files of a call are installed or none.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use rustix::fs::FileType;
use rustix::io::Errno;

use crate::fs::dir::{self, Dir};
use crate::fs::rename::{self, Backup, KeepError};

/// What was done to the names of one directory for one file, in order. Nothing is lost before [`Undo::settle`].
#[derive(Debug)]
pub(super) struct Undo {
    dir: Arc<Dir>,
    steps: Vec<Step>,
    /// The name that goes, whichever way it ends.
    temp: OsString,
}

#[derive(Debug)]
enum Step {
    Exchanged(OsString, OsString),
    Moved {
        from: OsString,
        to: OsString,
    },
    /// What is called `name` has this other name as well, or only this one.
    Kept {
        name: OsString,
        spare: OsString,
    },
    /// `new` was renamed over `leaf`, whose old file is called `old` as well.
    Replaced {
        leaf: OsString,
        old: OsString,
        goes: bool,
    },
}

impl Undo {
    pub(super) fn new(dir: Arc<Dir>) -> Undo {
        Undo { dir, steps: Vec::new(), temp: OsString::new() }
    }

    /// Gives the file called `temp` the name `leaf`, which is free.
    ///
    /// # Errors
    /// Of renameat2(2), EEXIST among them.
    ///
    /// # After a crash
    /// As [`rename::create`].
    pub(super) fn create(&mut self, temp: &OsStr, leaf: &OsStr) -> Result<(), Errno> {
        self.temp = temp.to_owned();
        rename::create(&self.dir, temp, leaf)?;
        self.steps.push(Step::Moved { from: temp.to_owned(), to: leaf.to_owned() });
        Ok(())
    }

    /// Gives the file called `temp` the name `leaf`, and what has that name the temporary one, or that of the backup; what the
    /// backup replaces gets the temporary one.
    ///
    /// # Errors
    /// Of renameat2(2). Steps that were made are noted.
    ///
    /// # After a crash
    /// `leaf` is the old or the new file; files with temporary names may be left, and where names cannot change places one of
    /// them may be the only one of what had the backup's name.
    pub(super) fn replace(&mut self, temp: &OsStr, leaf: &OsStr, backup: Option<Backup<'_>>) -> Result<(), KeepError> {
        self.temp = temp.to_owned();
        match self.exchange(temp, leaf) {
            Ok(()) => {}
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => return self.replace_linked(temp, leaf, backup),
            Err(errno) => return Err(KeepError::Replace(errno)),
        }
        let Some(backup) = backup else { return Ok(()) };
        match (rename::create(&self.dir, temp, backup.name()), backup) {
            (Ok(()), _) => {
                self.steps.push(Step::Moved { from: temp.to_owned(), to: backup.name().to_owned() });
                Ok(())
            }
            (Err(Errno::EXIST), Backup::Replace(name)) => self.exchange(temp, name).map_err(KeepError::Keep),
            (Err(errno), _) => Err(KeepError::Keep(errno)),
        }
    }

    /// Where names cannot change places: the old file, and what its backup replaces, get another name first.
    fn replace_linked(&mut self, temp: &OsStr, leaf: &OsStr, backup: Option<Backup<'_>>) -> Result<(), KeepError> {
        let (old, goes) = match backup {
            Some(backup) => {
                if let Backup::Replace(name) = backup {
                    self.keep(name).map_err(KeepError::Keep)?;
                }
                rename::replace_keeping(&self.dir, temp, leaf, backup)?;
                (backup.name().to_owned(), false)
            }
            None => {
                let spare = rename::link_spare(&self.dir, leaf).map_err(KeepError::Replace)?;
                if let Err(errno) = rename::replace(&self.dir, temp, leaf) {
                    let _ = self.dir.unlink(&spare);
                    return Err(KeepError::Replace(errno));
                }
                (spare, true)
            }
        };
        self.steps.push(Step::Replaced { leaf: leaf.to_owned(), old, goes });
        Ok(())
    }

    /// Gives what is called `name`, if anything is, a spare name until all is settled or taken back.
    fn keep(&mut self, name: &OsStr) -> Result<(), Errno> {
        match rename::set_aside(&self.dir, name) {
            Ok(spare) => self.steps.push(Step::Kept { name: name.to_owned(), spare }),
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno),
        }
        Ok(())
    }

    /// A directory would change places as well, where rename(2) refuses.
    fn exchange(&mut self, temp: &OsStr, name: &OsStr) -> Result<(), Errno> {
        rename::exchange(&self.dir, temp, name)?;
        self.steps.push(Step::Exchanged(temp.to_owned(), name.to_owned()));
        match dir::stat_at(&*self.dir, temp)? {
            stat if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => Err(Errno::ISDIR),
            _ => Ok(()),
        }
    }

    /// Undoes every step, the last one first, and removes the new file.
    ///
    /// # Errors
    /// Of renameat2(2); nothing is removed then.
    ///
    /// # After a crash
    /// Some steps may be undone; one file with a temporary name may be left.
    pub(super) fn take_back(mut self) -> Result<(), Errno> {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Exchanged(one, other) => rename::exchange(&self.dir, &one, &other)?,
                Step::Moved { from, to } => rename::create(&self.dir, &to, &from)?,
                Step::Kept { name, spare } => {
                    rename::replace(&self.dir, &spare, &name)?;
                    // Two names of one file stay both, rename(2).
                    let _ = self.dir.unlink(&spare);
                }
                Step::Replaced { leaf, old, .. } => rename::replace(&self.dir, &old, &leaf)?,
            }
        }
        let _ = self.dir.unlink(&self.temp);
        Ok(())
    }

    /// Removes what nobody needs any more.
    pub(super) fn settle(self) {
        if matches!(self.steps.last(), Some(Step::Exchanged(..))) {
            let _ = self.dir.unlink(&self.temp);
        }
        if let Some(Step::Replaced { old, goes: true, .. }) = self.steps.last() {
            let _ = self.dir.unlink(old);
        }
        for step in &self.steps {
            if let Step::Kept { spare, .. } = step {
                let _ = self.dir.unlink(spare);
            }
        }
    }
}
