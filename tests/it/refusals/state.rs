//! Nothing is put where swapbin keeps what it knows.

use std::path::{Path, PathBuf};

use super::{Tree, assert_refused};
use crate::support::{Outcome, Snapshot, swapbin};

/// A state directory that is in the tree, reached by a link, and has something in it to be lost.
fn with_state() -> Tree {
    let tree = Tree::new(|scratch| {
        scratch.directory("var/state").mode(0o700);
        scratch.link("link", "var");
        scratch.file("other", "old");
    });
    let state = tree.scratch.path("link/state");
    swapbin(&tree.scratch).from("new").to("other").env("SWAPBIN_STATE_DIR", state).keeping().run().exits(0);
    let before = tree.scratch.snapshot();
    Tree { before, ..tree }
}

fn run(tree: &Tree, words: &[&str]) -> Outcome {
    swapbin(&tree.scratch).args(words).env("SWAPBIN_STATE_DIR", tree.scratch.path("link/state")).run()
}

fn record(snapshot: &Snapshot) -> PathBuf {
    let is_record = |name: &&Path| name.starts_with("var/state/history") && name.file_name().unwrap().len() == 20;
    snapshot.names().find(is_record).expect("a record").to_owned()
}

const WHY: &str = "is in the state directory";

#[test]
fn one_file_and_several_are_refused_there() {
    let tree = with_state();
    let record = record(&tree.before);
    let at = |name: &str| tree.scratch.path("var/state").join(name);
    for (to, path) in [
        ("link/state/lock", at("lock")),
        ("var/state/lock", at("lock")),
        ("var/state/history", at("history/new")),
        (record.to_str().unwrap(), tree.scratch.path(&record)),
    ] {
        for words in [&[][..], &["--dry-run"], &["--check"], &["--in-place"]] {
            let outcome = run(&tree, &[&["--from", "new", "--to", to][..], words].concat());
            tree.refuses(&outcome, 9, &path, WHY);
        }
        for words in [&[][..], &["--dry-run"]] {
            let outcome = run(&tree, &[&["--from", "new", "--to", "app", "--from", "new", "--to", to][..], words].concat());
            outcome.exits(9).says(WHY);
            tree.scratch.snapshot().assert_same_as(&tree.before);
        }
    }
}

#[test]
fn a_tree_may_be_laid_over_what_holds_the_state_and_not_over_the_state() {
    let tree = with_state();
    let (scratch, record) = (&tree.scratch, record(&tree.before));
    scratch.directory("stage/var/state/history");
    scratch.file("stage/app", "new");
    let apply = |words: &[&str]| run(&tree, &[&["apply", "--tree", "stage", "--to", "."][..], words].concat());
    assert_refused(&apply(&["--delete", "var"]), 9, scratch.path(&record), WHY);
    for name in ["var/state/history/new", "var/state/mark"] {
        let staged = scratch.file(Path::new("stage").join(name), "new");
        let before = scratch.snapshot();
        for words in [&[][..], &["--dry-run"]] {
            assert_refused(&apply(words), 9, scratch.path(name), WHY);
        }
        scratch.snapshot().assert_same_as(&before);
        std::fs::remove_file(&staged).unwrap();
    }
    let link = ["apply", "--tree", "stage", "--to", "link/state", "--generation-link", "current"];
    assert_refused(&run(&tree, &link), 9, scratch.path("var/state"), WHY);
    let link = ["apply", "--tree", "stage", "--to", "releases", "--generation-link", "link/state/current"];
    scratch.directory("releases");
    assert_refused(&run(&tree, &link), 9, scratch.path("var/state/current"), WHY);
    apply(&[]).exits(0);
    assert_eq!(scratch.read("app"), b"new");
}
