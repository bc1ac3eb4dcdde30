//! New content for a file that keeps its inode: under the lease that proves that nobody else has it, and only so.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::copy::{self, Copier, OnChunk, Side, WriteBehind, next_data};
use super::lease::WriteLease;

/// Bytes per call: somebody may be waiting.
const PIECE: u64 = 4 << 20;

/// Gives the leased file the first `size` bytes of `from`: by reference where the filesystem can, else in chunks. Holes become
/// holes, and what is longer is cut off.
///
/// # Guarantees
/// What fails halfway leaves each block as it was, or as it is to be, or as a hole.
///
/// # Errors
/// `Ok(Err(_))` is what `on_chunk` said. Reading and writing are told apart by [`Side`].
///
/// # After a crash
/// The file may hold some of both contents.
pub(crate) fn overwrite<E>(lease: &WriteLease, from: &File, size: u64, on_chunk: OnChunk<'_, E>) -> Result<Result<(), E>, Side> {
    let to = lease.file();
    let write = |errno: Errno| Side::Write(errno.into());
    if !copy::reflink(from, to) {
        let mut copier = Copier::new(from, to);
        let mut behind = WriteBehind::default();
        let mut at = 0;
        while at < size {
            let (start, end) = next_data(from, at, size);
            erase(to, at, start - at).map_err(Side::Write)?;
            at = start;
            while at < end {
                let copied = copier.chunk(at, (end - at).min(PIECE))?;
                if copied == 0 {
                    return Err(Side::Read(io::ErrorKind::UnexpectedEof.into()));
                }
                at += copied;
                behind.reached(to, at);
                if let Err(stop) = on_chunk(at) {
                    return Ok(Err(stop));
                }
            }
        }
    }
    rustix::fs::ftruncate(to, size).map_err(write)?;
    Ok(on_chunk(size))
}

/// Reserves room for what makes the leased file longer, so that a full disk is found before anything is written.
///
/// # Errors
/// As [`copy::reserve`].
pub(crate) fn reserve(lease: &WriteLease, old: u64, new: u64) -> io::Result<()> {
    match new.checked_sub(old) {
        None | Some(0) => Ok(()),
        Some(more) => copy::reserve(lease.file(), old, more),
    }
}

/// Makes a range a hole, or zeros where there are no holes.
fn erase(file: &File, at: u64, length: u64) -> io::Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    let end = (at + length).min(file.metadata()?.len());
    // Behind its end the file is made longer by the last step, and what is between is a hole.
    let Some(length) = end.checked_sub(at).filter(|length| *length > 0) else { return Ok(()) };
    match rustix::fs::fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, at, length) {
        Ok(()) => return Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM | Errno::INVAL) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut from = at;
    while from < end {
        let piece = (end - from).min(ZEROS.len() as u64);
        file.write_all_at(&ZEROS[..piece as usize], from)?;
        from += piece;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::lease::{Answer, Mapped, take};
    use std::os::unix::fs::MetadataExt;

    const LONG: u64 = 3 << 20;

    /// Bytes at the beginning, a hole of a megabyte or more, bytes at the end.
    fn with_hole(path: &std::path::Path, byte: u8, size: u64) -> Vec<u8> {
        let file = File::options().create(true).truncate(true).write(true).read(true).open(path).unwrap();
        file.set_len(size).unwrap();
        file.write_all_at(&[byte; 5000], 0).unwrap();
        file.write_all_at(&[byte; 5000], size - 5000).unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_file_takes_the_bytes_the_length_and_the_holes_of_another() {
        for parent in ["/tmp", "/dev/shm"] {
            let scratch = tempfile::tempdir_in(parent).unwrap();
            let (from, to) = (scratch.path().join("from"), scratch.path().join("to"));
            for (new, old) in [(LONG, 20_000), (20_000, LONG), (LONG, LONG)] {
                let expected = with_hole(&from, b'n', new);
                std::fs::write(&to, vec![b'o'; old as usize]).unwrap();
                let file = File::options().read(true).write(true).open(&to).unwrap();
                let Answer::Idle(lease) = take::<()>(file, |_| Mapped::Nobody) else { panic!("nobody has it") };
                overwrite(&lease, &File::open(&from).unwrap(), new, &mut |_| Ok::<_, ()>(())).unwrap().unwrap();
                drop(lease);
                assert!(std::fs::read(&to).unwrap() == expected, "{parent} {new} {old}");
                let blocks = std::fs::metadata(&to).unwrap().blocks() * 512;
                assert!(blocks < new.max(100_000) / 2, "{blocks} bytes of {new} are allocated");
            }
        }
    }
}
