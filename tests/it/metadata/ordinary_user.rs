//! What an ordinary user can keep, and what he cannot.

use super::{LABEL, as_nobody, is_refused, mode_of, owner_of, tree_of_nobody};
use crate::support::{CAPABILITY, NOBODY, attribute, may_bind_low_ports, require_root, set_attribute};

#[test]
fn an_ordinary_user_keeps_attributes_on_a_file_nobody_may_write() {
    if !require_root() {
        return;
    }
    let scratch = tree_of_nobody();
    scratch.file("his/app", "old").mode(0o555).owner(NOBODY, NOBODY);
    set_attribute(scratch.path("his/app"), "user.note", b"kept");
    as_nobody(&scratch, &[]).exits(0);
    assert_eq!(attribute(scratch.path("his/app"), "user.note").as_deref(), Some(&b"kept"[..]));
    assert_eq!(mode_of(scratch.path("his/app")), 0o555);
}

#[test]
fn an_ordinary_user_cannot_keep_capabilities_and_loses_nothing_by_trying() {
    if !require_root() {
        return;
    }
    let scratch = tree_of_nobody();
    set_attribute(scratch.path("his/app"), CAPABILITY, &may_bind_low_ports());
    is_refused(&scratch, &[], "file capabilities");
    assert_eq!(attribute(scratch.path("his/app"), CAPABILITY), Some(may_bind_low_ports()));

    as_nobody(&scratch, &["--preserve", "mode,owner,group,acl,xattr,context"]).exits(0).prints("replaced");
    assert_eq!(attribute(scratch.path("his/app"), CAPABILITY), None);
}

#[test]
fn an_ordinary_user_cannot_keep_a_label_and_loses_nothing_by_trying() {
    if !require_root() {
        return;
    }
    let scratch = tree_of_nobody();
    set_attribute(scratch.path("his/app"), LABEL, b"secret");
    is_refused(&scratch, &[], "security label");
    as_nobody(&scratch, &["--preserve", "mode,owner,group,acl,xattr,caps"]).exits(0).prints("replaced");
}

#[test]
fn an_ordinary_user_cannot_keep_a_foreign_owner_and_loses_nothing_by_trying() {
    if !require_root() {
        return;
    }
    let scratch = tree_of_nobody();
    scratch.file("his/app", "old").owner(0, 0).mode(0o4755);
    is_refused(&scratch, &[], "owner");
    is_refused(&scratch, &["--preserve", "mode,group"], "group");

    as_nobody(&scratch, &["--preserve", "mode"]).exits(0).says("loses");
    assert_eq!(owner_of(scratch.path("his/app")), (NOBODY, NOBODY));
    assert_eq!(mode_of(scratch.path("his/app")), 0o755);
}

#[test]
fn an_ordinary_user_cannot_give_a_file_away_and_loses_nothing_by_trying() {
    if !require_root() {
        return;
    }
    let scratch = tree_of_nobody();
    is_refused(&scratch, &["-o", "0"], "owner");
    is_refused(&scratch, &["-g", "0"], "group");
    as_nobody(&scratch, &["-o", &NOBODY.to_string(), "-g", &NOBODY.to_string()]).exits(0);
}

#[test]
fn attributes_that_may_not_be_read_stand_in_the_way_only_while_they_are_to_be_kept() {
    if !require_root() {
        return;
    }
    let scratch = tree_of_nobody();
    let app = scratch.file("his/app", "old").mode(0o711).owner(0, 0);
    set_attribute(&app, "user.note", b"not for everybody");
    is_refused(&scratch, &["--preserve", "mode,xattr"], "extended attributes");
    as_nobody(&scratch, &["--preserve", "mode"]).exits(0).prints("replaced");
    assert_eq!(mode_of(&app), 0o711);
    assert_eq!(attribute(&app, "user.note"), None);
}

#[test]
fn an_ordinary_user_may_ask_for_a_file_nobody_may_read() {
    if !require_root() {
        return;
    }
    let scratch = tree_of_nobody();
    as_nobody(&scratch, &["-m", "0"]).exits(0);
    assert_eq!(mode_of(scratch.path("his/app")), 0);
    scratch.assert_no_litter();
    // And one that may not be read is replaced, with nothing to compare.
    as_nobody(&scratch, &["-m", "0755"]).exits(0).prints("replaced");
    assert_eq!(scratch.read("his/app"), b"new");
}
