//! https with a certificate authority of our own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::server::{Server, hold, redirect, url};
use super::{Fetch, reason, seconds};
use crate::error::ErrorKind;
use crate::request::{Secret, SourceUrl};

/// An authority, its certificate in a file, and what a server for 127.0.0.1 needs.
struct Authority {
    _dir: tempfile::TempDir,
    pem: PathBuf,
    config: Arc<ServerConfig>,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let pem = dir.path().join("ca.pem");
        std::fs::write(&pem, certificate.pem()).unwrap();

        let server_key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let server = server.signed_by(&server_key, &Issuer::new(params, key)).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![server.der().clone()], server_key.serialize_der().try_into().unwrap())
            .unwrap();
        Authority { _dir: dir, pem, config: Arc::new(config) }
    }

    /// Answers one request with these bytes; gives what the client sent, as far as TLS let it through.
    fn serve(&self, answer: &'static [u8]) -> (SourceUrl, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = url(&format!("https://{}/app", listener.local_addr().unwrap()));
        let connection = ServerConnection::new(Arc::clone(&self.config)).unwrap();
        let thread = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            let _ = stream.write_all(answer);
            stream.conn.send_close_notify();
            let _ = stream.flush();
            String::from_utf8(head).unwrap()
        });
        (address, thread)
    }
}

const FILE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

#[test]
fn an_authority_the_caller_trusts_is_trusted() {
    let authority = Authority::new("ours");
    let (address, server) = authority.serve(FILE);
    let mut fetch = Fetch::with(|options| options.cacert = Some(authority.pem.clone()));
    fetch.run(&address).unwrap();
    assert_eq!(fetch.sink.bytes, b"hello");
    server.join().unwrap();
}

#[test]
fn an_unknown_authority_is_final_and_learns_no_secret() {
    let (known, unknown) = (Authority::new("ours"), Authority::new("another"));
    let (address, server) = unknown.serve(FILE);
    let mut fetch = Fetch::with(|options| {
        options.cacert = Some(known.pem.clone());
        options.token = Some(Secret::new("hunter2"));
        options.retries = 2;
    });
    let error = fetch.run(&address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(reason(&error), "the server's certificate is from an unknown issuer");
    assert_eq!(server.join().unwrap(), "");
}

#[test]
fn a_redirect_up_to_https_is_followed_without_secrets_and_down_to_http_never() {
    let authority = Authority::new("ours");
    let plain = Server::bind();
    let down = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", plain.url("/").expose());
    let (address, server) = authority.serve(down.leak().as_bytes());
    let start = Server::serving(vec![redirect(address.expose().as_str())]);
    let mut fetch = Fetch::with(|options| {
        options.cacert = Some(authority.pem.clone());
        options.token = Some(Secret::new("hunter2"));
        options.retries = 2;
    });
    let error = fetch.run(&start.url("/")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(reason(&error), "a redirect from https to http was refused");
    assert!(start.heads()[0].contains("hunter2"));
    let head = server.join().unwrap();
    assert!(head.starts_with("GET /app ") && !head.contains("hunter2"), "{head}");
}

#[test]
fn a_handshake_that_hangs_is_a_connection_that_does_not_stand() {
    let authority = Authority::new("ours");
    let server = Server::serving(vec![hold("")]);
    let mut fetch = Fetch::with(|options| {
        options.cacert = Some(authority.pem.clone());
        options.connect_timeout = seconds(0.8);
        options.stall_timeout = seconds(0.2);
    });
    let start = Instant::now();
    let error = fetch.run(&url(&format!("https://{}/", server.address))).unwrap_err();
    assert_eq!((error.kind(), reason(&error)), (ErrorKind::TryLater, "no connection within 0.8 s".to_owned()));
    assert!((0.7..8.0).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
}

#[test]
fn a_server_that_does_not_speak_tls_is_final() {
    let authority = Authority::new("ours");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = url(&format!("https://{}/", listener.local_addr().unwrap()));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        // Closing with the greeting unread would reset the connection.
        let _ = stream.read(&mut [0; 4096]);
    });
    let mut fetch = Fetch::with(|options| {
        options.cacert = Some(authority.pem.clone());
        options.retries = 2;
    });
    let error = fetch.run(&address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(reason(&error).starts_with("TLS: "), "{error}");
    server.join().unwrap();
}
