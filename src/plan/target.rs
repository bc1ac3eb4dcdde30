//! Where the new file goes: a directory descriptor and a name, found in one walk.
//!
//! The walk opens one directory after the other and follows links itself, so that every link and directory on the way can be
//! judged, and nothing is looked up by path a second time.

mod found;

use std::collections::{HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::trust;
use crate::error::{Error, Obstacle};
use crate::fs::dir::{self, Child, Dir};
use crate::fs::mount::{self, Room};
use crate::fs::same;
use crate::report::FileFacts;
use crate::request::{Follow, Mode, PathTrust, Request, Source};
pub(crate) use found::Found;

/// Links followed before it is called a loop, as the kernel's MAXSYMLINKS.
pub(super) const MAX_LINKS: usize = 40;

/// What has the target's name now.
#[derive(Debug)]
pub(crate) struct Existing {
    pub(crate) stat: Stat,
    /// The file, if the caller may read it.
    pub(crate) file: Option<File>,
}

impl Existing {
    pub(crate) fn is_regular(&self) -> bool {
        FileType::from_raw_mode(self.stat.st_mode) == FileType::RegularFile
    }

    // Of another type on other architectures.
    #[allow(clippy::unnecessary_cast)]
    pub(crate) fn links(&self) -> u64 {
        self.stat.st_nlink as u64
    }

    pub(crate) fn identity(&self) -> (u64, u64) {
        (self.stat.st_dev, self.stat.st_ino)
    }

    pub(crate) fn size(&self) -> u64 {
        self.stat.st_size as u64
    }

    pub(crate) fn mode(&self) -> Mode {
        Mode::from_bits(self.stat.st_mode)
    }
}

/// Facts of a file for a report.
pub(crate) fn facts(stat: &Stat) -> FileFacts {
    FileFacts {
        sha256: None,
        size: stat.st_size as u64,
        mode: Mode::from_bits(stat.st_mode),
        uid: stat.st_uid,
        gid: stat.st_gid,
        dev: stat.st_dev,
        ino: stat.st_ino,
        modified: Some(modified(stat)),
    }
}

/// When the content of a file changed last: seconds since 1970, nanoseconds.
// Of other types on other architectures.
#[allow(clippy::unnecessary_cast)]
fn modified(stat: &Stat) -> (i64, u32) {
    (stat.st_mtime as i64, stat.st_mtime_nsec as u32)
}

/// The target, resolved once.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) dir: Arc<Dir>,
    pub(crate) dir_stat: Stat,
    pub(crate) leaf: OsString,
    /// For messages.
    pub(crate) path: PathBuf,
    /// The link that was asked for, if the last part of the path was one and it was followed.
    pub(crate) through_link: Option<PathBuf>,
    pub(crate) existing: Option<Existing>,
    pub(crate) room: Room,
}

impl Target {
    /// A name in a directory that is open already. Nothing is opened besides.
    ///
    /// # Errors
    /// The name cannot be looked up.
    pub(crate) fn at(dir: &Arc<Dir>, dir_stat: Stat, room: Room, leaf: OsString) -> Result<Target, Error> {
        let path = dir.path().join(&leaf);
        let existing = match dir::stat_at(&**dir, &leaf) {
            Ok(stat) => Some(Existing { stat, file: None }),
            Err(Errno::NOENT) => None,
            Err(Errno::NAMETOOLONG) => return Err(Error::Target { path, obstacle: Obstacle::NameTooLong }),
            Err(errno) => return Err(io("stat", path, errno)),
        };
        Ok(Target { dir: Arc::clone(dir), dir_stat, leaf, path, through_link: None, existing, room })
    }

    /// Whether the name still stands for what it stood for: the same inode, unchanged, or nothing. That the file has got or lost
    /// other names, as when the kept name of a killed run goes, is no change of it.
    pub(crate) fn is_as_planned(&self) -> bool {
        match (dir::stat_at(&*self.dir, &self.leaf), &self.existing) {
            (Ok(now), Some(existing)) => {
                let planned = &existing.stat;
                same::is_unchanged(&now, planned)
                    || (now.st_nlink != planned.st_nlink && same::is_same_but_for_names(&now, planned))
            }
            (Err(Errno::NOENT), None) => true,
            _ => false,
        }
    }

    /// Gives up the descriptors: the file's, and the directory's if another target in it has one.
    pub(crate) fn release(&mut self, directories: &mut HashMap<(u64, u64), Arc<Dir>>) {
        let shared = directories.entry((self.dir_stat.st_dev, self.dir_stat.st_ino)).or_insert_with(|| Arc::clone(&self.dir));
        self.dir = Arc::clone(shared);
        if let Some(existing) = &mut self.existing {
            existing.file = None;
        }
    }

    /// Opens the file again after [`Target::release`].
    ///
    /// # Errors
    /// [`Error::TargetChanged`] if another one has the name meanwhile.
    pub(crate) fn reopen(&mut self) -> Result<(), Error> {
        if let Some(existing) = self.existing.as_mut().filter(|existing| existing.is_regular()) {
            let opened = open(&self.dir, &self.leaf, existing.stat, &self.path)?;
            if opened.identity() != existing.identity() {
                return Err(Error::TargetChanged { path: self.path.clone() });
            }
            *existing = opened;
        }
        Ok(())
    }

    /// Looks again how much room there is.
    pub(crate) fn measure_room(&mut self) {
        self.room = mount::room(&*self.dir);
    }
}

/// Walks to the target of `request`.
///
/// # Errors
/// [`Error::Target`] with what is in the way, [`Error::NoName`] for a directory without a usable name from the source.
pub(crate) fn resolve(request: &Request, found: &mut Found) -> Result<Target, Error> {
    if let Some(target) = found.target(request)? {
        return Ok(target);
    }
    let target = walk(request)?;
    found.note(request, &target);
    Ok(target)
}

fn walk(request: &Request) -> Result<Target, Error> {
    let mut walk = Walk::start(request)?;
    loop {
        let Some(part) = walk.parts.pop_front() else {
            // The path ended in a directory: the name comes from the source.
            walk.name_from_source()?;
            continue;
        };
        let last = walk.parts.is_empty();
        if part == "." {
            continue;
        }
        if last && part != ".." {
            match walk.leaf(part)? {
                Some(target) => return Ok(target),
                None => continue,
            }
        }
        walk.enter(&part)?;
    }
}

/// Walks to a file that is there, or was.
///
/// # Errors
/// [`Error::Target`]; for a directory too.
pub(crate) fn locate(path: &Path, follow: Follow, path_trust: PathTrust) -> Result<Target, Error> {
    let nowhere = Source::File(PathBuf::new());
    match walk(&Request { follow, path_trust, ..Request::new(nowhere, path) }) {
        // A directory asks the source for a name, and there is none.
        Err(Error::NoName { .. }) => Err(Error::Target { path: path.to_owned(), obstacle: Obstacle::Directory }),
        result => result,
    }
}

/// As [`locate`], and to a directory too.
///
/// # Errors
/// [`Error::Target`].
pub(crate) fn locate_any(path: &Path, follow: Follow, path_trust: PathTrust) -> Result<Target, Error> {
    match locate(path, follow, path_trust) {
        Err(Error::Target { obstacle: Obstacle::Directory, .. }) => locate_directory(path, path_trust),
        located => located,
    }
}

/// Walks to a directory.
///
/// # Errors
/// [`Error::Target`].
pub(crate) fn locate_dir(path: &Path, path_trust: PathTrust) -> Result<Dir, Error> {
    let request = Request { path_trust, ..Request::new(Source::File(PathBuf::new()), path) };
    let mut walk = Walk::start(&request)?;
    while let Some(part) = walk.parts.pop_front() {
        if part != "." {
            walk.enter(&part)?;
        }
    }
    let path = walk.path_for_messages();
    Dir::from_path_fd(walk.fd, path.clone()).map_err(|errno| io("open", path, errno))
}

/// Walks to a directory, and takes it for a name in the one it is in.
///
/// # Errors
/// [`Error::Target`].
pub(crate) fn locate_directory(path: &Path, path_trust: PathTrust) -> Result<Target, Error> {
    let dir = locate_dir(path, path_trust)?;
    match (dir.path().parent(), dir.path().file_name()) {
        (Some(parent), Some(name)) => locate_name(parent, name, path_trust),
        _ => Err(Error::Target { path: path.to_owned(), obstacle: Obstacle::MountedDirectory }),
    }
}

/// A name in a directory that is open.
///
/// # Errors
/// The name cannot be looked up.
pub(crate) fn name_in(dir: &Arc<Dir>, leaf: OsString) -> Result<Target, Error> {
    let stat = rustix::fs::fstat(dir).map_err(|errno| io("stat", dir.path(), errno))?;
    Target::at(dir, stat, mount::room(&**dir), leaf)
}

/// Walks to a directory, and looks at a name in it, whatever has it.
///
/// # Errors
/// [`Error::Target`].
pub(crate) fn locate_name(dir: &Path, leaf: &OsStr, path_trust: PathTrust) -> Result<Target, Error> {
    name_in(&Arc::new(locate_dir(dir, path_trust)?), leaf.to_owned())
}

struct Walk<'a> {
    request: &'a Request,
    /// The directory reached, and its path for messages.
    fd: OwnedFd,
    path: PathBuf,
    /// What is left to walk.
    parts: VecDeque<OsString>,
    links: usize,
    through_link: Option<PathBuf>,
    /// What the last link that was followed at the end of the path says.
    last_link: Option<(PathBuf, PathBuf)>,
    named: bool,
    root: bool,
}

impl<'a> Walk<'a> {
    fn start(request: &'a Request) -> Result<Walk<'a>, Error> {
        let absolute = request.target.is_absolute();
        // Messages name whole paths. A working directory that was removed has none; then the path stays as it was given.
        let path = if absolute { PathBuf::from("/") } else { std::env::current_dir().unwrap_or_default() };
        let named = if path.as_os_str().is_empty() { Path::new(".") } else { &path };
        let fd = dir::open_start(absolute).map_err(|errno| io("open", named, errno))?;
        let root = trust::applies(request);
        let mut walk = Walk {
            request,
            fd,
            path,
            parts: parts(&request.target),
            links: 0,
            through_link: None,
            last_link: None,
            named: false,
            root,
        };
        walk.judge_dir()?;
        if request.target.as_os_str().is_empty() {
            return Err(Error::Target { path: PathBuf::new(), obstacle: Obstacle::MissingParent });
        }
        // A trailing slash asks for a directory; `..` is one.
        if request.target.as_os_str().as_bytes().ends_with(b"/") {
            walk.parts.push_back(".".into());
        }
        Ok(walk)
    }

    /// One step into a directory, or the replacement of a link by what it says.
    fn enter(&mut self, part: &OsStr) -> Result<(), Error> {
        match dir::open_child(&self.fd, part) {
            Ok(Child::Dir(fd)) => {
                self.fd = fd;
                // No link is left in the path, so that what is above a directory is what stands before it.
                match part == ".." && self.path.is_absolute() {
                    true => drop(self.path.pop()),
                    false => self.path.push(part),
                }
                self.judge_dir()
            }
            Ok(Child::Link(text)) => self.follow(part, &text),
            Err(errno) => Err(self.step_error(part, errno)),
        }
    }

    /// The last part: the target, or `None` if it was a link or directory that leads on.
    fn leaf(&mut self, part: OsString) -> Result<Option<Target>, Error> {
        let stat = match dir::stat_at(&self.fd, &part) {
            Ok(stat) => Some(stat),
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(self.step_error(&part, errno)),
        };
        match stat.as_ref().map(|stat| FileType::from_raw_mode(stat.st_mode)) {
            None => {
                if let Some((link, to)) = self.last_link.take() {
                    return Err(Error::Target { path: link, obstacle: Obstacle::DanglingLink { to } });
                }
            }
            Some(FileType::Symlink) if self.request.follow == Follow::Target => {
                let text = dir::read_link(&self.fd, &part).map_err(|errno| self.step_error(&part, errno))?;
                let link = self.path.join(&part);
                self.through_link.get_or_insert_with(|| link.clone());
                self.last_link = Some((link, text.clone()));
                self.follow(&part, &text)?;
                return Ok(None);
            }
            Some(FileType::Directory) if !self.named => {
                self.enter(&part)?;
                return Ok(None);
            }
            Some(_) => {}
        }
        self.arrive(part, stat).map(Some)
    }

    fn arrive(&mut self, leaf: OsString, stat: Option<Stat>) -> Result<Target, Error> {
        let dir_path = self.path_for_messages();
        let fd = self.fd.try_clone().map_err(|source| Error::Io { op: "open", path: dir_path.clone(), source })?;
        let dir = Dir::from_path_fd(fd, dir_path.clone()).map_err(|errno| io("open", &dir_path, errno))?;
        let dir_stat = rustix::fs::fstat(&self.fd).map_err(|errno| io("stat", &dir_path, errno))?;
        let room = mount::room(&dir);
        let path = self.path.join(&leaf);
        let existing = stat.map(|stat| look_at(&dir, &dir_stat, &leaf, stat, self.root, &path)).transpose()?;
        let through_link = self.through_link.take();
        Ok(Target { dir: Arc::new(dir), dir_stat, leaf, path, through_link, existing, room })
    }

    fn path_for_messages(&self) -> PathBuf {
        if self.path.as_os_str().is_empty() { PathBuf::from(".") } else { self.path.clone() }
    }

    /// Puts what a link says in the place of its name.
    fn follow(&mut self, part: &OsStr, text: &Path) -> Result<(), Error> {
        self.links += 1;
        let link = self.path.join(part);
        if self.links > MAX_LINKS {
            return Err(Error::Target { path: link, obstacle: Obstacle::LinkLoop });
        }
        if self.root {
            trust::judge_link(&self.fd, part, &link)?;
        }
        if text.as_os_str().as_bytes().ends_with(b"/") {
            self.parts.push_front(".".into());
        }
        for part in parts(text).into_iter().rev() {
            self.parts.push_front(part);
        }
        if text.is_absolute() {
            self.fd = dir::open_start(true).map_err(|errno| io("open", "/", errno))?;
            self.path = PathBuf::from("/");
            self.judge_dir()?;
        }
        Ok(())
    }

    fn name_from_source(&mut self) -> Result<(), Error> {
        self.named = true;
        self.last_link = None;
        self.parts.push_back(self.request.sources[0].file_name()?);
        Ok(())
    }

    fn judge_dir(&self) -> Result<(), Error> {
        if self.root { trust::judge_dir(&self.fd, &self.path) } else { Ok(()) }
    }

    /// An error of looking up `part` in the directory reached.
    fn step_error(&mut self, part: &OsStr, errno: Errno) -> Error {
        let here = if self.path.as_os_str().is_empty() { PathBuf::from(".") } else { self.path.clone() };
        let (path, obstacle) = match errno {
            Errno::NOENT => match self.last_link.take() {
                Some((link, to)) => (link, Obstacle::DanglingLink { to }),
                None => (self.path.join(part), Obstacle::MissingParent),
            },
            Errno::NOTDIR => (self.path.join(part), Obstacle::NotADirectory),
            Errno::ACCESS => (here, Obstacle::NotSearchable),
            Errno::NAMETOOLONG => (self.path.join(part), Obstacle::NameTooLong),
            Errno::LOOP => (self.path.join(part), Obstacle::LinkLoop),
            _ => return io("look up", self.path.join(part), errno),
        };
        Error::Target { path, obstacle }
    }
}

/// The parts of a path that name something; `.` in the middle names nothing, at the end it asks for a directory.
pub(super) fn parts(path: &Path) -> VecDeque<OsString> {
    let mut parts: VecDeque<OsString> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect();
    if path.as_os_str().as_bytes().ends_with(b"/.") || path == Path::new(".") {
        parts.push_back(".".into());
    }
    parts
}

/// What has the target's name, judged where root could be led.
fn look_at(dir: &Dir, dir_stat: &Stat, leaf: &OsStr, stat: Stat, root: bool, path: &Path) -> Result<Existing, Error> {
    // A link that is itself replaced passes nothing on to the new file.
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Ok(Existing { stat, file: None });
    }
    if root {
        trust::judge_leaf(dir_stat, &stat, path)?;
    }
    open(dir, leaf, stat, path)
}

/// Opens the file that was looked at, if the caller may read it. If another run has replaced it since, that file counts.
fn open(dir: &Dir, leaf: &OsStr, stat: Stat, path: &Path) -> Result<Existing, Error> {
    let file = match dir.open_file(leaf) {
        Ok(file) => file,
        Err(Errno::ACCESS | Errno::PERM) => return Ok(Existing { stat, file: None }),
        Err(Errno::NOENT | Errno::LOOP) => return Err(Error::TargetChanged { path: path.to_owned() }),
        Err(errno) => return Err(io("open", path, errno)),
    };
    let opened = rustix::fs::fstat(&file).map_err(|errno| io("stat", path, errno))?;
    match FileType::from_raw_mode(opened.st_mode) {
        FileType::RegularFile => Ok(Existing { stat: opened, file: Some(file) }),
        _ => Err(Error::TargetChanged { path: path.to_owned() }),
    }
}

fn io(op: &'static str, path: impl AsRef<Path>, errno: Errno) -> Error {
    Error::Io { op, path: path.as_ref().to_owned(), source: errno.into() }
}
