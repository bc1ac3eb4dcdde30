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

#[test]
fn forward_makes_new_what_can_be() {
    let Some((tree, txid)) = stuck() else { return };
    tree.recover(&["--forward", &txid]).exits(0).prints("finished");
    assert_eq!(contents(&tree), ["new app", "another tool's", "new tool"].map(|text| Some(text.to_owned())));
    tree.recover(&[]).exits(0).prints("nothing is left over");
}

#[test]
fn back_makes_old_what_can_be() {
    let Some((tree, txid)) = stuck() else { return };
    tree.recover(&["--back", &txid]).exits(0).prints("took back");
    assert_eq!(contents(&tree), [Some("old app".to_owned()), Some("another tool's".to_owned()), None]);
    tree.recover(&[]).exits(0).prints("nothing is left over");
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
