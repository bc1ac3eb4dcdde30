//! Directories, as install(1) makes them: with their parents, from the left, and it is no failure if they are there already.

mod unsynced;

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::Stat;
use rustix::io::Errno;

use super::Host;
use super::label::{Labels, Unlabelled};
use crate::fs::dir::{self, Dir, Links};
use crate::report::{DirectoryError, LabelError, MadeDirectory};
use crate::request::{Directories, Durability, Label};
use unsynced::Unsynced;

/// The mode of directories that nobody spoke of.
const ABOVE: u32 = 0o755;

/// Makes directories, and tells of each in order. One that fails is no reason not to make the others.
///
/// The caller's umask takes its part in the modes of directories above those asked for; install(1) has none.
///
/// # Guarantees
/// Nobody gets into a new directory by rights that it is not to have in the end. Nothing is removed if it fails.
///
/// # After a crash
/// Any of them may be there, also without its final owner and mode; the mode is then stricter.
pub fn make_directories(directories: &Directories, host: &Host) -> Vec<MadeDirectory> {
    let mut making = Making::new(directories.durability, &directories.label);
    let mut made: Vec<MadeDirectory> = Vec::with_capacity(directories.paths.len());
    for path in &directories.paths {
        making.unsynced.begin(made.len());
        let outcome = match host.cancel.check() {
            Ok(()) => make(path, directories, &mut making),
            Err(_) => Err(DirectoryError::Cancelled),
        };
        made.push(making.tell(outcome));
    }
    for (at, error) in making.unsynced.finish() {
        if made[at].outcome.is_ok() {
            made[at].outcome = Err(DirectoryError::InDoubt(error));
        }
    }
    made
}

/// Makes what is missing of the directories that lead to `path`, install's `-D`, and labels those it makes. Links on the way
/// are followed.
pub fn make_leading(path: &Path, durability: Durability, label: &Label) -> MadeDirectory {
    let mut making = Making::new(durability, label);
    let outcome = descend(path, &mut making).map(drop);
    let mut made = making.tell(outcome);
    for (_, error) in making.unsynced.finish() {
        made.outcome = made.outcome.and(Err(DirectoryError::InDoubt(error)));
    }
    made
}

/// Removes again what [`make_leading`] made, as far as it is still empty: where files are installed all or none, and none is.
pub fn remove_leading(made: &MadeDirectory) {
    for path in made.created.iter().rev() {
        if dir::remove_empty(path).is_err() {
            break;
        }
    }
}

/// What one call has done so far.
struct Making<'a> {
    created: Vec<PathBuf>,
    unlabelled: Vec<(PathBuf, LabelError)>,
    labels: Labels<'a>,
    unsynced: Unsynced,
}

impl Making<'_> {
    fn new(durability: Durability, label: &Label) -> Making<'_> {
        let (labels, unsynced) = (Labels::new(label), Unsynced::new(durability));
        Making { created: Vec::new(), unlabelled: Vec::new(), labels, unsynced }
    }

    /// What became of the directory at hand; the next one begins.
    fn tell(&mut self, outcome: Result<(), DirectoryError>) -> MadeDirectory {
        let (created, unlabelled) = (std::mem::take(&mut self.created), std::mem::take(&mut self.unlabelled));
        MadeDirectory { created, unlabelled, outcome }
    }

    /// Labels a directory, before anything is in it if it is new, and says whether that changed it.
    fn label(&mut self, dir: impl AsFd, path: &Path, is_new: bool) -> Result<bool, DirectoryError> {
        match self.labels.directory(dir, is_new) {
            Ok(changed) => Ok(changed),
            Err(Unlabelled::Told(error)) => {
                self.unlabelled.push((path.to_owned(), error));
                Ok(false)
            }
            Err(Unlabelled::Refused(source)) => Err(DirectoryError::Label { path: path.to_owned(), source }),
        }
    }
}

fn make(path: &Path, wanted: &Directories, making: &mut Making<'_>) -> Result<(), DirectoryError> {
    let (parent, leaf) = descend(path, making)?;
    let keeps_owner = wanted.uid.is_none() && wanted.gid.is_none();
    let (mode, mask) = (wanted.mode.bits(), wanted.mode_mask.bits());
    // What is to change hands, or to become sticky or setgid, is nobody else's before it has.
    let at_first = match keeps_owner {
        false => mode & !0o077,
        true if mask & 0o6000 | mode & 0o1000 != 0 => mode & !0o022,
        true => mode,
    };
    let made = dir::make(&parent, leaf, at_first);
    if made.is_ok() {
        making.created.push(path.to_owned());
    }
    let links = if made.is_ok() { Links::Refuse } else { Links::Follow };
    let failed = |errno: Errno| DirectoryError::Create { path: path.to_owned(), source: errno.into() };
    let unchanged = |error: io::Error| match keeps_owner {
        true => DirectoryError::Mode(error),
        false => DirectoryError::OwnerAndMode(error),
    };
    let opened = dir::open_path(&parent, leaf, links).map_err(|errno| match made {
        // Something has the name, and it may lead to a directory: of that, install(1) says that it cannot be changed.
        Err(Errno::EXIST) if errno != Errno::NOTDIR => unchanged(errno.into()),
        Err(reason) => failed(reason),
        Ok(()) => failed(errno),
    })?;
    let opened = Dir::from_path_fd(opened, path.to_owned()).map_err(failed)?;
    let labelled = making.label(&opened, path, made.is_ok())?;
    match give(&opened, wanted) {
        Ok(changed) => {
            if made.is_ok() {
                making.unsynced.note(parent, &opened);
            }
            if labelled || changed || made.is_ok() {
                making.unsynced.note_itself(opened);
            }
            Ok(())
        }
        Err(error) => Err(unchanged(error)),
    }
}

/// Gives a directory its owner and mode, and says whether it had them not.
fn give(made: &Dir, wanted: &Directories) -> io::Result<bool> {
    let stat: Stat = rustix::fs::fstat(made)?;
    let (mode, mask) = (wanted.mode.bits(), wanted.mode_mask.bits());
    let other = |wanted: Option<u32>, is: u32| wanted.is_some_and(|id| id != is);
    let chown = other(wanted.uid, stat.st_uid) || other(wanted.gid, stat.st_gid);
    // What chown(2) may have taken away has to be given again.
    let mut unclear = 0;
    if chown {
        made.chown(wanted.uid, wanted.gid)?;
        unclear = if stat.st_mode & 0o111 != 0 { stat.st_mode & 0o7000 } else { 0 };
    }
    let chmod = ((stat.st_mode ^ mode) | unclear) & mask != 0;
    if chmod {
        made.chmod(mode | stat.st_mode & 0o7777 & !mask)?;
    }
    Ok(chown || chmod)
}

/// Goes down to the directory that the last part of a path is in, and makes what is missing. The rest of the path is returned
/// with it, slashes at the end included.
fn descend<'a>(path: &'a Path, making: &mut Making<'_>) -> Result<(OwnedFd, &'a OsStr), DirectoryError> {
    let failed = |end: usize, errno: Errno| DirectoryError::Create {
        path: OsStr::from_bytes(&path.as_os_str().as_bytes()[..end]).into(),
        source: errno.into(),
    };
    let whole = path.as_os_str().as_bytes();
    let mut here = dir::open_start(false).map_err(|errno| failed(whole.len(), errno))?;
    let (above, leaf) = parts(whole);
    for (start, end) in above {
        let name = OsStr::from_bytes(&whole[start..end]);
        let made = if name == ".." { Err(Errno::EXIST) } else { dir::make(&here, name, ABOVE) };
        let links = if made.is_ok() { Links::Refuse } else { Links::Follow };
        let here_path = || Path::new(OsStr::from_bytes(&whole[..end]));
        if made.is_ok() {
            making.created.push(here_path().to_owned());
        }
        let entered = dir::open_path(&here, name, links).and_then(|fd| dir::search(&fd).map(|()| fd));
        let below = entered.map_err(|errno| match made {
            // That it could not be made tells more than that it is not there.
            Err(reason) if errno == Errno::NOENT => failed(end, reason),
            _ => failed(end, errno),
        })?;
        if made.is_ok() {
            let opened = below.try_clone().map_err(|_| Errno::MFILE).and_then(|fd| Dir::from_path_fd(fd, path.to_owned()));
            making.unsynced.note(here, &opened.map_err(|errno| failed(end, errno))?);
            making.label(&below, here_path(), true)?;
        }
        here = below;
    }
    Ok((here, OsStr::from_bytes(&whole[leaf..])))
}

/// Where the parts above the last one begin and end, and where the last one begins. A part is what stands between slashes, the
/// first one with those in front of it; parts that are a single dot do not count.
fn parts(path: &[u8]) -> (Vec<(usize, usize)>, usize) {
    let is_slash = |at: usize| path.get(at) == Some(&b'/');
    let (mut above, mut start) = (Vec::new(), 0);
    let mut at = path.iter().take_while(|byte| **byte == b'/').count();
    while at < path.len() {
        let end = (at..path.len()).find(|at| is_slash(*at)).unwrap_or(path.len());
        let next = (end..path.len()).find(|at| !is_slash(*at)).unwrap_or(path.len());
        if next == path.len() {
            break;
        }
        if &path[start..end] != b"." {
            above.push((start, end));
        }
        (start, at) = (next, next);
    }
    (above, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts_of(path: &str) -> (Vec<&str>, &str) {
        let (above, leaf) = parts(path.as_bytes());
        (above.into_iter().map(|(start, end)| &path[start..end]).collect(), &path[leaf..])
    }

    #[test]
    fn a_path_is_gone_down_part_by_part() {
        assert_eq!(parts_of("a"), (vec![], "a"));
        assert_eq!(parts_of("a/b//c//"), (vec!["a", "b"], "c//"));
        assert_eq!(parts_of("./a/./../b"), (vec!["a", ".."], "b"));
        assert_eq!(parts_of("//a/b"), (vec!["//a"], "b"));
        assert_eq!(parts_of("/"), (vec![], "/"));
        assert_eq!(parts_of(""), (vec![], ""));
    }
}
