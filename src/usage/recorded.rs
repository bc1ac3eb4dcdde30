//! Versions of files that the state directory knows of: what a name cannot tell after it was changed.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::Stat;

use crate::fs::temp;
use crate::journal::{Entry, Kind, Version};

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

/// Those versions, by inode, and the names that versions are kept by.
#[derive(Debug, Default)]
pub(crate) struct Records {
    by_inode: HashMap<u64, Vec<Recorded>>,
    kept: HashMap<OsString, KeptAt>,
}

/// What has the name of a kept version.
#[derive(Debug)]
struct KeptAt {
    /// The directory and the name it had.
    dir: PathBuf,
    leaf: OsString,
    /// Where it is kept, if not in that directory.
    elsewhere: Option<PathBuf>,
    /// Whether it is in a directory of that name.
    private: bool,
}

/// What is at or below the name of a kept version.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Former {
    /// The path it had before.
    At(PathBuf),
    /// No record tells which.
    Somewhere,
}

impl<'a> FromIterator<&'a Entry> for Records {
    fn from_iter<All: IntoIterator<Item = &'a Entry>>(all: All) -> Records {
        let mut records = Records::default();
        for entry in all {
            records.add(entry);
        }
        records
    }
}

impl Records {
    fn add(&mut self, entry: &Entry) {
        let (dir, leaf) = (entry.dir.as_path(), entry.leaf.as_os_str());
        let files = [&entry.new, &entry.old].into_iter().flatten().filter(|version| version.kind == Kind::File);
        for &Version { inode, size, modified, .. } in files {
            let version = Recorded { path: dir.join(leaf), inode, size, modified };
            let known = self.by_inode.entry(inode).or_default();
            if !known.contains(&version) {
                known.push(version);
            }
        }
        if let Some(kept) = &entry.kept {
            let at = KeptAt {
                dir: dir.to_owned(),
                leaf: leaf.to_owned(),
                elsewhere: kept.elsewhere.as_ref().map(|dir| dir.as_path().to_owned()),
                private: kept.private,
            };
            self.kept.insert(kept.name.as_os_str().to_owned(), at);
        }
    }

    /// What a path was before what is on its way was kept: a directory that was exchanged or taken away with all that is in it.
    /// `None`: nothing on the way is called as what we keep. The rest of the path is as seen by whoever has it, in whatever mount
    /// namespace: names of kept versions are given once.
    pub(super) fn former(&self, path: &[u8]) -> Option<Former> {
        let is_kept = |name: &[u8]| name.starts_with(temp::KEPT_PREFIX.as_bytes());
        // Most paths have no such name.
        if !path.split(|byte| *byte == b'/').any(is_kept) {
            return None;
        }
        let (mut before, mut is_former) = (PathBuf::new(), false);
        let mut parts = Path::new(std::ffi::OsStr::from_bytes(path)).components();
        while let Some(part) = parts.next() {
            let name = part.as_os_str();
            if !matches!(part, Component::Normal(_)) || temp::transaction_of(name, temp::KEPT_PREFIX).is_none() {
                before.push(part);
                continue;
            }
            let Some(kept) = self.kept.get(name) else { return Some(Former::Somewhere) };
            match &kept.elsewhere {
                Some(elsewhere) if *elsewhere != before => return Some(Former::Somewhere),
                Some(_) => before.clone_from(&kept.dir),
                None => {}
            }
            before.push(&kept.leaf);
            if kept.private {
                parts.next();
            }
            is_former = true;
        }
        is_former.then_some(Former::At(before))
    }

    /// Those with this inode number.
    pub(super) fn with_inode(&self, inode: u64) -> &[Recorded] {
        self.by_inode.get(&inode).map_or(&[], Vec::as_slice)
    }

    /// Those of a path with this inode number.
    pub(super) fn of_path(&self, inode: u64, path: &Path) -> impl Iterator<Item = &Recorded> {
        self.with_inode(inode).iter().filter(move |version| version.path == path)
    }
}
