//! Names looked up inside a root directory, as chroot(2) would: links that are absolute begin there, and none leads out.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use rustix::fs::Stat;
use rustix::io::Errno;

use crate::error::{Error, Obstacle};
use crate::fs::dir::{self, Child, Dir};
use crate::fs::mount::{self, Room};
use crate::plan::target::{MAX_LINKS, Target, parts};
use crate::plan::trust;
use crate::request::PathTrust;
use crate::sys;

/// A directory at or below the root, by a way without links.
#[derive(Debug)]
pub(super) struct Here {
    pub(super) dir: Arc<Dir>,
    pub(super) stat: Stat,
    room: Room,
    /// `None`: it is the root.
    above: Option<Rc<Here>>,
}

impl Here {
    /// Device and inode.
    pub(super) fn id(&self) -> (u64, u64) {
        (self.stat.st_dev, self.stat.st_ino)
    }

    /// A name in it.
    ///
    /// # Errors
    /// The name cannot be looked up.
    pub(super) fn target(&self, leaf: OsString) -> Result<Target, Error> {
        Target::at(&self.dir, self.stat, self.room, leaf)
    }
}

/// A link that was followed.
struct Followed {
    at: PathBuf,
    to: PathBuf,
}

/// The root directory.
#[derive(Debug)]
pub(super) struct Within {
    root: Rc<Here>,
    judged: bool,
}

impl Within {
    pub(super) fn new(root: Dir, trust: PathTrust) -> Result<Within, Error> {
        let judged = trust == PathTrust::Strict && sys::is_root_to_the_kernel();
        Ok(Within { root: Rc::new(here(root, None)?), judged })
    }

    /// The root.
    pub(super) fn root(&self) -> Rc<Here> {
        Rc::clone(&self.root)
    }

    /// Whether what others may write to is refused.
    pub(super) fn is_judged(&self) -> bool {
        self.judged
    }

    /// Goes down a path, links followed; `None` if there is nothing of its first name, or of a later one where no link led.
    /// Every directory and every link it comes by is told to `by`, with the directory it is a name of.
    ///
    /// # Errors
    /// [`Error::Target`] for what is no directory, and for links that lead out, or to nothing.
    pub(super) fn enter(
        &self,
        from: &Rc<Here>,
        path: &Path,
        by: &mut dyn FnMut(&Here, &OsStr),
    ) -> Result<Option<Rc<Here>>, Error> {
        let mut at = Rc::clone(from);
        // With the link each is a part of: what is missing of the others is missing by itself.
        let mut left: VecDeque<(OsString, Option<Rc<Followed>>)> = parts(path).into_iter().map(|part| (part, None)).collect();
        let mut links = 0;
        while let Some((part, of_link)) = left.pop_front() {
            let here = || at.dir.path().join(&part);
            let refuse = |path: PathBuf, obstacle| Err(Error::Target { path, obstacle });
            if part == "." {
                continue;
            }
            if part == ".." {
                at = match (&at.above, of_link) {
                    (Some(above), _) => Rc::clone(above),
                    // The root of everything is above itself, path_resolution(7).
                    (None, _) if at.dir.path() == Path::new("/") => at,
                    (None, Some(link)) => return refuse(link.at.clone(), Obstacle::LeadsOut { to: link.to.clone() }),
                    (None, None) => return refuse(path.to_owned(), Obstacle::Outside),
                };
                continue;
            }
            match dir::open_child(&*at.dir, &part) {
                Ok(Child::Dir(fd)) => {
                    by(&at, &part);
                    at = Rc::new(self.below(&at, fd, &part)?);
                }
                Ok(Child::Link(text)) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return refuse(here(), Obstacle::LinkLoop);
                    }
                    if self.judged {
                        trust::judge_link(&*at.dir, &part, &here())?;
                    }
                    by(&at, &part);
                    let link = Rc::new(Followed { at: here(), to: text.clone() });
                    parts(&text).into_iter().rev().for_each(|part| left.push_front((part, Some(Rc::clone(&link)))));
                    if text.is_absolute() {
                        at = self.root();
                    }
                }
                Err(Errno::NOENT) => {
                    return match of_link {
                        Some(link) => refuse(link.at.clone(), Obstacle::LeadsNowhere { to: link.to.clone() }),
                        None => Ok(None),
                    };
                }
                Err(Errno::NOTDIR) => return refuse(here(), Obstacle::NotADirectory),
                Err(Errno::ACCESS) => return refuse(at.dir.path().to_owned(), Obstacle::NotSearchable),
                Err(errno) => return Err(Error::Io { op: "open", path: here(), source: errno.into() }),
            }
        }
        Ok(Some(at))
    }

    /// A directory by its own name, which is no link.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn below(&self, above: &Rc<Here>, fd: OwnedFd, name: &OsStr) -> Result<Here, Error> {
        let path = above.dir.path().join(name);
        if self.judged {
            trust::judge_dir(&fd, &path)?;
        }
        let dir = Dir::from_path_fd(fd, path.clone()).map_err(|errno| Error::Io { op: "open", path, source: errno.into() })?;
        here(dir, Some(Rc::clone(above)))
    }
}

fn here(dir: Dir, above: Option<Rc<Here>>) -> Result<Here, Error> {
    let stat = rustix::fs::fstat(&dir);
    let stat = stat.map_err(|errno| Error::Io { op: "stat", path: dir.path().to_owned(), source: errno.into() })?;
    let room = mount::room(&dir);
    Ok(Here { dir: Arc::new(dir), stat, room, above })
}
