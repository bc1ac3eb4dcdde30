//! The tree a case starts from.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::lchown;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, IFlags, Mode, Timespec, Timestamps, XattrFlags, ioctl_getflags, ioctl_setflags, lsetxattr, makedev,
    mknodat, utimensat,
};

use crate::support::{Made, Scratch};

/// When everything in a fresh tree was read and written, unless the case says otherwise.
pub const READ: (i64, i64) = (1_012_708_800, 1);
pub const WRITTEN: (i64, i64) = (981_173_106, 123_456_789);

/// A scratch tree in which everything made belongs to the user of the run.
pub struct Tree {
    scratch: Scratch,
    user: Option<u32>,
    immutable: RefCell<Vec<PathBuf>>,
}

impl Drop for Tree {
    fn drop(&mut self) {
        for path in self.immutable.take() {
            set_immutable(&path, false);
        }
    }
}

/// A name of any bytes.
pub fn bytes(name: &[u8]) -> OsString {
    OsStr::from_bytes(name).to_owned()
}

impl Tree {
    /// An empty one, that of the process itself or of this user.
    pub fn new(user: Option<u32>) -> Tree {
        let tree = Tree { scratch: Scratch::new(), user, immutable: RefCell::default() };
        tree.own(&tree.scratch.root());
        tree
    }

    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// A file, mode 0644 unless told, and the directories above it.
    pub fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Made {
        let name = name.as_ref();
        if let Some(above) = name.parent().filter(|above| !self.scratch.path(above).is_dir()) {
            self.directory(above);
        }
        let made = self.scratch.file(name, content);
        self.own(&made);
        made
    }

    /// A shell script, mode 0755.
    pub fn script(&self, name: impl AsRef<Path>, body: &str) -> Made {
        self.file(name, format!("#!/bin/sh\n{body}\n")).mode(0o755)
    }

    /// A directory, and those above it; mode 0755 unless told.
    pub fn directory(&self, name: impl AsRef<Path>) -> Made {
        let name = name.as_ref();
        let made = self.scratch.directory(name);
        for path in name.ancestors().filter(|path| !path.as_os_str().is_empty()) {
            self.own(&self.scratch.path(path));
        }
        made
    }

    /// A symbolic link.
    pub fn link(&self, name: impl AsRef<Path>, target: impl AsRef<Path>) {
        self.own(&self.scratch.link(name, target));
    }

    /// One more name of a file.
    pub fn hard_link(&self, name: impl AsRef<Path>, existing: impl AsRef<Path>) {
        fs::hard_link(self.scratch.path(existing), self.scratch.path(name)).expect("a hard link in the scratch directory");
    }

    pub fn fifo(&self, name: impl AsRef<Path>) {
        self.node(name.as_ref(), FileType::Fifo, 0);
    }

    /// The null device under another name; needs root.
    pub fn null_device(&self, name: impl AsRef<Path>) {
        self.node(name.as_ref(), FileType::CharacterDevice, makedev(1, 3));
    }

    pub fn socket(&self, name: impl AsRef<Path>) {
        let path = self.scratch.path(name);
        UnixListener::bind(&path).expect("a socket in the scratch directory");
        self.own(&path);
    }

    /// Sets when a file was read and written, in seconds and nanoseconds.
    pub fn times(&self, name: impl AsRef<Path>, read: (i64, i64), written: (i64, i64)) {
        set_times(&self.scratch.path(name), read, written);
    }

    /// Gives a file an extended attribute.
    pub fn attribute(&self, name: impl AsRef<Path>, attribute: &str, value: &[u8]) {
        let path = self.scratch.path(name);
        lsetxattr(&path, attribute, value, XattrFlags::empty()).unwrap_or_else(|error| panic!("{attribute}: {error}"));
    }

    /// Lets nobody change a file or directory while the tree lasts; needs root.
    pub fn immutable(&self, name: impl AsRef<Path>) {
        // Its times are set first, as they are for all that the case does not set them for.
        let path = self.scratch.path(name);
        set_times(&path, READ, WRITTEN);
        set_immutable(&path, true);
        self.immutable.borrow_mut().push(path);
    }

    fn node(&self, name: &Path, kind: FileType, device: u64) {
        let path = self.scratch.path(name);
        mknodat(CWD, &path, kind, Mode::from_raw_mode(0o644), device).expect("a node in the scratch directory");
        self.own(&path);
    }

    fn own(&self, path: &Path) {
        if let Some(user) = self.user {
            lchown(path, Some(user), Some(user)).expect("chown in the scratch directory");
        }
    }
}

/// Sets both times of a name, which is not followed if it is a link.
pub fn set_times(path: &Path, read: (i64, i64), written: (i64, i64)) {
    let time = |(tv_sec, tv_nsec)| Timespec { tv_sec, tv_nsec };
    let times = Timestamps { last_access: time(read), last_modification: time(written) };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn set_immutable(path: &Path, on: bool) {
    let file = File::open(path).expect("a file that can be opened");
    let mut flags = ioctl_getflags(&file).expect("the flags of a file");
    flags.set(IFlags::IMMUTABLE, on);
    ioctl_setflags(&file, flags).expect("a filesystem with flags");
}
