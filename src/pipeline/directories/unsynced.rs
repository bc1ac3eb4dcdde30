//! Directories that still have to go to the disk.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use crate::fs::dir::Dir;
use crate::fs::sync;
use crate::request::Durability;

/// Directories kept open at once. The first sync of many takes most others' changes with it, so they are put off; but
/// descriptors may be few.
const MANY: usize = 16;

/// What was changed, and for which of the call's directories.
pub(super) struct Unsynced {
    durability: Durability,
    current: usize,
    waiting: Vec<Waiting>,
    failed: Vec<(usize, io::Error)>,
}

struct Waiting {
    dir: Dir,
    /// For a filesystem that has to be synced as a whole.
    witness: Option<File>,
    identity: Option<(u64, u64)>,
    asked_by: usize,
}

impl Unsynced {
    pub(super) fn new(durability: Durability) -> Unsynced {
        Unsynced { durability, current: 0, waiting: Vec::new(), failed: Vec::new() }
    }

    /// What is noted from now on is noted for this one.
    pub(super) fn begin(&mut self, at: usize) {
        self.current = at;
    }

    /// A name was made in the directory; it leads to `child`.
    pub(super) fn note(&mut self, parent: OwnedFd, child: &Dir) {
        if self.durability == Durability::None {
            return;
        }
        let witness = || child.is_readable().then(|| child.as_fd().try_clone_to_owned().ok()).flatten();
        match Dir::from_path_fd(parent, PathBuf::new()) {
            Ok(dir) => {
                let witness = if dir.is_readable() { None } else { witness().map(File::from) };
                self.push(dir, witness);
            }
            Err(errno) => self.failed.push((self.current, errno.into())),
        }
    }

    /// Owner or mode of the directory itself were changed.
    pub(super) fn note_itself(&mut self, dir: Dir) {
        if self.durability == Durability::Full {
            self.push(dir, None);
        }
    }

    fn push(&mut self, dir: Dir, witness: Option<File>) {
        let identity = rustix::fs::fstat(&dir).ok().map(|stat| (stat.st_dev, stat.st_ino));
        if identity.is_some() && self.waiting.iter().any(|waiting| waiting.identity == identity) {
            return;
        }
        self.waiting.push(Waiting { dir, witness, identity, asked_by: self.current });
        if self.waiting.len() >= MANY {
            self.sync();
        }
    }

    fn sync(&mut self) {
        for waiting in self.waiting.drain(..) {
            if let Err(error) = sync::dir(&waiting.dir, waiting.witness.as_ref()) {
                self.failed.push((waiting.asked_by, error));
            }
        }
    }

    /// Puts the rest on the disk, and tells for which directories something was not.
    pub(super) fn finish(mut self) -> Vec<(usize, io::Error)> {
        self.sync();
        self.failed
    }
}
