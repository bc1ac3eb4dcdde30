//! Files of this machine, and whatever else can be opened: fifos, descriptors, standard input.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{CWD, FileType, Mode, OFlags, Stat};

use super::{Deadline, Session, Sink};
use crate::error::Error;
use crate::event::Event;

/// Bytes per read of a stream.
const CHUNK: usize = 128 << 10;

/// How long a wait for a stream may last before cancellation is looked at: 100 ms.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// An open local source.
#[derive(Debug)]
pub(crate) struct LocalSource {
    file: File,
    path: PathBuf,
    stat: Stat,
}

impl LocalSource {
    /// Opens a path. A fifo is not waited for here, but when it is read.
    ///
    /// # Errors
    /// [`Error::Source`] if it cannot be opened, [`Error::SourceIsDirectory`].
    pub(crate) fn open(path: &Path) -> Result<LocalSource, Error> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(CWD, path, flags, Mode::empty());
        let fd = opened.map_err(|errno| Error::Source { path: path.to_owned(), source: errno.into() })?;
        LocalSource::from_file(File::from(fd), path.to_owned())
    }

    /// Standard input.
    ///
    /// # Errors
    /// As [`LocalSource::open`].
    pub(crate) fn stdin() -> Result<LocalSource, Error> {
        let path = PathBuf::from("-");
        let fd = io::stdin().as_fd().try_clone_to_owned();
        let fd = fd.map_err(|source| Error::Source { path: path.clone(), source })?;
        LocalSource::from_file(File::from(fd), path)
    }

    /// A file that is open already.
    ///
    /// # Errors
    /// As [`LocalSource::open`].
    pub(crate) fn from_file(file: File, path: PathBuf) -> Result<LocalSource, Error> {
        let stat = match rustix::fs::fstat(&file) {
            Ok(stat) => stat,
            Err(errno) => return Err(Error::Source { path, source: errno.into() }),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Err(Error::SourceIsDirectory { path }),
            _ => Ok(LocalSource { file, path, stat }),
        }
    }

    /// The open file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// The path, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Device and inode.
    pub(crate) fn identity(&self) -> (u64, u64) {
        (self.stat.st_dev, self.stat.st_ino)
    }

    /// Whether it is a regular file.
    #[cfg(feature = "http")]
    pub(crate) fn is_regular(&self) -> bool {
        FileType::from_raw_mode(self.stat.st_mode) == FileType::RegularFile
    }

    /// The size, if it can be trusted: files of /proc say 0 and have bytes all the same, and standard input may be anywhere
    /// in its file.
    pub(crate) fn size(&self) -> Option<u64> {
        let regular = FileType::from_raw_mode(self.stat.st_mode) == FileType::RegularFile;
        (regular && self.stat.st_size > 0 && self.path.as_os_str() != "-").then_some(self.stat.st_size as u64)
    }

    /// Whether it is a file without a single byte, and not one of /proc that only says so.
    pub(crate) fn is_empty(&self) -> bool {
        let regular = FileType::from_raw_mode(self.stat.st_mode) == FileType::RegularFile;
        regular && self.stat.st_size == 0 && self.file.read_at(&mut [0], 0).is_ok_and(|read| read == 0)
    }

    /// Bytes a copy takes on a disk: holes take none.
    pub(crate) fn allocated(&self) -> u64 {
        (self.stat.st_blocks as u64).saturating_mul(512).min(self.stat.st_size as u64)
    }

    /// Whether the file has holes.
    pub(crate) fn is_sparse(&self) -> bool {
        self.allocated() < self.stat.st_size as u64
    }

    /// Whether the file is still as it was when it was opened.
    ///
    /// # Errors
    /// [`Error::SourceChanged`] if it was written to or truncated, by its size and modification time.
    pub(crate) fn check_unchanged(&self) -> Result<(), Error> {
        let now = rustix::fs::fstat(&self.file).map_err(|errno| self.read_error(errno.into()))?;
        let facts = |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
        if facts(&now) == facts(&self.stat) { Ok(()) } else { Err(Error::SourceChanged { path: self.path.clone() }) }
    }

    /// An error of reading this source.
    pub(crate) fn read_error(&self, source: io::Error) -> Error {
        Error::Source { path: self.path.clone(), source }
    }

    /// Reads to the end, whatever the size is said to be, and returns the number of bytes.
    ///
    /// # Errors
    /// Of reading, of the sink, past the deadline, or cancelled, also while the source stays silent.
    pub(crate) fn pour(
        &self,
        deadline: Option<Deadline>,
        from: &str,
        sink: &mut dyn Sink,
        session: &mut Session<'_>,
    ) -> Result<u64, Error> {
        let cancel = session.cancel;
        let tick = &mut || {
            cancel.check()?;
            deadline.map_or(Ok(()), |deadline| deadline.check(from))
        };
        let mut total = 0;
        self.pour_into(tick, &mut |chunk| {
            sink.put(chunk)?;
            total += chunk.len() as u64;
            session.event(Event::Progress { bytes: total });
            Ok(())
        })?;
        Ok(total)
    }

    /// Reads to the end, whatever the size is said to be. `tick` is asked before every read and while nothing comes.
    ///
    /// # Errors
    /// Of reading, and those of `tick` and `put`.
    pub(crate) fn pour_into(
        &self,
        tick: &mut dyn FnMut() -> Result<(), Error>,
        put: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut buffer = vec![0; CHUNK];
        loop {
            tick()?;
            // poll(2) is never restarted after a signal, and a fifo nobody has opened for writing yet is not ready.
            let mut wait = [PollFd::new(&self.file, PollFlags::IN)];
            match rustix::event::poll(&mut wait, Some(&TICK)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(errno) => return Err(self.read_error(errno.into())),
            }
            match (&self.file).read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => put(&buffer[..read])?,
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
                Err(error) => return Err(self.read_error(error)),
            }
        }
    }
}
