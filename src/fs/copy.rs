//! Bytes from file to file without passing through this process, where the kernel can.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use rustix::fs::{FallocateFlags, SeekFrom};
use rustix::io::Errno;

/// Bytes per call, so that a long copy can be watched and stopped.
const CHUNK: u64 = 16 << 20;

/// Bytes per read where the kernel cannot copy by itself.
const BUFFER: usize = 256 << 10;

/// Told of every chunk, with the bytes copied so far; may stop the copy.
pub(crate) type OnChunk<'a, E> = &'a mut dyn FnMut(u64) -> Result<(), E>;

/// Makes `to` share all blocks of `from`: constant time, no room needed. `false` where the filesystem cannot.
pub(crate) fn reflink(from: &File, to: &File) -> bool {
    rustix::fs::ioctl_ficlone(to, from).is_ok()
}

/// Reserves room for `range` of `to`, so that a full disk is found now and not at the end. Filesystems that cannot reserve
/// say so, and are left alone.
///
/// # Errors
/// ENOSPC, EDQUOT, EFBIG, and EIO.
pub(crate) fn reserve(to: &File, offset: u64, bytes: u64) -> io::Result<()> {
    match rustix::fs::fallocate(to, FallocateFlags::KEEP_SIZE, offset, bytes) {
        Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::IO)) => Err(errno.into()),
        _ => Ok(()),
    }
}

/// Lets the disk begin with what was written, a chunk at a time, so that the sync at the end finds most of it done: 512 MiB on
/// ext4 took 250 ms so, and 360 ms without.
#[derive(Debug, Default)]
pub(crate) struct WriteBehind {
    begun: u64,
}

impl WriteBehind {
    /// Told how far `to` is written.
    pub(crate) fn reached(&mut self, to: &File, bytes: u64) {
        if bytes.saturating_sub(self.begun) >= CHUNK {
            crate::sys::begin_writeback(to.as_fd(), self.begun, bytes - self.begun);
            self.begun = bytes;
        }
    }
}

/// Copies `size` bytes of a regular file; holes stay holes. Ends early, and without an error, where `from` has become shorter.
///
/// # Errors
/// `Ok(Err(_))` is what `on_chunk` said. Reading and writing are told apart by [`Side`].
pub(crate) fn copy<E>(from: &File, to: &File, size: u64, sparse: bool, on_chunk: OnChunk<'_, E>) -> Result<Result<(), E>, Side> {
    let mut at = 0;
    let mut behind = WriteBehind::default();
    let mut copier = Copier::new(from, to);
    while at < size {
        let data = if sparse { next_data(from, at, size) } else { (at, size) };
        at = data.0;
        while at < data.1 {
            let copied = copier.chunk(at, data.1 - at)?;
            if copied == 0 {
                return Ok(Ok(()));
            }
            at += copied;
            behind.reached(to, at);
            if let Err(stop) = on_chunk(at) {
                return Ok(Err(stop));
            }
        }
    }
    if sparse {
        rustix::fs::ftruncate(to, size).map_err(|errno| Side::Write(errno.into()))?;
    }
    Ok(Ok(()))
}

/// Which of the two files an error belongs to.
#[derive(Debug)]
pub(crate) enum Side {
    Read(io::Error),
    Write(io::Error),
}

/// The next stretch of data in `at..size`, lseek(2). Where the filesystem cannot tell, all of it is data.
pub(super) fn next_data(from: &File, at: u64, size: u64) -> (u64, u64) {
    match rustix::fs::seek(from, SeekFrom::Data(at)) {
        Ok(start) if start < size => {
            let end = rustix::fs::seek(from, SeekFrom::Hole(start)).unwrap_or(size);
            (start, end.min(size))
        }
        // Nothing but a hole up to the end.
        Ok(_) | Err(Errno::NXIO) => (size, size),
        Err(_) => (at, size),
    }
}

/// Copies piece by piece.
pub(super) struct Copier<'a> {
    from: &'a File,
    to: &'a File,
    /// Whether copy_file_range(2) works between these files.
    kernel: bool,
    buffer: Vec<u8>,
}

impl<'a> Copier<'a> {
    pub(super) fn new(from: &'a File, to: &'a File) -> Copier<'a> {
        Copier { from, to, kernel: true, buffer: Vec::new() }
    }

    /// Copies some of the `len` bytes at `at`, at most [`CHUNK`], and says how many; 0 at the end of `from`.
    pub(super) fn chunk(&mut self, at: u64, len: u64) -> Result<u64, Side> {
        let len = len.min(CHUNK);
        while self.kernel {
            let (mut read_at, mut write_at) = (at, at);
            match rustix::fs::copy_file_range(self.from, Some(&mut read_at), self.to, Some(&mut write_at), len as usize) {
                Ok(copied) if copied > 0 => return Ok(copied as u64),
                Err(Errno::INTR) => continue,
                Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => return Err(Side::Write(errno.into())),
                // Different filesystems, a kernel or filter that knows no such call, or 0 bytes where some filesystems of
                // /proc's kind say so wrongly: plain reads and writes give the true answer, or the true error.
                _ => self.kernel = false,
            }
        }
        self.buffer.resize(BUFFER, 0);
        let wanted = (len as usize).min(BUFFER);
        let read = loop {
            match self.from.read_at(&mut self.buffer[..wanted], at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result.map_err(Side::Read)?,
            }
        };
        self.to.write_all_at(&self.buffer[..read], at).map_err(Side::Write)?;
        Ok(read as u64)
    }
}
