//! Where one file of an installation goes: a directory and a name in it, the name never followed.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, FileType, Stat};
use rustix::io::Errno;

use crate::error::Obstacle;
use crate::fs::dir::{self, Dir};
use crate::fs::flags;

/// A name in a directory, and what has it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) dir: Arc<Dir>,
    pub(crate) leaf: OsString,
    pub(crate) stat: Option<Stat>,
}

/// The directories of one call, each opened once.
#[derive(Default)]
pub(crate) struct Dirs(HashMap<PathBuf, Arc<Dir>>);

/// Why there is no such entry.
#[derive(Debug)]
pub(crate) enum EntryError {
    /// The name cannot be looked at.
    Stat(io::Error),
    /// The name is free, but nothing can be made there.
    Create(io::Error),
    /// A directory has the name.
    Directory,
}

impl Dirs {
    /// Looks up a path.
    ///
    /// # Errors
    /// [`EntryError`].
    pub(crate) fn entry(&mut self, path: &Path) -> Result<Entry, EntryError> {
        let (parent, leaf) = split(path);
        if leaf.is_empty() {
            // A name that ends in a slash can be looked at, but not be created as a file; and nothing has no name.
            let named = without_slashes(path);
            let (above, _) = split(named);
            let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
            let there = rustix::fs::statat(CWD, above, rustix::fs::AtFlags::empty()).is_ok();
            let reason = if there && !named.as_os_str().is_empty() { Errno::NOTDIR } else { Errno::NOENT };
            return Err(match dir::stat_at(CWD, path.as_os_str()) {
                Err(Errno::NOENT) => EntryError::Create(reason.into()),
                Err(errno) => EntryError::Stat(errno.into()),
                Ok(_) => EntryError::Directory,
            });
        }
        let dir = match self.0.get(parent) {
            Some(dir) => Arc::clone(dir),
            None => {
                let opened = Dir::open(if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
                let dir = Arc::new(opened.map_err(|errno| match errno {
                    // The name was to be looked at first; nothing has it if there is no directory.
                    Errno::NOENT => EntryError::Create(errno.into()),
                    errno => EntryError::Stat(errno.into()),
                })?);
                self.0.insert(parent.to_owned(), Arc::clone(&dir));
                dir
            }
        };
        let stat = match dir::stat_at(&*dir, leaf) {
            Ok(stat) => Some(stat),
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(EntryError::Stat(errno.into())),
        };
        Ok(Entry { dir, leaf: leaf.to_owned(), stat })
    }

    /// All directories that were opened.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Dir>> {
        self.0.values()
    }
}

impl Entry {
    /// What must not be replaced, where a rename would replace it, or fail without saying why.
    pub(crate) fn obstacle(&self) -> Option<Obstacle> {
        let stat = self.stat.as_ref()?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::BlockDevice => return Some(Obstacle::Special { kind: "block device" }),
            FileType::CharacterDevice => return Some(Obstacle::Special { kind: "character device" }),
            _ => {}
        }
        let flags = flags::of(&*self.dir, &self.leaf);
        match flags {
            _ if flags.mount_point => Some(Obstacle::MountPoint),
            _ if flags.immutable => Some(Obstacle::Immutable),
            _ if flags.append_only => Some(Obstacle::AppendOnly),
            _ => None,
        }
    }

    /// Whether names can be made or removed here by nobody: the directory's own flags.
    pub(crate) fn dir_obstacle(&self) -> Option<Obstacle> {
        let flags = self.dir.flags();
        match flags {
            _ if flags.immutable => Some(Obstacle::Immutable),
            _ if flags.append_only => Some(Obstacle::AppendOnly),
            _ => None,
        }
    }

    /// The path of another name in the same directory, spelled as this one's is.
    pub(crate) fn sibling(&self, path: &Path, name: &OsStr) -> PathBuf {
        let (parent, _) = split(path);
        [parent.as_os_str(), name].into_iter().collect::<OsString>().into()
    }

    /// Whether `path` names this very entry: the same name in the same directory.
    pub(crate) fn is_named(&self, path: &Path) -> bool {
        let (parent, leaf) = split(path);
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let id = |stat: Stat| (stat.st_dev, stat.st_ino);
        let theirs = rustix::fs::statat(CWD, parent, rustix::fs::AtFlags::empty()).ok().map(id);
        leaf == self.leaf && theirs.is_some() && theirs == rustix::fs::fstat(&*self.dir).ok().map(id)
    }
}

fn without_slashes(path: &Path) -> &Path {
    let bytes = path.as_os_str().as_bytes();
    Path::new(OsStr::from_bytes(&bytes[..bytes.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1)]))
}

/// The directory part and the last name of a path. [`Path::parent`] will not do: it takes `a/` for `a`.
pub(crate) fn split(path: &Path) -> (&Path, &OsStr) {
    let bytes = path.as_os_str().as_bytes();
    match bytes.iter().rposition(|byte| *byte == b'/') {
        None => (Path::new(""), path.as_os_str()),
        Some(at) => (Path::new(OsStr::from_bytes(&bytes[..=at])), OsStr::from_bytes(&bytes[at + 1..])),
    }
}
