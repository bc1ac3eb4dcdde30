//! A tree that is to be changed as a whole: what there is of it, to see later whether somebody has written to it.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use crate::error::{Error, Obstacle};
use crate::fs::dir::{self, Dir};
use crate::fs::{flags, tree};
use crate::plan::obstacle;

/// Everything below a directory, by its path from there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Survey {
    /// When names were last made or removed in the directory itself: its ctime changes when it is renamed.
    modified: (i64, i64),
    names: BTreeMap<PathBuf, Facts>,
}

/// What shows that something was changed: by size, and by the time of the last change of any kind, which nobody can set.
#[derive(Debug, PartialEq, Eq)]
struct Facts {
    id: (u64, u64),
    mode: u32,
    size: i64,
    changed: (i64, i64),
}

impl Survey {
    /// Looks at everything.
    ///
    /// # Errors
    /// [`Error::Target`] for what holds a mount point or a subvolume, which an exchange would hide, or anything that cannot be
    /// copied: devices, fifos, sockets, and what is immutable or append-only.
    pub(crate) fn of(top: &Dir) -> Result<Survey, Error> {
        let stat = rustix::fs::fstat(top).map_err(|errno| failed(top.path(), errno))?;
        let mut survey = Survey { modified: (stat.st_mtime, stat.st_mtime_nsec), names: BTreeMap::new() };
        survey.below(top, Path::new(""), &stat, top)?;
        Ok(survey)
    }

    fn below(&mut self, dir: &Dir, path: &Path, above: &Stat, top: &Dir) -> Result<(), Error> {
        for name in dir.all_names().map_err(|errno| failed(dir.path(), errno))? {
            let whole = dir.path().join(&name);
            let stat = dir::stat_at(dir, &name).map_err(|errno| failed(&whole, errno))?;
            // Files of an overlay have the device of the layer they are in.
            let elsewhere = tree::is_directory(&stat) && stat.st_dev != above.st_dev;
            let flags = flags::of(dir, &name);
            if elsewhere || flags.mount_point {
                return Err(Error::Target { path: top.path().to_owned(), obstacle: Obstacle::HoldsMount { at: whole } });
            }
            // A copy would be without them.
            if flags.immutable || flags.append_only {
                let obstacle = if flags.immutable { Obstacle::Immutable } else { Obstacle::AppendOnly };
                return Err(Error::Target { path: whole, obstacle });
            }
            let inner = path.join(&name);
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => {
                    let child = tree::open(dir, &name).map_err(|errno| failed(&whole, errno))?;
                    self.below(&child, &inner, above, top)?;
                }
                FileType::RegularFile | FileType::Symlink => {}
                other => {
                    return Err(Error::Target { path: whole, obstacle: Obstacle::Special { kind: obstacle::kind_of(other) } });
                }
            }
            self.names.insert(inner, Facts::of(&stat));
        }
        Ok(())
    }

    /// Bytes of all files together.
    pub(crate) fn bytes(&self) -> u64 {
        self.names.values().map(|facts| facts.size.max(0) as u64).sum()
    }

    /// Device and inode of every file.
    pub(crate) fn files(&self) -> HashSet<(u64, u64)> {
        let is_file = |facts: &&Facts| FileType::from_raw_mode(facts.mode) == FileType::RegularFile;
        self.names.values().filter(is_file).map(|facts| facts.id).collect()
    }
}

impl Facts {
    fn of(stat: &Stat) -> Facts {
        Facts {
            id: (stat.st_dev, stat.st_ino),
            mode: stat.st_mode,
            size: stat.st_size,
            changed: (stat.st_ctime, stat.st_ctime_nsec),
        }
    }
}

fn failed(path: &Path, errno: Errno) -> Error {
    Error::Io { op: "look at", path: path.to_owned(), source: errno.into() }
}
