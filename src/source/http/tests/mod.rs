//! Whole fetches against a server that misbehaves.

mod attempts;
mod redirects;
mod secrets;
mod server;
mod silence;
mod tls;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Fetched, fetch};
use crate::error::Error;
use crate::event::{Cancel, Event};
use crate::request::{HttpOptions, SourceUrl};
use crate::source::{Session, Sink};

#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    sizes: Vec<u64>,
    restarts: u32,
    limit: Option<usize>,
}

impl Sink for Memory {
    fn expect_size(&mut self, bytes: u64) -> Result<(), Error> {
        self.sizes.push(bytes);
        Ok(())
    }
    fn put(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.bytes.extend_from_slice(chunk);
        match self.limit {
            Some(limit) if self.bytes.len() > limit => Err(Error::SourceTooLarge { from: "x".into(), limit: limit as u64 }),
            _ => Ok(()),
        }
    }
    fn restart(&mut self) -> Result<(), Error> {
        self.restarts += 1;
        self.bytes.clear();
        Ok(())
    }
}

/// One fetch, and everything that was seen of it.
struct Fetch {
    options: HttpOptions,
    deadline: Option<Instant>,
    cancel: Cancel,
    /// Cancel at the first event that begins so.
    cancel_at: Option<&'static str>,
    sink: Memory,
    events: Vec<String>,
}

impl Fetch {
    fn with(change: impl FnOnce(&mut HttpOptions)) -> Fetch {
        let mut options = HttpOptions { retries: 0, ..HttpOptions::default() };
        change(&mut options);
        Fetch { options, deadline: None, cancel: Cancel::new(), cancel_at: None, sink: Memory::default(), events: Vec::new() }
    }

    fn run(&mut self, url: &SourceUrl) -> Result<Fetched, Error> {
        let events = &mut self.events;
        let (signal, cancel_at) = (self.cancel.shared(), self.cancel_at);
        let mut observer = |event: &Event<'_>| {
            let event = format!("{event:?}");
            if cancel_at.is_some_and(|start| event.starts_with(start)) {
                signal.store(15, Ordering::Relaxed);
            }
            events.push(event);
        };
        let mut session = Session { observer: &mut observer, cancel: &self.cancel };
        fetch(url, &self.options, self.deadline, &mut self.sink, &mut session)
    }

    fn plain(url: &SourceUrl) -> Result<Fetched, Error> {
        Fetch::with(|_| ()).run(url)
    }
}

/// What plain text of an error says, after the address.
fn reason(error: &Error) -> String {
    error.to_string().split_once("': ").unwrap().1.to_owned()
}

fn seconds(count: f64) -> Duration {
    Duration::from_secs_f64(count)
}
