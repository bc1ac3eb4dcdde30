//! One way to a file: a process, and by what it has it.

use std::fs::File;
use std::path::PathBuf;

use rustix::io::Errno;

use super::candidates::Candidate;
use crate::failpoint;
use crate::proc::{self, Proc, Process};
use crate::report::SourceKind;

/// A way to a file. The process is not held, for there may be more of them than descriptors: it is known again by when it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) pid: u32,
    /// The thread of it by which its links are found.
    pub(crate) thread: u32,
    /// In clock ticks since the machine did, proc_pid_stat(5).
    pub(crate) started: u64,
    pub(crate) command: std::ffi::OsString,
    pub(crate) kind: SourceKind,
    /// Of the process: `exe`, `fd/3`, `map_files/RANGE`.
    pub(crate) link: String,
    /// Whether its mount namespace is another user namespace's.
    pub(crate) foreign: bool,
}

/// A file that was opened, and whose it is.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) process: Process,
}

impl Source {
    /// The link, for messages.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{}", self.thread, self.link))
    }

    /// Opens the file for reading, if it still is the one that was found: no other one that has got its inode number since. Once it
    /// is open it stays, whatever becomes of the process.
    ///
    /// # Errors
    /// ESRCH if the process has ended, also where another one has its pid; ESTALE if the link leads to another file now; EACCES
    /// and EPERM if it may not be opened.
    pub(crate) fn open(&self, proc: &Proc, found: &Candidate) -> Result<Opened, Errno> {
        failpoint::hit("rescue-open").map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let process = proc.living(self.pid).map_err(|errno| if errno == Errno::NOENT { Errno::SRCH } else { errno })?;
        if process.status()?.started != self.started {
            return Err(Errno::SRCH);
        }
        let opened = process.open_link(&self.link)?;
        match found.is(&rustix::fs::fstat(&opened)?, proc::born(&opened)) {
            true => Ok(Opened { file: opened, process }),
            false => Err(Errno::STALE),
        }
    }
}
