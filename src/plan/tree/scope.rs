//! What goes: names below a directory of the root that the staging tree does not have.

use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::merge::Merge;
use super::within::Here;
use super::{Change, TreeEntry};
use crate::error::{Error, Obstacle};
use crate::fs::dir::{self, Child, Dir};
use crate::fs::{flags, tree};
use crate::plan::obstacle;

/// Finds what goes below `scope`. Our own files, whose names begin with `.swapbin`, stay. `false` if there is no such directory.
///
/// # Errors
/// [`Error::Target`] for what cannot go: devices and the like, what holds a mount point, what is needed.
pub(super) fn delete(merge: &mut Merge, scope: &Path, needed: &[&Path]) -> Result<bool, Error> {
    let root = merge.within.root();
    // Absolute is as seen from the root as well.
    let Some(here) = merge.within.enter(&root, scope, &mut |_, _| {})? else { return Ok(false) };
    let mut needed: HashSet<(u64, u64)> = needed.iter().flat_map(|path| above(path)).collect();
    if here.dir.path() == Path::new("/") {
        return Err(Error::Target { path: "/".into(), obstacle: Obstacle::Needed });
    }
    // It stays itself; what is needed may be below it.
    needed.remove(&here.id());
    below(merge, &here, &needed).map(|()| true)
}

fn below(merge: &mut Merge, here: &Rc<Here>, needed: &HashSet<(u64, u64)>) -> Result<(), Error> {
    let io = |op, path: &Path, errno: Errno| Error::Io { op, path: path.to_owned(), source: errno.into() };
    let mut names = here.dir.all_names().map_err(|errno| io("list", here.dir.path(), errno))?;
    names.sort();
    for name in names {
        let path = here.dir.path().join(&name);
        if name.as_encoded_bytes().starts_with(b".swapbin") {
            continue;
        }
        if !merge.is_staged(here, &name) {
            let target = here.target(name)?;
            if let (Some(existing), true) = (&target.existing, merge.is_news(here, &target.leaf)) {
                judge(merge, &here.dir, &existing.stat, &path, &target, needed)?;
                merge.removed.push(TreeEntry { target, change: Change::Remove });
            }
            continue;
        }
        match dir::open_child(&*here.dir, &name) {
            Ok(Child::Dir(fd)) => {
                let inner = Rc::new(merge.within.below(here, fd, &name)?);
                below(merge, &inner, needed)?;
            }
            Ok(Child::Link(_)) | Err(Errno::NOTDIR | Errno::NOENT) => {}
            Err(errno) => return Err(io("open", &path, errno)),
        }
    }
    Ok(())
}

fn judge(
    merge: &Merge,
    dir: &Dir,
    stat: &Stat,
    path: &Path,
    target: &crate::plan::target::Target,
    needed: &HashSet<(u64, u64)>,
) -> Result<(), Error> {
    let refuse = |obstacle| Err(Error::Target { path: path.to_owned(), obstacle });
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile | FileType::Symlink => Ok(()),
        FileType::Directory if needed.contains(&(stat.st_dev, stat.st_ino)) => refuse(Obstacle::Needed),
        FileType::Directory if flags::of(dir, &target.leaf).mount_point => refuse(Obstacle::MountedDirectory),
        FileType::Directory => {
            let is_staged = |stat: &Stat| tree::is_directory(stat) && merge.is_entered(stat);
            if is_staged(stat) {
                return refuse(Obstacle::HoldsStaged { at: path.to_owned() });
            }
            let mut obstacle = None;
            let top = tree::open(dir, &target.leaf);
            let found = top.and_then(|top| {
                tree::any(&top, &mut |dir, name, found| {
                    let at = || dir.path().join(name);
                    if (tree::is_directory(found) && found.st_dev != stat.st_dev) || flags::of(dir, name).mount_point {
                        obstacle = Some(Obstacle::HoldsMount { at: at() });
                    } else if is_staged(found) {
                        // Only a second mount of it is reached by a way that was not walked.
                        obstacle = Some(Obstacle::HoldsStaged { at: at() });
                    }
                    obstacle.is_some()
                })
            });
            match (found, obstacle) {
                (Ok(_), Some(obstacle)) => refuse(obstacle),
                (Ok(_), None) => Ok(()),
                (Err(errno), _) => Err(Error::Io { op: "look through", path: path.to_owned(), source: errno.into() }),
            }
        }
        other => refuse(Obstacle::Special { kind: obstacle::kind_of(other) }),
    }
}

/// The directory, and all above it: device and inode.
pub(super) fn above(path: &Path) -> Vec<(u64, u64)> {
    let Ok(mut dir) = Dir::open(path) else { return Vec::new() };
    let mut found = Vec::new();
    while let Ok(stat) = rustix::fs::fstat(&dir) {
        let id = (stat.st_dev, stat.st_ino);
        if found.last() == Some(&id) {
            break;
        }
        found.push(id);
        let Ok(parent) = dir::open_path(&dir, "..".as_ref(), dir::Links::Follow) else { break };
        let Ok(parent) = Dir::from_path_fd(parent, "..".into()) else { break };
        dir = parent;
    }
    found
}
