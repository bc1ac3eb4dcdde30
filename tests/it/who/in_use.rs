//! Who still uses what a change has put aside: `in_use_by`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::pid_of;
use crate::support::{Fixture, Namespace, Scratch, Swapbin, require_mounts, swapbin};

/// Who still uses the version before of a path; null where nothing is said.
fn users(object: &Value, path: impl AsRef<Path>) -> Value {
    let files = object["swaps"].as_array().expect("a list");
    let path = path.as_ref().to_str().unwrap();
    files.iter().find(|file| file["to"] == path).unwrap_or_else(|| panic!("{path} is not in {object}"))["in_use_by"].clone()
}

fn said(processes: &[&Fixture]) -> Value {
    let comm = |process: &Fixture| fs::read_to_string(format!("/proc/{}/comm", pid_of(process))).unwrap();
    processes.iter().map(|process| json!({ "pid": pid_of(process), "comm": comm(process).trim_end() })).collect()
}

/// A first release with a program, a library and data that stay, and the next one's program.
fn releases() -> Scratch {
    let scratch = Scratch::new();
    for directory in ["srv/releases/1/bin", "srv/releases/1/share", "srv/releases/0", "stage/bin"] {
        scratch.directory(directory);
    }
    scratch.program("srv/releases/1/bin/s", "one");
    scratch.file("srv/releases/1/share/data", "data");
    scratch.file("srv/releases/1/share/gone", "gone");
    scratch.file("srv/releases/10", "called nearly so");
    scratch.link("srv/current", "releases/1");
    scratch.program("stage/bin/s", "two");
    scratch
}

fn release(scratch: &Scratch) -> Swapbin<'_> {
    swapbin(scratch).args(["apply", "--tree", "stage", "--to", "srv/releases", "--generation-link", "srv/current"])
}

#[test]
fn who_runs_and_holds_files_of_the_release_that_a_link_led_to_before_is_said() {
    let scratch = releases();
    let tool = scratch.program("tool", "tool");
    let held = |name: &str| Fixture::start(&tool, &["hold", scratch.path(name).to_str().unwrap()]);
    let running = Fixture::sleeping(scratch.path("srv/current/bin/s"));
    let holds = held("srv/current/share/data");
    let maps = Fixture::start(&tool, &["map", scratch.path("srv/current/share/gone").to_str().unwrap()]);
    let _others = [held("srv/releases/10"), Fixture::sleeping(&tool)];
    fs::remove_file(scratch.path("srv/releases/1/share/gone")).unwrap();

    let object = release(&scratch).arg("--json").run().exits(0).json();
    assert_eq!(users(&object, scratch.path("srv/current")), said(&[&running, &holds, &maps]));
    assert_eq!(users(&object, scratch.path("srv/current/bin/s")), said(&[&running]));

    // Those of the release before that one are not asked about, and who runs the new one is not among them.
    let young = Fixture::sleeping(scratch.path("srv/current/bin/s"));
    fs::write(scratch.path("stage/version"), "3").unwrap();
    let outcome = release(&scratch).arg("-v").run();
    let current = scratch.path("srv/current").display().to_string();
    outcome.exits(0).says(&format!("an old version of '{current}' is still used by {} (s)", pid_of(&young)));
    assert!(!outcome.error_text().contains(&format!(" {} (", pid_of(&running))), "{outcome}");
    young.finish();
    fs::write(scratch.path("stage/version"), "4").unwrap();
    release(&scratch).arg("-v").run().exits(0).says(&format!("nobody uses an old version of '{current}'"));
}

#[test]
fn a_first_release_and_one_that_does_not_differ_have_no_users_before() {
    let scratch = releases();
    let _running = Fixture::sleeping(scratch.path("srv/releases/1/bin/s"));
    fs::remove_file(scratch.path("srv/current")).unwrap();
    let object = release(&scratch).arg("--json").run().exits(0).json();
    assert_eq!(users(&object, scratch.path("srv/current")), Value::Null);
    let object = release(&scratch).arg("--json").run().exits(0).json();
    assert_eq!(users(&object, scratch.path("srv/current/bin/s")), Value::Null);
}

/// A program in a mount namespace.
fn inside(namespace: &Namespace, program: &Path) -> Fixture {
    let mounts = namespace.path("/x").ancestors().nth(2).expect("a process of /proc").join("ns/mnt");
    Fixture::start("nsenter", &[&format!("--mount={}", mounts.display()), program.to_str().unwrap(), "sleep"])
}

#[test]
fn the_same_path_in_another_mount_namespace_is_of_the_release_only_where_it_leads_there() {
    if !require_mounts() {
        return;
    }
    let scratch = releases();
    let (same, other) = (Namespace::new(), Namespace::new());
    let program = scratch.path("srv/releases/1/bin/s");
    scratch.directory("others/1/bin");
    scratch.program("others/1/bin/s", "one");
    other.bind(&scratch.path("others"), &scratch.path("srv/releases"));
    let (of_it, _of_another) = (inside(&same, &program), inside(&other, &program));
    let object = release(&scratch).arg("--json").run().exits(0).json();
    assert_eq!(users(&object, scratch.path("srv/current")), said(&[&of_it]));
}

/// An application that has plugins which are not staged.
fn with_plugins() -> Scratch {
    let scratch = Scratch::new();
    for directory in ["app/plugins/deep", "app/plugins2", "stage"] {
        scratch.directory(directory);
    }
    scratch.program("app/plugins/deep/run", "one");
    scratch.file("app/plugins/data", "data");
    scratch.file("app/plugins2/other", "other");
    scratch.file("app/alone", "alone");
    scratch.file("stage/new", "new");
    scratch
}

/// `as_one`: whether the application itself is put aside.
fn uses_of_removed(words: &[&str], as_one: bool) {
    for keep in ["0", "1"] {
        let scratch = with_plugins();
        let tool = scratch.program("tool", "tool");
        let with = |mode: &str, name: &str| Fixture::start(&tool, &[mode, scratch.path(name).to_str().unwrap()]);
        let running = Fixture::sleeping(scratch.path("app/plugins/deep/run"));
        let (maps, alone) = (with("map", "app/plugins/data"), with("hold", "app/alone"));
        let other = with("hold", "app/plugins2/other");
        let put = || swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "app", "--delete", "."]).args(words);
        let object = put().args(["--keep", keep, "--json"]).run().exits(0).json();
        assert_eq!(users(&object, scratch.path("app/plugins")), said(&[&running, &maps]), "--keep {keep}");
        assert_eq!(users(&object, scratch.path("app/plugins2")), said(&[&other]), "--keep {keep}");
        assert_eq!(users(&object, scratch.path("app/alone")), said(&[&alone]), "--keep {keep}");
        if as_one {
            assert_eq!(users(&object, scratch.path("app")), said(&[&running, &maps, &alone, &other]), "--keep {keep}");
        }

        let young = Fixture::sleeping(scratch.program("app/more", "more"));
        let outcome = put().args(["--keep", keep, "-v"]).run();
        let gone = scratch.path("app/more").display().to_string();
        outcome.exits(0).says(&format!("an old version of '{gone}' is still used by {} (more)", pid_of(&young)));
        assert!(!outcome.error_text().contains(&format!(" {} (", pid_of(&running))), "{outcome}");
    }
}

#[test]
fn who_runs_maps_and_holds_files_below_a_directory_that_was_removed_is_said() {
    uses_of_removed(&[], false);
}

#[test]
fn who_uses_files_below_a_directory_that_was_exchanged_is_said_of_it_and_of_what_was_removed_in_it() {
    uses_of_removed(&["--exchange"], true);
}

#[test]
fn a_directory_of_which_nobody_uses_a_file_is_said_so() {
    let scratch = with_plugins();
    let put = swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "app", "--delete", ".", "-v"]);
    let gone = scratch.path("app/plugins").display().to_string();
    put.run().exits(0).says(&format!("nobody uses an old version of '{gone}'"));
}
