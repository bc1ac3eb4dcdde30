//! What happens while it happens: one stream of events, and the way to cancel.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::error::Error;
use crate::report::Warning;

/// Something that happened. Progress bars, `-v` lines and test recorders all read this one stream.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The target was resolved: directory descriptor open, nothing in the way.
    Planned {
        /// The file that will be replaced or created, after links.
        target: &'a std::path::Path,
    },
    /// One file of a batch is looked at, and read if it has to be.
    File {
        /// Which, from 0.
        index: usize,
        /// Files in all.
        total: usize,
    },
    /// An attempt to read a source begins, at its first byte.
    Attempt {
        /// The source, without secrets.
        source: &'a str,
        /// 1 for the first.
        attempt: u32,
    },
    /// The size of what is coming became known.
    Size {
        /// Bytes in all.
        bytes: u64,
    },
    /// Bytes were written to the stage.
    Progress {
        /// Bytes so far in this attempt.
        bytes: u64,
    },
    /// A transient failure; the same source is tried again.
    Retry {
        /// Why.
        error: &'a Error,
        /// After this pause.
        wait: Duration,
    },
    /// A mirror failed for good; the next one is tried.
    NextMirror {
        /// Why.
        error: &'a Error,
    },
    /// What was staged has all its bytes and metadata.
    Sealed,
    /// The file and its metadata are on the disk, under a temporary name or none.
    Synced,
    /// The new file has the target's name.
    Published,
    /// A temporary file left by a killed run was removed.
    Swept {
        /// The file.
        path: &'a std::path::Path,
    },
    /// A transaction that was broken off was finished, or taken back.
    Recovered {
        /// What it is called.
        txid: &'a str,
        /// Whether everything is new now; else everything is as before.
        forward: bool,
    },
    /// Something the user should know, though nothing failed.
    Warning(&'a Warning),
}

/// Whoever watches. A closure will do.
pub trait Observer {
    /// Called for every event, on the calling thread.
    fn event(&mut self, event: &Event<'_>);
}

impl<F: FnMut(&Event<'_>)> Observer for F {
    fn event(&mut self, event: &Event<'_>) {
        self(event)
    }
}

/// A flag that asks a running request to stop. It is honoured until the new file is about to get its name, never after.
///
/// The value is the number of the signal that asked, so that a handler can store it and the program can raise it again.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicUsize>);

impl Cancel {
    /// A flag that is not set.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// The shared number behind the flag, for a signal handler to store into. 0: not set.
    pub fn shared(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.0)
    }

    /// The signal that asked, if any.
    pub fn signal(&self) -> Option<usize> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal),
        }
    }

    /// # Errors
    /// [`Error::Cancelled`] once the flag is set.
    pub fn check(&self) -> Result<(), Error> {
        self.signal().map_or(Ok(()), |_| Err(Error::Cancelled))
    }
}
