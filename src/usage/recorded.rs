//! Versions of files that the state directory knows of: what a name cannot tell after it was changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rustix::fs::Stat;

/// A version of a file that was at a path, before a change of ours or after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) path: PathBuf,
    pub(crate) inode: u64,
    /// Bytes.
    pub(crate) size: u64,
    /// Modification time: seconds since 1970, nanoseconds.
    pub(crate) modified: (i64, u32),
}

impl Recorded {
    /// Whether it is this file. The number alone is not enough, for a filesystem gives those of removed files away again.
    // Of other types on other architectures.
    #[allow(clippy::unnecessary_cast)]
    pub(super) fn is(&self, stat: &Stat) -> bool {
        let modified = (stat.st_mtime as i64, stat.st_mtime_nsec as u32);
        (self.inode, self.size, self.modified) == (stat.st_ino, stat.st_size as u64, modified)
    }
}

/// Those versions, by inode.
#[derive(Debug, Default)]
pub(crate) struct Records {
    by_inode: HashMap<u64, Vec<Recorded>>,
}

impl FromIterator<Recorded> for Records {
    fn from_iter<All: IntoIterator<Item = Recorded>>(all: All) -> Records {
        let mut records = Records::default();
        for version in all {
            let known = records.by_inode.entry(version.inode).or_default();
            if !known.contains(&version) {
                known.push(version);
            }
        }
        records
    }
}

impl Records {
    /// Those with this inode number.
    pub(super) fn with_inode(&self, inode: u64) -> &[Recorded] {
        self.by_inode.get(&inode).map_or(&[], Vec::as_slice)
    }

    /// Those of a path with this inode number.
    pub(super) fn of_path(&self, inode: u64, path: &Path) -> impl Iterator<Item = &Recorded> {
        self.with_inode(inode).iter().filter(move |version| version.path == path)
    }
}
