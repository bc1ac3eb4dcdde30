//! Digests, sizes and answers that are not the file.

use super::OldApp;
use crate::support::{Reply, Server, sha256, swapbin};

#[test]
fn bytes_with_the_right_digest_are_installed() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]).run();
    app.becomes(&outcome, "new").prints("replaced").prints(app.scratch.path("app").to_str().unwrap());
    assert_eq!(server.requests()[0].method, "GET");
    assert_eq!(server.requests()[0].header("accept-encoding").unwrap_or("identity"), "identity");
}

#[test]
fn bytes_with_a_wrong_digest_are_refused_and_both_digests_shown() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("evil"));
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]).run();
    app.survives(&outcome, 4).says(&sha256("new")).says(&sha256("evil"));
    assert_eq!(server.connections(), 1, "the same bytes are not fetched again");
}

#[test]
fn a_target_that_has_the_digest_already_costs_no_request() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("old"));
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("old")]).run();
    outcome.exits(0).prints("unchanged");
    app.scratch.snapshot().assert_same_as(&app.before);
    assert_eq!(server.connections(), 0);
}

#[test]
fn plain_http_without_a_digest_is_refused_before_any_request_unless_asked_for() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    let command = || swapbin(&app.scratch).from(server.url("/app")).to("app");
    app.survives(&command().run(), 2).says("hint: ").says("--sha256");
    assert_eq!(server.connections(), 0);
    app.becomes(&command().arg("--insecure-http").run(), "new");
}

#[test]
fn https_needs_no_digest() {
    let app = OldApp::new();
    let server = Server::https(|_| Reply::ok("new"));
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--cacert").arg(server.ca_pem(&app.scratch)).run();
    app.becomes(&outcome, "new");
}

#[test]
fn an_error_page_is_never_installed_and_a_client_error_is_not_tried_again() {
    for status in [400, 401, 403, 404, 410] {
        let app = OldApp::new();
        let server = Server::answering(Reply::status(status).body("<html>gone</html>"));
        let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--insecure-http").run();
        app.survives(&outcome, 7).says(&status.to_string());
        assert_eq!(server.connections(), 1, "status {status}");
    }
}

#[test]
fn a_web_page_served_as_the_file_is_called_one() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("<!DOCTYPE html><html>log in</html>"));
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]).run();
    app.survives(&outcome, 4).says("HTML");
}

#[test]
fn a_new_file_is_an_executable() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    let outcome = swapbin(&app.scratch).from(server.url("/dir/tool?x=1")).to("./").args(["--sha256", &sha256("new")]).run();
    outcome.exits(0).prints("installed").prints(app.scratch.path("tool").to_str().unwrap());
    assert_eq!(app.scratch.read("tool"), b"new");
    assert_eq!(app.scratch.snapshot().entry("tool").mode, 0o755);
}

#[test]
fn a_name_taken_from_an_address_stays_in_the_directory() {
    for path in ["/", "/..", "/a/%2e%2e", "/a%2Fb", "/a%00b"] {
        let app = OldApp::new();
        let server = Server::answering(Reply::ok("new"));
        let outcome = swapbin(&app.scratch).from(server.url(path)).to("./").args(["--sha256", &sha256("new")]).run();
        app.survives(&outcome, 5);
        assert_eq!(server.connections(), 0, "{path}");
    }
}

#[test]
fn a_body_without_a_length_or_in_chunks_is_taken_whole() {
    for reply in [Reply::status(200).without_length(), Reply::status(200).chunked()] {
        let app = OldApp::new();
        let server = Server::answering(reply.body_of(b'n', 300_000));
        let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--insecure-http").run();
        app.becomes(&outcome, vec![b'n'; 300_000]);
    }
}

#[test]
fn more_bytes_than_allowed_are_refused_whether_the_server_tells_or_not() {
    for (reply, told) in [(Reply::status(200), true), (Reply::status(200).chunked(), false)] {
        let app = OldApp::new();
        let server = Server::answering(reply.body_of(b'n', 10_001));
        let command =
            |limit| swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--insecure-http", "--max-filesize", limit]);
        app.survives(&command("10000").run(), 5);
        assert_eq!(server.connections(), 1, "length told: {told}");
        app.becomes(&command("10001").run(), vec![b'n'; 10_001]);
    }
}

#[test]
fn an_endless_body_is_cut_off_at_the_limit() {
    let app = OldApp::new();
    let server = Server::answering(Reply::status(200).body_of(b'n', u64::MAX).without_length());
    let outcome =
        swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--insecure-http", "--max-filesize", "1M"]).run();
    app.survives(&outcome, 5);
}

#[test]
fn an_empty_body_is_refused_unless_allowed() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok(""));
    let command = || swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--insecure-http");
    app.survives(&command().run(), 5);
    app.becomes(&command().arg("--allow-empty").run(), "");
}

#[test]
fn the_object_tells_where_the_bytes_came_from() {
    let app = OldApp::new();
    let server = Server::replying([Reply::redirect(302, "/real"), Reply::ok("new").header("ETag", "\"strong\"")]);
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--json", "--sha256", &sha256("new")]).run();
    let object = app.becomes(&outcome, "new").json();
    assert_eq!((&object["ok"], &object["changed"], &object["action"]), (&true.into(), &true.into(), &"installed".into()));
    assert_eq!(object["source"]["url"], server.url("/app"));
    assert_eq!(object["source"]["final_url"], server.url("/real"));
    assert_eq!(object["source"]["status"], 200);
    assert_eq!(object["source"]["etag"], "\"strong\"");
    assert_eq!(object["source"]["bytes"], 3);
    assert_eq!(object["source"]["attempts"], 1);
    assert_eq!(object["installed"]["sha256"], sha256("new"));
    assert!(object["error"].is_null(), "{object}");
}

#[test]
fn the_object_of_a_failure_has_the_exit_code() {
    let app = OldApp::new();
    let server = Server::answering(Reply::status(404));
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--json", "--insecure-http"]).run();
    let object = outcome.exits(7).json();
    app.scratch.snapshot().assert_same_as(&app.before);
    assert_eq!((&object["ok"], &object["changed"], &object["action"]), (&false.into(), &false.into(), &"failed".into()));
    assert_eq!(object["error"]["code"], 7);
    assert_eq!(object["error"]["kind"], "unavailable");
}

#[test]
fn a_web_page_is_never_installed_unless_its_digest_says_so() {
    let app = OldApp::new();
    let page = "<!DOCTYPE html><title>Log in</title>";
    let server = Server::answering(Reply::ok(page));
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--insecure-http").run();
    app.survives(&outcome, 5).says("HTML").says("hint: ");
    let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256(page)]).run();
    app.becomes(&outcome, page);
}
