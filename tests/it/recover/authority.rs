//! Whose journals are obeyed.

use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::Tree;
use crate::support::{NOBODY, require_root};

#[test]
fn a_journal_of_another_user_is_not_obeyed() {
    if !require_root() {
        return;
    }
    let Some(tree) = Tree::killed_at("rename") else { return };
    let (before, txid) = (tree.scratch.snapshot(), tree.txid());
    let journal = tree.scratch.state(None).join("txn").join(&txid);
    chown(&journal, Some(NOBODY), Some(NOBODY)).unwrap();
    tree.recover(&[]).exits(8).says("belongs to somebody else").says("hint: ");
    for decision in ["--forward", "--back", "--abandon"] {
        tree.recover(&[decision, &txid]).exits(9);
    }
    tree.scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_journal_that_others_may_write_to_or_that_is_a_link_is_not_obeyed() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    let (before, txid) = (tree.scratch.snapshot(), tree.txid());
    let journal = tree.scratch.state(None).join("txn").join(&txid);
    std::fs::set_permissions(&journal, PermissionsExt::from_mode(0o620)).unwrap();
    tree.recover(&[]).exits(8).says("others may write to it");

    let elsewhere = tree.scratch.tools().join("journal");
    std::fs::set_permissions(&journal, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::rename(&journal, &elsewhere).unwrap();
    symlink(&elsewhere, &journal).unwrap();
    tree.recover(&[]).exits(8).says("hint: ");
    tree.scratch.snapshot().assert_same_as(&before);

    std::fs::rename(&elsewhere, &journal).unwrap();
    tree.recover(&[]).exits(0);
    tree.assert_new();
}

#[test]
fn of_a_journal_that_is_none_it_is_said_what_it_is() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    let (txid, txn) = (tree.txid(), tree.scratch.state(None).join("txn"));
    let journal = txn.join("00c0ffee000000000000");
    type Make = fn(&std::path::Path);
    let kinds: [(&str, Make); 4] = [
        ("it is a link", |path| symlink("nowhere", path).unwrap()),
        ("it is no regular file", |path| std::fs::create_dir(path).unwrap()),
        ("it is no regular file", |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap())),
        ("it is no regular file", |path| {
            let fifo = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR);
            rustix::fs::mknodat(rustix::fs::CWD, path, fifo.0, fifo.1, 0).unwrap();
        }),
    ];
    for (reason, make) in kinds {
        make(&journal);
        let says = format!("the journal '{}' is not obeyed: {reason}", journal.display());
        for (words, code) in [(&["--list"][..], 8), (&["--abandon", "00c0ffee000000000000"], 9)] {
            tree.recover(words).exits(code).says(&says).says("hint: look at how it came there: a journal is a file of your own");
        }
        let remove = if journal.is_dir() { std::fs::remove_dir(&journal) } else { std::fs::remove_file(&journal) };
        remove.unwrap();
    }
    let strange = txn.join(&txid);
    std::fs::set_permissions(&strange, PermissionsExt::from_mode(0o666)).unwrap();
    let says =
        format!("the journal '{}' is not obeyed: it belongs to somebody else, or others may write to it", strange.display());
    tree.recover(&[]).exits(8).says(&says);
}

#[test]
fn a_state_directory_that_others_may_write_to_is_not_used() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    let (before, state) = (tree.scratch.snapshot(), tree.scratch.state(None));
    for directory in [state.clone(), state.join("txn")] {
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o770)).unwrap();
        for words in [&["--list"][..], &[], &["--json"]] {
            tree.recover(words).exits(9).says("cannot use the state directory").says("hint: ");
        }
        tree.scratch.snapshot().assert_same_as(&before);
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o700)).unwrap();
    }
    tree.recover(&[]).exits(0);
    tree.assert_new();
}

#[test]
fn a_journal_under_another_name_is_damaged() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    let (txid, txn) = (tree.txid(), tree.scratch.state(None).join("txn"));
    std::fs::rename(txn.join(&txid), txn.join("00c0ffee000000000000")).unwrap();
    tree.recover(&[]).exits(8).says("damaged");
}
