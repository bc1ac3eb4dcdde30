//! Servers that keep us waiting, and how long we do.

use std::time::Instant;

use super::server::{Server, file, hold, status};
use super::{Fetch, reason, seconds};
use crate::error::{Error, ErrorKind};

#[test]
fn a_pause_beyond_the_deadline_is_not_begun() {
    let server = Server::serving(vec![status(503, "Retry-After: 60"), file("hello")]);
    let mut fetch = Fetch::with(|options| options.retries = 3);
    fetch.deadline = Some(Instant::now() + seconds(30.0));
    let start = Instant::now();
    let error = fetch.run(&server.url("/")).unwrap_err();
    assert!(matches!(error, Error::HttpStatus { status: 503, transient: true, .. }), "{error:?}");
    assert!(start.elapsed() < seconds(5.0), "{:?}", start.elapsed());
}

#[test]
fn a_server_that_falls_silent_is_given_up_after_the_stall_timeout() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    // Before the head, after it, and within the body.
    for silent in [String::new(), head.to_owned(), format!("{head}abc")] {
        let server = Server::serving(vec![hold(silent)]);
        let start = Instant::now();
        let error = Fetch::with(|options| options.stall_timeout = seconds(0.3)).run(&server.url("/")).unwrap_err();
        assert_eq!((error.kind(), reason(&error)), (ErrorKind::TryLater, "no data for 0.3 s".to_owned()));
        assert!((0.3..2.0).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
    }
}

#[test]
fn cancelling_a_stalled_transfer_ends_it_at_once() {
    let server = Server::serving(vec![hold("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")]);
    let mut fetch = Fetch::with(|_| ());
    let signal = fetch.cancel.shared();
    let caller = std::thread::spawn(move || {
        std::thread::sleep(seconds(0.3));
        signal.store(15, std::sync::atomic::Ordering::Relaxed);
        Instant::now()
    });
    let error = fetch.run(&server.url("/")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    let late = caller.join().unwrap().elapsed();
    assert!(late < seconds(1.0), "{late:?}");
}

#[test]
fn cancelling_a_pause_ends_it_at_once() {
    let server = Server::serving(vec![status(503, "Retry-After: 60")]);
    let mut fetch = Fetch::with(|options| options.retries = 1);
    let signal = fetch.cancel.shared();
    let start = Instant::now();
    std::thread::spawn(move || {
        std::thread::sleep(seconds(0.3));
        signal.store(15, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(fetch.run(&server.url("/")).unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(start.elapsed() < seconds(3.0), "{:?}", start.elapsed());
}

#[test]
fn the_deadline_ends_a_transfer_that_still_makes_progress() {
    let server = Server::serving(vec![hold("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")]);
    let mut fetch = Fetch::with(|options| {
        options.max_time = Some(seconds(0.4));
        options.stall_timeout = seconds(1.0);
        options.retries = 3;
    });
    fetch.deadline = Some(Instant::now() + seconds(0.4));
    let start = Instant::now();
    let error = fetch.run(&server.url("/")).unwrap_err();
    assert!(matches!(error, Error::MaxTime { limit, .. } if limit == seconds(0.4)), "{error:?}");
    assert!((0.3..0.9).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
}
