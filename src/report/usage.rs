//! Who uses which files.

use std::ffi::OsString;
use std::path::PathBuf;

/// What a look at the processes gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageReport {
    /// One for each process and version of a file, in the order of pids.
    pub uses: Vec<FileUse>,
    /// Processes that may not be looked at, or not at all they have, in the order of pids.
    pub unreadable: Vec<Unread>,
    /// Processes that have a file of which nobody can tell here whether its path still leads to it, in the order of pids.
    pub unknown: Vec<ProcessFacts>,
    /// Whether /proc hides the processes of others from this one, so that they cannot even be counted: hidepid in proc(5).
    pub hidden: bool,
}

impl UsageReport {
    /// Whether every process there is was looked at.
    pub fn is_complete(&self) -> bool {
        self.unreadable.is_empty() && self.unknown.is_empty() && !self.hidden
    }
}

/// A process that uses a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUse {
    /// The process.
    pub process: ProcessFacts,
    /// The path that was asked for, or that the file had; in the process's own mount namespace, if nobody asked.
    pub path: PathBuf,
    /// Device number; of a mapping whose file may not be looked at, as the kernel names it there.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// In which ways it has the file, each once.
    pub ways: Vec<Way>,
    /// How the file compares with what the path leads to.
    pub version: FileVersion,
    /// How it is known to be one of that path.
    pub evidence: Evidence,
}

/// A process that may not be looked at, or not at all it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The process, as far as everybody may know.
    pub process: ProcessFacts,
    /// What the kernel said, as `permission denied`.
    pub reason: String,
}

/// Who still has a version from before a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users {
    /// The processes, by pid.
    pub processes: Vec<ProcessFacts>,
    /// Processes that may not be looked at.
    pub unreadable: usize,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessFacts {
    /// Its pid, in the pid namespace of this process.
    pub pid: u32,
    /// Its effective user id; `u32::MAX` if it has ended or is hidden.
    pub uid: u32,
    /// What the kernel calls it: at most 15 bytes, which it may choose itself.
    pub command: OsString,
    /// When it started: seconds since 1970; `None` if it has ended by now.
    pub since: Option<u64>,
    /// What it is part of, as far as its control group tells.
    pub place: Option<Place>,
}

/// What a process is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A unit of systemd: the outermost one, for what is below it is named by whoever runs it.
    Unit(String),
    /// A unit of a user's own service manager.
    UserUnit {
        /// The unit of the system that this manager is, as `user@1000.service`.
        manager: String,
        /// What the user calls it.
        unit: String,
    },
    /// A container: its name, or the first twelve digits of its number.
    Container(String),
    /// A container by the word of a unit only, which may call what is below it as it likes.
    ContainerOf {
        /// The unit of the system.
        unit: String,
        /// What it calls the container.
        container: String,
    },
}

/// In which way a process has a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// It is the program that runs.
    Executes,
    /// It is mapped.
    Maps {
        /// Whether it may be executed there: a library.
        executable: bool,
        /// Whether what the process writes there goes to the file.
        writes: bool,
    },
    /// It is open.
    Open {
        /// The number of the descriptor.
        descriptor: u32,
        /// Whether it may be read through it.
        reads: bool,
        /// Whether it may be written through it.
        writes: bool,
    },
}

/// How a file compares with what its path leads to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileVersion {
    /// The path leads to it.
    Current,
    /// The path leads to another file.
    Replaced,
    /// The path leads to nothing.
    Deleted,
    /// It cannot be told.
    Unknown,
    /// It is at or below the name of a kept version, and no record tells which path it had.
    Kept,
}

/// How a file is known to be one of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// By device and inode: it has the path.
    Inode,
    /// The kernel says that it had the path.
    Name,
    /// A record in the state directory has this very file at the path.
    Record,
}
