//! The thread that talks to the server: requests, redirects, and the body in chunks.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use reqwest::blocking::Response;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, LOCATION, RETRY_AFTER, TRANSFER_ENCODING};
use url::Url;

use super::client::Clients;
use super::connecting::Connecting;
use super::failure::{self, Cause, Failure};
use super::{credentials, redirect, retry};
use crate::error::{Error, quoted};
use crate::request::{HttpOptions, SourceUrl};

/// Bytes per chunk.
const CHUNK: usize = 64 * 1024;

/// Chunks under way between the threads.
const CHUNKS: usize = 8;

/// What the worker has to say.
pub(super) enum Message {
    /// A redirect was followed to this address, without secrets.
    Redirected(String),
    /// The file begins.
    Head(Head),
    /// The next bytes of the file.
    Chunk(Vec<u8>),
    /// The file is complete.
    End,
    /// There is no more to come.
    Failed(Failure),
}

/// What is known before the first byte of the file.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) length: Option<u64>,
}

/// Starts a worker. It ends by itself soon after the receiver is dropped: at the next byte, or when a wait of the connect and
/// stall timeouts together is over. Nobody has to wait for it.
///
/// # Errors
/// No thread could be started.
pub(super) fn start(
    asked: &Url,
    options: &HttpOptions,
    headers: HeaderMap,
    connecting: &Connecting,
) -> io::Result<Receiver<Message>> {
    let (sender, receiver) = sync_channel(CHUNKS);
    let (asked, options, connecting) = (asked.clone(), options.clone(), connecting.clone());
    thread::Builder::new().name("http".to_owned()).spawn(move || {
        // Dropping a client waits for its threads, and a name look-up under way cannot be stopped: the news goes first.
        let mut clients = Clients::new(&options, &connecting);
        let worker = Worker { asked: &asked, options: &options, headers: &headers, sender: &sender };
        if let Err(failure) = worker.run(&mut clients) {
            worker.tell(Message::Failed(failure));
        }
    })?;
    Ok(receiver)
}

struct Worker<'a> {
    asked: &'a Url,
    options: &'a HttpOptions,
    headers: &'a HeaderMap,
    sender: &'a SyncSender<Message>,
}

impl Worker<'_> {
    /// Whether anybody still listens.
    fn tell(&self, message: Message) -> bool {
        self.sender.send(message).is_ok()
    }

    fn run(&self, clients: &mut Clients<'_>) -> Result<(), Failure> {
        let mut hop = self.asked.clone();
        for _ in 0..=redirect::LIMIT {
            let response = self.get(clients, &hop)?;
            if !redirect::is_redirect(response.status().as_u16()) {
                return self.body(&hop, response);
            }
            let location = response.headers().get(LOCATION).map(|location| location.as_bytes());
            hop = redirect::next(&hop, location).map_err(|reason| Failure::at(&hop, Cause::permanent(reason)))?;
            if !self.tell(Message::Redirected(SourceUrl::new(hop.clone()).to_string())) {
                return Ok(());
            }
        }
        Err(Failure::at(self.asked, Cause::permanent(format!("more than {} redirects", redirect::LIMIT))))
    }

    fn get(&self, clients: &mut Clients<'_>, hop: &Url) -> Result<Response, Failure> {
        let client = clients.for_hop(hop).map_err(|reason| Failure::at(hop, Cause::permanent(reason)))?;
        let request = client.get(redirect::without_userinfo(hop));
        let request = credentials::authorize(request, hop, self.asked, self.headers).header(ACCEPT_ENCODING, "identity");
        request.send().map_err(|error| Failure::at(hop, failure::of_request(&error, self.options)))
    }

    fn body(&self, hop: &Url, mut response: Response) -> Result<(), Failure> {
        let head = judge(hop, &response)?;
        let length = head.length;
        if !self.tell(Message::Head(head)) {
            return Ok(());
        }
        let broken = |error: &io::Error, came| Failure::at(hop, Cause::transient(failure::of_body(error, came, length)));
        let mut buffer = vec![0; CHUNK];
        let mut came = 0;
        loop {
            match response.read(&mut buffer) {
                Ok(0) if length.is_some_and(|length| came < length) => {
                    return Err(broken(&io::ErrorKind::UnexpectedEof.into(), came));
                }
                Ok(0) => {
                    self.tell(Message::End);
                    return Ok(());
                }
                Ok(read) => {
                    came += read as u64;
                    if !self.tell(Message::Chunk(buffer[..read].to_vec())) {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(&error, came)),
            }
        }
    }
}

/// Whether a response brings the file: all of it, and as it is.
fn judge(hop: &Url, response: &Response) -> Result<Head, Failure> {
    let status = response.status().as_u16();
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    // No part was asked for, so that 206 is as wrong as any other.
    if status != 200 {
        let error =
            Error::HttpStatus { url: SourceUrl::new(hop.clone()).to_string(), status, transient: retry::is_transient(status) };
        return Err(Failure { error, retry_after: text(RETRY_AFTER) });
    }
    for (header, plain) in [(CONTENT_ENCODING, "identity"), (TRANSFER_ENCODING, "chunked")] {
        for value in response.headers().get_all(header) {
            let value = String::from_utf8_lossy(value.as_bytes());
            if let Some(other) = value.split(',').map(str::trim).find(|coding| !coding.eq_ignore_ascii_case(plain)) {
                let reason = format!("the server sent the file encoded as {}", quoted(other));
                return Err(Failure::at(hop, Cause::permanent(reason)));
            }
        }
    }
    Ok(Head { status, etag: text(ETAG), length: response.content_length() })
}
