//! Redirects: followed, but not for ever, and never from https to http.

use super::OldApp;
use crate::support::{Reply, Request, Server, sha256, swapbin};

#[test]
fn redirects_are_followed() {
    for status in [301, 302, 303, 307, 308] {
        let app = OldApp::new();
        let server = Server::http(move |request: &Request| match request.path() {
            "/app" => Reply::redirect(status, "../one").body("moved"),
            "/one" => Reply::redirect(status, "/two"),
            _ => Reply::ok("new"),
        });
        let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]).run();
        app.becomes(&outcome, "new");
        assert_eq!(server.requests().len(), 3, "status {status}");
    }
}

#[test]
fn a_redirect_to_another_server_is_followed() {
    let app = OldApp::new();
    let there = Server::answering(Reply::ok("new"));
    let here = Server::answering(Reply::redirect(302, there.url("/real")));
    let outcome = swapbin(&app.scratch).from(here.url("/app")).to("app").args(["--sha256", &sha256("new")]).run();
    app.becomes(&outcome, "new");
}

#[test]
fn redirects_without_end_are_given_up() {
    let app = OldApp::new();
    let server = Server::answering(Reply::redirect(302, "/app"));
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]).run();
    app.survives(&outcome, 7).says("redirect");
    assert!((2..=50).contains(&server.requests().len()), "{} requests", server.requests().len());
}

#[test]
fn a_redirect_to_nowhere_is_refused() {
    let app = OldApp::new();
    let server = Server::answering(Reply::status(302));
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]).run();
    app.survives(&outcome, 7);
}

#[test]
fn https_is_never_left_for_http_not_even_with_a_digest() {
    let app = OldApp::new();
    let plain = Server::answering(Reply::ok("new"));
    let address = plain.url("/app");
    let server = Server::https(move |_| Reply::redirect(302, address.clone()));
    let command = || swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--cacert").arg(server.ca_pem(&app.scratch));
    app.survives(&command().args(["--sha256", &sha256("new")]).run(), 7).says("http");
    app.survives(&command().arg("--insecure-http").run(), 7);
    assert_eq!(plain.connections(), 0);
}

#[test]
fn a_redirect_leads_to_no_other_scheme() {
    let app = OldApp::new();
    app.scratch.file("secret", "new");
    let before = app.scratch.snapshot();
    let address = format!("file://{}", app.scratch.path("secret").display());
    let server = Server::answering(Reply::redirect(302, address));
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]).run();
    outcome.exits(7);
    app.scratch.snapshot().assert_same_as(&before);
}
