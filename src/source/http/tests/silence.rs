//! Servers that keep us waiting, and how long we do.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Instant;

use super::server::{Server, file, hold, status, trickle};
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
    assert!(start.elapsed() < seconds(10.0), "{:?}", start.elapsed());
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
        assert!((0.3..8.0).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
    }
}

#[test]
fn cancelling_a_stalled_transfer_ends_it_at_once() {
    let server = Server::serving(vec![hold("")]);
    let mut fetch = Fetch::with(|_| ());
    let signal = fetch.cancel.shared();
    thread::scope(|scope| {
        let caller = scope.spawn(|| {
            until(|| !server.heads().is_empty());
            signal.store(15, Ordering::Relaxed);
            Instant::now()
        });
        assert_eq!(fetch.run(&server.url("/")).unwrap_err().kind(), ErrorKind::Cancelled);
        let late = caller.join().unwrap().elapsed();
        assert!(late < seconds(5.0), "{late:?}");
    });
}

#[test]
fn cancelling_a_pause_ends_it_at_once() {
    let server = Server::serving(vec![status(503, "Retry-After: 60"), file("hello")]);
    let mut fetch = Fetch::with(|options| options.retries = 1);
    fetch.cancel_at = Some("Retry");
    let start = Instant::now();
    assert_eq!(fetch.run(&server.url("/")).unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(start.elapsed() < seconds(10.0), "{:?}", start.elapsed());
}

#[test]
fn the_deadline_ends_a_transfer_that_still_makes_progress() {
    let server = Server::serving(vec![trickle(ENDLESS)]);
    let mut fetch = Fetch::with(|options| {
        options.max_time = Some(seconds(0.4));
        options.stall_timeout = seconds(0.3);
        options.retries = 3;
    });
    fetch.deadline = Some(Instant::now() + seconds(0.4));
    let error = fetch.run(&server.url("/")).unwrap_err();
    assert!(matches!(error, Error::MaxTime { limit, .. } if limit == seconds(0.4)), "{error:?}");
    assert!(Instant::now() >= fetch.deadline.unwrap());
}

#[test]
fn a_transfer_nobody_waits_for_hangs_up() {
    let server = Server::serving(vec![trickle(ENDLESS)]);
    let mut fetch = Fetch::with(|_| ());
    fetch.cancel_at = Some("Size");
    assert_eq!(fetch.run(&server.url("/")).unwrap_err().kind(), ErrorKind::Cancelled);
    until(|| server.is_done());
}

const ENDLESS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n";

#[track_caller]
fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < seconds(10.0), "it never happened");
        thread::sleep(seconds(0.002));
    }
}
