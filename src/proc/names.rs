//! What the names in /proc are worth: whether a path still leads to the file that a process has by it.
//!
//! The text alone proves nothing. A file may be called "app (deleted)"; the mark is put behind a name that is gone, and then
//! something else may have either name. So both readings are looked up, in the process's own view, and compared by inode.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::holders::FileId;
use super::maps::Region;
use super::process::Process;
use super::regions::Buffers;
use crate::sys;

/// What the kernel puts behind a name that is gone, `d_path`.
const MARK: &[u8] = b" (deleted)";

/// How a file that a process has compares with what its path leads to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Version {
    /// The same file.
    Current,
    /// Another file.
    Replaced,
    /// Nothing.
    Deleted,
    /// It cannot be told.
    Unknown,
    /// Its path is that of a version that was put aside: not found here, for a name decides that.
    Kept,
}

/// A file that a process has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Has<'a> {
    /// A mapping.
    Region(&'a Region<'a>),
    /// What stat(2) said of it, and the text of its link.
    File { id: FileId, text: &'a [u8] },
}

impl<'a> Has<'a> {
    /// What the kernel calls it.
    pub(crate) fn text(self) -> &'a [u8] {
        match self {
            Has::Region(region) => region.name,
            Has::File { text, .. } => text,
        }
    }
}

/// Without the mark.
pub(crate) fn plain(text: &[u8]) -> &[u8] {
    text.strip_suffix(MARK).unwrap_or(text)
}

/// What has a path now.
#[derive(Debug)]
enum There {
    Nothing,
    Unknown,
    File {
        id: FileId,
        regular: bool,
        /// As mappings name it, once that was asked for.
        mapped: OnceCell<Option<FileId>>,
    },
}

/// The names of one mount namespace.
#[derive(Debug)]
struct View {
    /// Where paths start; `None`: they are our own.
    root: Option<OwnedFd>,
    /// Where that is: the kernel tells names from the root of the namespace, whatever the process has for its own.
    prefix: Vec<u8>,
    known: HashMap<Box<[u8]>, There>,
    /// Devices that are mounted, and the kinds of their filesystems.
    mounts: OnceCell<HashMap<(u32, u32), String>>,
}

/// Views held on to at most, for each has a descriptor.
const VIEWS: usize = 64;

/// What was looked up so far: each path once in each mount namespace.
#[derive(Debug)]
pub(crate) struct Names {
    own: Option<u64>,
    views: HashMap<u64, View>,
    /// The device of what the kernel keeps in memory for itself, and mounts nowhere: memfd_create(2), shared anonymous memory,
    /// System V segments, what drivers map.
    internal: Option<u64>,
}

impl Names {
    pub(crate) fn new() -> Names {
        let own = rustix::fs::stat("/proc/self/ns/mnt").ok().map(|stat| stat.st_ino);
        let memory = rustix::fs::memfd_create(c"swapbin", rustix::fs::MemfdFlags::CLOEXEC);
        let internal = memory.and_then(rustix::fs::fstat).ok().map(|stat| stat.st_dev);
        Names { own, views: HashMap::new(), internal }
    }

    /// The names as a process sees them: its mount namespace.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn view(&mut self, process: &Process) -> Result<u64, Errno> {
        let namespace = process.stat(c"ns/mnt")?.st_ino;
        if !self.views.contains_key(&namespace) {
            if self.views.len() >= VIEWS {
                self.views.retain(|known, _| Some(*known) == self.own);
            }
            let (root, prefix) = match self.own == Some(namespace) {
                true => (None, Vec::new()),
                false => (Some(process.root()?), process.link_text(c"root")?.into_encoded_bytes()),
            };
            let prefix = if prefix == b"/" { Vec::new() } else { prefix };
            let view = View { root, prefix, known: HashMap::new(), mounts: OnceCell::new() };
            self.views.insert(namespace, view);
        }
        Ok(namespace)
    }

    /// Whether it is that of this process.
    pub(crate) fn is_own(&self, view: u64) -> bool {
        self.own == Some(view)
    }

    /// The file a path leads to in a view; `None` if there is none, or it cannot be looked up.
    pub(crate) fn file_at(&mut self, view: u64, path: &OsStr) -> Option<FileId> {
        match self.views.get_mut(&view)?.look_up(path.as_bytes()) {
            There::File { id, .. } => Some(*id),
            There::Nothing | There::Unknown => None,
        }
    }

    /// Compares a file with what its path leads to. `None`: it has no path.
    pub(crate) fn version(&mut self, process: &Process, view: u64, has: Has<'_>) -> Option<Version> {
        let text = has.text();
        if !text.starts_with(b"/") {
            return text.is_empty().then_some(Version::Unknown);
        }
        let names = self.views.get_mut(&view)?;
        let literal = names.compare(process, has, text);
        let Some(plain) = text.strip_suffix(MARK) else {
            return Some(match literal {
                // The kernel does not say that it is gone: it has a name that leads nowhere from here.
                Version::Deleted => Version::Unknown,
                version => version,
            });
        };
        match literal {
            Version::Unknown => Some(Version::Unknown),
            // A file of that very name, unless the process was started by the other: then another link of it has this name.
            Version::Current if !was_started_as(process, plain) => Some(Version::Current),
            Version::Current | Version::Replaced | Version::Deleted | Version::Kept => Some(names.compare(process, has, plain)),
        }
    }

    /// Whether a mapping is one of a file that had a name for others: not of memory the kernel keeps for itself, and not one that
    /// only holds data and was meant to go with its process.
    pub(crate) fn is_of_interest(&self, process: &Process, view: u64, region: &Region<'_>) -> bool {
        if Some(region.device()) == self.internal {
            return false;
        }
        match self.views.get(&view).and_then(|view| view.mounts(process).get(&region.device)) {
            Some(kind) => region.executable || !["tmpfs", "ramfs", "hugetlbfs", "devtmpfs"].contains(&kind.as_str()),
            // A disk that was unmounted lazily has a number; memory of a driver has none, and no mount.
            None => region.device.0 != 0 || !region.name.ends_with(MARK),
        }
    }
}

impl View {
    fn look_up(&mut self, path: &[u8]) -> &There {
        if !self.known.contains_key(path) {
            let there = self.resolve(path);
            self.known.insert(path.into(), there);
        }
        &self.known[path]
    }

    fn open(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC;
        let Some(root) = &self.root else {
            return rustix::fs::openat(CWD, OsStr::from_bytes(path), flags, Mode::empty());
        };
        let inside = path.strip_prefix(self.prefix.as_slice()).filter(|rest| rest.starts_with(b"/")).ok_or(Errno::ACCESS)?;
        rustix::fs::openat2(root, OsStr::from_bytes(inside), flags, Mode::empty(), ResolveFlags::IN_ROOT)
    }

    fn resolve(&self, path: &[u8]) -> There {
        let stat = match self.root {
            None => rustix::fs::stat(OsStr::from_bytes(path)),
            Some(_) => self.open(path, OFlags::PATH).and_then(rustix::fs::fstat),
        };
        match stat {
            Ok(stat) => There::File {
                id: FileId::from(&stat),
                regular: FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile,
                mapped: OnceCell::new(),
            },
            Err(Errno::NOENT | Errno::NOTDIR) => There::Nothing,
            Err(_) => There::Unknown,
        }
    }

    fn compare(&mut self, process: &Process, has: Has<'_>, path: &[u8]) -> Version {
        self.look_up(path);
        let (id, regular, mapped) = match &self.known[path] {
            There::Nothing => return Version::Deleted,
            There::Unknown => return Version::Unknown,
            There::File { id, regular, mapped } => (*id, *regular, mapped),
        };
        let same = match has {
            Has::File { id: theirs, .. } => theirs == id,
            Has::Region(region) if region.inode != id.ino => false,
            Has::Region(region) if region.device() == id.dev => true,
            // Mappings name another device on btrfs and overlays. The link tells the truth, and where that may not be followed
            // a mapping of our own is named as theirs is.
            Has::Region(region) => match process.stat(region.link()) {
                Ok(stat) => FileId::from(&stat) == id,
                Err(Errno::NOENT | Errno::SRCH) => return Version::Current,
                Err(_) => match mapped.get_or_init(|| regular.then(|| self.as_mapped(path)).flatten()) {
                    Some(ours) => *ours == (FileId { dev: region.device(), ino: region.inode }),
                    None => return Version::Unknown,
                },
            },
        };
        if same { Version::Current } else { Version::Replaced }
    }

    /// What mappings of a regular file are called.
    fn as_mapped(&self, path: &[u8]) -> Option<FileId> {
        mapped_id(self.open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY).ok()?)
    }

    fn mounts(&self, process: &Process) -> &HashMap<(u32, u32), String> {
        self.mounts.get_or_init(|| mounts(&String::from_utf8_lossy(&process.read("mountinfo").unwrap_or_default())))
    }
}

/// What mappings of a regular file that is open for reading are called in /proc: a mapping of our own tells. `None` where it
/// cannot be mapped.
pub(crate) fn mapped_id(file: impl AsFd) -> Option<FileId> {
    let page = sys::Page::map(file.as_fd()).ok()?;
    let me = super::Proc::open().ok()?.process(std::process::id()).ok()?;
    let mut found = None;
    let look = |region: &Region<'_>| {
        if region.start == page.address() {
            found = Some(FileId { dev: region.device(), ino: region.inode });
        }
    };
    me.each_region(&mut Buffers::new(), look).ok()?;
    found
}

/// Whether a process says of itself that it was started by this path: its first argument.
fn was_started_as(process: &Process, path: &[u8]) -> bool {
    let command_line = process.read("cmdline").unwrap_or_default();
    command_line.split(|byte| *byte == 0).next() == Some(path)
}

/// Devices and kinds of filesystems in mountinfo, proc_pid_mountinfo(5).
fn mounts(mountinfo: &str) -> HashMap<(u32, u32), String> {
    let mount = |line: &str| {
        let (major, minor) = line.split(' ').nth(2)?.split_once(':')?;
        let kind = line.split_once(" - ")?.1.split(' ').next()?;
        Some(((major.parse().ok()?, minor.parse().ok()?), kind.to_owned()))
    };
    mountinfo.lines().filter_map(mount).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proc::Proc;
    use std::os::fd::AsRawFd;

    /// What is said of a descriptor of this process.
    fn version_of(file: &std::fs::File) -> Option<Version> {
        let me = Proc::open().unwrap().process(std::process::id()).unwrap();
        let link = format!("fd/{}", file.as_raw_fd());
        let (id, text) = (FileId::from(&me.stat(&link).unwrap()), me.link_text(&link).unwrap());
        let mut names = Names::new();
        let view = names.view(&me).unwrap();
        names.version(&me, view, Has::File { id, text: text.as_bytes() })
    }

    #[test]
    fn the_inode_decides_and_not_the_mark() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("app"), "1").unwrap();
        let file = std::fs::File::open(at("app")).unwrap();
        assert_eq!(version_of(&file), Some(Version::Current));
        std::fs::rename(at("app"), at("app.bak")).unwrap();
        assert_eq!(version_of(&file), Some(Version::Current), "the name follows");
        std::fs::hard_link(at("app.bak"), at("other")).unwrap();
        std::fs::remove_file(at("app.bak")).unwrap();
        assert_eq!(version_of(&file), Some(Version::Deleted), "another link of it is not its name");
        std::fs::write(at("app.bak (deleted)"), "decoy").unwrap();
        assert_eq!(version_of(&file), Some(Version::Deleted));
        std::fs::write(at("app.bak"), "2").unwrap();
        assert_eq!(version_of(&file), Some(Version::Replaced));
        std::fs::rename(at("other"), at("app.bak")).unwrap();
        assert_eq!(version_of(&file), Some(Version::Current), "it has its name again");
        let named_so = std::fs::File::open(at("app.bak (deleted)")).unwrap();
        assert_eq!(version_of(&named_so), Some(Version::Current));
        std::fs::remove_file(at("app.bak (deleted)")).unwrap();
        assert_eq!(version_of(&named_so), Some(Version::Deleted));
    }

    #[test]
    fn what_has_no_path_has_no_version() {
        let (read, _write) = std::io::pipe().unwrap();
        assert_eq!(version_of(&std::fs::File::from(OwnedFd::from(read))), None);
    }

    #[test]
    fn mounts_are_read_by_device() {
        let text = "22 27 0:21 / /proc rw,relatime shared:12 - proc proc rw\n23 22 254:1 /a /b rw - ext4 /dev/x rw\nbroken";
        let all = mounts(text);
        assert_eq!((all[&(0, 21)].as_str(), all[&(254, 1)].as_str(), all.len()), ("proc", "ext4", 2));
    }
}
