//! Control groups of the test's own, cgroups(7): below one slice, with which they go, whatever is in them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::fixture::Fixture;

/// Joins the group whose list of processes is $1, and becomes the program.
const JOIN: &str = "echo $$ > \"$1\" && shift && exec \"$@\"";

/// How long the kernel may take to see processes off.
const LIMIT: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

/// A slice with nothing in it yet.
pub struct Slice {
    top: PathBuf,
}

impl Slice {
    /// A new one in the unified hierarchy.
    ///
    /// # Errors
    /// It is not mounted from its root, or nothing may be made in it.
    pub fn try_new() -> io::Result<Slice> {
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        // "ID PARENT DEVICE ROOT PLACE OPTIONS ... - KIND ...", proc_pid_mountinfo(5).
        let place = |line: &str| {
            let (mount, kind) = line.split_once(" - ")?;
            let mut fields = mount.split(' ').skip(3);
            let (root, place) = fields.next().zip(fields.next())?;
            (kind.starts_with("cgroup2 ") && root == "/").then(|| PathBuf::from(place))
        };
        let hierarchy = mounts.lines().find_map(place).ok_or_else(|| io::Error::other("no cgroup2 is mounted"))?;
        let top = tempfile::Builder::new().prefix("swapbin-test-").suffix(".slice").tempdir_in(hierarchy)?.keep();
        Ok(Slice { top })
    }

    /// A program that sleeps in a group below it.
    #[track_caller]
    pub fn sleeping(&self, group: &str, program: &Path) -> Fixture {
        let group = self.top.join(group);
        fs::create_dir_all(&group).expect("a control group");
        let list = group.join("cgroup.procs");
        let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
        Fixture::start("sh", &["-c", JOIN, "sh", &text(&list), &text(program), "sleep"])
    }

    /// Ends whoever is left in it, as after a test that failed, and waits until nobody is.
    fn empty(&self) -> io::Result<()> {
        fs::write(self.top.join("cgroup.kill"), "1")?;
        let events = File::open(self.top.join("cgroup.events"))?;
        while !fs::read_to_string(self.top.join("cgroup.events"))?.contains("populated 0") {
            if poll(&mut [PollFd::new(&events, PollFlags::PRI)], Some(&LIMIT))? == 0 {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }
}

impl Drop for Slice {
    fn drop(&mut self) {
        let _ = self.empty();
        let _ = remove(&self.top);
    }
}

/// Its files are the kernel's own; only directories can be removed.
fn remove(group: &Path) -> io::Result<()> {
    for entry in fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        }
    }
    fs::remove_dir(group)
}
