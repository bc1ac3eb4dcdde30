//! HTTP and HTTPS servers that do exactly what a test tells them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::{ServerConnection, StreamOwned};

use super::authority::Authority;
use super::listener::{Listener, Shared};
use super::reply::Reply;
use super::request::Request;
use super::scratch::Scratch;

/// A server on 127.0.0.1; every connection carries one request. Ends when dropped.
pub struct Server {
    listener: Listener,
    authority: Option<Authority>,
}

impl Server {
    /// Plain HTTP.
    pub fn http(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        let serve = move |mut stream: TcpStream, shared: &Shared| exchange(&mut stream, shared, &answer);
        Server { listener: Listener::start(serve), authority: None }
    }

    /// HTTPS, with a certificate for 127.0.0.1, localhost and swapbin.test from an authority of its own.
    pub fn https(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        let authority = Authority::new();
        let tls = authority.server_side();
        let serve = move |stream: TcpStream, shared: &Shared| {
            let connection = ServerConnection::new(tls.clone()).expect("a configuration that was built is valid");
            let mut stream = StreamOwned::new(connection, stream);
            exchange(&mut stream, shared, &answer);
            stream.conn.send_close_notify();
            let _ = stream.flush();
        };
        Server { listener: Listener::start(serve), authority: Some(authority) }
    }

    /// Plain HTTP that gives every request this answer.
    pub fn answering(reply: Reply) -> Server {
        Server::http(move |_| reply.clone())
    }

    /// Plain HTTP that gives these answers one after the other, and the last of them for ever.
    pub fn replying(replies: impl IntoIterator<Item = Reply>) -> Server {
        let replies: Vec<Reply> = replies.into_iter().collect();
        let next = AtomicUsize::new(0);
        Server::http(move |_| replies[next.fetch_add(1, Ordering::Relaxed).min(replies.len() - 1)].clone())
    }

    /// `http://127.0.0.1:PORT/path` or the same with https.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.listener.address())
    }

    /// The same with something before the host, such as `user:password`.
    pub fn url_as(&self, user: &str, path: &str) -> String {
        self.url(path).replacen("://", &format!("://{user}@"), 1)
    }

    /// A file with the certificate of its authority, for `--cacert`.
    ///
    /// # Panics
    /// If it speaks plain HTTP.
    pub fn ca_pem(&self, scratch: &Scratch) -> PathBuf {
        let path = scratch.tools().join(format!("ca-{}.pem", self.listener.address().port()));
        let pem = self.authority.as_ref().expect("an https server").pem();
        std::fs::write(&path, pem).expect("a file for the certificate");
        path
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.listener.address()
    }

    /// The requests it has read, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.listener.requests()
    }

    /// How many connections were made, with or without a request.
    pub fn connections(&self) -> usize {
        self.listener.connections()
    }
}

fn exchange(stream: &mut (impl Read + Write), shared: &Shared, answer: &impl Fn(&Request) -> Reply) {
    // A client that goes away, or refuses the certificate, is what some tests are about; what it did not ask is not recorded.
    let Ok(request) = Request::read(stream) else { return };
    shared.record(request.clone());
    let _ = answer(&request).send(stream, request.method != "HEAD", shared);
}
