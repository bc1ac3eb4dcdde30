//! What may be seen by whom: the rows of the table in swapbin-who(1).

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{of_process, pid_of};
use crate::support::{Fixture, NOBODY, Scratch, require_program, require_root, swapbin};

/// A program that an ordinary user runs.
fn run_by_nobody(program: &Path, arguments: &[&str]) -> Option<Fixture> {
    let setpriv = require_program("setpriv")?;
    let ids = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let words: Vec<&str> = ids.into_iter().chain([program.to_str().unwrap()]).chain(arguments.iter().copied()).collect();
    Some(Fixture::start(setpriv, &words))
}

fn uses(object: &Value, process: &Fixture) -> Vec<Value> {
    of_process(&object["uses"], process)
}

#[test]
fn a_user_sees_the_own_processes_and_root_sees_all() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let (own, of_root) = (run_by_nobody(&app, &["sleep"]).expect("setpriv"), Fixture::sleeping(&app));
    fs::remove_file(&app).unwrap();
    let object = swapbin(&scratch).args(["who", "app", "--json"]).as_user(NOBODY).run().exits(0).json();
    assert_eq!((uses(&object, &own).len(), uses(&object, &of_root).len()), (1, 0));
    assert!(object["unreadable"].as_u64() > Some(0));
    let user = uses(&object, &own)[0]["user"].clone();
    assert_eq!(user, "nobody");

    let object = swapbin(&scratch).args(["who", "app", "--json"]).run().exits(0).json();
    assert_eq!((uses(&object, &own).len(), uses(&object, &of_root).len()), (1, 1));
}

#[test]
fn a_process_that_is_not_dumpable_is_counted_and_not_passed_over() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let hidden = run_by_nobody(&app, &["hide"]).expect("setpriv");
    let object = swapbin(&scratch).args(["who", "app", "--json"]).as_user(NOBODY).run().exits(11).json();
    assert_eq!(uses(&object, &hidden), Vec::<Value>::new());
    let pid = hidden.pid().as_raw_nonzero().to_string();
    swapbin(&scratch).args(["stale", "--pid", &pid]).as_user(NOBODY).run().exits(7).says("permission denied");
    let object = swapbin(&scratch).args(["who", "app", "--json"]).run().exits(0).json();
    assert_eq!(uses(&object, &hidden).len(), 1, "root sees it");
}

#[test]
fn one_capability_tells_a_recorded_version_from_a_number_that_was_given_away_again() {
    if !require_root() {
        return;
    }
    let Some(setpriv) = require_program("setpriv") else { return };
    let scratch = Scratch::new();
    let tool = scratch.program("tool", "one");
    let (dir, source) = (scratch.directory("lib").owner(NOBODY, NOBODY), scratch.file("source", "version one"));
    let library = dir.join("libx.so");
    let as_nobody = |words: &[&str]| swapbin(&scratch).args(words).as_user(NOBODY);
    let lib = library.to_str().unwrap();
    as_nobody(&["--from", source.to_str().unwrap(), "--to", lib]).keeping().run().exits(0);
    let other = scratch.file("other", "version two");
    as_nobody(&["--from", other.to_str().unwrap(), "--to", lib]).keeping().run().exits(0);
    let maps = run_by_nobody(&tool, &["map", lib]).expect("setpriv");
    // Its name follows the file: only the record tells what it was.
    fs::rename(&library, dir.join("libx.so.bak")).unwrap();
    fs::write(&library, "version three").unwrap();

    let version = |object: &Value| uses(object, &maps).iter().map(|one| one["version"].clone()).collect::<Vec<_>>();
    let object = as_nobody(&["who", lib, "--json"]).run().exits(0).json();
    assert_eq!(version(&object), ["unknown"], "the file behind the mapping may not be looked at");
    let object = as_nobody(&["stale", lib, "--json"]).run().exits(11).json();
    let pid = pid_of(&maps);
    let said = json!([{ "pid": pid, "uid": NOBODY, "user": "nobody", "command": "tool" }]);
    assert_eq!((&object["unknown"], &object["unknown_processes"]), (&1.into(), &said));
    let outcome = as_nobody(&["stale", lib, "-v"]).run();
    outcome.exits(11).says("whether all that 1 process runs is current").says(&format!("cannot be told: {pid} (tool)\n"));
    let state = scratch.state(Some(NOBODY));
    let capability = ["--inh-caps=+checkpoint_restore", "--ambient-caps=+checkpoint_restore"];
    let wrapper = [setpriv.to_str().unwrap(), "--reuid=65534", "--regid=65534", "--clear-groups"];
    let object = swapbin(&scratch)
        .args(["who", lib, "--json", "--state-dir", state.to_str().unwrap()])
        .under(wrapper.into_iter().chain(capability))
        .run()
        .exits(0)
        .json();
    assert_eq!(version(&object), ["replaced"]);
}
