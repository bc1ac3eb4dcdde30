//! Secrets go to the origin they were meant for, and are shown to nobody.

use std::fs;
use std::path::PathBuf;

use super::OldApp;
use crate::support::{Outcome, Reply, Request, Server, Swapbin, sha256, swapbin};

const SECRET: &str = "s3cr3t-0f-the-tests";

/// Two https servers: what is asked of the first is found at the second.
struct TwoOrigins {
    app: OldApp,
    first: Server,
    second: Server,
    ca: PathBuf,
}

impl TwoOrigins {
    fn new() -> TwoOrigins {
        let app = OldApp::new();
        let second = Server::https(|_| Reply::ok("new"));
        let elsewhere = second.url("/new");
        let first = Server::https(move |request: &Request| match request.path() {
            "/app" => Reply::redirect(302, "/same-origin"),
            _ => Reply::redirect(302, elsewhere.clone()),
        });
        let ca = app.scratch.tools().join("both.pem");
        let both = [&first, &second].map(|server| fs::read_to_string(server.ca_pem(&app.scratch)).unwrap());
        fs::write(&ca, both.concat()).unwrap();
        TwoOrigins { app, first, second, ca }
    }

    fn command(&self) -> Swapbin<'_> {
        swapbin(&self.app.scratch)
            .from(self.first.url("/app"))
            .to("app")
            .arg("--cacert")
            .arg(&self.ca)
            .args(["-v", "--retry", "0"])
    }

    /// The header was sent to the first origin each time, never to the second, and its value was shown nowhere.
    #[track_caller]
    fn bound(&self, outcome: &Outcome, header: &str, value: &str) {
        self.app.becomes(outcome, "new").never_mentions(SECRET);
        let seen = |server: &Server| -> Vec<Option<String>> {
            server.requests().iter().map(|request| request.header(header).map(str::to_owned)).collect()
        };
        assert_eq!(seen(&self.first), vec![Some(value.to_owned()); 2], "{header} at its own origin");
        assert_eq!(seen(&self.second), vec![None], "{header} at another origin");
    }
}

#[test]
fn a_header_from_the_environment_is_bound_to_its_origin() {
    let servers = TwoOrigins::new();
    let outcome = servers.command().args(["--header-env", "PRIVATE-TOKEN=GITLAB"]).env("GITLAB", SECRET).run();
    servers.bound(&outcome, "PRIVATE-TOKEN", SECRET);
}

#[test]
fn a_token_from_the_environment_is_bound_to_its_origin() {
    let servers = TwoOrigins::new();
    let outcome = servers.command().args(["--token-env", "TOKEN"]).env("TOKEN", SECRET).run();
    servers.bound(&outcome, "Authorization", &format!("Bearer {SECRET}"));
}

#[test]
fn a_token_from_a_file_is_bound_to_its_origin_and_has_no_line_end() {
    let servers = TwoOrigins::new();
    let file = servers.app.scratch.tools().join("token");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    let outcome = servers.command().arg("--token-file").arg(&file).run();
    servers.bound(&outcome, "Authorization", &format!("Bearer {SECRET}"));
}

#[test]
fn user_and_password_of_an_address_are_sent_to_its_origin_and_shown_nowhere() {
    let servers = TwoOrigins::new();
    let address = servers.first.url_as(&format!("user:{SECRET}"), "/app");
    let outcome =
        swapbin(&servers.app.scratch).from(address).to("app").arg("--cacert").arg(&servers.ca).args(["-v", "--json"]).run();
    // base64 of user:s3cr3t-0f-the-tests
    servers.bound(&outcome, "Authorization", "Basic dXNlcjpzM2NyM3QtMGYtdGhlLXRlc3Rz");
    assert_eq!(outcome.json()["source"]["url"], servers.first.url("/app"), "the address without user and password");
}

#[test]
fn no_failure_shows_a_secret() {
    let app = OldApp::new();
    let user = format!("user:{SECRET}");
    let answers = [
        (7, Reply::status(404)),
        (75, Reply::status(503)),
        (75, Reply::ok("n").truncate_at(0).content_length(10)),
        (4, Reply::ok("evil")),
        (7, Reply::redirect(302, "/app")),
        (7, Reply::redirect(302, format!("ftp://{user}@127.0.0.1/app"))),
        (7, Reply::redirect(302, format!("http://{user}@127.0.0.1:port/app"))),
    ];
    for (code, reply) in answers {
        let server = Server::answering(reply);
        for format in ["-v", "--json"] {
            let command = swapbin(&app.scratch).from(server.url_as(&user, "/app")).to("app").args([format, "--retry", "1"]);
            let command = command.args(["--sha256", &sha256("new"), "--header-env", "X-KEY=KEY"]).env("KEY", SECRET);
            command.run().exits(code).never_mentions(SECRET);
        }
    }
    app.scratch.snapshot().assert_same_as(&app.before);
}

#[test]
fn no_refusal_of_an_address_shows_its_password() {
    let app = OldApp::new();
    for address in ["http://user:PW@127.0.0.1:1/app", "ftp://user:PW@127.0.0.1/app", "http://user:PW@127.0.0.1:port/app"] {
        let outcome = swapbin(&app.scratch).from(address.replace("PW", SECRET)).to("app").arg("-v").run();
        assert!(outcome.code != Some(0), "{outcome}");
        outcome.never_mentions(SECRET);
    }
    app.scratch.snapshot().assert_same_as(&app.before);
}

#[test]
fn a_secret_that_is_not_there_is_a_mistake_and_nothing_is_asked_without_it() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    for options in [["--token-env", "UNSET"], ["--header-env", "X-KEY=UNSET"], ["--header-env", "no-equals-sign"]] {
        let outcome = swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--insecure-http").args(options).run();
        app.survives(&outcome, 2);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_secret_with_a_line_end_inside_does_not_become_a_second_header() {
    let app = OldApp::new();
    let server = Server::answering(Reply::ok("new"));
    let command = swapbin(&app.scratch).from(server.url("/app")).to("app").arg("--insecure-http");
    let outcome = command.args(["--header-env", "X-KEY=KEY"]).env("KEY", format!("{SECRET}\r\nX-Forged: yes")).run();
    app.survives(&outcome, 2).never_mentions(SECRET);
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_secret_given_in_the_wrong_place_is_not_repeated() {
    let app = OldApp::new();
    let command = |arguments: &[&str]| swapbin(&app.scratch).to("app").args(arguments).run();
    for arguments in [
        &["--from", "http://127.0.0.1:1/", "--insecure-http", "--token-env", "hunter2"][..],
        &["--from", "http://127.0.0.1:1/", "--insecure-http", "--header-env", "Cookie=hunter2"],
        &["--from", "http:/bob:hunter2@127.0.0.1/app"],
        &["--from", " https://bob:hunter2@127.0.0.1:1/app", "--retry", "0", "--connect-timeout", "1"],
    ] {
        let outcome = command(arguments);
        assert!(outcome.code.is_some_and(|code| code != 0), "{outcome}");
        outcome.never_mentions("hunter2");
    }
    app.scratch.snapshot().assert_same_as(&app.before);
}

#[test]
fn an_endless_file_is_no_token_and_no_certificate() {
    let app = OldApp::new();
    for option in ["--token-file", "--cacert"] {
        let command = swapbin(&app.scratch).from("https://127.0.0.1:1/app").to("app").args(["--retry", "0", option, "/dev/zero"]);
        let outcome = command.measured().run();
        outcome.exits(2).says(option).needs_at_most(16 << 20);
    }
    app.scratch.snapshot().assert_same_as(&app.before);
}
