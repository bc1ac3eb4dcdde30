//! An HTTP response that may lie about its length, stop early, fall silent or dawdle.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use super::listener::Shared;

#[derive(Clone)]
enum Body {
    Bytes(Arc<[u8]>),
    Repeated(u8, u64),
}

#[derive(Clone, Copy)]
enum Length {
    OfTheBody,
    Claimed(u64),
    Untold,
    Chunked,
}

#[derive(Clone, Copy)]
enum Cut {
    Close(u64),
    Stall(u64),
}

/// What to answer.
#[derive(Clone)]
#[must_use]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
    length: Length,
    cut: Option<Cut>,
    pace: Option<(usize, Duration)>,
    silent: bool,
}

impl Reply {
    /// This status, an empty body.
    pub fn status(status: u16) -> Reply {
        let body = Body::Bytes(Arc::from([]));
        Reply { status, headers: Vec::new(), body, length: Length::OfTheBody, cut: None, pace: None, silent: false }
    }

    /// 200 with this body.
    pub fn ok(body: impl AsRef<[u8]>) -> Reply {
        Reply::status(200).body(body)
    }

    /// A redirect.
    pub fn redirect(status: u16, to: impl Into<String>) -> Reply {
        Reply::status(status).header("Location", to)
    }

    /// Not even a status line: silence until the server ends.
    pub fn silence() -> Reply {
        Reply { silent: true, ..Reply::status(200) }
    }

    /// One more header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Another body.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Reply {
        self.body = Body::Bytes(Arc::from(body.as_ref()));
        self
    }

    /// A body that is one byte repeated, made while it is sent.
    pub fn body_of(mut self, byte: u8, length: u64) -> Reply {
        self.body = Body::Repeated(byte, length);
        self
    }

    /// Claims this length, whatever the body's is.
    pub fn content_length(mut self, length: u64) -> Reply {
        self.length = Length::Claimed(length);
        self
    }

    /// Does not tell a length: the body ends with the connection.
    pub fn without_length(mut self) -> Reply {
        self.length = Length::Untold;
        self
    }

    /// Sends the body in chunks (RFC 9112, 7.1).
    pub fn chunked(mut self) -> Reply {
        self.length = Length::Chunked;
        self
    }

    /// Closes the connection after this many bytes of the body.
    pub fn truncate_at(mut self, bytes: u64) -> Reply {
        self.cut = Some(Cut::Close(bytes));
        self
    }

    /// Falls silent after this many bytes of the body, and keeps the connection until the server ends.
    pub fn stall_after(mut self, bytes: u64) -> Reply {
        self.cut = Some(Cut::Stall(bytes));
        self
    }

    /// Sends pieces of this size with a pause after each.
    pub fn slow(mut self, piece: usize, pause: Duration) -> Reply {
        self.pace = Some((piece, pause));
        self
    }

    /// Sends it, as the answer to a request that wants a body or not (HEAD).
    ///
    /// # Errors
    /// The connection's: the client may have gone, and then nobody minds.
    pub fn send(&self, out: &mut impl Write, with_body: bool, shared: &Shared) -> io::Result<()> {
        if self.silent {
            return self.stall(shared);
        }
        out.write_all(self.head().as_bytes())?;
        if !with_body {
            return out.flush();
        }
        let whole = self.body_length();
        let sent = match self.cut {
            Some(Cut::Close(at) | Cut::Stall(at)) => at.min(whole),
            None => whole,
        };
        let (piece, pause) = self.pace.unwrap_or((64 << 10, Duration::ZERO));
        let mut at = 0;
        while at < sent {
            let length = sent.saturating_sub(at).min(piece as u64);
            self.send_piece(out, at, length)?;
            at += length;
            if !pause.is_zero() {
                out.flush()?;
                if !shared.wait(pause) {
                    return Ok(());
                }
            }
        }
        match (self.cut, self.length) {
            (Some(Cut::Stall(_)), _) => {
                out.flush()?;
                self.stall(shared)
            }
            (None, Length::Chunked) => out.write_all(b"0\r\n\r\n").and_then(|()| out.flush()),
            _ => out.flush(),
        }
    }

    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} as the test says\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        match self.length {
            Length::OfTheBody => head += &format!("Content-Length: {}\r\n", self.body_length()),
            Length::Claimed(length) => head += &format!("Content-Length: {length}\r\n"),
            Length::Chunked => head += "Transfer-Encoding: chunked\r\n",
            Length::Untold => {}
        }
        head + "\r\n"
    }

    fn body_length(&self) -> u64 {
        match &self.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::Repeated(_, length) => *length,
        }
    }

    fn send_piece(&self, out: &mut impl Write, at: u64, length: u64) -> io::Result<()> {
        let chunked = matches!(self.length, Length::Chunked);
        if chunked {
            write!(out, "{length:x}\r\n")?;
        }
        let (at, length) = (at as usize, length as usize);
        match &self.body {
            Body::Bytes(bytes) => out.write_all(&bytes[at..at + length])?,
            Body::Repeated(byte, _) => out.write_all(&vec![*byte; length])?,
        }
        if chunked { out.write_all(b"\r\n") } else { Ok(()) }
    }

    fn stall(&self, shared: &Shared) -> io::Result<()> {
        while shared.wait(Duration::from_secs(1)) {}
        Ok(())
    }
}
