//! The memory of a living process, read without stopping it.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use rustix::io::Errno;

use super::rebuild::{self, Failure, Memory, Rebuilt};
use crate::proc::{Mapping, Process};

/// Makes a file again out of a process's memory. `mappings` are all those of this one file in it, in order of address. Reads of
/// /proc/PID/mem, and nothing of the process changes, but that pages of the file are brought into memory.
///
/// # Errors
/// [`Error`].
pub(crate) fn rebuild(process: &Process, mappings: &[Mapping]) -> Result<Rebuilt, Error> {
    let memory = LiveMemory::open(process)?;
    let rebuilt = rebuild::rebuild(&memory, mappings).map_err(Error::Rebuild);
    // What ended in between has no memory any more, and that is then the reason.
    if rebuilt.is_err() && process.stat(c"exe").is_err() { Err(Error::Proc(Errno::SRCH)) } else { rebuilt }
}

/// Why there is nothing out of a process's memory.
#[derive(Debug)]
pub(crate) enum Error {
    /// Its memory may not be read.
    Forbidden(Forbidden),
    /// /proc cannot be read: ESRCH and ENOENT if the process has ended.
    Proc(Errno),
    /// What is in memory makes no file.
    Rebuild(Failure),
}

/// What forbids reading a process's memory, ptrace(2), "Ptrace access mode checking".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// It has the rights of another user.
    OtherUser {
        /// Whose.
        uid: u32,
    },
    /// It is not dumpable: it was started from a file with more rights than the user, or has asked for it, PR_SET_DUMPABLE(2const).
    NotDumpable,
    /// The security module Yama: only of one's own children (1), only for those with CAP_SYS_PTRACE (2), for nobody (3).
    Yama {
        /// /proc/sys/kernel/yama/ptrace_scope.
        scope: u32,
    },
    /// Something else, such as another security module, or a process with more capabilities.
    Other,
}

/// /proc/PID/mem and /proc/PID/pagemap.
struct LiveMemory {
    memory: File,
    /// Missing in kernels without CONFIG_PROC_PAGE_MONITOR.
    pages: Option<File>,
    page_size: u64,
    occupied: Vec<Range<u64>>,
}

impl LiveMemory {
    fn open(process: &Process) -> Result<LiveMemory, Error> {
        let refused = |errno| match errno {
            Errno::ACCESS | Errno::PERM => Error::Forbidden(why_forbidden(process)),
            other => Error::Proc(other),
        };
        Ok(LiveMemory {
            occupied: process.occupied().map_err(refused)?,
            memory: process.open_link(c"mem").map_err(refused)?,
            pages: process.open_link(c"pagemap").ok(),
            page_size: rustix::param::page_size() as u64,
        })
    }
}

impl Memory for LiveMemory {
    fn read(&self, address: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.memory.read_exact_at(bytes, address)
    }

    fn untouched(&self, address: u64, pages: usize) -> Vec<bool> {
        let mut entries = vec![0; pages * 8];
        let at = address / self.page_size * 8;
        let known = self.pages.as_ref().is_some_and(|pages| pages.read_exact_at(&mut entries, at).is_ok());
        let entry = |entry: &[u8]| u64::from_ne_bytes(*entry.first_chunk().expect("8 bytes"));
        entries.chunks_exact(8).map(|bytes| known && is_of_file(entry(bytes))).collect()
    }

    fn page_size(&self) -> u64 {
        self.page_size
    }

    fn occupied(&self) -> &[Range<u64>] {
        &self.occupied
    }
}

/// Whether a page of a mapped file is the file's, by its entry in /proc/PID/pagemap, proc_pid_pagemap(5). One that the process
/// wrote to is a copy: there, or swapped out, and without the bit that says "of a file".
fn is_of_file(entry: u64) -> bool {
    const PRESENT: u64 = 1 << 63;
    const SWAPPED: u64 = 1 << 62;
    const OF_FILE: u64 = 1 << 61;
    entry & (PRESENT | SWAPPED) == 0 || entry & OF_FILE != 0
}

/// Which rule it is that forbids reading the memory of a process, or its mappings. `status` can be read by everybody,
/// and the owner of the others be asked for.
pub(crate) fn why_forbidden(process: &Process) -> Forbidden {
    let owner = process.stat(c"maps").ok().map(|stat| stat.st_uid);
    let scope = fs_err::read_to_string("/proc/sys/kernel/yama/ptrace_scope").ok().and_then(|scope| scope.trim().parse().ok());
    judge(process.status().ok().map(|status| status.uid), owner, rustix::process::geteuid().as_raw(), scope)
}

/// From the process's user, the owner of files in /proc/PID (root where it is not dumpable, proc(5)), ours, and Yama's setting.
fn judge(uid: Option<u32>, owner: Option<u32>, ours: u32, scope: Option<u32>) -> Forbidden {
    match (uid, owner, scope) {
        (Some(uid), _, _) if uid != ours && ours != 0 => Forbidden::OtherUser { uid },
        (Some(uid), Some(owner), _) if uid != owner => Forbidden::NotDumpable,
        (_, _, Some(scope)) if scope > 0 => Forbidden::Yama { scope },
        _ => Forbidden::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_forbids_is_told_apart() {
        assert_eq!(judge(Some(1), Some(1), 2, Some(1)), Forbidden::OtherUser { uid: 1 });
        assert_eq!(judge(Some(2), Some(0), 2, Some(1)), Forbidden::NotDumpable);
        assert_eq!(judge(Some(2), Some(2), 2, Some(1)), Forbidden::Yama { scope: 1 });
        assert_eq!(judge(Some(2), Some(2), 2, Some(0)), Forbidden::Other);
        assert_eq!(judge(None, None, 2, None), Forbidden::Other);
    }

    #[test]
    fn a_page_is_the_files_own_until_it_is_written_to() {
        let present_of_file = 1 << 63 | 1 << 61;
        assert!(is_of_file(0) && is_of_file(present_of_file));
        assert!(!is_of_file(1 << 63) && !is_of_file(1 << 62));
    }
}
