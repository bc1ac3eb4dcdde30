//! What a staging tree holds.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use crate::error::{Error, Obstacle};
use crate::fs::dir::{self, Dir};
use crate::fs::{temp, tree};
use crate::plan::obstacle::kind_of;

/// A name of the staging tree, with everything below it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: OsString,
    pub(crate) stat: Stat,
    pub(crate) kind: NodeKind,
}

/// What it is.
#[derive(Debug)]
pub(crate) enum NodeKind {
    File,
    /// A symbolic link that says this.
    Link(PathBuf),
    Directory(Vec<Node>),
}

/// A node, and where it is.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) dir: Arc<Dir>,
    pub(crate) node: Node,
}

impl Staged {
    /// The path, for messages.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join(&self.node.name)
    }
}

impl Node {
    /// Opens it as a file of this directory; it must be what was found when the tree was read.
    ///
    /// # Errors
    /// [`Error::Source`]; [`Error::SourceChanged`].
    pub(crate) fn open(&self, dir: &Dir) -> Result<File, Error> {
        let path = || dir.path().join(&self.name);
        let file = dir.open_file(&self.name).map_err(|errno| unreadable(path(), errno))?;
        self.judge(&file, path).map(|()| file)
    }

    /// Opens it as a directory of this one.
    ///
    /// # Errors
    /// As [`Node::open`].
    pub(crate) fn open_directory(&self, dir: &Dir) -> Result<Arc<Dir>, Error> {
        let path = || dir.path().join(&self.name);
        let inner = tree::open(dir, &self.name).map_err(|errno| unreadable(path(), errno))?;
        self.judge(&inner, path).map(|()| Arc::new(inner))
    }

    fn judge(&self, fd: impl AsFd, path: impl Fn() -> PathBuf) -> Result<(), Error> {
        let now = rustix::fs::fstat(fd).map_err(|errno| unreadable(path(), errno))?;
        let facts = |stat: &Stat| (stat.st_dev, stat.st_ino, stat.st_mode, stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
        if facts(&now) == facts(&self.stat) { Ok(()) } else { Err(Error::SourceChanged { path: path() }) }
    }
}

/// Opens a staging tree.
///
/// # Errors
/// [`Error::Source`].
pub(super) fn open(path: &Path) -> Result<Dir, Error> {
    let dir = Dir::open(path).map_err(|errno| unreadable(path.to_owned(), errno))?;
    if dir.is_readable() { Ok(dir) } else { Err(unreadable(path.to_owned(), Errno::ACCESS)) }
}

/// A staging tree as a node without a name.
///
/// # Errors
/// As [`read`].
pub(super) fn top(dir: &Dir) -> Result<Node, Error> {
    let stat = rustix::fs::fstat(dir).map_err(|errno| unreadable(dir.path().to_owned(), errno))?;
    Ok(Node { name: OsString::new(), stat, kind: NodeKind::Directory(read(dir)?) })
}

/// Everything below a directory, names in order.
///
/// # Errors
/// [`Error::Source`], [`Error::StagedSpecial`]; [`Error::Target`] for a name that swapbin gives to its own files.
pub(super) fn read(dir: &Dir) -> Result<Vec<Node>, Error> {
    let mut names = dir.all_names().map_err(|errno| unreadable(dir.path().to_owned(), errno))?;
    names.sort();
    let mut nodes = Vec::new();
    for name in names {
        let path = || dir.path().join(&name);
        // A later run would take it for one of its own.
        if temp::is_own_name(&name) {
            return Err(Error::Target { path: path(), obstacle: Obstacle::OwnName });
        }
        let stat = dir::stat_at(dir, &name).map_err(|errno| unreadable(path(), errno))?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => NodeKind::File,
            FileType::Symlink => NodeKind::Link(dir::read_link(dir, &name).map_err(|errno| unreadable(path(), errno))?),
            FileType::Directory => {
                let inner = tree::open(dir, &name).map_err(|errno| unreadable(path(), errno))?;
                NodeKind::Directory(read(&inner)?)
            }
            other => return Err(Error::StagedSpecial { path: path(), kind: kind_of(other) }),
        };
        nodes.push(Node { name, stat, kind });
    }
    Ok(nodes)
}

fn unreadable(path: PathBuf, errno: Errno) -> Error {
    Error::Source { path, source: errno.into() }
}
