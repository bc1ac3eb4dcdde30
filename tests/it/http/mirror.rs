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
