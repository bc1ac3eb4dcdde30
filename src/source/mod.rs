//! Bytes in: from a file, from standard input, from an address, poured into whatever takes them.

mod digest;
mod file;
#[cfg(feature = "http")]
mod http;

pub(crate) use digest::{Hashing, sha256_of};
pub(crate) use file::LocalSource;
#[cfg(feature = "http")]
pub(crate) use http::{check_options, fetch};

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
