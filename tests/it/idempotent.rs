//! What is as it should be is left alone; what would change can be asked without changing it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime};

use crate::support::{
    Entry, Namespace, Outcome, Reply, Scratch, Server, Snapshot, require_mounts, require_root, set_attribute, sha256, swapbin,
};

/// Nothing listens there: port 1 is tcpmux's, which nobody runs.
const UNREACHABLE: &str = "http://127.0.0.1:1/app";

/// A tree with `app` (content `old`, mode 0751, an hour old), `same` with the same content and `new` with another.
struct Tree {
    scratch: Scratch,
    before: Snapshot,
    times: [i64; 4],
}

fn tree() -> Tree {
    let scratch = Scratch::new();
    let app = scratch.file("app", "old").mode(0o751);
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(&app).unwrap().set_modified(an_hour_ago).unwrap();
    scratch.file("same", "old");
    scratch.file("new", "new");
    Tree { before: scratch.snapshot(), times: times(&scratch), scratch }
}

/// Modification and status change of `app`.
fn times(scratch: &Scratch) -> [i64; 4] {
    let app = fs::metadata(scratch.path("app")).unwrap();
    [app.mtime(), app.mtime_nsec(), app.ctime(), app.ctime_nsec()]
}

impl Tree {
    fn run(&self, from: &str, arguments: &[&str]) -> Outcome {
        swapbin(&self.scratch).from(from).to("app").args(arguments).run()
    }

    /// Not a name, an inode, a byte or a time is another.
    #[track_caller]
    fn is_untouched(&self) {
        self.scratch.snapshot().assert_same_as(&self.before);
        assert_eq!(times(&self.scratch), self.times, "mtime and ctime");
    }

    #[track_caller]
    fn is_replaced(&self) {
        assert_ne!(Entry::of(self.scratch.path("app")).ino, self.before.entry("app").ino, "a new inode");
        self.scratch.assert_no_litter();
    }
}

#[test]
fn the_same_content_and_metadata_leave_inode_and_times_alone() {
    let tree = tree();
    let outcome = tree.run("same", &[]);
    outcome.exits(0).prints("unchanged").prints(tree.scratch.path("app").to_str().unwrap());
    assert_eq!(outcome.error_text(), "");
    tree.is_untouched();
}

#[test]
fn what_was_just_installed_is_unchanged_the_next_time() {
    let scratch = Scratch::new();
    scratch.file_of("big", b'x', 3_000_001);
    swapbin(&scratch).from("big").to("app").args(["-m", "0700"]).run().exits(0).prints("installed");
    let before = scratch.snapshot();
    swapbin(&scratch).from("big").to("app").args(["-m", "0700"]).run().exits(0).prints("unchanged");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn standard_input_with_the_same_content_leaves_the_target_alone() {
    let tree = tree();
    let outcome = swapbin(&tree.scratch).from("-").to("app").stdin("old").run();
    outcome.exits(0).prints("unchanged");
    tree.is_untouched();
}

#[test]
fn standard_input_that_begins_or_ends_like_the_target_is_another_content() {
    for bytes in ["o", "older", "olx", "xld"] {
        let tree = tree();
        swapbin(&tree.scratch).from("-").to("app").stdin(bytes).run().exits(0).prints("replaced");
        tree.is_replaced();
        assert_eq!(tree.scratch.read("app"), bytes.as_bytes());
    }
}

#[test]
fn a_file_that_differs_only_in_its_last_byte_is_another_content() {
    let scratch = Scratch::new();
    let mut bytes = vec![b'x'; 1 << 20];
    scratch.file("app", &bytes);
    bytes[(1 << 20) - 1] = b'y';
    scratch.file("new", &bytes);
    swapbin(&scratch).from("new").to("app").run().exits(0).prints("replaced");
    assert!(scratch.read("app") == bytes);
}

#[test]
fn an_address_with_the_same_content_leaves_the_target_alone() {
    let tree = tree();
    let server = Server::answering(Reply::ok("old"));
    tree.run(&server.url("/app"), &["--insecure-http"]).exits(0).prints("unchanged");
    tree.is_untouched();
    assert_eq!(server.requests().len(), 1, "without a digest only the bytes can tell");
}

#[test]
fn force_replaces_what_is_the_same() {
    let tree = tree();
    tree.run("same", &["--force"]).exits(0).prints("replaced");
    tree.is_replaced();
    assert_eq!(tree.scratch.read("app"), b"old");
    assert_eq!(Entry::of(tree.scratch.path("app")).mode, 0o751);
}

#[test]
fn force_fetches_even_what_has_the_digest() {
    let tree = tree();
    let server = Server::answering(Reply::ok("old"));
    tree.run(&server.url("/app"), &["--sha256", &sha256("old"), "--force"]).exits(0).prints("replaced");
    tree.is_replaced();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_mode_that_differs_makes_a_new_inode_with_the_same_content() {
    for from in ["same", "-"] {
        let tree = tree();
        let outcome = swapbin(&tree.scratch).from(from).to("app").args(["-m", "0700"]).stdin("old").run();
        outcome.exits(0).prints("replaced");
        tree.is_replaced();
        assert_eq!(Entry::of(tree.scratch.path("app")).mode, 0o700);
        assert_eq!(tree.scratch.read("app"), b"old");
    }
}

#[test]
fn a_mode_asked_for_that_the_target_has_changes_nothing() {
    let tree = tree();
    tree.run("same", &["-m", "0751"]).exits(0).prints("unchanged");
    tree.run("same", &["-m", "u+x"]).exits(0).prints("unchanged");
    tree.is_untouched();
}

#[test]
fn an_owner_that_differs_makes_a_new_inode() {
    if !require_root() {
        return;
    }
    let tree = tree();
    tree.run("same", &["-o", "0", "-g", "0"]).exits(0).prints("unchanged");
    tree.is_untouched();
    tree.run("same", &["-o", "1234"]).exits(0).prints("replaced");
    tree.is_replaced();
}

#[test]
fn check_answers_0_for_what_is_current_and_10_for_what_is_not_and_changes_nothing() {
    let tree = tree();
    for (from, arguments, code) in [
        ("same", &[][..], 0),
        ("new", &[], 10),
        ("same", &["-m", "0700"], 10),
        ("same", &["-m", "0751"], 0),
        ("same", &["--sha256", &sha256("old")], 0),
    ] {
        tree.run(from, &[&["--check"], arguments].concat()).exits(code);
        tree.is_untouched();
    }
    swapbin(&tree.scratch).from("new").to("fresh").arg("--check").run().exits(10).prints("would install");
    tree.is_untouched();
}

#[test]
fn check_reads_standard_input_to_tell() {
    let tree = tree();
    for (bytes, code) in [("old", 0), ("older", 10), ("ol", 10), ("new", 10)] {
        swapbin(&tree.scratch).from("-").to("app").arg("--check").stdin(bytes).run().exits(code);
        tree.is_untouched();
    }
}

#[test]
fn check_fetches_an_address_to_tell() {
    let tree = tree();
    for (body, code) in [("old", 0), ("new", 10)] {
        let server = Server::answering(Reply::ok(body));
        tree.run(&server.url("/app"), &["--check", "--insecure-http"]).exits(code);
        assert_eq!(server.requests().len(), 1);
        tree.is_untouched();
    }
}

#[test]
fn check_fails_where_the_swap_would() {
    let tree = tree();
    tree.run("missing", &["--check"]).exits(7);
    tree.run("-", &["--check"]).exits(5).says("empty");
    swapbin(&tree.scratch).from("new").to("no/app").arg("--check").run().exits(9);
    tree.is_untouched();
}

#[test]
fn a_dry_run_prints_the_plan_and_changes_nothing() {
    for option in ["-n", "--dry-run"] {
        let tree = tree();
        let outcome = tree.run("new", &[option, "-m", "0700"]);
        outcome.exits(0).prints("would replace").prints(tree.scratch.path("app").to_str().unwrap());
        outcome.prints("'new'").prints("0700").prints("3 bytes");
        tree.is_untouched();
    }
}

#[test]
fn a_dry_run_says_what_it_would_warn_of() {
    let tree = tree();
    fs::hard_link(tree.scratch.path("app"), tree.scratch.path("hard")).unwrap();
    fs::set_permissions(tree.scratch.path("app"), fs::Permissions::from_mode(0o4755)).unwrap();
    tree.run("new", &["-n"]).exits(0).says("another name").says("4755");
}

#[test]
fn a_dry_run_of_what_is_current_says_so() {
    let tree = tree();
    tree.run("same", &["-n"]).exits(0).prints("unchanged");
    tree.is_untouched();
}

#[test]
fn a_dry_run_neither_fetches_nor_reads_a_stream() {
    let tree = tree();
    let server = Server::answering(Reply::ok("new"));
    tree.run(&server.url("/app"), &["-n", "--insecure-http"]).exits(0).prints("would replace");
    assert_eq!(server.connections(), 0);
    let mut running = swapbin(&tree.scratch).from("-").to("app").arg("-n").stdin_open().spawn();
    running.wait_until_ended_by_itself();
    tree.is_untouched();
}

#[test]
fn a_dry_run_into_a_directory_names_the_file_in_it() {
    let tree = tree();
    tree.scratch.directory("bin");
    let before = tree.scratch.snapshot();
    let path = tree.scratch.path("bin/new");
    swapbin(&tree.scratch).from("new").to("bin").arg("-n").run().exits(0).prints("would install").prints(path.to_str().unwrap());
    tree.scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_dry_run_fails_where_the_swap_would() {
    let tree = tree();
    tree.run("missing", &["-n"]).exits(7);
    swapbin(&tree.scratch).from("new").to("no/app").arg("-n").run().exits(9);
    tree.is_untouched();
}

#[test]
fn nothing_is_fetched_for_a_target_that_has_the_digest() {
    let tree = tree();
    let started = ["--sha256", &sha256("old")];
    tree.run(UNREACHABLE, &started).exits(0).prints("unchanged");
    tree.run(UNREACHABLE, &[&started[..], &["--check"]].concat()).exits(0);
    tree.is_untouched();
}

#[test]
fn a_digest_in_capitals_is_the_same_digest() {
    let tree = tree();
    tree.run(UNREACHABLE, &["--sha256", &sha256("old").to_uppercase()]).exits(0).prints("unchanged");
    tree.is_untouched();
}

#[test]
fn standard_input_is_not_read_for_a_target_that_has_the_digest() {
    let tree = tree();
    let digest = sha256("old");
    let mut running = swapbin(&tree.scratch).from("-").to("app").args(["--sha256", &digest]).stdin_open().spawn();
    running.wait_until_ended_by_itself();
    running.wait().exits(0).prints("unchanged");
    tree.is_untouched();
}

#[test]
fn metadata_is_changed_by_a_new_inode_without_fetching_what_is_here() {
    let tree = tree();
    let outcome = tree.run(UNREACHABLE, &["--sha256", &sha256("old"), "-m", "0700"]);
    outcome.exits(0).prints("replaced");
    tree.is_replaced();
    assert_eq!(tree.scratch.read("app"), b"old");
    assert_eq!(Entry::of(tree.scratch.path("app")).mode, 0o700);
}

#[test]
fn another_digest_than_the_targets_is_fetched() {
    let tree = tree();
    let server = Server::answering(Reply::ok("new"));
    tree.run(&server.url("/app"), &["--sha256", &sha256("new")]).exits(0).prints("replaced");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(tree.scratch.read("app"), b"new");
}

#[test]
fn an_attribute_that_differs_in_nothing_wanted_changes_nothing() {
    let tree = tree();
    set_attribute(tree.scratch.path("app"), "user.note", b"kept, and therefore current");
    let times_now = times(&tree.scratch);
    tree.run("same", &[]).exits(0).prints("unchanged");
    assert_eq!(times(&tree.scratch), times_now);
}

#[test]
fn what_is_current_needs_no_room() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let at = scratch.directory("full");
    let namespace = Namespace::new();
    namespace.tmpfs("size=1m", &at);
    scratch.file_of("new", b'x', 700 << 10);
    let swap = || swapbin(&scratch).from("new").to("full/app").within(&namespace).run();
    swap().exits(0).prints("installed");
    swap().exits(0).prints("unchanged");
}
