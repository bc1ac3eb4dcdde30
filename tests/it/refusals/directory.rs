//! Directories in which the caller may not do what a rename needs.

use super::Tree;
use crate::support::{NOBODY, Scratch, ordinary_uid, require_root, swapbin, swapbin_as_ordinary_user};

#[test]
fn a_directory_without_write_permission_is_refused_and_named() {
    let tree = Tree::new(|scratch| {
        scratch.directory("bin").of_ordinary_user();
        scratch.file("bin/app", "old").mode(0o777).of_ordinary_user();
        std::fs::set_permissions(scratch.path("bin"), std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    });
    let outcome = swapbin_as_ordinary_user(&tree.scratch).from("new").to("bin/app").run();
    tree.refuses(&outcome, 9, tree.scratch.path("bin"), "may not write to");
}

#[test]
fn the_same_is_found_where_a_filter_forbids_to_ask_for_it() {
    let tree = Tree::new(|scratch| drop(scratch.directory("bin").of_ordinary_user().mode(0o555)));
    let calls = [libc::SYS_faccessat, libc::SYS_faccessat2];
    let outcome = swapbin_as_ordinary_user(&tree.scratch).from("new").to("bin/app").denying(&calls, libc::EPERM).run();
    tree.refuses(&outcome, 9, tree.scratch.path("bin"), "may not write to");
}

#[test]
fn a_directory_without_search_right_is_refused_and_named() {
    if !require_root() {
        return;
    }
    // A snapshot looks into it, which its owner could not.
    let tree = Tree::new(|scratch| drop(scratch.directory("bin").owner(NOBODY, NOBODY).mode(0o600)));
    let outcome = swapbin_as_ordinary_user(&tree.scratch).from("new").to("bin/app").run();
    tree.refuses(&outcome, 9, tree.scratch.path("bin"), "may not enter");
}

#[test]
fn a_directory_on_the_way_without_search_right_is_refused_and_named() {
    if !require_root() {
        return;
    }
    let tree = Tree::new(|scratch| {
        scratch.directory("opt/bin").owner(NOBODY, NOBODY);
        scratch.directory("opt").owner(NOBODY, NOBODY).mode(0o600);
    });
    let outcome = swapbin_as_ordinary_user(&tree.scratch).from("new").to("opt/bin/app").run();
    tree.refuses(&outcome, 9, tree.scratch.path("opt"), "may not enter");
}

#[test]
fn a_foreign_file_in_a_sticky_directory_is_refused() {
    if !require_root() {
        return;
    }
    let tree = Tree::new(|scratch| {
        scratch.directory("shared").mode(0o1777);
        scratch.file("shared/app", "old").mode(0o666);
    });
    let outcome = swapbin_as_ordinary_user(&tree.scratch).from("new").to("shared/app").run();
    tree.refuses(&outcome, 9, tree.scratch.path("shared/app"), "sticky");
}

#[test]
fn ones_own_file_in_a_sticky_directory_is_replaced() {
    let tree = Tree::new(|scratch| {
        scratch.directory("shared").mode(0o1777);
        scratch.file("shared/app", "old").of_ordinary_user();
    });
    swapbin_as_ordinary_user(&tree.scratch).from("new").to("shared/app").run().exits(0);
    assert_eq!(tree.scratch.read("shared/app"), b"new");
    assert_eq!(tree.scratch.snapshot().entry("shared/app").uid, ordinary_uid());
}

#[test]
fn a_refused_directory_is_seen_by_a_dry_run_and_a_check_too() {
    let tree = Tree::new(|scratch| drop(scratch.directory("bin").of_ordinary_user().mode(0o555)));
    for looking in ["--dry-run", "--check"] {
        let outcome = swapbin_as_ordinary_user(&tree.scratch).from("new").to("bin/app").arg(looking).run();
        tree.refuses(&outcome, 9, tree.scratch.path("bin"), "may not write to");
    }
    // Root may, so root is not refused.
    if rustix::process::geteuid().is_root() {
        swapbin(&tree.scratch).from("new").to("bin/app").arg("--allow-shared-path").arg("--check").run().exits(10);
    }
}

#[test]
fn root_does_not_fill_what_another_user_planted_in_a_sticky_directory() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    scratch.file("new", "new");
    scratch.directory("shared").mode(0o1777);
    scratch.file("shared/app", "planted").mode(0o755).owner(NOBODY, NOBODY);
    let before = scratch.snapshot();
    for from in ["new", "shared/app"] {
        let outcome = swapbin(&scratch).from(from).to("shared/app").run();
        assert!(matches!(outcome.code, Some(9)), "{outcome}");
        outcome.says("shared/app").says("sticky").says("hint: ");
    }
    scratch.snapshot().assert_same_as(&before);
    swapbin(&scratch).from("new").to("shared/app").arg("--allow-shared-path").run().exits(0);
}
