//! Targets that are no file to replace.

use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

use super::Tree;
use crate::support::{require_root, swapbin};

#[test]
fn a_directory_of_the_name_the_source_gives_is_refused() {
    let tree = Tree::new(|scratch| drop(scratch.directory("bin/new")));
    let outcome = swapbin(&tree.scratch).from("new").to("bin").run();
    tree.refuses(&outcome, 9, tree.scratch.path("bin/new"), "is a directory");
}

#[test]
fn a_character_device_is_refused() {
    refuses_device(FileType::CharacterDevice, (1, 3), "is a character device");
}

#[test]
fn a_block_device_is_refused() {
    // A number of the range for local use, behind which there is nothing.
    refuses_device(FileType::BlockDevice, (240, 77), "is a block device");
}

#[track_caller]
fn refuses_device(kind: FileType, (major, minor): (u32, u32), words: &str) {
    if !require_root() {
        return;
    }
    let tree = Tree::new(|scratch| {
        let path = scratch.path("device");
        mknodat(CWD, path, kind, Mode::from_raw_mode(0o600), makedev(major, minor)).expect("root makes a device node");
    });
    let outcome = swapbin(&tree.scratch).from("new").to("device").run();
    tree.refuses(&outcome, 9, tree.scratch.path("device"), words);
}

#[test]
fn a_fifo_is_refused_without_waiting_for_its_other_end() {
    let tree = Tree::new(|scratch| {
        mknodat(CWD, scratch.path("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    });
    let outcome = swapbin(&tree.scratch).from("new").to("fifo").run();
    tree.refuses(&outcome, 9, tree.scratch.path("fifo"), "is a fifo");
}

#[test]
fn a_socket_is_refused() {
    let tree = Tree::new(|scratch| drop(UnixListener::bind(scratch.path("socket")).unwrap()));
    let outcome = swapbin(&tree.scratch).from("new").to("socket").run();
    tree.refuses(&outcome, 9, tree.scratch.path("socket"), "is a socket");
}

#[test]
fn what_a_link_leads_to_is_judged_and_not_the_link() {
    let tree = Tree::new(|scratch| {
        mknodat(CWD, scratch.path("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        scratch.link("link", "fifo");
    });
    let outcome = swapbin(&tree.scratch).from("new").to("link").run();
    tree.refuses(&outcome, 9, tree.scratch.path("fifo"), "is a fifo");
}

#[test]
fn a_missing_parent_is_refused_and_named_and_not_made() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("new").to("opt/bin/app").run();
    tree.refuses(&outcome, 9, tree.scratch.path("opt"), "does not exist");
}

#[test]
fn a_missing_directory_asked_for_by_a_slash_is_refused() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("new").to("bin/").run();
    tree.refuses(&outcome, 9, tree.scratch.path("bin"), "does not exist");
}

#[test]
fn a_parent_that_is_a_file_is_refused() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("new").to("app/program").run();
    tree.refuses(&outcome, 9, tree.scratch.path("app"), "is not a directory");
}

#[test]
fn a_file_with_a_slash_behind_it_is_refused() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("new").to("app/").run();
    tree.refuses(&outcome, 9, tree.scratch.path("app"), "is not a directory");
}

#[test]
fn a_dangling_link_is_refused_and_said_where_it_leads() {
    let tree = Tree::new(|scratch| drop(scratch.link("link", "gone")));
    let outcome = swapbin(&tree.scratch).from("new").to("link").run();
    tree.refuses(&outcome, 9, tree.scratch.path("link"), "'gone'");
}

#[test]
fn a_link_into_a_missing_directory_is_refused_as_dangling() {
    let tree = Tree::new(|scratch| drop(scratch.link("link", "gone/app")));
    let outcome = swapbin(&tree.scratch).from("new").to("link").run();
    tree.refuses(&outcome, 9, tree.scratch.path("link"), "'gone/app'");
}

#[test]
fn links_in_a_circle_are_refused() {
    let tree = Tree::new(|scratch| {
        scratch.link("a", "b");
        scratch.link("b", "a");
    });
    let outcome = swapbin(&tree.scratch).from("new").to("a").run();
    outcome.says("too many symbolic links");
    tree.refuses(&outcome, 9, tree.scratch.path("a"), "");
}

#[test]
fn a_name_that_is_too_long_is_refused() {
    let tree = Tree::new(|_| {});
    let name = "x".repeat(256);
    let outcome = swapbin(&tree.scratch).from("new").to(&name).run();
    tree.refuses(&outcome, 9, tree.scratch.path(&name), "longer name");
}

#[test]
fn an_empty_name_is_refused() {
    let tree = Tree::new(|_| {});
    swapbin(&tree.scratch).from("new").to("").run().exits(2).says("--to");
    tree.scratch.snapshot().assert_same_as(&tree.before);
}

/// A later run would remove the one, and take the other for a version it keeps.
#[test]
fn a_name_that_swapbin_gives_to_files_of_its_own_is_refused() {
    let tree = Tree::new(|_| {});
    for name in [".swapbin.s0123456789abcdef.0", ".swapbin.b0123456789abcdef0123.7", ".swapbin~0123456789abcdef0123.0"] {
        let outcome = swapbin(&tree.scratch).from("new").to(name).run();
        tree.refuses(&outcome, 9, tree.scratch.path(name), "a name that swapbin gives to its own files");
    }
    swapbin(&tree.scratch).from("new").to(".swapbin").run().exits(0);
}
