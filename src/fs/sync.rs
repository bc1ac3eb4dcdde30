//! What must be on the disk before anything else happens.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use rustix::io::Errno;

use super::dir::Dir;

/// Puts a file's bytes and metadata on the disk.
///
/// # Errors
/// An error means that bytes may be lost, and a second call that succeeds would not bring them back: never retry, fsync(2).
pub(crate) fn file(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fsync(file)?)
}

/// Lets the disk begin with a file's bytes, without waiting for it. Only a hint: [`file`] is still to be called.
pub(crate) fn begin(file: &File) {
    // To the end of the file, sync_file_range(2).
    crate::sys::begin_writeback(file.as_fd(), 0, 0);
}

/// Puts everything of a directory's filesystem on the disk, whoever wrote it.
///
/// # Errors
/// As [`file`]; also of what others wrote, syncfs(2).
pub(crate) fn filesystem(dir: &Dir) -> io::Result<()> {
    match dir.is_readable() {
        true => Ok(rustix::fs::syncfs(dir.as_fd())?),
        false => {
            rustix::fs::sync();
            Ok(())
        }
    }
}

/// Puts a directory's names on the disk. `witness` is a file of the same filesystem, open for reading: where the directory
/// may not be read, or the filesystem knows no fsync of directories, all of the filesystem is synced through it.
///
/// # Errors
/// As [`file`].
pub(crate) fn dir(dir: &Dir, witness: Option<&File>) -> io::Result<()> {
    if dir.is_readable() {
        match rustix::fs::fsync(dir.as_fd()) {
            Ok(()) => return Ok(()),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    match witness {
        Some(witness) => Ok(rustix::fs::syncfs(witness)?),
        None if dir.is_readable() => Ok(rustix::fs::syncfs(dir.as_fd())?),
        // The new file may not be read by its own owner either: sync(2) is what is left, and it waits on Linux.
        None => {
            rustix::fs::sync();
            Ok(())
        }
    }
}
