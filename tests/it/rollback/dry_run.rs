//! What would be brought back: `swapbin rollback --dry-run`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::Value;

use super::{kept, replace, rollback, tree};
use crate::support::{Fixture, Outcome, Scratch, Snapshot, failpoints_available, swapbin};

/// Every byte and every change of any kind of the tree and the state directory.
fn everything(scratch: &Scratch) -> (Vec<Snapshot>, BTreeMap<PathBuf, (i64, i64)>) {
    let roots = [scratch.root(), scratch.state(None)];
    let snapshots: Vec<Snapshot> = roots.iter().map(|root| Snapshot::of(root)).collect();
    let mut changed = BTreeMap::new();
    for (root, snapshot) in roots.iter().zip(&snapshots) {
        for name in snapshot.names() {
            let about = fs::symlink_metadata(root.join(name)).unwrap();
            changed.insert(root.join(name), (about.ctime(), about.ctime_nsec()));
        }
    }
    (snapshots, changed)
}

/// A dry run, which is to leave everything as it is.
#[track_caller]
fn dry_run(scratch: &Scratch, words: &[&str]) -> Outcome {
    let before = everything(scratch);
    let outcome = rollback(scratch, &[&["--dry-run"], words].concat());
    let after = everything(scratch);
    for (after, before) in after.0.iter().zip(&before.0) {
        after.assert_same_as(before);
    }
    assert_eq!(after.1, before.1);
    outcome
}

/// What each file would become, or became.
fn fates(report: &Value) -> BTreeMap<String, String> {
    let fate = |swap: &Value| {
        let word = |key: &str| swap[key].as_str().unwrap().to_owned();
        (word("to"), word("action").trim_start_matches("would-").replace("installed", "install").replace("removed", "remove"))
    };
    report["swaps"].as_array().unwrap().iter().map(fate).collect()
}

/// That the dry run says what the rollback then does.
#[track_caller]
fn assert_foretold(scratch: &Scratch, words: &[&str]) -> Value {
    let words = [words, &["--json"]].concat();
    let would = dry_run(scratch, &words).exits(0).json();
    let done = rollback(scratch, &words).exits(0).json();
    assert_eq!(fates(&would), fates(&done));
    would
}

#[test]
fn it_says_which_version_would_come_back_from_where_and_changes_nothing() {
    let scratch = tree();
    replace(&scratch, "two");
    let kept = kept(&scratch).pop().unwrap();
    let outcome = dry_run(&scratch, &["app"]);
    outcome.exits(0).prints("would replace '").prints(&format!("from '{}', mode 0750", kept.display()));
    outcome.prints("; the old one is kept").prints("1 file to put in place");
    assert_eq!(scratch.read("app"), b"two");
    let would = assert_foretold(&scratch, &["app"]);
    let swap = &would["swaps"][0];
    assert_eq!((&would["action"], &swap["source"]["from"]), (&"would-install".into(), &kept.to_str().unwrap().into()));
    assert_eq!((&swap["installed"]["size"], &swap["keeps"]), (&3.into(), &true.into()));
}

#[test]
fn the_object_has_the_shape_of_that_of_apply() {
    let scratch = tree();
    scratch.file("deploy.toml", "[[swap]]\nfrom = \"two\"\nto = \"app\"\n");
    let apply = swapbin(&scratch).args(["apply", "deploy.toml", "--dry-run", "--json"]).run().exits(0).json();
    replace(&scratch, "two");
    let rollback = dry_run(&scratch, &["app", "--json"]).exits(0).json();
    let keys = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&rollback), keys(&apply));
    for at in ["swaps", "mounts"] {
        assert_eq!(keys(&rollback[at][0]), keys(&apply[at][0]), "{at}");
    }
}

#[test]
fn of_a_whole_change_it_names_what_comes_back_and_what_goes() {
    let scratch = tree();
    let run = swapbin(&scratch).from("two").to("app").from("three").to("made").keeping();
    run.run().exits(0);
    dry_run(&scratch, &["--last"]).exits(0).prints("would remove '").prints("1 file to put in place, 1 to remove");
    assert_foretold(&scratch, &["--last"]);
}

#[test]
fn trees_that_were_switched_at_one_moment_go_back_too() {
    let scratch = tree();
    scratch.directory("srv/app");
    scratch.directory("stage");
    scratch.file("srv/app/version", "1");
    scratch.file("stage/version", "2");
    scratch.directory("srv/releases");
    swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "srv/app", "--exchange"]).run().exits(0);
    assert_foretold(&scratch, &["srv/app"]);
    scratch.link("srv/current", "app");
    let release = ["apply", "--tree", "stage", "--to", "srv/releases", "--generation-link", "srv/current"];
    swapbin(&scratch).args(release).run().exits(0);
    assert_foretold(&scratch, &["--last"]);
}

#[test]
fn what_was_overwritten_comes_back_in_place_unless_somebody_has_it() {
    let scratch = tree();
    swapbin(&scratch).from("two").to("app").arg("--in-place").keeping().run().exits(0);
    let reader = scratch.program("reader", "one");
    let held = Fixture::start(&reader, &["map", scratch.path("app").to_str().unwrap()]);
    dry_run(&scratch, &["app"]).exits(3).says("(reader) maps it");
    held.finish();
    assert_foretold(&scratch, &["app"]);
}

#[test]
fn what_only_a_process_has_any_more_is_said_to_come_from_there() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let running = Fixture::sleeping(&app);
    let new = scratch.program("new", "two");
    swapbin(&scratch).from(&new).to(&app).keeping().run().exits(0);
    kept(&scratch).iter().for_each(|kept| fs::remove_file(kept).unwrap());
    let would = assert_foretold(&scratch, &["app"]);
    let link = format!("/proc/{}/exe", running.pid().as_raw_nonzero());
    let swap = &would["swaps"][0];
    assert_eq!((&swap["source"]["from"], &swap["warnings"][0]["kind"]), (&link.into(), &"taken-from-process".into()));
}

#[test]
fn what_a_rollback_would_refuse_it_refuses() {
    let scratch = tree();
    rollback(&scratch, &["--dry-run", "--last"]).exits(7);
    replace(&scratch, "two");
    dry_run(&scratch, &["two"]).exits(7).says("no earlier version");
    dry_run(&scratch, &["--txn", "0"]).exits(2).says("no transaction is called");
    fs::write(kept(&scratch).pop().unwrap(), "changed").unwrap();
    dry_run(&scratch, &["--last"]).exits(4).says("is not the version of");
}

#[test]
fn a_change_that_was_broken_off_and_will_be_finished_first_is_the_newest_one() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    replace(&scratch, "two");
    let batch = swapbin(&scratch).from("three").to("app").from("three").to("other").keeping();
    batch.failpoint("rename@2", "abort").run().is_killed_by(Signal::KILL);
    dry_run(&scratch, &["--last"]).exits(0).says("belongs to the unfinished transaction");
    dry_run(&scratch, &["app"]).exits(0).says("belongs to the unfinished transaction");
    assert_foretold(&scratch, &["--last"]);
    assert_eq!(scratch.read("app"), b"two");
}
