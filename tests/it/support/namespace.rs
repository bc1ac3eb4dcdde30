//! Mounts that only the test sees. They live in a mount namespace that one waiting process keeps, and end with it: nothing is
//! mounted on the machine, and nothing is left when a test fails, or is killed.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::process::{Process, run};
use super::scratch::Scratch;
use super::sys::{Step, before_exec};

/// A mount namespace of the test's own; needs `require_mounts()`.
pub struct Namespace {
    keeper: Process,
}

impl Namespace {
    /// A copy of the machine's mounts, from which nothing travels back.
    #[track_caller]
    pub fn new() -> Namespace {
        Namespace::try_new().unwrap_or_else(|error| panic!("no mount namespace: {error}"))
    }

    /// The same, where it may be refused.
    ///
    /// # Errors
    /// What `unshare` answered.
    pub fn try_new() -> io::Result<Namespace> {
        // Ends by itself when the test does, even if that is killed: its standard input ends then.
        let mut command = Command::new("cat");
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        before_exec(&mut command, vec![Step::NewMounts]);
        // That the namespace is there when spawn returns is what std promises: it waits for the exec.
        Ok(Namespace { keeper: Process::try_spawn(&mut command)? })
    }

    /// A path as it is inside, for this process to look at from outside.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        let inside = inside.as_ref().strip_prefix("/").expect("an absolute path").to_owned();
        PathBuf::from(format!("/proc/{}/root", self.keeper.pid().as_raw_nonzero())).join(inside)
    }

    /// What a child does to get in.
    pub fn entrance(&self) -> Step {
        let path = format!("/proc/{}/ns/mnt", self.keeper.pid().as_raw_nonzero());
        Step::EnterMounts(OwnedFd::from(File::open(path).expect("the namespace of a living process")))
    }

    /// Has a command run inside.
    pub fn host(&self, command: &mut Command) {
        before_exec(command, vec![self.entrance()]);
    }

    /// Mounts a file or directory on another one.
    #[track_caller]
    pub fn bind(&self, source: &Path, at: &Path) {
        self.mount(&["--bind"], source, at);
    }

    /// The same, read-only.
    #[track_caller]
    pub fn bind_read_only(&self, source: &Path, at: &Path) {
        self.bind(source, at);
        self.mount(&["-o", "remount,bind,ro"], source, at);
    }

    /// An empty filesystem with these options, such as `size=1m` or `nr_inodes=10`.
    #[track_caller]
    pub fn tmpfs(&self, options: &str, at: &Path) {
        self.mount(&["-t", "tmpfs", "-o", options], Path::new("none"), at);
    }

    /// An overlay of `lower` with its upper and work directories in the scratch directory; `more` is empty or an option such
    /// as `,volatile`.
    #[track_caller]
    pub fn overlay(&self, scratch: &Scratch, lower: &Path, more: &str, at: &Path) {
        let layer = |name| {
            let path = scratch.tools().join(name);
            fs::create_dir_all(&path).expect("a directory for a layer");
            path
        };
        let (upper, work) = (layer("upper"), layer("work"));
        let options = format!("lowerdir={},upperdir={},workdir={}{more}", lower.display(), upper.display(), work.display());
        self.mount(&["-t", "overlay", "-o", &options], Path::new("none"), at);
    }

    /// A new filesystem of this kind and size on a loop device, which the kernel frees with the mount. Needs
    /// `require_filesystem(kind)`. ext4, xfs (at least 300 MiB) or btrfs (at least 128 MiB); the image is sparse.
    #[track_caller]
    pub fn image(&self, scratch: &Scratch, kind: &str, mebibytes: u64, at: &Path) {
        let image = scratch.tools().join(format!("{kind}.img"));
        File::create(&image).and_then(|file| file.set_len(mebibytes << 20)).expect("a sparse image");
        let quiet: &[&str] = match kind {
            "ext4" => &["-q", "-F", "-E", "lazy_itable_init=1"],
            _ => &["-q"],
        };
        let mut mkfs = Command::new(format!("mkfs.{kind}"));
        run(mkfs.env("PATH", path_with_sbin()).args(quiet).arg(&image).stdin(Stdio::null()).stdout(Stdio::null()));
        // `-o loop` sets autoclear: the device is freed with the last user of the mount.
        self.mount(&["-t", kind, "-o", "loop"], &image, at);
    }

    /// Makes `/proc` one with these options, of the pid namespace of the tests.
    #[track_caller]
    pub fn proc(&self, options: &str) {
        self.mount(&["-t", "proc", "-o", options], Path::new("none"), Path::new("/proc"));
    }

    /// Makes `/proc` an empty directory.
    #[track_caller]
    pub fn hide_proc(&self) {
        self.tmpfs("size=4k,mode=555", Path::new("/proc"));
    }

    #[track_caller]
    fn mount(&self, how: &[&str], source: &Path, at: &Path) {
        let mut mount = Command::new("mount");
        mount.env("PATH", path_with_sbin()).args(how).args([source, at]).stdin(Stdio::null());
        self.host(&mut mount);
        run(&mut mount);
    }
}

fn path_with_sbin() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}
