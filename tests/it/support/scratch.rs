//! A directory of one test's own, gone when the test is, also when it fails.

use std::ffi::OsStr;
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::process::writing;
use super::snapshot::Snapshot;

/// Where a test works: a tree it looks at, and beside it a place for tools and a home directory that it does not look at.
pub struct Scratch {
    base: TempDir,
}

impl Scratch {
    /// On the filesystem of `/tmp`.
    pub fn new() -> Scratch {
        Scratch::on("/tmp")
    }

    /// On another filesystem: `/dev/shm` is one that needs no root.
    pub fn on(parent: impl AsRef<Path>) -> Scratch {
        let base = tempfile::Builder::new().prefix("swapbin-test-").tempdir_in(parent).expect("a scratch directory");
        let scratch = Scratch { base };
        fs::set_permissions(scratch.base.path(), PermissionsExt::from_mode(0o711)).expect("chmod of the scratch directory");
        for directory in [scratch.root(), scratch.tools(), scratch.home()] {
            fs::create_dir(&directory).expect("a directory in the scratch directory");
            fs::set_permissions(directory, PermissionsExt::from_mode(0o755)).expect("chmod in the scratch directory");
        }
        scratch
    }

    /// Where runs of this user keep their state; `None`: of the user who runs the tests. It is as a first run leaves it, so that
    /// traces of a run show what every other run does.
    pub fn state(&self, user: Option<u32>) -> PathBuf {
        let directory = self.base.path().join(user.map_or_else(|| "state".to_owned(), |user| format!("state-{user}")));
        if !directory.exists() {
            let made = [directory.clone(), directory.join("txn"), directory.join("history")];
            for path in &made {
                fs::create_dir(path).expect("a state directory");
                fs::set_permissions(path, PermissionsExt::from_mode(0o700)).expect("chmod of the state directory");
            }
            fs::write(directory.join("mark"), "00c0ffee").expect("the mark of the state directory");
            fs::write(directory.join("lock"), "").expect("the lock of the state directory");
            for path in made.into_iter().chain([directory.join("mark"), directory.join("lock")]) {
                chown(&path, user, user).expect("chown of the state directory");
            }
        }
        directory
    }

    /// The tree under test; swapbin's working directory.
    pub fn root(&self) -> PathBuf {
        self.base.path().join("tree")
    }

    /// For programs and files that are no part of the tree under test.
    pub fn tools(&self) -> PathBuf {
        self.base.path().join("tools")
    }

    /// `$HOME`.
    pub fn home(&self) -> PathBuf {
        self.base.path().join("home")
    }

    /// A path in the tree.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join(name)
    }

    /// A file with this content, mode 0644 unless told.
    pub fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Made {
        self.make(self.path(name), content.as_ref())
    }

    /// A file that is one byte repeated.
    pub fn file_of(&self, name: impl AsRef<Path>, byte: u8, length: usize) -> Made {
        self.file(name, vec![byte; length])
    }

    /// A copy of the fixture program whose `version` mode prints this marker.
    ///
    /// # Panics
    /// If the marker is longer than sixteen bytes.
    pub fn program(&self, name: impl AsRef<Path>, version: &str) -> Made {
        assert!(version.len() <= 16, "a version marker has at most sixteen bytes");
        let mut bytes = fs::read(env!("CARGO_BIN_EXE_swapbin-fixture")).expect("the fixture program");
        bytes.extend_from_slice(format!("{version:<16}").as_bytes());
        self.make(self.path(name), &bytes).mode(0o755)
    }

    /// A copy of a program, beside the tree: reachable for every user, wherever the build directory is.
    pub fn tool(&self, program: &Path) -> PathBuf {
        let name = program.file_name().expect("a program has a name");
        let copy = self.tools().join(name);
        if !copy.exists() {
            self.make(copy.clone(), &fs::read(program).expect("a program to copy")).mode(0o755);
        }
        copy
    }

    /// A directory, mode 0755 unless told.
    pub fn directory(&self, name: impl AsRef<Path>) -> Made {
        let path = self.path(name);
        fs::create_dir_all(&path).expect("a directory in the scratch directory");
        Made(path).mode(0o755)
    }

    /// A symbolic link.
    pub fn link(&self, name: impl AsRef<Path>, target: impl AsRef<Path>) -> PathBuf {
        let path = self.path(name);
        symlink(target, &path).expect("a symbolic link in the scratch directory");
        path
    }

    /// What a file in the tree contains.
    #[track_caller]
    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Every file of the tree as it is now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.root())
    }

    /// Nothing that swapbin leaves behind when it is killed. Kept versions are meant to be there.
    #[track_caller]
    pub fn assert_no_litter(&self) {
        let litter = self.litter();
        assert!(litter.is_empty(), "litter in {}: {litter:?}", self.root().display());
    }

    /// Everything in the tree whose name begins with `.swapbin`, kept versions excepted.
    pub fn litter(&self) -> Vec<PathBuf> {
        self.snapshot().names().filter(|name| is_litter(name)).map(Path::to_owned).collect()
    }

    fn make(&self, path: PathBuf, content: &[u8]) -> Made {
        let _no_fork = writing();
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Made(path).mode(0o644)
    }
}

/// A directory without write permission could not be emptied by an ordinary user.
impl Drop for Scratch {
    fn drop(&mut self) {
        let mut left = vec![self.root()];
        while let Some(directory) = left.pop() {
            let _ = fs::set_permissions(&directory, PermissionsExt::from_mode(0o700));
            let children = fs::read_dir(directory).into_iter().flatten().flatten();
            left.extend(children.filter(|child| child.file_type().is_ok_and(|kind| kind.is_dir())).map(|child| child.path()));
        }
    }
}

/// Whether it is a replaced version that is kept.
pub fn is_kept(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".swapbin~"))
}

fn is_litter(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".swapbin."))
}

/// A file or directory just made: its path, and words to say more about it.
#[derive(Clone, Debug)]
pub struct Made(PathBuf);

impl Made {
    /// Sets its permission bits, whatever the umask is.
    pub fn mode(self, mode: u32) -> Made {
        fs::set_permissions(&self.0, PermissionsExt::from_mode(mode)).expect("chmod in the scratch directory");
        self
    }

    /// Gives it to somebody; needs root.
    pub fn owner(self, uid: u32, gid: u32) -> Made {
        chown(&self.0, Some(uid), Some(gid)).expect("chown in the scratch directory");
        self
    }
}

impl Deref for Made {
    type Target = Path;
    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for Made {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<OsStr> for Made {
    fn as_ref(&self) -> &OsStr {
        self.0.as_os_str()
    }
}
