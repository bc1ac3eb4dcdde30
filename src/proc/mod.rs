//! What /proc tells of other processes. Reads, and decides nothing.
//!
//! Names in /proc are claims: whether a file is the one meant is told by its inode, through the links of /proc/PID that open
//! the file itself (proc_pid_exe(5), proc_pid_fd(5), proc_pid_map_files(5)), and not by what those links say.

mod each;
mod hiding;
mod holders;
mod maps;
mod names;
mod pinned;
mod process;
mod regions;
mod status;
mod writers;

pub(crate) use each::{Looked, each, one};
pub(crate) use hiding::hiding;
pub(crate) use holders::{FileId, Holder, How, add_mapping, holders};
pub(crate) use maps::{Mapping, Region};
#[cfg(feature = "test-programs")]
pub(crate) use maps::{mappings as read_mappings, ranges as read_ranges};
pub(crate) use names::{Has, Names, Version, mapped_id, plain};
pub(crate) use pinned::{Pinned, born};
pub(crate) use process::Process;
pub(crate) use regions::{Buffers, Opened};
pub(crate) use status::Access;
pub(crate) use writers::writers;

use std::path::Path;

use rustix::io::Errno;

use crate::fs::dir::Dir;

/// The processes that can be seen here.
#[derive(Debug)]
pub(crate) struct Proc {
    dir: Dir,
}

impl Proc {
    /// Opens /proc.
    ///
    /// # Errors
    /// Of openat(2); ENOSYS if what is mounted there is something else, or nothing is.
    pub(crate) fn open() -> Result<Proc, Errno> {
        /// statfs(2), from linux/magic.h.
        const PROC_SUPER_MAGIC: u64 = 0x9fa0;
        let dir = Dir::open(Path::new("/proc"))?;
        // Of another type on other architectures.
        #[allow(clippy::unnecessary_cast)]
        let magic = rustix::fs::fstatfs(&dir)?.f_type as u64;
        if magic & 0xffff_ffff == PROC_SUPER_MAGIC { Ok(Proc { dir }) } else { Err(Errno::NOSYS) }
    }

    /// The processes there are now, by pid in this process's pid namespace. Threads are no processes.
    ///
    /// # Errors
    /// Of getdents(2).
    pub(crate) fn pids(&self) -> Result<Vec<u32>, Errno> {
        let mut pids = Vec::new();
        for name in self.dir.names(|name| name.iter().all(u8::is_ascii_digit))? {
            pids.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        pids.sort_unstable();
        Ok(pids)
    }

    /// Whether processes of others are hidden from this one, proc(5), so that they cannot be counted. Then mostly not even the first
    /// one is seen; where that is one's own, as in a container, the mount tells.
    pub(crate) fn hides(&self) -> bool {
        let first = rustix::fs::statat(&self.dir, c"1", rustix::fs::AtFlags::empty());
        first.err() == Some(Errno::NOENT) || {
            let mounts = self.process(std::process::id()).and_then(|this| this.read("mountinfo"));
            mounts.is_ok_and(|mounts| hiding(&mounts).is_some_and(|hiding| hiding.concerns_us()))
        }
    }

    /// A hold on one process.
    ///
    /// # Errors
    /// ENOENT if there is none; EACCES where /proc is mounted with hidepid=1, proc(5).
    pub(crate) fn process(&self, pid: u32) -> Result<Process, Errno> {
        Process::open(&self.dir, pid)
    }

    /// The same; where its first thread has ended, a hold by one that lives and has its files.
    ///
    /// # Errors
    /// As [`Proc::process`].
    pub(crate) fn living(&self, pid: u32) -> Result<Process, Errno> {
        let process = self.process(pid)?;
        if process.stat(c"exe").is_ok() {
            return Ok(process);
        }
        Ok(process.other_thread().unwrap_or(process))
    }
}
