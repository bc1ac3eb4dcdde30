//! A server that does as it is told: one connection per reply, in order. It ends with the test, whatever happens.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::request::{Source, SourceUrl};

/// No test takes longer.
const LIMIT: Duration = Duration::from_secs(20);

/// What one connection gets to read, whatever it asked for.
pub(super) enum Reply {
    /// These bytes; then the connection is closed.
    Close(Vec<u8>),
    /// These bytes; then nothing, until the client hangs up or the test is over.
    Hold(Vec<u8>),
    /// These bytes, and then one more every few milliseconds, until the client hangs up or the test is over.
    Trickle(Vec<u8>),
}

pub(super) fn close(text: impl Into<Vec<u8>>) -> Reply {
    Reply::Close(text.into())
}

pub(super) fn hold(text: impl Into<Vec<u8>>) -> Reply {
    Reply::Hold(text.into())
}

pub(super) fn trickle(text: impl Into<Vec<u8>>) -> Reply {
    Reply::Trickle(text.into())
}

/// A whole file.
pub(super) fn file(body: &str) -> Reply {
    close(format!("HTTP/1.1 200 OK\r\nETag: \"e1\"\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()))
}

/// Three bytes of nine.
pub(super) fn cut_off() -> Reply {
    close("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
}

/// An answer without a file.
pub(super) fn status(status: u16, header: &str) -> Reply {
    close(format!("HTTP/1.1 {status} Whatever\r\n{header}\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops"))
}

pub(super) fn redirect(to: &str) -> Reply {
    status(302, &format!("Location: {to}"))
}

pub(super) struct Server {
    listener: TcpListener,
    pub(super) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// A port to be known by, before anything is served on it.
    pub(super) fn bind() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        Server { listener, address, heads: Arc::default(), over: Arc::default(), thread: None }
    }

    pub(super) fn serving(replies: Vec<Reply>) -> Server {
        let mut server = Server::bind();
        server.serve(replies);
        server
    }

    pub(super) fn serve(&mut self, replies: Vec<Reply>) {
        let listener = self.listener.try_clone().unwrap();
        let (heads, over) = (Arc::clone(&self.heads), Arc::clone(&self.over));
        let end = Instant::now() + LIMIT;
        self.thread = Some(thread::spawn(move || {
            for reply in replies {
                let stream = loop {
                    match listener.accept() {
                        Ok((stream, _)) => break stream,
                        Err(_) if over.load(Ordering::Relaxed) || Instant::now() > end => return,
                        Err(_) => thread::sleep(Duration::from_millis(2)),
                    }
                };
                answer(stream, reply, &heads, &over);
            }
        }));
    }

    pub(super) fn url(&self, path: &str) -> SourceUrl {
        url(&format!("http://{}{path}", self.address))
    }

    /// Whether every reply was given, and its connection is closed.
    pub(super) fn is_done(&self) -> bool {
        self.thread.as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// The heads of the requests that came.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let outcome = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || !matches!(outcome, Some(Err(_))), "the server panicked");
    }
}

pub(super) fn url(text: &str) -> SourceUrl {
    match Source::parse(text.as_ref()).unwrap() {
        Source::Url(url) => url,
        other => panic!("{other}"),
    }
}

fn answer(mut stream: TcpStream, reply: Reply, heads: &Mutex<Vec<String>>, over: &AtomicBool) {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    heads.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
    let (Reply::Close(bytes) | Reply::Hold(bytes) | Reply::Trickle(bytes)) = &reply;
    // A client that hung up early is the test's business.
    let _ = stream.write_all(bytes);
    let pause = Duration::from_millis(10);
    match reply {
        Reply::Close(_) => {}
        Reply::Hold(_) => {
            stream.set_read_timeout(Some(pause)).unwrap();
            while !over.load(Ordering::Relaxed) && stream.read(&mut byte).ok() != Some(0) {}
        }
        Reply::Trickle(_) => {
            while !over.load(Ordering::Relaxed) && stream.write_all(b"x").is_ok() {
                thread::sleep(pause);
            }
        }
    }
}
