//! A recorded version of a file that somebody has moved aside: under another name in the same directory.

use std::path::{Path, PathBuf};

use super::recorded::Recorded;
use crate::fs::dir;
use crate::plan;
use crate::request::{Follow, PathTrust};
use crate::txn;

/// Where the newest recorded version of a file is that its path does not lead to, if that is in the directory of the path. Only to
/// be spoken of: it is known by device, inode, size and time.
pub(super) fn aside(path: &Path, follow: Follow, recorded: &Recorded) -> Option<PathBuf> {
    let target = plan::locate(path, follow, PathTrust::Any).ok()?;
    let present = target.existing.as_ref().map(|existing| existing.stat.st_ino);
    let versions: Vec<_> = recorded.all(&target.path).filter(|(version, _)| Some(version.inode) != present).collect();
    if versions.is_empty() {
        return None;
    }
    let names = target.dir.names_with_inode(|inode| versions.iter().any(|(version, _)| version.inode == inode)).ok()?;
    versions.iter().find_map(|(version, device)| {
        let is_it = |name: &&std::ffi::OsString| {
            dir::stat_at(&*target.dir, name).is_ok_and(|stat| {
                let now = txn::version(&stat, None);
                (now.kind, now.inode, now.size, now.modified) == (version.kind, version.inode, version.size, version.modified)
                    && stat.st_dev == *device
            })
        };
        names.iter().find(is_it).map(|name| target.dir.path().join(name))
    })
}
