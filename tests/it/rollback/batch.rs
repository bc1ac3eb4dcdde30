//! A whole change taken back.

use super::rollback;
use crate::support::{Outcome, Scratch, swapbin};

fn tree() -> Scratch {
    let scratch = Scratch::new();
    for (name, content) in [("app", "old app"), ("lib", "old lib"), ("new-app", "new app"), ("new-lib", "new lib")] {
        scratch.file(name, content).mode(0o755);
    }
    scratch
}

/// Replaces both, and makes a third one.
fn deploy(scratch: &Scratch) -> Outcome {
    let run = swapbin(scratch).from("new-app").to("app").from("new-lib").to("lib").from("new-app").to("tool");
    let outcome = run.arg("--json").keeping().run();
    outcome.exits(0);
    outcome
}

fn contents(scratch: &Scratch) -> [Option<String>; 3] {
    ["app", "lib", "tool"].map(|name| std::fs::read_to_string(scratch.path(name)).ok())
}

fn old() -> [Option<String>; 3] {
    [Some("old app".to_owned()), Some("old lib".to_owned()), None]
}

fn new() -> [Option<String>; 3] {
    ["new app", "new lib", "new app"].map(|text| Some(text.to_owned()))
}

#[test]
fn the_last_change_is_taken_back_with_all_its_files_and_again() {
    let scratch = tree();
    deploy(&scratch);
    for expected in [old(), new(), old()] {
        rollback(&scratch, &["--last"]).exits(0);
        assert_eq!(contents(&scratch), expected);
        scratch.assert_no_litter();
    }
}

#[test]
fn a_change_is_taken_back_by_its_name() {
    let scratch = tree();
    let txid = deploy(&scratch).json()["txid"].as_str().unwrap().to_owned();
    scratch.file("other", "old").mode(0o755);
    swapbin(&scratch).from("new-app").to("other").keeping().run().exits(0);
    let outcome = rollback(&scratch, &["--txn", &txid]);
    outcome.exits(0).prints("removed '").prints("2 files in place, 1 removed, transaction ");
    assert_eq!((contents(&scratch), scratch.read("other")), (old(), b"new app".to_vec()));

    // What was taken back keeps nothing any more.
    rollback(&scratch, &["--txn", &txid]).exits(7);
    assert_eq!(contents(&scratch), old());
}

#[test]
fn a_file_that_is_gone_already_need_not_be_removed() {
    let scratch = tree();
    deploy(&scratch);
    std::fs::remove_file(scratch.path("tool")).unwrap();
    let object = rollback(&scratch, &["--last", "--json"]).exits(0).json();
    assert_eq!(contents(&scratch), old());
    let action = |name: &str| {
        let path = scratch.path(name);
        let swaps = object["swaps"].as_array().unwrap();
        let swap = swaps.iter().find(|swap| swap["to"] == path.to_str().unwrap()).unwrap();
        (swap["action"].as_str().unwrap().to_owned(), swap["kept"].as_str().map(|kept| std::fs::read_to_string(kept).unwrap()))
    };
    assert_eq!(action("tool"), ("unchanged".to_owned(), None));
    assert_eq!(action("app"), ("installed".to_owned(), Some("new app".to_owned())));
    assert_eq!(action("lib"), ("installed".to_owned(), Some("new lib".to_owned())));
}

#[test]
fn where_nothing_is_left_to_take_back_nothing_is_changed() {
    let scratch = tree();
    swapbin(&scratch).from("new-app").to("a").from("new-lib").to("b").keeping().run().exits(0);
    for name in ["a", "b"] {
        std::fs::remove_file(scratch.path(name)).unwrap();
    }
    for _ in 0..2 {
        let object = rollback(&scratch, &["--last", "--json"]).exits(0).json();
        assert_eq!((&object["action"], &object["txid"]), (&"unchanged".into(), &().into()));
        assert_eq!(object["swaps"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn the_last_change_may_be_one_that_was_broken_off() {
    if !crate::support::failpoints_available() {
        return;
    }
    let scratch = tree();
    deploy(&scratch);
    scratch.file("a", "old a").mode(0o755);
    scratch.file("b", "old b").mode(0o755);
    let broken = swapbin(&scratch).from("new-app").to("a").from("new-lib").to("b").keeping().failpoint("rename@2", "abort");
    broken.run().is_killed_by(rustix::process::Signal::KILL);
    let app = scratch.read("app");
    rollback(&scratch, &["--last"]).exits(0).says("finished");
    assert_eq!((scratch.read("a"), scratch.read("b")), (b"old a".to_vec(), b"old b".to_vec()));
    assert_eq!(scratch.read("app"), app, "the change before is another one");
}

#[test]
fn where_one_version_is_gone_none_is_brought_back() {
    let scratch = tree();
    let object = deploy(&scratch).json();
    std::fs::remove_file(object["swaps"][0]["kept"].as_str().unwrap()).unwrap();
    let before = scratch.snapshot();
    rollback(&scratch, &["--last"]).exits(7).says("app");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn only_removals_are_a_change_too() {
    let scratch = tree();
    let object = swapbin(&scratch).from("new-app").to("a").from("new-lib").to("b").arg("--json").keeping().run().exits(0).json();
    assert_eq!(object["swaps"][0]["kept"], serde_json::Value::Null);
    let object = rollback(&scratch, &["--last", "--json"]).exits(0).json();
    assert_eq!((&object["action"], &object["changed"]), (&"removed".into(), &true.into()));
    assert!(!scratch.path("a").exists() && !scratch.path("b").exists());
    rollback(&scratch, &["--last"]).exits(0);
    assert_eq!((scratch.read("a"), scratch.read("b")), (b"new app".to_vec(), b"new lib".to_vec()));
}
