//! Which processes run what is no longer there: `swapbin stale`.

mod filesystems;
mod left_out;
mod place;

use std::fs;

use serde_json::Value;

use crate::support::{Fixture, Namespace, Outcome, Scratch, require_mounts, require_program, swapbin};
use crate::who::{of_process, pid_of};

fn stale(scratch: &Scratch, words: &[&str]) -> Outcome {
    swapbin(scratch).arg("stale").args(words).run()
}

/// The paths of which a process has something that is not current, and which version that is.
fn stale_paths(object: &Value, process: &Fixture) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let files = object["files"].as_array().expect("a list").iter();
    let of_file = |file: &Value| {
        let path = text(&file["path"]);
        let uses = of_process(&file["processes"], process);
        uses.into_iter().map(move |one| (path.clone(), text(&one["version"]))).collect::<Vec<_>>()
    };
    files.flat_map(of_file).collect()
}

fn of(scratch: &Scratch, process: &Fixture) -> Vec<(String, String)> {
    stale_paths(&stale(scratch, &["--json"]).json(), process)
}

/// A process in a mount namespace, which sees it by these words.
fn inside(namespace: &Namespace, words: &[&str]) -> Fixture {
    let mounts = namespace.path("/x").ancestors().nth(2).expect("a process of /proc").join("ns/mnt");
    let entrance = format!("--mount={}", mounts.display());
    Fixture::start("nsenter", &[&[entrance.as_str()], words].concat())
}

#[test]
fn a_replaced_and_a_deleted_program_are_stale_and_a_moved_one_is_not() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let name = |path: &str| scratch.path(path).to_str().unwrap().to_owned();
    let running = Fixture::sleeping(&app);
    assert_eq!(of(&scratch, &running), []);
    fs::rename(&app, scratch.path("moved")).unwrap();
    assert_eq!(of(&scratch, &running), [], "its name follows");
    let new = scratch.program("new", "two");
    fs::rename(&new, scratch.path("moved")).unwrap();
    assert_eq!(of(&scratch, &running), [(name("moved"), "replaced".to_owned())]);
    fs::remove_file(scratch.path("moved")).unwrap();
    assert_eq!(of(&scratch, &running), [(name("moved"), "deleted".to_owned())]);
    stale(&scratch, &[]).exits(10).prints("moved");
    let pid = pid_of(&running).to_string();
    stale(&scratch, &["--pid", &pid]).exits(10).prints("deleted");
    stale(&scratch, &["moved"]).exits(10).prints("deleted");
    assert_eq!(stale(&scratch, &["new", "--json"]).json()["files"], Value::Array(Vec::new()));
}

#[test]
fn the_inode_decides_and_not_the_words_behind_the_name() {
    let scratch = Scratch::new();
    let name = |path: &str| scratch.path(path).to_str().unwrap().to_owned();
    let called_so = Fixture::sleeping(scratch.program("tool (deleted)", "one"));
    assert_eq!(of(&scratch, &called_so), [], "a file may be called so");

    let app = scratch.program("app\nb", "one");
    let running = Fixture::sleeping(&app);
    fs::hard_link(&app, scratch.path("other link")).unwrap();
    fs::remove_file(&app).unwrap();
    let deleted = [(name("app\nb"), "deleted".to_owned())];
    assert_eq!(of(&scratch, &running), deleted, "another link is not its name");
    fs::hard_link(scratch.path("other link"), scratch.path("app\nb (deleted)")).unwrap();
    assert_eq!(of(&scratch, &running), deleted, "nor is one that is called as a deleted file would be");
    fs::remove_file(scratch.path("app\nb (deleted)")).unwrap();
    scratch.program("app\nb (deleted)", "decoy");
    assert_eq!(of(&scratch, &running), deleted, "nor a decoy");
    fs::rename(scratch.path("other link"), &app).unwrap();
    assert_eq!(of(&scratch, &running), [], "it has its name again");
}

#[test]
fn a_script_that_was_replaced_is_said_though_its_interpreter_is_current() {
    let Some(bash) = require_program("bash") else { return };
    let scratch = Scratch::new();
    let script = scratch.file("script", "echo ready; read line; exit 0\n");
    let running = Fixture::start(bash, &[script.to_str().unwrap()]);
    assert_eq!(of(&scratch, &running), []);
    fs::rename(scratch.file("new", "exit 1\n"), &script).unwrap();
    let found = [(script.to_str().unwrap().to_owned(), "replaced".to_owned())];
    assert_eq!(of(&scratch, &running), found);
    stale(&scratch, &["script"]).exits(10).prints("open:255:r");
}

#[test]
fn a_hundred_children_of_a_deleted_program_are_a_hundred_uses_of_one_file() {
    let Some(bash) = require_program("bash") else { return };
    let scratch = Scratch::new();
    let app = scratch.file("app", fs::read(bash).unwrap()).mode(0o755);
    let words = "exec 3<&0; for i in {1..100}; do (read x <&3; :) & done; echo ready; read x <&3; :";
    let running = Fixture::start(&app, &["-c", words]);
    fs::remove_file(&app).unwrap();
    let object = stale(&scratch, &["--json"]).exits(10).json();
    let files = object["files"].as_array().unwrap();
    let found: Vec<_> = files.iter().filter(|file| file["path"] == app.to_str().unwrap()).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["processes"].as_array().unwrap().len(), 101);
    assert_eq!(stale_paths(&object, &running).len(), 1);
}

#[test]
fn everything_current_is_zero_and_something_stale_ten() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    // A pid namespace of its own: nobody else is there.
    let alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let outcome = swapbin(&scratch).args(["stale", "--json"]).under(alone).run();
    assert_eq!(outcome.exits(0).json()["files"], Value::Array(Vec::new()));
    assert_eq!(outcome.error_text(), "");
}

#[test]
fn a_process_in_a_pid_namespace_of_its_own_is_seen_from_outside() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let path = app.to_str().unwrap();
    let words = ["--pid", "--fork", "--kill-child", "--mount-proc", path, "sleep"];
    let _running = Fixture::start("unshare", &words);
    fs::remove_file(&app).unwrap();
    let object = stale(&scratch, &["app", "--json"]).exits(10).json();
    assert_eq!(object["files"][0]["processes"][0]["version"], "deleted");
}

#[test]
fn watching_ends_when_nothing_is_stale_any_more_and_a_signal_ends_it_before() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();
    let mut watching = swapbin(&scratch).args(["stale", "app", "--watch"]).spawn();
    watching.signal(rustix::process::Signal::INT);
    watching.wait().is_killed_by(rustix::process::Signal::INT);
    let watching = swapbin(&scratch).args(["stale", "app", "--watch"]).spawn();
    running.finish();
    let code = watching.wait().code.expect("it ends by itself");
    assert!([0, 11].contains(&code), "{code}");
}
