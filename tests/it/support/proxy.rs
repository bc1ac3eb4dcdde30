//! A forward proxy: whatever host a client asks for, it gets one server of 127.0.0.1.

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::listener::{Listener, Shared};
use super::request::Request;
use super::server::Server;

/// A proxy on 127.0.0.1; ends when dropped.
pub struct Proxy {
    listener: Listener,
}

impl Proxy {
    /// For this server: CONNECT for https, absolute addresses for http.
    pub fn to(server: &Server) -> Proxy {
        let upstream = server.address();
        let serve = move |stream: TcpStream, shared: &Shared| {
            let _ = relay(stream, upstream, shared);
        };
        Proxy { listener: Listener::start(serve) }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.address())
    }

    /// The same with `user:password@`.
    pub fn url_as(&self, user: &str) -> String {
        format!("http://{user}@{}", self.listener.address())
    }

    /// What it was asked, in order; `target` is the absolute address, or host and port for CONNECT.
    pub fn requests(&self) -> Vec<Request> {
        self.listener.requests()
    }
}

fn relay(mut client: TcpStream, upstream: SocketAddr, shared: &Shared) -> io::Result<()> {
    let request = Request::read(&mut client)?;
    shared.record(request.clone());
    let mut server = TcpStream::connect(upstream)?;
    shared.keep(&server);
    if request.method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 connected\r\n\r\n")?;
    } else {
        server.write_all(for_the_origin(&request).as_bytes())?;
    }
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let upwards = std::thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
    let _ = upwards.join();
    Ok(())
}

/// The head as the origin gets it: a path instead of an address, nothing that was meant for the proxy.
fn for_the_origin(request: &Request) -> String {
    let after_scheme = request.target.split_once("://").map_or("", |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
    let mut head = format!("{} {path} HTTP/1.1\r\n", request.method);
    for (name, value) in &request.headers {
        if !name.to_ascii_lowercase().starts_with("proxy-") {
            head += &format!("{name}: {value}\r\n");
        }
    }
    head + "\r\n"
}
