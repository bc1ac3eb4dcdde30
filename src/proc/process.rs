//! One process, held by its directory in /proc.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;

use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::maps::{self, Mapping};
use super::regions::Buffers;
use super::status::{self, Status};
use crate::fs::dir::Dir;

/// A process. The descriptor is of the process and not of the number: once it has ended, every call here fails with ESRCH or
/// ENOENT, also if another process has got its pid.
#[derive(Debug)]
pub(crate) struct Process {
    pid: u32,
    /// The thread whose directory it is: that number again, unless the first thread has ended.
    thread: u32,
    dir: OwnedFd,
    /// The directory of the first thread, if it is another one.
    first: Option<OwnedFd>,
}

impl Process {
    pub(super) fn open(proc: &Dir, pid: u32) -> Result<Process, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::openat(proc, pid.to_string(), flags, Mode::empty())?;
        Ok(Process { pid, thread: pid, dir, first: None })
    }

    /// Its pid in this process's pid namespace.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The number by which its links are found in /proc.
    pub(crate) fn thread(&self) -> u32 {
        self.thread
    }

    /// What one of its links leads to: `exe`, `fd/3`, `map_files/RANGE`. The inode itself, whatever became of its name.
    ///
    /// # Errors
    /// ENOENT (kernel threads have no `exe`), ESRCH if it has ended; EACCES and EPERM if it may not be looked at, ptrace(2).
    pub(crate) fn stat(&self, link: impl rustix::path::Arg) -> Result<Stat, Errno> {
        rustix::fs::statat(&self.dir, link, AtFlags::empty())
    }

    /// Opens what one of its links leads to for reading, anew: the process's own offset stays as it is.
    ///
    /// # Errors
    /// As [`Process::stat`]; of open(2).
    pub(crate) fn open_link(&self, link: impl rustix::path::Arg) -> Result<File, Errno> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::openat(&self.dir, link, flags, Mode::empty())?))
    }

    /// What one of its links says: a claim, for messages and as a path to look at.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn link_text(&self, link: impl rustix::path::Arg) -> Result<OsString, Errno> {
        Ok(OsString::from_vec(rustix::fs::readlinkat(&self.dir, link, Vec::new())?.into_bytes()))
    }

    /// All of a small file: `cgroup`, `cmdline`, `mountinfo`.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Errno> {
        all_of(&self.dir, name)
    }

    /// Its mappings of files, in order of address.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn mappings(&self) -> Result<Vec<Mapping>, Errno> {
        let mut all = Vec::new();
        self.each_region(&mut Buffers::new(), |region| all.push(region.to_mapping()))?;
        Ok(all)
    }

    /// Every range of its addresses that has anything in it, in order.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn occupied(&self) -> Result<Vec<Range<u64>>, Errno> {
        Ok(maps::ranges(&self.read("maps")?))
    }

    /// The numbers of its open descriptors.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn descriptor_numbers(&self) -> Result<Vec<u32>, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::openat(&self.dir, c"fd", flags, Mode::empty())?;
        let mut numbers = Vec::new();
        for entry in rustix::fs::Dir::read_from(dir)? {
            numbers.extend(entry?.file_name().to_str().ok().and_then(|name| name.parse::<u32>().ok()));
        }
        Ok(numbers)
    }

    /// What it is called, whose it is, since when it runs.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn status(&self) -> Result<Status, Errno> {
        // Of the first thread, whichever is looked at: by when that started a process is known again.
        let first = self.first.as_ref().unwrap_or(&self.dir);
        status::parse(&all_of(first, "stat")?, &all_of(first, "status")?).ok_or(Errno::IO)
    }

    /// Whether it is one that has no files: a thread of the kernel, or a process that has ended. Anybody may ask that.
    pub(crate) fn has_no_files(&self) -> bool {
        self.kind().is_some_and(|kind| kind.kernel || (kind.zombie && kind.threads == 1))
    }

    /// Where its files are, if its first thread has ended and others have not: they share them. Not below `task`, where there is no
    /// `map_files`.
    pub(super) fn other_thread(&self) -> Option<Process> {
        self.kind().filter(|kind| kind.zombie && kind.threads > 1)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let tasks = Dir::from_path_fd(rustix::fs::openat(&self.dir, c"task", flags, Mode::empty()).ok()?, "task".into()).ok()?;
        let threads = tasks.names(|name| name.iter().all(u8::is_ascii_digit)).ok()?;
        threads.iter().filter_map(|name| name.to_str()?.parse().ok()).find_map(|thread: u32| {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let dir = rustix::fs::openat(&self.dir, format!("../{thread}"), flags, Mode::empty()).ok()?;
            // It may have ended, and its number be somebody else's; ours nobody can have as long as we have its directory.
            let is_ours = status::process_of(&all_of(&dir, "status").ok()?) == Some(self.pid) && self.kind().is_some();
            let first = self.dir.try_clone().ok()?;
            let thread = Process { pid: self.pid, thread, dir, first: Some(first) };
            (is_ours && thread.stat(c"exe").is_ok()).then_some(thread)
        })
    }

    fn kind(&self) -> Option<status::Kind> {
        status::kind(&self.read("stat").ok()?)
    }

    /// What one of its namespaces is called: `mnt`, `pid`, `user`. Two with the same name are the same.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn namespace(&self, kind: &str) -> Result<OsString, Errno> {
        self.link_text(format!("ns/{kind}"))
    }

    /// Its root directory.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn root(&self) -> Result<OwnedFd, Errno> {
        rustix::fs::openat(&self.dir, c"root", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    }

    /// What a path names in the process's own view: resolved within its root, so that no link leads out of it.
    ///
    /// # Errors
    /// As [`Process::stat`]; of openat2(2).
    pub(crate) fn stat_path(&self, path: &OsStr) -> Result<Stat, Errno> {
        use rustix::fs::ResolveFlags;
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let inside = rustix::fs::openat2(self.root()?, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)?;
        rustix::fs::fstat(inside)
    }

    /// Its directory in /proc.
    pub(crate) fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }
}

fn all_of(dir: &OwnedFd, name: &str) -> Result<Vec<u8>, Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut bytes = Vec::new();
    let read = File::from(rustix::fs::openat(dir, name, flags, Mode::empty())?).read_to_end(&mut bytes);
    read.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(bytes)
}
