//! What takes the bytes: a stage, or a comparison.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::error::Error;
use crate::event::Event;
use crate::plan::{self, Target};
use crate::source::{LocalSource, Session, Sink};
use crate::txn::Stage;

/// Bytes become the new file.
pub(super) struct Staging<'a> {
    pub(super) stage: &'a mut Stage,
    pub(super) target: &'a Target,
}

impl Sink for Staging<'_> {
    fn expect_size(&mut self, bytes: u64) -> Result<(), Error> {
        plan::judge_size(self.target, bytes, false)?;
        self.stage.reserve(bytes)
    }

    fn put(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.stage.put(chunk)
    }

    fn take_file(&mut self, source: &LocalSource, session: &mut Session<'_>) -> Result<Option<&File>, Error> {
        let Some(size) = source.size() else { return Ok(None) };
        let sparse = source.is_sparse();
        let mut on_chunk = |bytes| {
            session.event(Event::Progress { bytes });
            session.cancel.check()
        };
        self.stage.copy_from(source.file(), size, sparse, |error| source.read_error(error), &mut on_chunk)?;
        Ok(Some(self.stage.file()))
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.stage.restart()
    }
}

/// Bytes are compared with the file that is there, and forgotten.
pub(super) struct Comparing<'a> {
    file: Option<&'a File>,
    size: u64,
    same: bool,
    at: u64,
    buffer: Vec<u8>,
}

impl<'a> Comparing<'a> {
    pub(super) fn new(target: &'a Target) -> Comparing<'a> {
        let existing = target.existing.as_ref();
        let file = existing.and_then(|existing| existing.file.as_ref());
        Comparing { file, size: existing.map_or(0, |existing| existing.size()), same: file.is_some(), at: 0, buffer: Vec::new() }
    }

    /// How many bytes came, and whether they are what the file holds.
    pub(super) fn finish(self) -> (u64, bool) {
        (self.at, self.same && self.at == self.size)
    }
}

impl Sink for Comparing<'_> {
    fn expect_size(&mut self, _bytes: u64) -> Result<(), Error> {
        Ok(())
    }

    fn put(&mut self, chunk: &[u8]) -> Result<(), Error> {
        if let Some(file) = self.file.filter(|_| self.same) {
            self.buffer.resize(chunk.len(), 0);
            self.same = file.read_exact_at(&mut self.buffer, self.at).is_ok() && self.buffer == chunk;
        }
        self.at += chunk.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Error> {
        (self.at, self.same) = (0, self.file.is_some());
        Ok(())
    }
}
