//! Addresses: fetched by GET, in as many attempts as the options allow, poured into a sink while they arrive.
//!
//! A worker thread does the input ([`worker`]); the calling thread takes chunks from a bounded channel ([`transfer`]), and is
//! therefore never further than a tenth of a second from noticing a signal, a stall or the deadline.

mod client;
mod connecting;
mod credentials;
mod failure;
mod redirect;
mod retry;
mod tls;
mod transfer;
mod worker;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant, SystemTime};

use super::{Session, Sink};
use crate::error::Error;
use crate::event::Event;
use crate::request::{HttpOptions, SourceUrl};

/// How often the calling thread looks up from waiting.
const TICK: Duration = Duration::from_millis(100);

/// What was fetched, after the sink took its last byte.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Where redirects ended, without secrets.
    pub(crate) final_url: String,
    /// The status of the last response.
    pub(crate) status: u16,
    /// The entity tag, as sent.
    pub(crate) etag: Option<String>,
    /// Bytes of the body.
    pub(crate) bytes: u64,
    /// Attempts made, this one included.
    pub(crate) attempts: u32,
}

/// Checks what can be checked without the network: proxy, headers, token and certificates.
///
/// # Errors
/// [`Error::BadOption`], which names the option and never repeats a secret.
pub(crate) fn check_options(options: &HttpOptions) -> Result<(), Error> {
    client::proxy_url(options)?;
    client::judge_environment(options)?;
    credentials::headers(options)?;
    options.cacert.as_deref().map_or(Ok(()), |path| tls::read_pem(path).map(drop))
}

/// Fetches an address into the sink. What the sink holds after an error is of no use.
///
/// `deadline` is the moment the time for everything runs out, `options.max_time` how long that was.
///
/// # Errors
/// [`Error::HttpStatus`] and [`Error::Http`], the last one when every attempt failed; [`Error::MaxTime`];
/// [`Error::Cancelled`]; [`Error::BadOption`] as from [`check_options`]; and whatever the sink gives, unchanged.
pub(crate) fn fetch(
    url: &SourceUrl,
    options: &HttpOptions,
    deadline: Option<Instant>,
    sink: &mut dyn Sink,
    session: &mut Session<'_>,
) -> Result<Fetched, Error> {
    let name = url.to_string();
    let mut attempt = 1;
    loop {
        session.event(Event::Attempt { source: &name, attempt });
        let failure = match transfer::once(url, options, deadline, sink, session) {
            Ok(done) => {
                let transfer::Done { final_url, status, etag, bytes } = done;
                return Ok(Fetched { final_url, status, etag, bytes, attempts: attempt });
            }
            Err(failure) => failure,
        };
        if attempt > options.retries || !failure.is_transient() {
            return Err(failure.error);
        }
        let wait = retry::pause(attempt, failure.retry_after.as_deref(), SystemTime::now());
        // Nothing can succeed after the deadline, and another mirror may use the time left.
        if deadline.is_some_and(|deadline| wait >= deadline.saturating_duration_since(Instant::now())) {
            return Err(failure.error);
        }
        session.event(Event::Retry { error: &failure.error, wait });
        rest(wait, session)?;
        sink.restart()?;
        attempt += 1;
    }
}

/// Sleeps, unless cancelled.
fn rest(wait: Duration, session: &Session<'_>) -> Result<(), Error> {
    let start = Instant::now();
    loop {
        session.cancel.check()?;
        let left = wait.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(TICK));
    }
}
