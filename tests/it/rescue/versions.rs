//! Which of several, and with which rights.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{
    CAPABILITY, Entry, Fixture, Outcome, Scratch, attribute, may_bind_low_ports, require_program, require_root, set_attribute,
    sha256, swapbin,
};

fn rescue(scratch: &Scratch, words: &[&str]) -> Outcome {
    swapbin(scratch).arg("rescue").args(words).run()
}

/// Versions of a program that were replaced one after the other, each still running; the last one was deleted.
fn versions(scratch: &Scratch, versions: &[&str]) -> Vec<(Fixture, String)> {
    let start = |version: &&str| {
        let app = scratch.program("app", version);
        let digest = sha256(fs::read(&app).unwrap());
        let running = Fixture::sleeping(&app);
        fs::remove_file(&app).unwrap();
        (running, digest)
    };
    versions.iter().map(start).collect()
}

#[test]
fn of_several_versions_none_is_taken_before_one_is_named() {
    let scratch = Scratch::new();
    let running = versions(&scratch, &["one", "two"]);
    let app = scratch.path("app");
    let run = rescue(&scratch, &["app"]);
    run.exits(2).says("2 versions").says("build-id").says("--pid");
    for (_, digest) in &running {
        run.says(digest);
    }
    assert!(!app.exists());
    let object = rescue(&scratch, &["app", "--json"]).exits(2).json();
    assert_eq!(object["error"]["files"].as_array().unwrap().len(), 2);

    rescue(&scratch, &["app", "--sha256", &running[0].1]).exits(0);
    assert_eq!(Fixture::version_of(&app), "one");
    let pid = running[1].0.pid().as_raw_nonzero().to_string();
    rescue(&scratch, &["app", "--pid", &pid, "--replace"]).exits(0);
    assert_eq!(Fixture::version_of(&app), "two");
    rescue(&scratch, &["app", "--sha256", &"0".repeat(64)]).exits(7);
}

#[test]
fn files_that_are_alike_are_one_version() {
    let scratch = Scratch::new();
    let _running = versions(&scratch, &["one", "one", "one"]);
    rescue(&scratch, &["app"]).exits(0);
    assert_eq!(Fixture::version_of(scratch.path("app")), "one");
}

#[test]
fn a_hundred_children_of_one_program_are_one_candidate() {
    let Some(bash) = require_program("bash") else { return };
    let scratch = Scratch::new();
    let shell = scratch.file("shell", fs::read(bash).unwrap()).mode(0o755);
    let script = "for i in {1..100}; do (read line) <&0 & done; echo ready; read line; wait";
    let _running = Fixture::start(&shell, &["-c", script]);
    fs::remove_file(&shell).unwrap();
    let object = rescue(&scratch, &["shell", "--json"]).exits(0).json();
    assert_eq!(object["rescued"]["processes"].as_array().unwrap().len(), 101);
}

#[test]
fn setuid_setgid_and_capabilities_are_not_taken_from_an_inode() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let _running = Fixture::sleeping(&app);
    fs::set_permissions(&app, PermissionsExt::from_mode(0o6755)).unwrap();
    fs::remove_file(&app).unwrap();
    rescue(&scratch, &["app"]).exits(0).says("setuid, setgid and capabilities are not taken");
    assert_eq!(Entry::of(&app).mode, 0o755);

    let able = scratch.program("able", "one");
    let _running = Fixture::sleeping(&able);
    set_attribute(&able, CAPABILITY, &may_bind_low_ports());
    set_attribute(&able, "user.note", b"kept");
    fs::remove_file(&able).unwrap();
    rescue(&scratch, &["able"]).exits(0).says("capabilities are not taken");
    assert_eq!((attribute(&able, CAPABILITY), attribute(&able, "user.note")), (None, Some(b"kept".to_vec())));
}

#[test]
fn a_mode_that_our_own_record_has_of_this_very_file_is_restored() {
    if !require_root() {
        return;
    }
    let install = |scratch: &Scratch| {
        let app = scratch.program("app", "zero");
        let new = scratch.program("new", "one");
        swapbin(scratch).from(&new).to(&app).args(["-m", "4755"]).keeping().run().exits(0);
        let running = Fixture::sleeping(&app);
        (app, running)
    };
    let scratch = Scratch::new();
    let (app, _running) = install(&scratch);
    fs::remove_file(&app).unwrap();
    rescue(&scratch, &["app"]).exits(0);
    assert_eq!(Entry::of(&app).mode, 0o4755);

    // What was taken from it since is not given back.
    let scratch = Scratch::new();
    let (app, _running) = install(&scratch);
    fs::set_permissions(&app, PermissionsExt::from_mode(0o755)).unwrap();
    fs::remove_file(&app).unwrap();
    rescue(&scratch, &["app"]).exits(0);
    assert_eq!(Entry::of(&app).mode, 0o755);
}
