//! Sizes, statuses and further attempts.

use std::time::Instant;

use super::server::{Server, close, cut_off, file, status, url};
use super::{Fetch, reason, seconds};
use crate::error::{Error, ErrorKind};
use crate::request::Secret;

#[test]
fn a_file_comes_with_its_size_and_tag() {
    let server = Server::serving(vec![file("hello")]);
    let mut fetch = Fetch::with(|_| ());
    let fetched = fetch.run(&server.url("/app?token=hunter2")).unwrap();
    assert_eq!(fetch.sink.bytes, b"hello");
    assert_eq!(fetch.sink.sizes, [5]);
    assert_eq!(fetched.final_url, format!("http://{}/app?...", server.address));
    assert_eq!((fetched.status, fetched.etag.as_deref(), fetched.bytes, fetched.attempts), (200, Some("\"e1\""), 5, 1));
    assert!(fetch.events.iter().any(|event| event == "Size { bytes: 5 }"), "{:?}", fetch.events);
    assert_eq!(fetch.events.last().unwrap(), "Progress { bytes: 5 }");
    let head = server.heads()[0].to_ascii_lowercase();
    assert!(head.starts_with("get /app?token=hunter2 http/1.1\r\n"), "{head}");
    assert!(head.contains("accept-encoding: identity\r\n"), "{head}");
    assert!(head.contains(concat!("user-agent: swapbin/", env!("CARGO_PKG_VERSION"), "\r\n")), "{head}");
    assert!(!head.contains("referer") && !head.contains("authorization"), "{head}");
}

#[test]
fn a_file_of_many_chunks_arrives_in_order() {
    let body: String = (0..400_000).map(|number| format!("{number:06}\n")).collect();
    let server = Server::serving(vec![file(&body)]);
    let mut fetch = Fetch::with(|_| ());
    assert_eq!(fetch.run(&server.url("/")).unwrap().bytes, 2_800_000);
    assert!(fetch.sink.bytes == body.as_bytes());
}

#[test]
fn a_truncated_file_is_fetched_again_and_then_given_up() {
    let server = Server::serving(vec![cut_off(), cut_off(), file("complete")]);
    let mut fetch = Fetch::with(|options| options.retries = 1);
    let error = fetch.run(&server.url("/")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TryLater);
    assert_eq!(reason(&error), "connection closed after 3 of 9 bytes");
    assert_eq!(fetch.sink.restarts, 1);
    assert_eq!(server.heads().len(), 2);
}

#[test]
fn a_chunked_file_needs_its_last_chunk() {
    let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    let server = Server::serving(vec![close(format!("{start}2\r\nde\r\n0\r\n\r\n")), close(start)]);
    let mut whole = Fetch::with(|_| ());
    assert_eq!(whole.run(&server.url("/")).unwrap().bytes, 5);
    assert_eq!(whole.sink.bytes, b"abcde");
    assert!(whole.sink.sizes.is_empty(), "nobody said how long it would be");
    let error = Fetch::plain(&server.url("/")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TryLater);
    assert_eq!(reason(&error), "connection closed after 3 bytes");
}

#[test]
fn an_overloaded_server_is_asked_again_when_it_says() {
    let server = Server::serving(vec![status(503, "Retry-After: 0"), status(429, "Retry-After: 1"), file("hello")]);
    let mut fetch = Fetch::with(|options| options.retries = 2);
    let start = Instant::now();
    assert_eq!(fetch.run(&server.url("/")).unwrap().attempts, 3);
    assert!(start.elapsed() >= seconds(1.0), "{:?}", start.elapsed());
    assert_eq!((fetch.sink.bytes.as_slice(), fetch.sink.restarts), (&b"hello"[..], 2));
    let seen: Vec<_> = fetch.events.iter().filter(|event| event.starts_with("Retry")).collect();
    assert!(seen[0].ends_with("wait: 0ns }") && seen[1].ends_with("wait: 1s }"), "{seen:?}");
}

#[test]
fn a_refusal_is_final_and_leaves_the_sink_alone() {
    for refusal in [204, 206, 300, 304, 401, 403, 404, 410] {
        let server = Server::serving(vec![status(refusal, "Retry-After: 0"), file("hello")]);
        let mut fetch = Fetch::with(|options| options.retries = 3);
        let error = fetch.run(&server.url("/?sig=hunter2")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(matches!(error, Error::HttpStatus { status, transient: false, .. } if status == refusal), "{error:?}");
        assert_eq!((fetch.sink.bytes.len(), fetch.sink.restarts, fetch.sink.sizes.len()), (0, 0, 0));
        assert_eq!(server.heads().len(), 1);
    }
}

#[test]
fn an_encoded_file_is_refused() {
    for header in ["Content-Encoding: gzip", "Content-Encoding: identity, x-gzip", "Transfer-Encoding: gzip, chunked"] {
        let reply = close(format!("HTTP/1.1 200 OK\r\n{header}\r\nConnection: close\r\n\r\n0\r\n\r\n"));
        let server = Server::serving(vec![reply]);
        let error = Fetch::with(|options| options.retries = 2).run(&server.url("/")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(reason(&error).starts_with("the server sent the file encoded as '"), "{error}");
    }
}

#[test]
fn an_error_of_the_sink_ends_everything_unchanged() {
    let server = Server::serving(vec![file("hello"), file("hello")]);
    let mut fetch = Fetch::with(|options| options.retries = 2);
    fetch.sink.limit = Some(4);
    assert!(matches!(fetch.run(&server.url("/")).unwrap_err(), Error::SourceTooLarge { limit: 4, .. }));
    assert_eq!(fetch.sink.restarts, 0);
}

#[test]
fn nobody_listening_is_worth_another_attempt() {
    let address = Server::bind().address;
    let error = Fetch::plain(&url(&format!("http://{address}/"))).unwrap_err();
    assert_eq!((error.kind(), reason(&error)), (ErrorKind::TryLater, "cannot connect: connection refused".to_owned()));
}

#[test]
fn a_proxy_given_is_used_for_every_address() {
    let proxy = Server::serving(vec![file("hello")]);
    let mut fetch = Fetch::with(|options| options.proxy = Some(Secret::new(format!("http://me:pw@{}", proxy.address))));
    fetch.run(&url("http://nowhere.invalid/app")).unwrap();
    let head = &proxy.heads()[0];
    assert!(head.starts_with("GET http://nowhere.invalid/app HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("proxy-authorization: basic bwu6chc=\r\n"), "{head}");
}
