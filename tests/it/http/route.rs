//! The way to the server: proxies, and whom to trust at the end of it.

use super::OldApp;
use crate::support::{Proxy, Reply, Server, sha256, swapbin};

/// base64 of user:password
const BASIC: &str = "Basic dXNlcjpwYXNzd29yZA==";

#[test]
fn a_server_with_an_unknown_authority_is_refused_and_not_tried_again() {
    let app = OldApp::new();
    let (server, other) = (Server::https(|_| Reply::ok("new")), Server::https(|_| Reply::ok("new")));
    let command = || swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]);
    app.survives(&command().run(), 7).says("certificate");
    assert_eq!(server.connections(), 1);
    app.survives(&command().arg("--cacert").arg(other.ca_pem(&app.scratch)).run(), 7);
    assert_eq!(server.requests().len(), 0);
    app.becomes(&command().arg("--cacert").arg(server.ca_pem(&app.scratch)).run(), "new");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let app = OldApp::new();
    let server = Server::https(|_| Reply::ok("new"));
    let address = server.url("/app").replace("127.0.0.1", "127.0.0.2");
    let proxy = Proxy::to(&server);
    let command = swapbin(&app.scratch).from(address).to("app").args(["--proxy", &proxy.url(), "--retry", "0"]);
    app.survives(&command.arg("--cacert").arg(server.ca_pem(&app.scratch)).run(), 7);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_file_of_certificates_that_is_none_is_refused_before_any_request() {
    let app = OldApp::new();
    let server = Server::https(|_| Reply::ok("new"));
    let rubbish = app.scratch.tools().join("rubbish.pem");
    std::fs::write(&rubbish, "no certificate").unwrap();
    for file in [rubbish, app.scratch.tools().join("missing.pem")] {
        let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--cacert").arg(&file).run();
        app.survives(&outcome, 2).says("--cacert");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_proxy_of_the_environment_is_used_for_http() {
    for name in ["http_proxy", "all_proxy", "ALL_PROXY"] {
        let app = OldApp::new();
        let server = Server::answering(Reply::ok("new"));
        let proxy = Proxy::to(&server);
        let command = swapbin(&app.scratch).from("http://swapbin.test/app").to("app").args(["--sha256", &sha256("new")]);
        app.becomes(&command.env(name, proxy.url()).run(), "new");
        assert_eq!(proxy.requests()[0].target, "http://swapbin.test/app", "{name}");
        assert_eq!(server.requests()[0].target, "/app");
    }
}

#[test]
fn the_proxy_of_the_environment_is_used_for_https() {
    for name in ["https_proxy", "HTTPS_PROXY", "all_proxy"] {
        let app = OldApp::new();
        let server = Server::https(|_| Reply::ok("new"));
        let proxy = Proxy::to(&server);
        let command =
            swapbin(&app.scratch).from("https://swapbin.test/app").to("app").arg("--cacert").arg(server.ca_pem(&app.scratch));
        app.becomes(&command.env(name, proxy.url()).run(), "new");
        let requests = proxy.requests();
        assert_eq!((requests[0].method.as_str(), requests[0].target.as_str()), ("CONNECT", "swapbin.test:443"), "{name}");
    }
}

#[test]
fn no_proxy_names_hosts_that_are_asked_directly() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    let proxy = Proxy::to(&server);
    let command = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]);
    app.becomes(&command.env("http_proxy", proxy.url()).env("no_proxy", "127.0.0.1").run(), "new");
    assert_eq!(proxy.requests().len(), 0);
}

#[test]
fn the_proxy_of_the_option_comes_before_that_of_the_environment_and_gets_its_password() {
    let app = OldApp::new();
    let server = Server::https(|_| Reply::ok("new"));
    let (asked, environment) = (Proxy::to(&server), Proxy::to(&server));
    let command =
        swapbin(&app.scratch).from("https://swapbin.test/app").to("app").args(["--proxy", &asked.url_as("user:password")]);
    let command = command.arg("--cacert").arg(server.ca_pem(&app.scratch)).args(["-v", "--json"]);
    let outcome = command.env("https_proxy", environment.url()).run();
    app.becomes(&outcome, "new").never_mentions("password");
    assert_eq!(asked.requests()[0].header("proxy-authorization"), Some(BASIC));
    assert_eq!(environment.requests().len(), 0);
    assert_eq!(server.requests()[0].header("proxy-authorization"), None, "the origin never sees it");
}

#[test]
fn a_plain_request_gives_its_password_to_the_proxy() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    let proxy = Proxy::to(&server);
    let command = swapbin(&app.scratch).from("http://swapbin.test/app").to("app").args(["--sha256", &sha256("new")]);
    let outcome = command.env("http_proxy", proxy.url_as("user:password")).arg("-v").run();
    app.becomes(&outcome, "new").never_mentions("password");
    assert_eq!(proxy.requests()[0].header("proxy-authorization"), Some(BASIC));
}

#[test]
fn a_proxy_that_is_not_there_is_a_failure_for_now_and_its_password_is_not_shown() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    let proxy = Proxy::to(&server).url_as("user:s3cr3t");
    let command = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new"), "--retry", "0"]);
    let outcome = command.args(["--proxy", &proxy]).run();
    app.survives(&outcome, 75).never_mentions("s3cr3t");
    assert_eq!(server.connections(), 0, "never around the proxy");
}

#[test]
fn a_proxy_of_the_environment_that_cannot_be_used_is_an_error_and_not_passed_by() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    for proxy in ["http://[::1", "file:///x", "http://u:hunter2 x@h:1"] {
        let command = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]);
        let outcome = command.env("http_proxy", proxy).run();
        app.survives(&outcome, 2).says("http_proxy").never_mentions("hunter2");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_star_in_no_proxy_means_no_proxy_for_anything() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    let command = swapbin(&app.scratch).from(server.url("/app")).to("app").args(["--sha256", &sha256("new")]);
    let outcome = command.env("http_proxy", "http://127.0.0.1:1").env("no_proxy", "*").run();
    app.becomes(&outcome, "new");
}
