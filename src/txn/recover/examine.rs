//! What is on the disk of a transaction's entries.

use std::path::{Component, Path};
use std::sync::Arc;

use rustix::fs::Stat;
use rustix::io::Errno;

use crate::fs::dir::{self, Child, Dir};
use crate::fs::mount;
use crate::journal::{Entry, Facts, Filesystem, Seen};
use crate::txn::identify::seen;
use crate::txn::kept;

/// An entry, and its directory where it is here.
pub(super) struct Examined {
    pub(super) dir: Option<Arc<Dir>>,
    pub(super) facts: Facts,
}

/// When the journal was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::txn) enum Boot {
    /// Since the machine was started.
    Same,
    /// Before.
    Earlier,
    /// Nobody can say: there is no /proc.
    Unknown,
}

impl Boot {
    pub(in crate::txn) fn of(recorded: Option<&str>, now: Option<&str>) -> Boot {
        match (recorded, now) {
            (Some(then), Some(now)) if then == now => Boot::Same,
            (Some(_), Some(_)) => Boot::Earlier,
            _ => Boot::Unknown,
        }
    }
}

/// Looks.
///
/// # Errors
/// Something cannot be looked at.
pub(super) fn examine(entry: &Entry, boot: Boot) -> Result<Examined, Errno> {
    let dir = match find(entry.dir.as_path(), &entry.filesystem, boot)? {
        Found::Here(dir) => dir,
        Found::Not(facts) => return Ok(Examined { dir: None, facts }),
    };
    let look = |dir: &Dir, name: &std::ffi::OsStr| seen(dir, name, entry.old.as_ref(), entry.new.as_ref());
    let target = look(&dir, entry.leaf.as_os_str())?;
    let temp = entry.temp.as_ref().map_or(Ok(Seen::Absent), |temp| look(&dir, temp.as_os_str()))?;
    let kept = match &entry.kept {
        None => Seen::Absent,
        Some(kept) => match kept::place(&dir, kept) {
            Ok(place) => look(&place.dir, &place.name)?,
            Err(Errno::NOENT) => Seen::Absent,
            Err(Errno::PERM | Errno::NOTDIR | Errno::LOOP) => Seen::Other,
            Err(errno) => return Err(errno),
        },
    };
    Ok(Examined { dir: Some(dir), facts: Facts::Here { target, temp, kept } })
}

/// A directory that was written down.
pub(in crate::txn) enum Found {
    Here(Arc<Dir>),
    /// Why it is not.
    Not(Facts),
}

/// Opens a directory, if it is the one that was written down.
///
/// # Errors
/// It cannot be looked at.
pub(in crate::txn) fn find(path: &Path, recorded: &Filesystem, boot: Boot) -> Result<Found, Errno> {
    if recorded.volatile && boot == Boot::Earlier {
        return Ok(Found::Not(Facts::Lost));
    }
    let Some(dir) = open(path)? else { return Ok(Found::Not(Facts::Away)) };
    let stat = rustix::fs::fstat(&dir)?;
    Ok(match whereabouts(recorded, &stat, mount::uuid(&dir), boot) {
        Whereabouts::Same => Found::Here(dir),
        Whereabouts::OtherFilesystem => Found::Not(Facts::Away),
        Whereabouts::OtherDirectory => Found::Not(Facts::Moved),
    })
}

enum Whereabouts {
    Same,
    OtherFilesystem,
    OtherDirectory,
}

/// Whether a directory is the recorded one. Within a boot its numbers tell; afterwards the filesystem's own name does, and the
/// number of the inode, which stays.
fn whereabouts(recorded: &Filesystem, now: &Stat, uuid: Option<String>, boot: Boot) -> Whereabouts {
    let same_filesystem = match (boot, &recorded.uuid, &uuid) {
        (Boot::Same, ..) => recorded.dev == now.st_dev,
        (_, Some(then), Some(now)) => then == now,
        _ => recorded.inode == now.st_ino,
    };
    match (same_filesystem, recorded.inode == now.st_ino) {
        (true, true) => Whereabouts::Same,
        (true, false) => Whereabouts::OtherDirectory,
        (false, _) => Whereabouts::OtherFilesystem,
    }
}

/// Opens a directory by a path that had no links when it was written down; `None` if it is not there, or a link now is.
pub(in crate::txn) fn open(path: &Path) -> Result<Option<Arc<Dir>>, Errno> {
    let mut fd = dir::open_start(true)?;
    for part in path.components() {
        let Component::Normal(name) = part else { continue };
        fd = match dir::open_child(&fd, name) {
            Ok(Child::Dir(fd)) => fd,
            Ok(Child::Link(_)) | Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(errno),
        };
    }
    Dir::from_path_fd(fd, path.to_owned()).map(|dir| Some(Arc::new(dir)))
}
