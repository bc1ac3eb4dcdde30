//! Bytes in: from a file, from standard input, from an address, poured into whatever takes them.

mod checked;
mod file;
#[cfg(feature = "http")]
mod http;
mod supply;

pub(crate) use file::LocalSource;
pub(crate) use supply::{Supply, judge};

use std::fs::File;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::event::{Cancel, Event, Observer};

/// What takes the bytes of a source.
pub(crate) trait Sink {
    /// The size became known; may be called again after [`Sink::restart`]. Room is reserved here, so that a full disk is
    /// found before the transfer and not at its end.
    ///
    /// # Errors
    /// No room, or more than allowed.
    fn expect_size(&mut self, bytes: u64) -> Result<(), Error>;

    /// Takes the next bytes.
    ///
    /// # Errors
    /// They could not be written.
    fn put(&mut self, chunk: &[u8]) -> Result<(), Error>;

    /// Takes a whole regular file at once, if it can do better than chunk by chunk, and returns the copy.
    ///
    /// # Errors
    /// Of reading and writing, or cancelled.
    fn take_file(&mut self, _source: &LocalSource, _session: &mut Session<'_>) -> Result<Option<&File>, Error> {
        Ok(None)
    }

    /// Forgets everything taken so far: the source begins anew.
    ///
    /// # Errors
    /// The stage could not be emptied.
    fn restart(&mut self) -> Result<(), Error>;
}

/// Who listens while bytes are read, and who may stop it.
pub(crate) struct Session<'a> {
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) cancel: &'a Cancel,
}

impl Session<'_> {
    pub(crate) fn event(&mut self, event: Event<'_>) {
        self.observer.event(&event);
    }
}

/// The moment by which everything has to be there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Deadline {
        Deadline { at: Instant::now() + limit, limit }
    }

    /// # Errors
    /// [`Error::MaxTime`] once it has passed.
    pub(crate) fn check(self, from: &str) -> Result<(), Error> {
        if Instant::now() < self.at { Ok(()) } else { Err(Error::MaxTime { from: from.to_owned(), limit: self.limit }) }
    }

    /// The time left.
    #[cfg(feature = "http")]
    pub(crate) fn at(self) -> Instant {
        self.at
    }
}
