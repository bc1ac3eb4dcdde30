//! Names in /proc are claims. Inodes decide.

use std::fs;
use std::path::Path;

use crate::support::{Fixture, Outcome, Scratch, swapbin};

fn rescue(scratch: &Scratch, words: &[&str]) -> Outcome {
    swapbin(scratch).arg("rescue").args(words).run()
}

/// Whether the list has a file that had this path.
fn lists(scratch: &Scratch, path: &Path) -> bool {
    let object = rescue(scratch, &["--list", "--json"]).exits(0).json();
    object["files"].as_array().unwrap().iter().any(|file| file["path"] == path.to_str().unwrap())
}

#[test]
fn a_program_that_is_called_deleted_is_not_deleted() {
    let scratch = Scratch::new();
    let odd = scratch.program("app (deleted)", "one");
    let _running = Fixture::sleeping(&odd);
    assert!(!lists(&scratch, &scratch.path("app")) && !lists(&scratch, &odd));
    rescue(&scratch, &["app"]).exits(7);

    fs::remove_file(&odd).unwrap();
    assert!(lists(&scratch, &odd));
    rescue(&scratch, &["app (deleted)"]).exits(0);
    assert_eq!(Fixture::version_of(&odd), "one");
}

#[test]
fn a_decoy_at_what_proc_says_is_no_obstacle() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let _running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();
    scratch.program("app (deleted)", "decoy");
    rescue(&scratch, &["app"]).exits(0);
    assert_eq!(Fixture::version_of(&app), "one");
}

#[test]
fn a_link_that_survives_elsewhere_does_not_hide_that_the_name_is_gone() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let _running = Fixture::sleeping(&app);
    fs::hard_link(&app, scratch.path("other")).unwrap();
    fs::remove_file(&app).unwrap();
    rescue(&scratch, &["app"]).exits(0);
    assert_eq!(Fixture::version_of(&app), "one");
}

#[test]
fn a_program_that_was_only_renamed_is_not_gone() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let _running = Fixture::sleeping(&app);
    fs::rename(&app, scratch.path("moved")).unwrap();
    assert!(!lists(&scratch, &app) && !lists(&scratch, &scratch.path("moved")));
    rescue(&scratch, &["app"]).exits(7);
}

#[test]
fn a_name_that_would_break_the_line_or_the_terminal_is_escaped_and_found() {
    let scratch = Scratch::new();
    let app = scratch.program("a\x1b[31m\nb", "one");
    let _running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();
    let list = rescue(&scratch, &["--list"]).exits(0).output_text();
    assert!(!list.contains('\x1b') && list.lines().any(|line| line.ends_with("a\\x1b[31m\\nb'")), "{list:?}");
    let run = rescue(&scratch, &["a\x1b[31m\nb"]);
    assert!(!run.exits(0).output_text().contains('\x1b'));
    assert_eq!(Fixture::version_of(&app), "one");
}

#[test]
fn a_file_is_found_by_its_name_alone_if_only_one_is_called_so() {
    let scratch = Scratch::new();
    for (directory, version) in [("one", "one"), ("two", "two")] {
        scratch.directory(directory);
        scratch.program(format!("{directory}/swapbin-named-app"), version);
    }
    let (one, two) = (scratch.path("one/swapbin-named-app"), scratch.path("two/swapbin-named-app"));
    let _running = [Fixture::sleeping(&one), Fixture::sleeping(&two)];
    fs::remove_file(&one).unwrap();
    rescue(&scratch, &["--name", "swapbin-named-app"]).exits(0);
    assert_eq!(Fixture::version_of(&one), "one", "where it was");
    for path in [&one, &two] {
        fs::remove_file(path).unwrap();
    }
    rescue(&scratch, &["--name", "swapbin-named-app"]).exits(2).says("--sha256");
}

#[test]
fn the_directory_may_be_gone_too() {
    let scratch = Scratch::new();
    scratch.directory("dir");
    let app = scratch.program("dir/app", "one");
    let _running = Fixture::sleeping(&app);
    fs::remove_dir_all(scratch.path("dir")).unwrap();
    rescue(&scratch, &["dir/app"]).exits(9).says("does not exist");
    rescue(&scratch, &["dir/app", "--to", "."]).exits(0);
    assert_eq!(Fixture::version_of(scratch.path("app")), "one");
    scratch.directory("dir");
    rescue(&scratch, &["dir/app"]).exits(0);
    assert_eq!(Fixture::version_of(&app), "one");
}
