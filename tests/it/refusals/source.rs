//! Sources that are missing (7) or unfit (5).

use std::process::{Command, Stdio};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::Tree;
use crate::support::{run, swapbin, swapbin_as_ordinary_user};

#[test]
fn a_missing_source_is_refused() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("missing").to("app").run();
    outcome.says("no such file");
    tree.refuses(&outcome, 7, "missing", "cannot read source");
}

#[test]
fn a_source_that_may_not_be_read_is_refused() {
    let tree = Tree::new(|scratch| {
        scratch.directory("mine").of_ordinary_user();
        scratch.file("mine/app", "old").of_ordinary_user();
    });
    // Not in the tree, of which an ordinary user could take no snapshot then.
    let secret = tree.scratch.tools().join("secret");
    std::fs::write(&secret, "new").unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    let outcome = swapbin_as_ordinary_user(&tree.scratch).from(&secret).to("mine/app").run();
    outcome.says("permission denied");
    tree.refuses(&outcome, 7, &secret, "cannot read source");
}

#[test]
fn a_socket_as_source_is_refused() {
    let tree = Tree::new(|scratch| drop(std::os::unix::net::UnixListener::bind(scratch.path("socket")).unwrap()));
    let outcome = swapbin(&tree.scratch).from("socket").to("app").run();
    tree.refuses(&outcome, 7, "socket", "cannot read source");
}

#[test]
fn a_source_that_is_a_directory_is_refused() {
    let tree = Tree::new(|scratch| drop(scratch.directory("release")));
    let outcome = swapbin(&tree.scratch).from("release").to("app").run();
    tree.refuses(&outcome, 5, "release", "is a directory");
}

#[test]
fn a_standard_input_that_is_a_directory_is_refused() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("-").to("app").stdin_file("/").run();
    tree.refuses(&outcome, 5, "-", "is a directory");
}

#[test]
fn the_target_itself_is_refused_as_its_own_source() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("./app").to("app").run();
    tree.refuses(&outcome, 5, tree.scratch.path("app"), "is the target");
}

#[test]
fn another_name_of_the_target_is_refused_as_its_source() {
    let tree = Tree::new(|scratch| std::fs::hard_link(scratch.path("app"), scratch.path("other")).unwrap());
    let outcome = swapbin(&tree.scratch).from("other").to("app").run();
    tree.refuses(&outcome, 5, tree.scratch.path("app"), "is the target");
}

#[test]
fn a_link_to_the_target_is_refused_as_its_source() {
    let tree = Tree::new(|scratch| drop(scratch.link("link", "app")));
    let outcome = swapbin(&tree.scratch).from("link").to("app").run();
    tree.refuses(&outcome, 5, tree.scratch.path("app"), "is the target");
}

#[test]
fn a_target_reached_through_a_link_is_refused_as_its_own_source() {
    let tree = Tree::new(|scratch| drop(scratch.link("link", "app")));
    let outcome = swapbin(&tree.scratch).from("app").to("link").run();
    tree.refuses(&outcome, 5, tree.scratch.path("app"), "is the target");
}

#[test]
fn the_target_as_standard_input_is_refused() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("-").to("app").stdin_file(tree.scratch.path("app")).run();
    tree.refuses(&outcome, 5, tree.scratch.path("app"), "is the target");
}

#[test]
fn the_target_is_refused_as_its_own_source_even_by_force() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("app").to("app").args(["--force", "-m", "0700"]).run();
    tree.refuses(&outcome, 5, tree.scratch.path("app"), "is the target");
}

#[test]
fn an_empty_file_is_refused_unless_allowed() {
    let tree = Tree::new(|scratch| drop(scratch.file("empty", "")));
    let outcome = swapbin(&tree.scratch).from("empty").to("app").run();
    outcome.says("--allow-empty");
    tree.refuses(&outcome, 5, "empty", "is empty");
    swapbin(&tree.scratch).from("empty").to("app").arg("--allow-empty").run().exits(0);
    assert_eq!(tree.scratch.read("app"), b"");
}

#[test]
fn an_empty_standard_input_is_refused_unless_allowed() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("-").to("app").stdin("").run();
    tree.refuses(&outcome, 5, "-", "is empty");
    swapbin(&tree.scratch).from("-").to("app").stdin("").arg("--allow-empty").run().exits(0);
    assert_eq!(tree.scratch.read("app"), b"");
}

#[test]
fn an_empty_source_is_refused_for_a_new_target_too() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("-").to("another").stdin("").run();
    tree.refuses(&outcome, 5, "-", "is empty");
}

#[test]
fn dev_null_as_source_is_refused_as_empty() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("/dev/null").to("app").run();
    tree.refuses(&outcome, 5, "/dev/null", "is empty");
}

#[test]
fn a_file_over_the_size_cap_is_refused() {
    let tree = Tree::new(|scratch| drop(scratch.file_of("large", b'n', 1025)));
    let outcome = swapbin(&tree.scratch).from("large").to("app").args(["--max-filesize", "1K"]).run();
    tree.refuses(&outcome, 5, "large", "larger than 1024 bytes");
    swapbin(&tree.scratch).from("large").to("app").args(["--max-filesize", "1025"]).run().exits(0);
}

#[test]
fn a_pipe_over_the_size_cap_is_refused_when_it_shows() {
    let tree = Tree::new(|_| {});
    let capped =
        |bytes: usize| swapbin(&tree.scratch).from("-").to("app").stdin(vec![b'n'; bytes]).args(["--max-filesize", "1K"]).run();
    tree.refuses(&capped(1025), 5, "-", "larger than 1024 bytes");
    capped(1024).exits(0);
}

#[test]
fn an_endless_source_is_stopped_by_the_size_cap() {
    let tree = Tree::new(|_| {});
    let outcome = swapbin(&tree.scratch).from("/dev/zero").to("app").args(["--max-filesize", "3M"]).run();
    tree.refuses(&outcome, 5, "/dev/zero", "larger than");
}

#[test]
fn a_fifo_is_a_source_like_a_pipe() {
    let tree = Tree::new(|scratch| mknodat(CWD, scratch.path("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap());
    let mut running = swapbin(&tree.scratch).from("fifo").to("app").spawn();
    run(Command::new("sh").args(["-c", "printf new > \"$1\"", "sh"]).arg(tree.scratch.path("fifo")).stdin(Stdio::null()));
    running.close_stdin();
    running.wait().exits(0);
    assert_eq!(tree.scratch.read("app"), b"new");
}
