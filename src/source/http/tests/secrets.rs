//! Who gets to see a secret.

use super::Fetch;
use super::server::{Server, close, cut_off, file, redirect, status, url};
use crate::request::Secret;

fn secretive() -> Fetch {
    Fetch::with(|options| {
        options.token = Some(Secret::new("hunter2-token"));
        options.headers = vec![("PRIVATE-TOKEN".to_owned(), Secret::new("hunter2-header"))];
    })
}

#[test]
fn stay_with_the_origin_and_return_to_it() {
    let (mut origin, mut other) = (Server::bind(), Server::bind());
    origin.serve(vec![redirect("/near"), redirect(other.url("/far").expose().as_str()), file("hello")]);
    other.serve(vec![redirect(origin.url("/back").expose().as_str())]);
    let fetched = secretive().run(&origin.url("/start")).unwrap();
    assert_eq!(fetched.final_url, origin.url("/back").to_string());
    assert_eq!(origin.heads().len(), 3);
    for head in origin.heads() {
        let head = head.to_ascii_lowercase();
        assert!(head.contains("authorization: bearer hunter2-token\r\n"), "{head}");
        assert!(head.contains("private-token: hunter2-header\r\n"), "{head}");
    }
    assert!(other.heads()[0].starts_with("GET /far "), "{:?}", other.heads());
    assert!(!other.heads()[0].contains("hunter2"), "{:?}", other.heads());
}

#[test]
fn in_the_address_are_sent_as_a_header_to_their_own_hop_only() {
    let (mut origin, mut other) = (Server::bind(), Server::bind());
    let at = |server: &Server, path: &str| url(&format!("http://you:pw2@{}{path}", server.address));
    origin.serve(vec![redirect(at(&other, "/far").expose().as_str())]);
    other.serve(vec![redirect("/farther"), file("hello")]);
    Fetch::plain(&url(&format!("http://me:p%40w@{}/", origin.address))).unwrap();
    // me:p@w and you:pw2
    assert!(origin.heads()[0].to_ascii_lowercase().contains("authorization: basic bwu6ceb3\r\n"), "{:?}", origin.heads());
    assert!(other.heads()[0].contains("Basic eW91OnB3Mg=="), "{:?}", other.heads());
    assert!(!other.heads()[1].to_ascii_lowercase().contains("authorization"), "{:?}", other.heads());
}

#[test]
fn of_the_caller_win_over_those_in_the_address() {
    let server = Server::serving(vec![file("hello")]);
    let mut fetch = secretive();
    fetch.options.headers.push(("authorization".to_owned(), Secret::new("hunter2-other")));
    fetch.run(&url(&format!("http://me:pw@{}/", server.address))).unwrap();
    let head = server.heads()[0].to_ascii_lowercase();
    assert_eq!(head.matches("authorization:").count(), 1, "{head}");
    assert!(head.contains("authorization: bearer hunter2-token\r\n"), "{head}");
}

#[test]
fn are_in_no_error_and_no_event() {
    let dead = Server::bind().address;
    let script = || {
        vec![
            cut_off(),
            status(404, "X: y"),
            redirect("ftp://me:hunter2@h/?hunter2"),
            redirect(&format!("http://me:hunter2@{dead}/?hunter2")),
            close("nonsense hunter2\r\n\r\n"),
        ]
    };
    let server = Server::serving(script());
    for _ in script() {
        let mut fetch = secretive();
        let error = fetch.run(&url(&format!("http://me:hunter2@{}/app?key=hunter2", server.address))).unwrap_err();
        let seen = format!("{error} {error:?} {:?}", fetch.events);
        assert!(!seen.contains("hunter2"), "{seen}");
    }
}
