//! The object for programs: one, on standard output, of schema 1.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use super::{swap, tree};
use crate::support::{Reply, Scratch, Server, sha256, swapbin};

/// Every field of schema 1.
const FIELDS: [&str; 13] = [
    "schema",
    "ok",
    "changed",
    "action",
    "to",
    "source",
    "installed",
    "previous",
    "verified",
    "in_use_by",
    "warnings",
    "error",
    "ms",
];

#[track_caller]
fn has_every_field(object: &Value) {
    let missing: Vec<_> = FIELDS.iter().filter(|field| object.get(*field).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?} missing in {object:#}");
}

/// The facts of a file as the object tells them, the digest left out.
#[track_caller]
fn is_this_file(facts: &Value, scratch: &Scratch, name: &str) {
    let file = fs::metadata(scratch.path(name)).unwrap();
    assert_eq!(facts["size"], file.len());
    assert_eq!(facts["mode"], format!("{:04o}", file.mode() & 0o7777));
    assert_eq!((&facts["uid"], &facts["gid"]), (&json!(file.uid()), &json!(file.gid())));
    assert_eq!((&facts["dev"], &facts["ino"]), (&json!(file.dev()), &json!(file.ino())));
}

#[test]
fn a_replaced_file_is_told_with_what_was_and_what_is() {
    let scratch = tree();
    let old = fs::metadata(scratch.path("app")).unwrap();
    let outcome = swap(&scratch).arg("--json").run();
    let object = outcome.exits(0).json();
    has_every_field(&object);
    assert_eq!((&object["ok"], &object["changed"]), (&json!(true), &json!(true)));
    assert_eq!(object["action"], "installed");
    assert_eq!(object["to"], scratch.path("app").to_str().unwrap());
    is_this_file(&object["installed"], &scratch, "app");
    assert_eq!(object["previous"]["ino"], old.ino());
    assert_eq!(object["previous"]["size"], 3);
    assert_eq!(object["source"]["bytes"], 3);
    assert_eq!(object["source"]["attempts"], 1);
    assert_eq!((&object["verified"], &object["warnings"], &object["error"]), (&json!([]), &json!([]), &Value::Null));
    assert_eq!(object["in_use_by"], json!([]), "nobody");
    assert!(object["ms"]["total"].as_f64().unwrap() > 0.0);
    assert_eq!(outcome.error_text(), "", "nothing else is said");
    assert_eq!(outcome.output_text().lines().count(), 1, "one line, to be read line by line");
}

#[test]
fn a_new_file_has_nothing_previous() {
    let scratch = tree();
    let object = swapbin(&scratch).from("new").to("fresh").arg("--json").run().exits(0).json();
    has_every_field(&object);
    assert_eq!((&object["action"], &object["previous"]), (&json!("installed"), &Value::Null));
    is_this_file(&object["installed"], &scratch, "fresh");
    assert_eq!(object["installed"]["mode"], "0755");
}

#[test]
fn an_unchanged_file_is_told_as_it_is() {
    let scratch = tree();
    scratch.file("new", "old");
    let object = swap(&scratch).arg("--json").run().exits(0).json();
    has_every_field(&object);
    assert_eq!((&object["ok"], &object["changed"]), (&json!(true), &json!(false)));
    assert_eq!(object["action"], "unchanged");
    is_this_file(&object["installed"], &scratch, "app");
}

#[test]
fn what_would_be_done_is_told_as_not_done() {
    for option in ["--check", "--dry-run"] {
        let scratch = tree();
        let before = scratch.snapshot();
        let outcome = swap(&scratch).args(["--json", option]).run();
        let object = outcome.exits(if option == "--check" { 10 } else { 0 }).json();
        has_every_field(&object);
        assert_eq!((&object["ok"], &object["changed"]), (&json!(true), &json!(false)));
        assert_eq!(object["action"], "would-install");
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn a_failure_is_an_object_of_the_same_shape() {
    let scratch = tree();
    let outcome = swapbin(&scratch).from("new").to("missing/app").arg("--json").run();
    let object = outcome.exits(9).says("error: ").json();
    has_every_field(&object);
    assert_eq!((&object["ok"], &object["changed"]), (&json!(false), &json!(false)));
    assert_eq!((&object["action"], &object["to"]), (&json!("failed"), &json!("missing/app")));
    let error = &object["error"];
    assert_eq!((&error["code"], &error["kind"]), (&json!(9), &json!("target")));
    assert!(error["message"].as_str().unwrap().contains("missing"), "{error}");
    assert_eq!(object["source"]["from"], "new");
}

#[test]
fn the_code_in_a_failure_is_the_exit_code() {
    let scratch = tree();
    let digest = sha256("other");
    let cases: [(&[&str], i32, &str); 5] = [
        (&["--from", "missing"], 7, "unavailable"),
        (&["--from", "new", "--sha256", &digest], 4, "untrusted"),
        (&["--from", "/dev/null"], 5, "rejected"),
        (&["--from", "http://127.0.0.1:1/app"], 2, "usage"),
        (&["--from", "new", "-o", "no-such-user"], 2, "usage"),
    ];
    for (arguments, code, kind) in cases {
        let object = swapbin(&scratch).args(arguments).to("app").arg("--json").run().exits(code).json();
        assert_eq!((&object["error"]["code"], &object["error"]["kind"]), (&json!(code), &json!(kind)));
    }
}

#[test]
fn a_verified_digest_is_told() {
    let scratch = tree();
    let digest = sha256("new");
    let object = swap(&scratch).args(["--json", "--sha256", &digest]).run().exits(0).json();
    assert_eq!(object["verified"], json!(["sha256"]));
    assert_eq!(object["installed"]["sha256"], digest);
    assert_eq!(object["previous"]["sha256"], sha256("old"), "it was computed to see whether anything was to do");
}

#[test]
fn a_fetched_source_is_told_without_its_secrets() {
    let scratch = tree();
    let server = Server::answering(Reply::ok("new").header("ETag", "\"v1\""));
    let address = server.url("/app?token=hunter2").replace("http://", "http://me:hunter2@");
    let outcome = swapbin(&scratch).from(address).to("app").args(["--json", "-v", "--sha256", &sha256("new")]).run();
    let object = outcome.exits(0).never_mentions("hunter2").json();
    let source = &object["source"];
    assert_eq!((&source["status"], &source["etag"], &source["attempts"]), (&json!(200), &json!("\"v1\""), &json!(1)));
    assert!(source["url"].as_str().unwrap().contains("/app"), "{source}");
}

#[test]
fn warnings_are_told_in_the_object() {
    let scratch = tree();
    fs::hard_link(scratch.path("app"), scratch.path("hard")).unwrap();
    scratch.file("app", "old").mode(0o4755);
    let object = swap(&scratch).arg("--json").run().exits(0).json();
    let kinds: Vec<_> = object["warnings"].as_array().unwrap().iter().map(|warning| warning["kind"].clone()).collect();
    assert_eq!(kinds, ["privilege-kept", "hard-links"]);
}

#[test]
fn the_link_followed_is_told() {
    let scratch = tree();
    scratch.link("link", "app");
    let object = swapbin(&scratch).from("new").to("link").arg("--json").run().exits(0).json();
    assert_eq!(object["through_link"], scratch.path("link").to_str().unwrap());
    assert_eq!(object["to"], scratch.path("app").to_str().unwrap());
}

#[test]
fn a_path_that_is_not_utf8_comes_whole_in_base64() {
    let scratch = tree();
    let name = OsStr::from_bytes(b"not\xffutf8");
    let bytes = |object: &Value| BASE64_STANDARD.decode(object["path_b64"].as_str().expect("path_b64")).unwrap();
    let object = swapbin(&scratch).from("new").to(name).arg("--json").run().exits(0).json();
    assert_eq!(bytes(&object), scratch.path(name).as_os_str().as_bytes());
    assert!(object["to"].as_str().unwrap().contains("utf8"));
    let object = swapbin(&scratch).from("missing").to(name).arg("--json").run().exits(7).json();
    assert_eq!(bytes(&object), name.as_bytes());
    assert!(swap(&scratch).arg("--json").run().json().get("path_b64").is_none(), "not for a path that is text");
}

#[test]
fn quiet_leaves_the_object_that_was_asked_for() {
    let scratch = tree();
    let outcome = swap(&scratch).args(["--json", "-q"]).run();
    assert_eq!(outcome.exits(0).json()["action"], "installed");
}
