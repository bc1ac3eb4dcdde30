//! Releases, and a link that leads to the current one: `--generation-link`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::process::{Signal, getgid, getuid};
use serde_json::Value;

use super::content;
use crate::support::{Scratch, Swapbin, failpoints_available, swapbin};

/// A first release that a link leads to, and what the next one has on top.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("srv/releases/1/lib");
    scratch.directory("stage/new");
    scratch.file("srv/releases/1/version", "1");
    scratch.file("srv/releases/1/lib/kept", "kept");
    scratch.link("srv/current", "releases/1");
    scratch.file("stage/version", "2");
    scratch.file("stage/new/file", "new");
    scratch
}

fn release(scratch: &Scratch) -> Swapbin<'_> {
    swapbin(scratch).args(["apply", "--tree", "stage", "--to", "srv/releases", "--generation-link", "srv/current"])
}

fn current(scratch: &Scratch) -> PathBuf {
    fs::read_link(scratch.path("srv/current")).unwrap()
}

#[test]
fn a_new_release_is_the_current_one_and_the_stage_and_the_old_one_stays() {
    let scratch = tree();
    let before = content(&scratch, "srv/releases/1");
    let report = release(&scratch).arg("--json").run().exits(0).json();
    assert_eq!(current(&scratch), PathBuf::from("releases").join(report["txid"].as_str().unwrap()));
    assert_eq!((scratch.read("srv/current/version"), scratch.read("srv/current/lib/kept")), (b"2".to_vec(), b"kept".to_vec()));
    assert_eq!(scratch.read("srv/current/new/file"), b"new");
    assert_eq!(content(&scratch, "srv/releases/1"), before);
    scratch.assert_no_litter();
}

#[test]
fn the_first_release_is_the_stage_alone() {
    let scratch = tree();
    fs::remove_file(scratch.path("srv/current")).unwrap();
    release(&scratch).run().exits(0);
    let current = PathBuf::from("srv").join(current(&scratch));
    assert_eq!(content(&scratch, current.to_str().unwrap()), content(&scratch, "stage"));
    scratch.assert_no_litter();
}

#[test]
fn where_nothing_differs_there_is_no_new_release() {
    let scratch = tree();
    release(&scratch).arg("--check").run().exits(10);
    release(&scratch).run().exits(0);
    let before = scratch.snapshot();
    release(&scratch).run().exits(0).prints("unchanged");
    release(&scratch).arg("--check").run().exits(0);
    scratch.snapshot().assert_same_as(&before);
    assert_eq!(fs::read_dir(scratch.state(None).join("txn")).unwrap().count(), 0);
}

/// What a report says of each path.
fn reported(report: &Value, scratch: &Scratch) -> Vec<(String, String)> {
    let of_swap = |swap: &Value| {
        let to = PathBuf::from(swap["to"].as_str().unwrap());
        let name = to.strip_prefix(scratch.path("srv")).unwrap().to_str().unwrap().to_owned();
        (name, swap["action"].as_str().unwrap().to_owned())
    };
    report["swaps"].as_array().unwrap().iter().map(of_swap).collect()
}

#[test]
fn the_report_names_what_is_seen_through_the_link_from_now_on_and_says_what_it_is() {
    let scratch = tree();
    scratch.file("srv/releases/1/gone", "gone");
    scratch.file("srv/releases/1/same", "same");
    fs::copy(scratch.path("srv/releases/1/same"), scratch.path("stage/same")).unwrap();
    let same = fs::metadata(scratch.path("srv/releases/1/same")).unwrap();
    fs::File::open(scratch.path("stage/same")).unwrap().set_modified(same.modified().unwrap()).unwrap();
    fs::set_permissions(scratch.path("stage/version"), fs::Permissions::from_mode(0o4755)).unwrap();
    let (uid, gid) = (getuid().as_raw().to_string(), getgid().as_raw().to_string());
    let words = ["--delete", ".", "--owner", &uid, "--group", &gid, "--json"];
    let would = release(&scratch).args(words).arg("--dry-run").run().exits(0).json();
    let report = release(&scratch).args(words).run().exits(0).json();
    for swap in report["swaps"].as_array().unwrap() {
        let (to, action) = (swap["to"].as_str().unwrap(), swap["action"].as_str().unwrap());
        assert!(!to.contains("releases/1"), "{swap}");
        assert_eq!(fs::symlink_metadata(to).is_ok(), action != "removed", "{swap}");
    }
    let names = |report| {
        let mut names = reported(report, &scratch);
        names.retain(|(name, _)| name.starts_with("current"));
        names.sort();
        names
    };
    let seen = |action: fn(&str) -> String| {
        let named = [
            ("current", "install"),
            ("current/gone", "remove"),
            ("current/lib", "remove"),
            ("current/new", "install"),
            ("current/new/file", "install"),
            ("current/same", "unchanged"),
            ("current/version", "install"),
        ];
        named.map(|(name, what)| (name.to_owned(), action(what)))
    };
    let done = |what: &str| match what {
        "install" => "installed".to_owned(),
        "remove" => "removed".to_owned(),
        other => other.to_owned(),
    };
    let planned = |what: &str| if what == "unchanged" { what.to_owned() } else { format!("would-{what}") };
    assert_eq!(names(&report), seen(done));
    assert_eq!(names(&would), seen(planned));
    assert!(report["warnings"].to_string().contains("srv/current/version"), "{report}");
}

#[test]
fn a_rollback_of_the_link_leads_to_the_release_before() {
    let scratch = tree();
    release(&scratch).run().exits(0);
    swapbin(&scratch).args(["rollback", "--no-dereference", "srv/current"]).run().exits(0);
    assert_eq!(current(&scratch), PathBuf::from("releases/1"));
    swapbin(&scratch).args(["rollback", "--no-dereference", "srv/current"]).run().exits(0);
    assert_eq!(scratch.read("srv/current/version"), b"2");
}

#[test]
fn a_rollback_of_the_whole_change_takes_the_release_away_too() {
    let scratch = tree();
    let before = content(&scratch, "srv");
    release(&scratch).run().exits(0);
    let after = content(&scratch, "srv");
    for expected in [&before, &after, &before] {
        swapbin(&scratch).args(["rollback", "--last"]).run().exits(0);
        assert_eq!(content(&scratch, "srv"), *expected);
        scratch.assert_no_litter();
    }
}

#[test]
fn what_is_no_link_is_not_replaced_by_one() {
    let scratch = tree();
    fs::remove_file(scratch.path("srv/current")).unwrap();
    scratch.file("srv/current", "a file");
    release(&scratch).run().exits(9).says("is not a symbolic link");
    assert_eq!(scratch.read("srv/current"), b"a file");
}

#[test]
fn killed_anywhere_and_recovered_the_link_leads_to_a_whole_release() {
    if !failpoints_available() {
        return;
    }
    for (place, committed) in [
        ("sync", false),
        ("stage@4", false),
        ("commit-record", false),
        ("sync-turn", true),
        ("rename@2", true),
        ("sync-dir", true),
    ] {
        let scratch = tree();
        release(&scratch).failpoint(place, "abort").run().is_killed_by(Signal::KILL);
        swapbin(&scratch).arg("recover").run().exits(0);
        assert_eq!(scratch.read("srv/current/version"), if committed { b"2" } else { b"1" }, "{place}");
        let releases = fs::read_dir(scratch.path("srv/releases")).unwrap().count();
        assert_eq!(releases, 1 + usize::from(committed), "{place}");
        scratch.assert_no_litter();
    }
}

#[test]
fn a_link_that_cannot_be_replaced_takes_the_release_away_again() {
    if !failpoints_available() {
        return;
    }
    // The link is not touched before the release is on the disk under its name.
    for place in ["rename@2", "sync-turn@1"] {
        let scratch = tree();
        let before = scratch.snapshot();
        release(&scratch).failpoint(place, &libc::EIO.to_string()).run().exits(1);
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn a_rollback_takes_the_release_away_only_once_the_link_leads_elsewhere_on_the_disk_too() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    release(&scratch).run().exits(0);
    let before = scratch.snapshot();
    let rollback = || swapbin(&scratch).args(["rollback", "--last"]);
    rollback().failpoint("sync-turn@1", &libc::EIO.to_string()).run().exits(1);
    scratch.snapshot().assert_same_as(&before);
    rollback().failpoint("sync-turn", "abort").run().is_killed_by(Signal::KILL);
    assert_eq!(scratch.read("srv/current/version"), b"1");
    assert_eq!(fs::read_dir(scratch.path("srv/releases")).unwrap().count(), 2);
}
