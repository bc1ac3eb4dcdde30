//! What is said of several files.

use serde_json::{Value, json};

use super::{BOTH, apply, tree};
use crate::support::{Scratch, swapbin};

/// Every field of the object for several files.
const FIELDS: [&str; 9] = ["schema", "ok", "action", "changed", "txid", "swaps", "warnings", "error", "ms"];

fn json_of(scratch: &Scratch, manifest: &str, flags: &[&str], code: i32) -> Value {
    scratch.file("deploy.toml", manifest);
    let object = swapbin(scratch).args(["apply", "deploy.toml", "--json"]).args(flags).run().exits(code).json();
    let missing: Vec<_> = FIELDS.iter().filter(|field| object.get(*field).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?} missing in {object:#}");
    object
}

#[test]
fn there_is_a_line_for_each_file_and_one_for_all() {
    let scratch = tree();
    let outcome = apply(&scratch, BOTH);
    let text = outcome.output_text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{outcome}");
    assert!(lines[0].starts_with("replaced '") && lines[0].contains("/app'"), "{outcome}");
    assert!(lines[1].starts_with("replaced '") && lines[1].contains("/lib'"), "{outcome}");
    assert!(lines[2].starts_with("2 files in place"), "{outcome}");

    scratch.file("app", "old app").mode(0o755);
    apply(&scratch, BOTH).exits(0).prints("unchanged '").prints("1 file in place, 1 unchanged");
    apply(&scratch, BOTH).exits(0).prints("2 files unchanged");
    swapbin(&scratch).args(["apply", "deploy.toml", "-q"]).run().exits(0).is_quiet();
}

#[test]
fn the_object_holds_that_of_each_file_in_order() {
    let scratch = tree();
    let object = json_of(&scratch, BOTH, &[], 0);
    assert_eq!((&object["ok"], &object["action"], &object["changed"]), (&json!(true), &json!("installed"), &json!(true)));
    assert_eq!(object["error"], Value::Null);
    let ms = |name: &str| object["ms"][name].as_f64().unwrap();
    assert!(ms("window") > 0.0 && ms("window") < ms("commit"), "the renames are part of the commit: {object:#}");
    assert_eq!(json_of(&scratch, BOTH, &[], 0)["ms"].get("window"), None, "nothing was renamed");
    let swaps = object["swaps"].as_array().unwrap();
    assert_eq!(swaps.len(), 2);
    for (swap, name) in swaps.iter().zip(["app", "lib"]) {
        assert_eq!((&swap["action"], &swap["to"]), (&json!("installed"), &json!(scratch.path(name))));
        assert_eq!(swap["previous"]["size"], 7);
    }
    let again = json_of(&scratch, BOTH, &[], 0);
    assert_eq!((&again["action"], &again["changed"], &again["txid"]), (&json!("unchanged"), &json!(false), &Value::Null));
}

#[test]
fn warnings_of_all_files_are_told_together() {
    let scratch = tree();
    std::fs::hard_link(scratch.path("lib"), scratch.path("hard")).unwrap();
    let object = json_of(&scratch, BOTH, &[], 0);
    assert_eq!(object["warnings"][0]["kind"], "hard-links");
    assert_eq!(object["swaps"][1]["warnings"], object["warnings"]);
}

#[test]
fn a_failure_is_an_object_of_the_same_shape() {
    let scratch = tree();
    let before = ("old app".into(), "old lib".into());
    for (manifest, code, kind) in [
        ("bogus = 1\n".to_owned(), 2, "usage"),
        (BOTH.replace("new-app", "missing"), 7, "unavailable"),
        (BOTH.replace("'app'", "'missing/app'"), 9, "target"),
    ] {
        let object = json_of(&scratch, &manifest, &[], code);
        assert_eq!((&object["ok"], &object["action"], &object["changed"]), (&json!(false), &json!("failed"), &json!(false)));
        assert_eq!((&object["error"]["code"], &object["error"]["kind"]), (&json!(code), &json!(kind)));
        assert_eq!((scratch.read("app"), scratch.read("lib")), before);
        // A manifest that cannot be read tells of no files.
        let files = object["swaps"].as_array().unwrap();
        assert_eq!(files.len(), if code == 2 { 0 } else { 2 });
        assert!(files.iter().all(|file| file["action"] == "failed" && file["changed"] == false), "{object:#}");
        assert!(files.iter().all(|file| file["source"]["from"].is_string() && file["to"].is_string()), "{object:#}");
    }
}

#[test]
fn a_dry_run_tells_what_is_kept_and_what_has_to_be_written_where() {
    let scratch = tree();
    scratch.file_of("new-app", b'x', 8192).mode(0o755);
    let manifest = format!("{BOTH}keep = 0\n[[swap]]\nfrom = '-'\nto = 'tool'\n");
    let object = json_of(&scratch, &manifest, &["--dry-run"], 0);
    let keeps: Vec<_> = object["swaps"].as_array().unwrap().iter().map(|swap| swap["keeps"].as_bool().unwrap()).collect();
    assert_eq!(keeps, [true, false, false], "kept by default, not wanted, nothing there");
    let mounts = object["mounts"].as_array().unwrap();
    assert_eq!(mounts.len(), 1);
    assert_eq!((&mounts[0]["bytes"], &mounts[0]["unknown"]), (&(8192 + 7).into(), &1.into()));
    assert!(mounts[0]["available"].as_u64().unwrap() > 0 && mounts[0]["path"] == scratch.root().to_str().unwrap());

    let outcome = swapbin(&scratch).args(["apply", "deploy.toml", "-n"]).run();
    outcome.exits(0).prints("the old one is kept\n").prints("8.0 KiB to write and 1 file of unknown size where '");
    assert_eq!(outcome.output_text().matches("is kept").count(), 1, "{outcome}");
    assert_eq!(scratch.read("app"), b"old app");
}

#[test]
fn each_filesystem_of_a_dry_run_has_a_line_of_its_own() {
    let (here, there) = (tree(), Scratch::on("/dev/shm"));
    let manifest = format!("{BOTH}[[swap]]\nfrom = 'new-app'\nto = '{}'\n", there.path("app").display());
    let object = json_of(&here, &manifest, &["--dry-run"], 0);
    let bytes: Vec<_> = object["mounts"].as_array().unwrap().iter().map(|mount| mount["bytes"].as_u64().unwrap()).collect();
    assert_eq!(bytes, [14, 7]);
}

#[test]
fn a_question_changes_nothing_and_answers_for_all() {
    let scratch = tree();
    scratch.file("app", "new app").mode(0o755);
    for (flags, code) in [(["--dry-run"], 0), (["--check"], 10)] {
        let object = json_of(&scratch, BOTH, &flags, code);
        assert_eq!((&object["action"], &object["changed"]), (&json!("would-install"), &json!(false)));
        assert_eq!(
            (&object["swaps"][0]["action"], &object["swaps"][1]["action"]),
            (&json!("unchanged"), &json!("would-install"))
        );
        assert_eq!(scratch.read("lib"), b"old lib");
    }
    swapbin(&scratch).args(["apply", "deploy.toml", "-n"]).run().exits(0).prints("1 file to put in place, 1 unchanged");
    scratch.file("lib", "new lib");
    assert_eq!(json_of(&scratch, BOTH, &["--check"], 0)["action"], "unchanged");
}
