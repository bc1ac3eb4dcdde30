//! One attempt, seen from the calling thread: everything the worker brings goes to the sink, and nothing is waited for longer
//! than the caller allows.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::connecting::Connecting;
use super::failure::Failure;
use super::worker::{self, Head, Message};
use super::{TICK, credentials};
use crate::error::Error;
use crate::event::Event;
use crate::request::{HttpOptions, SourceUrl};
use crate::source::{Session, Sink};

/// The least time between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(16);

/// A file that came as a whole.
pub(super) struct Done {
    pub(super) final_url: String,
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) bytes: u64,
}

/// Makes one attempt. The worker is left to itself on every error.
pub(super) fn once(
    url: &SourceUrl,
    options: &HttpOptions,
    deadline: Option<Instant>,
    sink: &mut dyn Sink,
    session: &mut Session<'_>,
) -> Result<Done, Failure> {
    let connecting = Connecting::default();
    let headers = credentials::headers(options)?;
    let messages = worker::start(url.expose(), options, headers, &connecting).map_err(|error| {
        let reason = format!("cannot start a thread: {}", crate::error::lowered(&error));
        Error::Http { url: url.to_string(), reason, transient: true }
    })?;
    let mut watch = Watch { url, options, deadline, messages, connecting, heard: Instant::now(), at: url.to_string() };

    let mut head = Head { status: 0, etag: None, length: None };
    let mut bytes = 0;
    let mut shown = Instant::now();
    loop {
        match watch.next(session)? {
            Message::Redirected(to) => watch.at = to,
            Message::Head(begin) => {
                if let Some(length) = begin.length {
                    sink.expect_size(length)?;
                    session.event(Event::Size { bytes: length });
                }
                head = begin;
            }
            Message::Chunk(chunk) => {
                sink.put(&chunk)?;
                bytes += chunk.len() as u64;
                if shown.elapsed() >= PROGRESS {
                    session.event(Event::Progress { bytes });
                    shown = Instant::now();
                }
            }
            Message::End => {
                session.event(Event::Progress { bytes });
                return Ok(Done { final_url: watch.at, status: head.status, etag: head.etag, bytes });
            }
            Message::Failed(failure) => return Err(failure),
        }
        // What the sink took is not the server's fault.
        watch.heard = Instant::now();
    }
}

/// Waits for the worker, but not for ever.
struct Watch<'a> {
    url: &'a SourceUrl,
    options: &'a HttpOptions,
    deadline: Option<Instant>,
    messages: Receiver<Message>,
    connecting: Connecting,
    /// When the server was last heard of.
    heard: Instant,
    /// The address being read, without secrets.
    at: String,
}

impl Watch<'_> {
    fn next(&mut self, session: &Session<'_>) -> Result<Message, Error> {
        loop {
            session.cancel.check()?;
            let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                let limit = self.options.max_time.unwrap_or_default();
                return Err(Error::MaxTime { from: self.url.to_string(), limit });
            }
            let silence = self.options.stall_timeout.saturating_sub(self.heard.elapsed());
            match self.messages.recv_timeout(TICK.min(silence).min(left.unwrap_or(TICK))) {
                Ok(message) => return Ok(message),
                // Making a connection has a timeout of its own.
                Err(RecvTimeoutError::Timeout) if self.connecting.is_set() => self.heard = Instant::now(),
                Err(RecvTimeoutError::Timeout) if self.heard.elapsed() < self.options.stall_timeout => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Err(self.broken(format!("no data for {} s", self.options.stall_timeout.as_secs_f64())));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.broken("the transfer broke off".to_owned())),
            }
        }
    }

    fn broken(&self, reason: String) -> Error {
        Error::Http { url: self.at.clone(), reason, transient: true }
    }
}
