//! Several sources for one target: mirrors, tried in order, believed only for the digest.

use super::OldApp;
use crate::support::{Reply, Server, sha256, swapbin};

#[test]
fn mirrors_without_a_digest_are_refused_before_any_request() {
    let app = OldApp::new();
    let (one, two) = (Server::answering(Reply::ok("new")), Server::answering(Reply::ok("new")));
    let outcome = swapbin(&app.scratch).from(one.url("/app")).from(two.url("/app")).to("app").arg("--insecure-http").run();
    app.survives(&outcome, 2).says("digest");
    assert_eq!(one.connections() + two.connections(), 0);
}

#[test]
fn the_first_mirror_that_has_the_bytes_is_the_last_one_asked() {
    let app = OldApp::new();
    let bad = [Reply::status(404), Reply::status(503), Reply::ok("new").truncate_at(1), Reply::ok("evil")].map(Server::answering);
    let (good, spare) = (Server::answering(Reply::ok("new")), Server::answering(Reply::ok("new")));
    let mut command = swapbin(&app.scratch).to("app").args(["--retry", "0", "--json", "--sha256", &sha256("new")]);
    for server in bad.iter().chain([&good, &spare]) {
        command = command.from(server.url("/app"));
    }
    let outcome = command.run();
    let object = app.becomes(&outcome, "new").json();
    assert_eq!(bad.each_ref().map(Server::connections), [1; 4], "each was tried");
    assert_eq!((good.connections(), spare.connections()), (1, 0));
    assert_eq!(object["source"]["url"], good.url("/app"), "the one the bytes came from");
}

#[test]
fn a_file_is_a_mirror_too() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    let missing = app.scratch.path("missing");
    let command = swapbin(&app.scratch).from(&missing).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]);
    app.becomes(&command.run(), "new");
}

#[test]
fn when_all_mirrors_fail_the_old_file_stays() {
    let app = OldApp::new();
    let servers = [Reply::status(404), Reply::status(410)].map(Server::answering);
    let command = swapbin(&app.scratch).from(servers[0].url("/app")).from(servers[1].url("/app")).to("app");
    let outcome = command.args(["--sha256", &sha256("new")]).run();
    app.survives(&outcome, 7);
    assert_eq!(servers.each_ref().map(Server::connections), [1; 2]);
}

#[test]
fn a_mirror_elsewhere_never_sees_the_token_of_the_first() {
    let app = OldApp::new();
    let (first, other) = (Server::answering(Reply::status(404)), Server::answering(Reply::ok("new")));
    let command = swapbin(&app.scratch).from(first.url("/app")).from(other.url("/app")).to("app");
    let command = command.args(["--sha256", &sha256("new"), "--token-env", "TOKEN", "--header-env", "X-Key=KEY"]);
    let outcome = command.env("TOKEN", "hunter2").env("KEY", "hunter3").run();
    app.becomes(&outcome, "new");
    assert_eq!(first.requests()[0].header("authorization"), Some("Bearer hunter2"));
    assert_eq!(first.requests()[0].header("x-key"), Some("hunter3"));
    assert_eq!(other.requests()[0].header("authorization"), None);
    assert_eq!(other.requests()[0].header("x-key"), None);
}

#[test]
fn when_all_mirrors_fail_the_code_tells_the_gravest_reason_whatever_the_order() {
    let codes = |replies: [Reply; 2]| {
        let app = OldApp::new();
        let servers = replies.map(Server::answering);
        let command = swapbin(&app.scratch).from(servers[0].url("/app")).from(servers[1].url("/app")).to("app");
        command.args(["--retry", "0", "--sha256", &sha256("new")]).run().code
    };
    for (one, other, code) in [
        (Reply::ok("evil"), Reply::status(404), 4),
        (Reply::status(503), Reply::status(404), 75),
        (Reply::ok("evil"), Reply::status(503), 4),
    ] {
        assert_eq!(codes([one.clone(), other.clone()]), Some(code));
        assert_eq!(codes([other, one]), Some(code));
    }
}
