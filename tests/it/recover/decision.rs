//! Somebody decides about a batch that cannot be finished by itself.

use super::Tree;
use crate::support::swapbin;

/// Killed after it was decided; then another tool has been at one of the files. With the transaction's name.
fn stuck() -> Option<(Tree, String)> {
    let tree = Tree::killed_at("rename")?;
    tree.scratch.file("lib/lib", "another tool's").mode(0o755);
    tree.recover(&[]).exits(8);
    let txid = tree.txid();
    Some((tree, txid))
}

fn contents(tree: &Tree) -> [Option<String>; 3] {
    ["bin/app", "lib/lib", "bin/tool"].map(|name| std::fs::read_to_string(tree.scratch.path(name)).ok())
}

fn staged_is_left(tree: &Tree) -> bool {
    let names = ["bin", "lib"].map(|dir| std::fs::read_dir(tree.scratch.path(dir)).unwrap());
    names.into_iter().flatten().any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with(".swapbin.b"))
}

#[test]
fn forward_makes_new_what_can_be() {
    let Some((tree, txid)) = stuck() else { return };
    let left = format!("{} is left as it is", tree.scratch.path("lib/lib").display());
    tree.recover(&["--forward", &txid]).exits(8).prints("finished 2 of 3 files of transaction").prints(&left);
    assert_eq!(contents(&tree), ["new app", "another tool's", "new tool"].map(|text| Some(text.to_owned())));
    tree.recover(&[]).exits(0).prints("nothing is left over");
    assert!(!staged_is_left(&tree));
}

#[test]
fn back_makes_old_what_can_be() {
    let Some((tree, txid)) = stuck() else { return };
    let object = tree.recover(&["--back", &txid, "--json"]).exits(8).json();
    assert_eq!(object["transactions"][0]["outcome"], "taken-back");
    assert_eq!(object["transactions"][0]["left"][0]["path"], tree.scratch.path("lib/lib").to_str().unwrap());
    assert_eq!(contents(&tree), [Some("old app".to_owned()), Some("another tool's".to_owned()), None]);
    tree.recover(&[]).exits(0).prints("nothing is left over");
    assert!(!staged_is_left(&tree));
}

#[test]
fn a_file_that_is_gone_is_said_to_be_gone() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    let lib = tree.scratch.path("lib/lib");
    std::fs::remove_file(&lib).unwrap();
    tree.recover(&[]).exits(8).prints(&format!("{}: it is gone", lib.display()));
}

#[test]
fn back_also_takes_back_what_was_renamed_already() {
    let Some(tree) = Tree::killed_at("sync-dir") else { return };
    let txid = tree.txid();
    tree.recover(&["--back", &txid]).exits(0).prints("took back");
    tree.assert_old();
    tree.assert_keeps_nothing();
}

#[test]
fn abandon_leaves_every_file_as_it_is() {
    let Some((tree, txid)) = stuck() else { return };
    let before = tree.scratch.snapshot();
    let object = tree.recover(&["--abandon", &txid, "--json"]).exits(0).json();
    assert_eq!(object["transactions"][0]["outcome"], "abandoned");
    tree.scratch.snapshot().assert_same_as(&before);
    tree.recover(&[]).exits(0).prints("nothing is left over");
    swapbin(&tree.scratch).from("from/lib").to("lib/lib").run().exits(0);
}

#[test]
fn a_transaction_that_is_not_left_over_cannot_be_decided_about() {
    let tree = Tree::new();
    for decision in ["--forward", "--back", "--abandon"] {
        tree.recover(&[decision, "0123456789abcdef0123"]).exits(2).says("hint: ");
        let object = tree.recover(&[decision, "0123456789abcdef0123", "--json"]).exits(2).json();
        assert_eq!((&object["ok"], object["transactions"].as_array().unwrap().len()), (&false.into(), 0));
    }
    tree.recover(&["--forward", "a", "--back", "b"]).exits(2);
    tree.recover(&["--list", "--back", "b"]).exits(2);
}
