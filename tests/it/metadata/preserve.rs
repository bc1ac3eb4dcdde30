//! What is kept with `--preserve`.

use std::path::Path;

use super::{LABEL, mode_of, owner_of, swap, tree};
use crate::support::{
    ACL, CAPABILITY, Scratch, acl, attribute, may_bind_low_ports, remove_attribute, require_root, set_attribute, swapbin,
};

/// What was kept of `app` and what not, against a file that has everything, owned by 1234:2345.
const EVERYTHING: [&str; 7] = ["mode", "owner", "group", "acl", "xattr", "caps", "context"];

fn tree_with_everything() -> Scratch {
    let scratch = tree();
    let app = scratch.file("app", "old").mode(0o710).owner(1234, 2345);
    set_attribute(&app, ACL, &acl(7, (4321, 1), 1, 1, 0));
    set_attribute(&app, "user.note", b"kept");
    set_attribute(&app, LABEL, b"secret");
    set_attribute(&app, CAPABILITY, &may_bind_low_ports());
    scratch
}

fn kept(app: &Path) -> Vec<&'static str> {
    let has = |word: &str| match word {
        "mode" => mode_of(app) == 0o710,
        "owner" => owner_of(app).0 == 1234,
        "group" => owner_of(app).1 == 2345,
        "acl" => attribute(app, ACL).is_some(),
        "xattr" => attribute(app, "user.note").is_some(),
        "caps" => attribute(app, CAPABILITY).is_some(),
        _ => attribute(app, LABEL).is_some(),
    };
    EVERYTHING.into_iter().filter(|word| has(word)).collect()
}

#[test]
fn each_word_of_preserve_keeps_that_and_nothing_else() {
    if !require_root() {
        return;
    }
    // Capabilities stay only with their owner and group, and so are tried together with these.
    for words in ["mode", "owner", "group", "acl", "xattr", "context", "owner,group,caps"] {
        let scratch = tree_with_everything();
        swap(&scratch, &["--preserve", words]);
        assert_eq!(kept(&scratch.path("app")), words.split(',').collect::<Vec<_>>());
    }
}

#[test]
fn preserve_all_keeps_everything_as_no_preserve_does() {
    if !require_root() {
        return;
    }
    for arguments in [&["--preserve", "all"][..], &[]] {
        let scratch = tree_with_everything();
        swap(&scratch, arguments);
        assert_eq!(kept(&scratch.path("app")), EVERYTHING);
    }
}

#[test]
fn preserve_none_makes_the_file_as_if_there_had_been_none() {
    if !require_root() {
        return;
    }
    let scratch = tree_with_everything();
    swap(&scratch, &["--preserve", "none"]);
    swapbin(&scratch).from("new").to("fresh").run().exits(0);
    assert_eq!(kept(&scratch.path("app")), [""; 0]);
    let facts = |name| (mode_of(scratch.path(name)), owner_of(scratch.path(name)));
    assert_eq!(facts("app"), facts("fresh"));
}

#[test]
fn a_word_that_preserve_does_not_know_is_refused_with_those_it_knows() {
    for list in ["times", "mode,", "", "all,none", "Mode"] {
        let scratch = tree();
        let before = scratch.snapshot();
        swapbin(&scratch).from("new").to("app").arg(format!("--preserve={list}")).run().exits(2).says("preserve");
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn an_attribute_removed_by_preserve_makes_the_file_another_one() {
    let scratch = tree();
    scratch.file("new", "old");
    set_attribute(scratch.path("app"), "user.note", b"unwanted");
    let preserve = ["--preserve", "mode,owner,group"];
    swapbin(&scratch).from("new").to("app").args(preserve).run().exits(0).prints("replaced");
    assert_eq!(attribute(scratch.path("app"), "user.note"), None);
    swapbin(&scratch).from("new").to("app").args(preserve).run().exits(0).prints("unchanged");
    set_attribute(scratch.path("app"), "user.note", b"wanted");
    swapbin(&scratch).from("new").to("app").run().exits(0).prints("unchanged");
    remove_attribute(scratch.path("app"), "user.note");
    swapbin(&scratch).from("new").to("app").run().exits(0).prints("unchanged");
}
