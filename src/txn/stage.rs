//! A new file that takes bytes, beside its target and unreachable for others.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::Stat;

use super::attributes;
use super::commit::Sealed;
use crate::error::{Error, Obstacle};
use crate::failpoint;
use crate::fs::dir::Dir;
use crate::fs::temp::{Temp, Unfit};
use crate::fs::{copy, label};
use crate::metadata::Wanted;
use crate::proof::Trusted;

/// Sizes from which room is reserved before bytes are written. Smaller files find a full disk soon enough by themselves.
const RESERVE_FROM: u64 = 1 << 20;

/// A file on the target's own mount that bytes are poured into. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Stage {
    temp: Temp,
    dir: Arc<Dir>,
    /// The target's path, for messages.
    target: PathBuf,
    written: u64,
    behind: copy::WriteBehind,
}

/// When a stage gets its temporary name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StageName {
    /// Where the filesystem can, when it is complete.
    Later,
    /// At once: a program is going to be given it.
    Now,
}

impl Stage {
    /// A stage for `target`, in the directory it will be renamed in.
    ///
    /// # Errors
    /// [`Error::Target`] where no file can be made there.
    pub(crate) fn beside(dir: &Arc<Dir>, target: &Path) -> Result<Stage, Error> {
        Stage::make(dir, target, StageName::Later).map_err(|source| {
            use rustix::io::Errno;
            let obstacle = match Errno::from_io_error(&source) {
                Some(Errno::ACCESS | Errno::PERM) => Obstacle::NotWritable,
                // It was there a moment ago.
                Some(Errno::NOENT) => Obstacle::MissingParent,
                _ => return Error::write("create a temporary file in", dir.path(), source),
            };
            Error::Target { path: dir.path().to_owned(), obstacle }
        })
    }

    /// As [`Stage::beside`], with or without a name.
    ///
    /// # Errors
    /// Those of the system, untranslated.
    pub(crate) fn make(dir: &Arc<Dir>, target: &Path, name: StageName) -> std::io::Result<Stage> {
        failpoint::hit("stage")?;
        let temp = match name {
            StageName::Later => Temp::create(dir)?,
            StageName::Now => Temp::create_named(dir)?,
        };
        Ok(Stage { temp, dir: Arc::clone(dir), target: target.to_owned(), written: 0, behind: copy::WriteBehind::default() })
    }

    /// The path of a stage that has a name.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.temp.name().map(|name| self.dir.path().join(name))
    }

    /// Opens the stage anew by its name, because a program may have put another file there.
    ///
    /// # Errors
    /// It is gone, or not what is to be installed.
    pub(crate) fn reopen(&mut self) -> Result<(), Unfit> {
        self.temp.reopen()?;
        self.written = rustix::fs::fstat(self.file())?.st_size as u64;
        Ok(())
    }

    /// The file, to read back what was written.
    pub(crate) fn file(&self) -> &File {
        self.temp.file()
    }

    /// Bytes so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Reserves room for a source of this size.
    ///
    /// # Errors
    /// [`Error::Target`] if there is none.
    pub(crate) fn reserve(&self, bytes: u64) -> Result<(), Error> {
        if bytes < RESERVE_FROM {
            return Ok(());
        }
        copy::reserve(self.file(), 0, bytes).map_err(|source| self.write_error(source))
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// Of write(2).
    pub(crate) fn put(&mut self, chunk: &[u8]) -> Result<(), Error> {
        failpoint::hit("write").and_then(|()| self.file().write_all(chunk)).map_err(|source| self.write_error(source))?;
        self.written += chunk.len() as u64;
        self.behind.reached(self.temp.file(), self.written);
        Ok(())
    }

    /// Throws the bytes away.
    ///
    /// # Errors
    /// Of ftruncate(2) and lseek(2).
    pub(crate) fn restart(&mut self) -> Result<(), Error> {
        self.temp.clear().map_err(|source| self.write_error(source))?;
        (self.written, self.behind) = (0, copy::WriteBehind::default());
        Ok(())
    }

    /// Takes the whole of a regular file, by reference where the filesystem can, else by a copy in the kernel. Says whether it
    /// was by reference.
    ///
    /// # Errors
    /// Of reading, as `read_error` puts it; of writing; of `on_chunk`.
    pub(crate) fn copy_from(
        &mut self,
        source: &File,
        size: u64,
        sparse: bool,
        read_error: impl Fn(std::io::Error) -> Error,
        on_chunk: &mut dyn FnMut(u64) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        failpoint::hit("write").map_err(|error| self.write_error(error))?;
        if copy::reflink(source, self.file()) {
            self.written = self.stat()?.st_size as u64;
            return on_chunk(self.written).map(|()| true);
        }
        if !sparse {
            self.reserve(size)?;
        }
        copy::copy(source, self.file(), size, sparse, on_chunk).map_err(|side| match side {
            copy::Side::Read(error) => read_error(error),
            copy::Side::Write(error) => self.write_error(error),
        })??;
        // Files of sysfs say a page and have less, down to nothing.
        self.written = self.stat()?.st_size as u64;
        Ok(false)
    }

    /// Gives the file a security label, while nobody else can reach it.
    ///
    /// # Guarantees
    /// Nobody sees the file by its final name with another label than this one: it stays when the file is sealed.
    ///
    /// # Errors
    /// The kernel knows no such label, or does not let this process give it. A filesystem that keeps none is no error.
    pub(crate) fn label(&self, label: &[u8]) -> std::io::Result<()> {
        label::set(self.file(), label)
    }

    /// Gives the file its final owner, mode and attributes, and checks that it has them.
    ///
    /// # Guarantees
    /// Nothing but the transaction can change the file afterwards.
    ///
    /// # Errors
    /// [`Error::CannotKeep`], [`Error::CannotSet`].
    pub(crate) fn seal(self, _trusted: Trusted, wanted: &Wanted) -> Result<Sealed, Error> {
        failpoint::hit("seal").map_err(|error| self.write_error(error))?;
        let sealed = attributes::give(self.file(), wanted, &self.target)?;
        Ok(Sealed::new(self.temp, self.dir, self.target, sealed))
    }

    /// Gives the bytes away: for a file that keeps its own metadata.
    pub(super) fn into_bytes(self, _trusted: Trusted) -> Temp {
        self.temp
    }

    /// The directory it is in.
    pub(super) fn dir(&self) -> &Arc<Dir> {
        &self.dir
    }

    fn stat(&self) -> Result<Stat, Error> {
        rustix::fs::fstat(self.file()).map_err(|errno| self.write_error(errno.into()))
    }

    fn write_error(&self, source: std::io::Error) -> Error {
        Error::write("write the new content of", &self.target, source)
    }
}
