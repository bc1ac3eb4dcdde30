//! What only the records of earlier runs tell: a file whose name went with it.

use std::fs;

use super::{of_process, pid_of, uses};
use crate::support::{Fixture, Scratch, swapbin};

#[test]
fn a_version_that_was_renamed_away_is_still_one_of_the_path() {
    let scratch = Scratch::new();
    let (first, second) = (scratch.program("first", "one"), scratch.program("second", "two"));
    let app = scratch.path("app");
    swapbin(&scratch).from(&first).to(&app).keeping().run().exits(0);
    swapbin(&scratch).from(&second).to(&app).keeping().run().exits(0);
    let running = Fixture::sleeping(&app);
    fs::rename(&app, scratch.path("app.bak")).unwrap();
    scratch.program("app", "three");

    let found = uses(&scratch, "app", &running);
    let fact = |name: &str| found[0][name].as_str().unwrap().to_owned();
    assert_eq!((found.len(), fact("version"), fact("evidence")), (1, "replaced".to_owned(), "record".to_owned()));
    let object = swapbin(&scratch).args(["stale", "--json"]).run().exits(10).json();
    let of_app = object["files"].as_array().unwrap().iter().find(|file| file["path"] == app.to_str().unwrap());
    assert_eq!(of_process(&of_app.expect("it is stale")["processes"], &running).len(), 1);

    // It gets its name back, and then it is what the path leads to.
    fs::rename(scratch.path("app.bak"), &app).unwrap();
    assert_eq!(uses(&scratch, "app", &running)[0]["version"], "current");
}

#[test]
fn a_file_that_only_has_the_inode_number_of_a_recorded_one_is_another() {
    let scratch = Scratch::new();
    let (first, second) = (scratch.program("first", "one"), scratch.program("second", "two"));
    let app = scratch.path("app");
    swapbin(&scratch).from(&first).to(&app).keeping().run().exits(0);
    swapbin(&scratch).from(&second).to(&app).keeping().run().exits(0);
    // The recorded file becomes another one, with the number it has.
    fs::rename(&app, scratch.path("other")).unwrap();
    scratch.program("app", "three");
    let bytes = fs::read(scratch.path("second")).unwrap();
    scratch.file("other", [&bytes[..], b"more"].concat()).mode(0o755);
    let running = Fixture::sleeping(scratch.path("other"));
    assert_eq!(uses(&scratch, "app", &running), Vec::<serde_json::Value>::new(), "process {}", pid_of(&running));
}
