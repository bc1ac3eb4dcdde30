//! A version that was put aside as a whole: what processes have below it has a name still, but not the one it had.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{of_process, pid_of, uses};
use crate::support::{Fixture, Scratch, swapbin};

/// An application with a program, and what is to be laid over it.
fn tree(root: &str) -> Scratch {
    let scratch = Scratch::new();
    for directory in [&format!("{root}/bin"), &format!("{root}/old"), "stage/bin"] {
        scratch.directory(directory);
    }
    scratch.program(format!("{root}/bin/s"), "one");
    scratch.program(format!("{root}/old/s"), "one");
    scratch.program("stage/bin/s", "two");
    scratch
}

/// The paths of which `stale` says that the process has another version, with the version.
fn stale(scratch: &Scratch, process: &Fixture) -> Vec<(String, String)> {
    stale_by(scratch.state(None), scratch, process)
}

fn stale_by(state: impl AsRef<Path>, scratch: &Scratch, process: &Fixture) -> Vec<(String, String)> {
    let state = state.as_ref().to_str().unwrap();
    let object = swapbin(scratch).args(["stale", "--json", "--state-dir", state]).run().exits(10).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of_file = |file: &Value| {
        let path = text(&file["path"]);
        of_process(&file["processes"], process).into_iter().map(|one| (path.clone(), text(&one["version"]))).collect::<Vec<_>>()
    };
    object["files"].as_array().unwrap().iter().flat_map(of_file).collect()
}

fn users(object: &Value, path: &Path) -> Value {
    let files = object["swaps"].as_array().expect("a list");
    files.iter().find(|file| file["to"] == path.to_str().unwrap()).expect("it is said")["in_use_by"].clone()
}

#[test]
fn what_runs_out_of_an_exchanged_directory_is_stale_under_the_path_it_had() {
    let scratch = tree("app");
    let (app, gone) = (scratch.path("app/bin/s"), scratch.path("app/old/s"));
    let (running, of_gone) = (Fixture::sleeping(&app), Fixture::sleeping(&gone));
    let exchange = ["apply", "--tree", "stage", "--to", "app", "--exchange", "--delete", "old", "--json"];
    let object = swapbin(&scratch).args(exchange).run().exits(0).json();
    assert_eq!(users(&object, &app), json!([{ "pid": pid_of(&running), "comm": "s" }]));

    let said = |path: &Path, version: &str| vec![(path.to_str().unwrap().to_owned(), version.to_owned())];
    assert_eq!(stale(&scratch, &running), said(&app, "replaced"));
    assert_eq!(stale(&scratch, &of_gone), said(&gone, "deleted"));
    let found = uses(&scratch, "app/bin/s", &running);
    assert_eq!((found.len(), &found[0]["version"], &found[0]["evidence"]), (1, &"replaced".into(), &"record".into()));
    assert_eq!(uses(&scratch, "app/old/s", &of_gone).len(), 1);
    swapbin(&scratch).args(["stale", "app/bin/s"]).run().exits(10).prints("replaced");

    // Without the records nobody knows which path it was, but a version that was put aside is not current.
    let kept = fs::read_dir(scratch.root()).unwrap().map(|entry| entry.unwrap().path());
    let kept = kept.into_iter().find(|path| path.to_str().unwrap().contains(".swapbin~")).expect("the old one is kept");
    assert_eq!(stale_by(scratch.path("no/state"), &scratch, &running), said(&kept.join("bin/s"), "kept"));

    // Exchanged back, it is what its path leads to.
    swapbin(&scratch).args(["rollback", "--last"]).run().exits(0);
    assert_eq!(uses(&scratch, "app/bin/s", &running)[0]["version"], "current");
}

#[test]
fn what_runs_out_of_a_directory_that_was_taken_away_is_stale() {
    let scratch = tree("app");
    let gone = scratch.path("app/old/s");
    let running = Fixture::sleeping(&gone);
    swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "app", "--delete", "old"]).run().exits(0);
    assert_eq!(stale(&scratch, &running), [(gone.to_str().unwrap().to_owned(), "deleted".to_owned())]);
    assert_eq!(uses(&scratch, "app/old/s", &running).len(), 1);
}
