//! Names taken from an address never leave the directory, and are judged before anything is fetched.

use super::Tree;
use crate::support::{Reply, Server, swapbin};

#[track_caller]
fn refuses_name(path: &str) {
    let tree = Tree::new(|scratch| drop(scratch.directory("bin")));
    let server = Server::answering(Reply::ok("new"));
    let outcome = swapbin(&tree.scratch).from(server.url(path)).to("bin/").arg("--insecure-http").run();
    outcome.exits(5).says("no usable file name").says("hint: give --to with a file name");
    tree.scratch.snapshot().assert_same_as(&tree.before);
    assert_eq!(server.connections(), 0, "nothing is fetched for a name that cannot be used");
}

#[test]
fn a_hidden_slash_is_refused() {
    refuses_name("/download/..%2Fapp");
}

#[test]
fn a_hidden_parent_directory_is_refused() {
    refuses_name("/download/%2e%2e%2f%2e%2e");
}

#[test]
fn two_dots_are_refused() {
    refuses_name("/%2e%2E");
}

#[test]
fn a_nul_is_refused() {
    refuses_name("/app%00.sh");
}

#[test]
fn an_address_without_a_last_part_is_refused() {
    refuses_name("/");
}

#[test]
fn a_nul_in_a_file_address_is_refused() {
    let tree = Tree::new(|scratch| drop(scratch.directory("bin")));
    let outcome = swapbin(&tree.scratch).from("file:///tmp/app%00.sh").to("bin/").run();
    tree.refuses(&outcome, 5, "/tmp/app\\x00.sh", "no usable file name");
}

#[test]
fn a_hidden_slash_in_a_file_address_is_a_slash_of_the_path() {
    let tree = Tree::new(|scratch| {
        scratch.directory("bin");
        scratch.directory("release");
        scratch.file("release/program", "new");
    });
    let address = format!("file://{}%2Fprogram", tree.scratch.path("release").display());
    swapbin(&tree.scratch).from(address).to("bin/").run().exits(0);
    assert_eq!(tree.scratch.read("bin/program"), b"new");
}

#[test]
fn standard_input_gives_no_name() {
    let tree = Tree::new(|scratch| drop(scratch.directory("bin")));
    let outcome = swapbin(&tree.scratch).from("-").to("bin").stdin("new").run();
    tree.refuses(&outcome, 5, "-", "no usable file name");
}
