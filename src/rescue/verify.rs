//! Whether what was copied is what the process runs: byte for byte, where its memory may be read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::io::Errno;

use crate::proc::{FileId, Mapping, Process};

/// Bytes compared at once.
const CHUNK: usize = 256 << 10;

/// The outcome.
#[derive(Debug)]
pub(crate) enum Compared {
    /// All that is mapped to be executed is the same.
    Same,
    /// It is not.
    Different,
    /// Nothing of it is mapped to be executed.
    Nothing,
    /// The memory may not be read.
    Unreadable(Errno),
}

/// Compares what a process has mapped of a file to be executed with a copy of the file.
///
/// Private pages that were written to, by a debugger or for relocations in the code, differ as well: then the copy may be right,
/// and nothing tells.
///
/// # Errors
/// The copy cannot be read.
pub(crate) fn compare(process: &Process, file: FileId, copy: &File) -> io::Result<Compared> {
    let mappings = match process.mappings() {
        Ok(mappings) => mappings,
        Err(errno) => return Ok(Compared::Unreadable(errno)),
    };
    let is_it = |mapping: &&Mapping| {
        let same = || process.stat(mapping.link()).map_or(true, |stat| FileId::from(&stat) == file);
        mapping.inode == file.ino && mapping.executable && mapping.readable && same()
    };
    let code: Vec<&Mapping> = mappings.iter().filter(is_it).collect();
    if code.is_empty() {
        return Ok(Compared::Nothing);
    }
    let memory = match process.open_link("mem") {
        Ok(memory) => memory,
        Err(errno) => return Ok(Compared::Unreadable(errno)),
    };
    let size = copy.metadata()?.len();
    let (mut ours, mut theirs) = (vec![0; CHUNK], vec![0; CHUNK]);
    for mapping in code {
        // Behind the end of the file a mapping has zeros, and whole pages there none at all, mmap(2).
        let length = (mapping.end - mapping.start).min(size.saturating_sub(mapping.offset));
        let mut at = 0;
        while at < length {
            let chunk = (length - at).min(CHUNK as u64) as usize;
            if let Err(error) = memory.read_exact_at(&mut theirs[..chunk], mapping.start + at) {
                return Ok(match Errno::from_io_error(&error) {
                    Some(errno @ (Errno::PERM | Errno::ACCESS | Errno::SRCH)) => Compared::Unreadable(errno),
                    // It has ended.
                    None => Compared::Unreadable(Errno::SRCH),
                    // A page that is not there any more: the file was cut short, and grew again.
                    Some(_) => Compared::Different,
                });
            }
            copy.read_exact_at(&mut ours[..chunk], mapping.offset + at)?;
            if ours[..chunk] != theirs[..chunk] {
                return Ok(Compared::Different);
            }
            at += chunk as u64;
        }
    }
    Ok(Compared::Same)
}
