//! Where an old version is kept, and how it gets there.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::commit::name_error;
use super::copy;
use crate::error::Error;
use crate::failpoint;
use crate::fs::dir::{self, Dir};
use crate::fs::{attrs, private, rename, temp, tree};
use crate::journal::{Kept, Text, Way};
use crate::request::Digest;

/// The name of the file in a directory that only its owner may enter.
const INSIDE: &str = "file";

/// A directory and a name in it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(super) dir: Arc<Dir>,
    pub(super) name: OsString,
}

impl Place {
    /// Opens what is there for reading.
    ///
    /// # Errors
    /// Of openat(2).
    pub(crate) fn open(&self) -> Result<std::fs::File, Errno> {
        self.dir.open_file(&self.name)
    }
}

/// Where a kept version is.
///
/// # Errors
/// Of opening the directory that only its owner may enter: EPERM if it is another's. ENOENT if it is not there.
pub(crate) fn place(dir: &Arc<Dir>, kept: &Kept) -> Result<Place, Errno> {
    if kept.elsewhere.is_some() {
        return place_for(dir, kept);
    }
    if !kept.private {
        return Ok(Place { dir: Arc::clone(dir), name: kept.name.as_os_str().to_owned() });
    }
    // Looked up first, for opening makes it.
    dir::stat_at(&**dir, kept.name.as_os_str())?;
    place_for(dir, kept)
}

/// As [`place`], made if it is missing; but not a directory elsewhere, which was there when it was written down.
///
/// # Errors
/// Of mkdirat(2) and openat(2).
pub(crate) fn place_for(dir: &Arc<Dir>, kept: &Kept) -> Result<Place, Errno> {
    if let Some(elsewhere) = &kept.elsewhere {
        let dir = super::recover::open_dir(elsewhere.as_path())?.ok_or(Errno::NOENT)?;
        private::judge(&*dir)?;
        return Ok(Place { dir, name: kept.name.as_os_str().to_owned() });
    }
    if !kept.private {
        return Ok(Place { dir: Arc::clone(dir), name: kept.name.as_os_str().to_owned() });
    }
    let path = dir.path().join(kept.name.as_os_str());
    Ok(Place { dir: private::open_or_make(Some(dir), &path, kept.name.as_os_str())?, name: INSIDE.into() })
}

/// How a version is kept.
pub(super) struct Keeping {
    pub(super) kept: Kept,
    pub(super) place: Place,
    /// Its digest, which alone tells what a copy is.
    pub(super) sha256: Option<Digest>,
}

/// Prepares to keep the file called `leaf` by the name `name`: with a second link where the kernel allows one, else so that
/// there is a place for it, or with a copy where names cannot change places either. `None` if that may not be made.
///
/// # Errors
/// Of mkdirat(2) and linkat(2), except those that say that there can be no link; of copying, except that it is forbidden.
///
/// # After a crash
/// The name may be there, with a link of the file, or a part of a copy.
pub(super) fn prepare(dir: &Arc<Dir>, leaf: &OsStr, stat: &Stat, name: OsString, path: &Path) -> Result<Option<Keeping>, Error> {
    let error = |errno: Errno| name_error("keep the old file of", path, errno.into());
    let mut kept =
        Kept { name: Text::from(name.clone()), way: Way::Link, private: is_privileged(dir, leaf, stat), elsewhere: None };
    let place = place_for(dir, &kept).map_err(error)?;
    let way = match rename::link_to(dir, leaf, &place.dir, &place.name) {
        Ok(()) => Ok(Way::Link),
        // One directory is exchanged for another, or stays.
        Err(errno) if rename::is_no_link(errno) && tree::is_directory(stat) => Ok(Way::Exchange),
        Err(errno) if rename::is_no_link(errno) => {
            can_exchange(dir, kept.name.as_os_str()).map(|can| if can { Way::Exchange } else { Way::Twin })
        }
        Err(errno) => Err(errno),
    };
    match way {
        Ok(Way::Twin) => {
            let _ = remove(dir, &kept);
            prepare_twin(dir, leaf, kept, path)
        }
        Ok(way) => {
            kept.way = way;
            Ok(Some(Keeping { kept, place, sha256: None }))
        }
        Err(errno) => {
            let _ = remove(dir, &kept);
            Err(error(errno))
        }
    }
}

/// Found out with files of names that copies have, which go with the transaction.
fn can_exchange(dir: &Dir, kept: &OsStr) -> Result<bool, Errno> {
    let Some((txid, n)) = temp::transaction_of(kept, temp::KEPT_PREFIX) else { return Ok(false) };
    let [one, other] = [n, n + 1].map(|n| temp::copy_name(temp::kept_name(txid, n)));
    rename::can_exchange(dir, &one, &other)
}

fn prepare_twin(dir: &Arc<Dir>, leaf: &OsStr, kept: Kept, path: &Path) -> Result<Option<Keeping>, Error> {
    let error = |errno: Errno| name_error("keep the old file of", path, errno.into());
    let name = temp::copy_name(kept.name.as_os_str().to_owned());
    let kept = Kept { name: Text::from(name), way: Way::Twin, ..kept };
    let place = place_for(dir, &kept).map_err(error)?;
    match copy::make(dir, leaf, &place.dir, &place.name, path) {
        Ok((_, sha256)) => Ok(Some(Keeping { kept, place, sha256: Some(sha256) })),
        Err(failed) => {
            let _ = remove(dir, &kept);
            if failed.is_refusal() { Ok(None) } else { Err(failed) }
        }
    }
}

/// Prepares to keep the file called `leaf`, which goes: there is a place for it.
///
/// # Errors
/// Of mkdirat(2).
pub(crate) fn prepare_move(dir: &Arc<Dir>, leaf: &OsStr, stat: &Stat, name: OsString) -> Result<(Kept, Place), Errno> {
    let kept = Kept { name: Text::from(name), way: Way::Move, private: is_privileged(dir, leaf, stat), elsewhere: None };
    let place = place_for(dir, &kept)?;
    Ok((kept, place))
}

/// Removes a kept version, with everything in it, and the directory that was made for it. What is gone already is no error.
///
/// # Errors
/// Of unlinkat(2).
pub(crate) fn remove(dir: &Arc<Dir>, kept: &Kept) -> Result<(), Errno> {
    let inside = match place(dir, kept) {
        Err(Errno::NOENT) => return Ok(()),
        place => place.and_then(|place| gone(tree::remove(&place.dir, &place.name))),
    };
    match inside {
        Ok(()) => remove_room(dir, kept),
        // What cannot be looked at may be empty, and goes then; else it stays as it is.
        Err(_) if kept.private && dir.remove_dir(kept.name.as_os_str()).is_ok() => Ok(()),
        error => error,
    }
}

/// Removes the directory that was made for a kept version, which is not in it any more.
///
/// # Errors
/// Of unlinkat(2).
pub(crate) fn remove_room(dir: &Dir, kept: &Kept) -> Result<(), Errno> {
    if !kept.private {
        return Ok(());
    }
    failpoint::hit("room").map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    gone(dir.remove_dir(kept.name.as_os_str()))
}

/// The directory that was made for a version which is brought back out of it by this name; `None` where there is none.
fn room_of(temp: &OsStr) -> Option<&OsStr> {
    let room = Path::new(temp).parent()?.as_os_str();
    temp::transaction_of(room, temp::KEPT_PREFIX).map(|_| room)
}

/// Removes the directory that was made for a version which was brought back out of it, if nothing is in it. Says whether it did.
pub(super) fn remove_emptied(dir: &Dir, temp: &OsStr) -> bool {
    room_of(temp).is_some_and(|room| dir.remove_dir(room).is_ok())
}

/// Makes that directory again, for what is to go back there.
///
/// # Errors
/// Of mkdirat(2) and openat(2).
pub(super) fn make_room_again(dir: &Dir, temp: &OsStr) -> Result<(), Errno> {
    match room_of(temp) {
        Some(room) => private::open_or_make(Some(dir), &dir.path().join(room), room).map(drop),
        None => Ok(()),
    }
}

/// The name of a kept version as seen from the directory it is kept in.
pub(crate) fn relative(kept: &Kept) -> OsString {
    match kept.private {
        true => Path::new(kept.name.as_os_str()).join(INSIDE).into_os_string(),
        false => kept.name.as_os_str().to_owned(),
    }
}

fn gone(result: Result<(), Errno>) -> Result<(), Errno> {
    if result == Err(Errno::NOENT) { Ok(()) } else { result }
}

/// Whether whoever runs the file, or one below the directory, gets rights that are not his own: setuid, setgid, capabilities.
fn is_privileged(dir: &Dir, leaf: &OsStr, stat: &Stat) -> bool {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => {
            let inside = tree::open(dir, leaf).and_then(|top| {
                tree::any(&top, &mut |dir, name, stat| !tree::is_directory(stat) && is_privileged(dir, name, stat))
            });
            return inside.unwrap_or(true);
        }
        _ => return false,
    }
    // What cannot be found out is taken for yes.
    let has_capabilities = || match dir.open_path(leaf) {
        Ok(fd) => attrs::list_by_path(&format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&fd)), |_| false)
            .map_or(true, |all| all.iter().any(|xattr| *xattr.name == *attrs::CAPABILITY)),
        Err(_) => true,
    };
    stat.st_mode & 0o6000 != 0 || has_capabilities()
}
