//! Files that are gone from their path and still in a process.

use std::path::PathBuf;

use super::Report;
use crate::request::{Digest, Mode};

/// A file that can be brought back: one inode, whoever has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescuable {
    /// The path it had, as the kernel tells it.
    pub path: PathBuf,
    /// What became of the path.
    pub gone: Gone,
    /// Bytes; where the file itself may not be opened, as far as it is mapped.
    pub size: u64,
    /// Permission bits, owner and group; `None` where the file may not be looked at.
    pub owner: Option<(Mode, u32, u32)>,
    /// Device number.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// When its content was last changed: seconds since 1970.
    pub modified: Option<i64>,
    /// Its digest, where one was computed.
    pub sha256: Option<Digest>,
    /// Its build-id in hexadecimal, where it was read and has one.
    pub build_id: Option<String>,
    /// How good the best way to it is.
    pub source: SourceKind,
    /// Who has it, by pid.
    pub processes: Vec<Possessor>,
    /// Why it is not to be trusted, if so.
    pub distrust: Option<Distrust>,
}

/// A process that has a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Possessor {
    /// Its pid.
    pub pid: u32,
    /// What the kernel calls it.
    pub command: std::ffi::OsString,
    /// By what it has the file.
    pub source: SourceKind,
    /// Where that is: `/proc/PID/exe`.
    pub link: PathBuf,
}

/// What became of the path of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Nothing has it.
    Deleted,
    /// Another file has it.
    Replaced,
    /// It still has it.
    Present,
}

/// By what a process has a file, from the best way to get at it to the last resort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// It runs it.
    Exe,
    /// It has it mapped.
    Map,
    /// It has it open.
    Fd,
    /// It has it mapped, and the file itself may not be opened: only memory is left.
    Memory,
}

/// Why a file is not brought back unless process and digest are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// The process is in a mount namespace that another user namespace owns: its paths are what its user made of them.
    Mounts {
        /// The process.
        pid: u32,
    },
    /// It belongs to somebody else than the file that is recorded at that path, or the directory.
    Owner {
        /// Whose it is.
        owner: u32,
        /// Whose it should be; `None`: the directory is gone.
        expected: Option<u32>,
    },
}

/// How a part of a file that was made again compares with the lost one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartState {
    /// Every byte is the file's own.
    Exact,
    /// Some were worked out; none may have been written by the program.
    Rebuilt,
    /// The program may have written some of them.
    Unknown,
    /// It is not in memory.
    Missing,
}

/// A segment or section of a file that was made again. Sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconstructedPart {
    /// Of a segment its permissions; of a section its name, which may hold anything.
    pub name: String,
    /// Where it is in the file.
    pub offset: u64,
    /// How large it is in the file.
    pub size: u64,
    /// The worst that is true of one of its bytes.
    pub state: PartState,
    /// Bytes in pages that the process never wrote to.
    pub exact: u64,
    /// Bytes that were worked out.
    pub rebuilt: u64,
    /// Bytes as the process has them, which it may have written.
    pub unknown: u64,
}

/// What is known of a file that was made again out of memory. It is not the lost file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconstruction {
    /// The loaded segments.
    pub segments: Vec<ReconstructedPart>,
    /// The sections that memory tells of.
    pub sections: Vec<ReconstructedPart>,
    /// Bytes of the new file.
    pub size: u64,
    /// How large the lost file was at least.
    pub lost_size: u64,
    /// How many sections the lost file had.
    pub lost_sections: u64,
    /// Relocations of unknown kinds, whose places are left as they are in memory.
    pub unknown_relocations: u64,
    /// Functions whose first call will fail.
    pub unbound: u64,
    /// Whether the file now asks the dynamic linker to bind all functions when it is loaded.
    pub binds_now: bool,
    /// Variables set to 0 since they led to something that ends with the process.
    pub cleared: u64,
    /// Addresses that were nowhere but in their place, RELR, and that the program has written over: 0 now.
    pub lost_addresses: u64,
    /// Packages of Go taken back to not initialized.
    pub packages: u64,
    /// Whether the dynamic linker was asked to load it, and did.
    pub loads: bool,
}

/// All that can be brought back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RescueList {
    /// The files.
    pub files: Vec<Rescuable>,
    /// Processes that may not be looked at.
    pub unreadable: usize,
    /// Whether /proc hides the processes of others, so that they are not even counted: hidepid in proc(5).
    pub hidden: bool,
}

/// A file that was brought back.
#[derive(Clone, Debug)]
pub struct RescueReport {
    /// What was done at the path.
    pub swap: Report,
    /// What was found.
    pub file: Rescuable,
    /// What is known of it, if it was made again out of memory.
    pub reconstruction: Option<Reconstruction>,
    /// Whether what was copied was compared with what the process runs; `None` where there is nothing to compare.
    pub compared: Option<bool>,
}
