//! Servers that fail for now: what is tried again, how often, and when it is given up.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use super::OldApp;
use crate::support::{Outcome, Reply, Server, swapbin};

fn fetch(app: &OldApp, server: &Server, options: &[&str]) -> Outcome {
    swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--insecure-http").args(options).run()
}

#[test]
fn a_truncated_body_is_fetched_again_and_then_given_up() {
    for reply in [
        Reply::status(200).body_of(b'n', 100_000).truncate_at(50_000),
        Reply::ok("new").content_length(1_000_000),
        Reply::status(200).body_of(b'n', 100_000).chunked().truncate_at(50_000),
    ] {
        let app = OldApp::new();
        let server = Server::answering(reply);
        app.survives(&fetch(&app, &server, &["--retry", "1"]), 75);
        assert_eq!(server.requests().len(), 2, "once, and once again");
    }
}

#[test]
fn a_second_attempt_begins_with_an_empty_file() {
    let app = OldApp::new();
    let whole = Reply::status(200).body_of(b'n', 100_000);
    let server = Server::replying([whole.clone().truncate_at(99_999), whole]);
    let outcome = fetch(&app, &server, &["--retry", "1"]);
    app.becomes(&outcome, vec![b'n'; 100_000]);
}

#[test]
fn a_server_error_is_tried_again() {
    for status in [408, 429, 500, 502, 503, 504] {
        let app = OldApp::new();
        let server = Server::replying([Reply::status(status).body("busy"), Reply::ok("new")]);
        app.becomes(&fetch(&app, &server, &["--retry", "1"]), "new");
        assert_eq!(server.requests().len(), 2, "status {status}");
    }
}

#[test]
fn a_server_error_that_stays_is_given_up_after_as_many_retries_as_asked_for() {
    for retries in ["0", "2"] {
        let app = OldApp::new();
        let server = Server::answering(Reply::status(503).body("busy"));
        app.survives(&fetch(&app, &server, &["--retry", retries]), 75).says("503");
        assert_eq!(server.requests().len().to_string(), (retries.parse::<u32>().unwrap() + 1).to_string());
    }
}

#[test]
fn the_wait_that_a_server_asks_for_is_waited() {
    let app = OldApp::new();
    let server = Server::replying([Reply::status(503).header("Retry-After", "2"), Reply::ok("new")]);
    let outcome = fetch(&app, &server, &["--retry", "1"]);
    app.becomes(&outcome, "new");
    assert!(outcome.took >= Duration::from_secs(2), "{outcome}");
}

#[test]
fn a_wait_beyond_the_time_for_everything_is_not_begun() {
    let app = OldApp::new();
    let server = Server::answering(Reply::status(503).header("Retry-After", "100"));
    let outcome = fetch(&app, &server, &["--retry", "1", "--max-time", "3"]);
    app.survives(&outcome, 75).takes_at_most(Duration::from_secs(10));
}

#[test]
fn a_connection_that_falls_silent_is_given_up() {
    for reply in [Reply::ok("stalled").stall_after(3), Reply::silence()] {
        let app = OldApp::new();
        let server = Server::answering(reply);
        let outcome = fetch(&app, &server, &["--stall-timeout", "1", "--retry", "0"]);
        app.survives(&outcome, 75).takes_at_most(Duration::from_secs(10));
        assert!(outcome.took >= Duration::from_secs(1), "{outcome}");
    }
}

#[test]
fn a_stall_is_tried_again() {
    let app = OldApp::new();
    let server = Server::replying([Reply::ok("new").stall_after(1), Reply::ok("new")]);
    app.becomes(&fetch(&app, &server, &["--stall-timeout", "1", "--retry", "1"]), "new");
}

#[test]
fn a_slow_server_is_waited_for_as_long_as_bytes_arrive() {
    let app = OldApp::new();
    // Longer in all than the longest silence allowed.
    let server = Server::answering(Reply::ok("slow but sure").slow(2, Duration::from_millis(300)));
    app.becomes(&fetch(&app, &server, &["--stall-timeout", "1", "--retry", "0"]), "slow but sure");
}

#[test]
fn the_time_for_everything_ends_a_server_that_dawdles_and_all_its_retries() {
    let app = OldApp::new();
    let dawdling = Reply::status(200).body_of(b'n', 1_000_000).slow(1, Duration::from_millis(50));
    for reply in [dawdling, Reply::silence(), Reply::status(503)] {
        let server = Server::answering(reply);
        let outcome = fetch(&app, &server, &["--max-time", "2", "--retry", "1000"]);
        app.survives(&outcome, 75).takes_at_most(Duration::from_secs(10));
    }
}

#[test]
fn a_port_where_nobody_listens_is_tried_again_and_then_given_up() {
    let app = OldApp::new();
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/app");
    let outcome = swapbin(&app.scratch).from(url).to("app").args(["--insecure-http", "--retry", "1"]).run();
    app.survives(&outcome, 75).says("127.0.0.1");
}

#[test]
fn a_server_that_accepts_and_says_nothing_does_not_hold_a_tls_handshake_for_ever() {
    let app = OldApp::new();
    // Nobody accepts; the kernel completes the connection, and then there is silence.
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}/app", socket.local_addr().unwrap());
    let begun = Instant::now();
    let outcome = swapbin(&app.scratch).from(url).to("app").args(["--connect-timeout", "1", "--retry", "0"]).run();
    app.survives(&outcome, 75);
    assert!(begun.elapsed() < Duration::from_secs(10), "{outcome}");
}

#[test]
fn a_signal_during_a_transfer_leaves_the_old_file_and_no_litter() {
    use rustix::process::Signal;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let app = OldApp::new();
        let server = Server::answering(Reply::ok("stalled").stall_after(3));
        let mut running = swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--insecure-http").spawn();
        running.wait_until("the request arrives", |_| !server.requests().is_empty());
        running.signal(signal);
        running.wait().is_killed_by(signal).takes_at_most(Duration::from_secs(10));
        app.scratch.snapshot().assert_same_as(&app.before);
    }
}
