//! Names of one file, of which some or all are replaced.

use std::fs;

use super::{put, puts, trees};
use crate::support::{Outcome, Scratch};

/// The program in the root has two more names; those that are staged are replaced with it.
fn named(staged: &[&str]) -> Scratch {
    let scratch = trees();
    for name in ["second", "third"] {
        fs::hard_link(scratch.path("root/usr/bin/app"), scratch.path("root/usr/bin").join(name)).unwrap();
    }
    staged.iter().for_each(|name| drop(scratch.file(format!("stage/usr/bin/{name}"), "new").mode(0o755)));
    scratch
}

/// How many warnings there are, each with these words.
#[track_caller]
fn warnings(outcome: &Outcome, words: &str) -> usize {
    let text = outcome.exits(0).error_text();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert!(lines.iter().all(|line| line.contains(words)), "{outcome}");
    lines.len()
}

#[test]
fn only_those_are_counted_that_keep_the_old_content() {
    assert_eq!(warnings(&puts(&named(&[]), &[]), "has 2 other names, which keep the old content"), 1);
    assert_eq!(warnings(&puts(&named(&["second"]), &[]), "has another name, which keeps the old content"), 2);
    assert_eq!(warnings(&puts(&named(&["second", "third"]), &[]), "none"), 0);
    let outcome = puts(&named(&["second"]), &["--json"]);
    let object = outcome.json();
    let swaps = object["swaps"].as_array().unwrap();
    let of_links = swaps.iter().filter(|swap| swap["warnings"][0]["kind"] == "hard-links");
    assert_eq!(of_links.count(), 2);
}

#[test]
fn one_that_goes_keeps_nothing_and_one_that_is_current_does() {
    // Nothing else is staged there: the others go.
    assert_eq!(warnings(&puts(&named(&[]), &["--delete", "usr/bin"]), "none"), 0);
    let scratch = named(&["second"]);
    let (old, staged) = (scratch.path("root/usr/bin/second"), scratch.path("stage/usr/bin/second"));
    fs::copy(&old, &staged).unwrap();
    let modified = fs::metadata(&old).unwrap().modified().unwrap();
    fs::File::options().append(true).open(&staged).unwrap().set_modified(modified).unwrap();
    let outcome = put(&scratch).run();
    assert_eq!(warnings(&outcome, "has 2 other names, which keep the old content"), 1);
    assert_eq!(scratch.read("root/usr/bin/second"), b"old app");
}
