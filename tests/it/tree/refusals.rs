//! What is refused, before anything is changed.

use std::fs;
use std::os::unix::net::UnixListener;

use super::{put, puts, trees};
use crate::support::{Scratch, require_root, status_of, swapbin};

#[track_caller]
fn is_refused(scratch: &Scratch, code: i32, why: &str) {
    let before = scratch.snapshot();
    put(scratch).run().exits(code).says(why);
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_file_in_the_place_of_a_directory_and_the_other_way_round_are_refused() {
    let scratch = trees();
    scratch.directory("root/usr/lib/libapp.so.1.2");
    is_refused(&scratch, 9, "is a directory");
    let scratch = trees();
    scratch.directory("root/usr/lib/libapp.so.1");
    is_refused(&scratch, 9, "is a directory");
    let scratch = trees();
    scratch.file("root/usr/share/app", "a file");
    is_refused(&scratch, 9, "is not a directory");
    let scratch = trees();
    scratch.link("root/usr/share/app", "nowhere");
    is_refused(&scratch, 9, "does not exist");
}

#[test]
fn a_root_that_is_missing_or_no_directory_is_named() {
    let scratch = trees();
    let to = |root: &str| swapbin(&scratch).args(["apply", "--tree", "stage", "--to", root]).run();
    let named = |root: &str| format!("'{}'", scratch.path(root).display());
    to("missing").exits(9).says(&format!("{} does not exist", named("missing"))).says("create the directory");
    to("root/usr/bin/app").exits(9).says(&format!("{} is not a directory", named("root/usr/bin/app"))).says("hint: ");
    assert!(!scratch.path("missing").exists());
}

#[test]
fn a_staging_tree_without_anything_in_it_is_no_mistake_and_the_report_says_so() {
    let scratch = trees();
    scratch.directory("empty");
    for words in [&[][..], &["--dry-run"]] {
        let run = swapbin(&scratch).args(["apply", "--tree", "empty", "--to", "root"]).args(words).run();
        assert_eq!(run.exits(0).output_text(), "nothing to put in place\n");
    }
}

#[test]
fn a_staged_name_of_swapbins_own_is_refused_wherever_it_is() {
    let own = [".swapbin~00c0ffee000000000000.0", ".swapbin.b00c0ffee000000000000.1", ".swapbin.s0123456789abcdef.0"];
    for name in own {
        for directory in ["stage/usr/bin", "stage/usr/share/app/icons"] {
            let scratch = trees();
            let path = format!("{directory}/{name}");
            scratch.file(&path, "left");
            is_refused(&scratch, 9, &format!("'{path}' has a name that swapbin gives to its own files"));
            let link = ["apply", "--tree", "stage", "--to", "root", "--generation-link", "current"];
            swapbin(&scratch).args(link).run().exits(9).says("gives to its own files");
            assert!(!scratch.path("current").is_symlink());
        }
    }
    let scratch = trees();
    scratch.file("stage/usr/bin/.swapbinrc", "a file like any other");
    puts(&scratch, &["--exchange"]);
    assert_eq!(scratch.read("root/usr/bin/.swapbinrc"), b"a file like any other");
    // Nor is it left behind when the directory is made anew.
    scratch.file("stage/usr/bin/app", "newer app");
    fs::remove_file(scratch.path("stage/usr/bin/.swapbinrc")).unwrap();
    puts(&scratch, &["--exchange"]);
    assert_eq!(scratch.read("root/usr/bin/.swapbinrc"), b"a file like any other");
}

#[test]
fn a_socket_in_the_staging_tree_is_refused_also_in_a_new_directory() {
    for place in ["stage/usr/bin/socket", "stage/usr/share/app/icons/socket"] {
        let scratch = trees();
        let _listener = UnixListener::bind(scratch.path(place)).unwrap();
        is_refused(&scratch, 5, "is a socket");
    }
}

#[test]
fn a_device_or_socket_in_the_root_is_not_replaced() {
    let scratch = trees();
    fs::remove_file(scratch.path("root/usr/bin/app")).unwrap();
    let _listener = UnixListener::bind(scratch.path("root/usr/bin/app")).unwrap();
    is_refused(&scratch, 9, "is a socket");
}

#[test]
fn a_root_or_a_staging_tree_that_is_not_there_is_told() {
    let scratch = trees();
    swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "nowhere"]).run().exits(9).says("does not exist");
    swapbin(&scratch).args(["apply", "--tree", "nowhere", "--to", "root"]).run().exits(7).says("nowhere");
    swapbin(&scratch).args(["apply", "--tree", "stage/usr/bin/app", "--to", "root"]).run().exits(7);
    swapbin(&scratch).args(["apply", "--tree", "stage"]).run().exits(2);
    swapbin(&scratch).args(["apply", "manifest", "--tree", "stage", "--to", "root"]).run().exits(2);
}

#[test]
fn trees_that_have_a_directory_in_common_are_refused() {
    let scratch = trees();
    for (stage, root) in [("stage", "stage"), ("stage", "stage/usr"), ("root", "stage/../root"), (".", "root/usr/share")] {
        let before = scratch.snapshot();
        let run = swapbin(&scratch).args(["apply", "--tree", stage, "--to", root]).run();
        run.exits(9).says("is also a directory of the tree");
        scratch.snapshot().assert_same_as(&before);
    }
    // A staging tree that is merely somewhere below the root is what a DESTDIR is.
    swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "."]).run().exits(0);
    assert_eq!(scratch.read("usr/bin/app"), b"new app");
}

#[test]
fn one_refused_name_keeps_all_others_back() {
    if !require_root() {
        return;
    }
    let scratch = trees();
    let path = scratch.path("root/usr/lib/libapp.so.1.2");
    scratch.file("root/usr/lib/libapp.so.1.2", "immutable");
    let flag = |word| status_of(std::process::Command::new("chattr").arg(word).arg(&path)).unwrap();
    if !flag("+i").success() {
        eprintln!("skipped: no immutable files here");
        return;
    }
    let outcome = put(&scratch).run();
    assert!(flag("-i").success());
    outcome.exits(9).says("is immutable");
    assert_eq!(scratch.read("root/usr/bin/app"), b"old app");
    assert!(!scratch.path("root/usr/share/app").exists());
    scratch.assert_no_litter();
    puts(&scratch, &[]);
}

#[test]
fn as_root_a_directory_that_others_may_write_to_is_refused() {
    if !require_root() {
        return;
    }
    let scratch = trees();
    fs::set_permissions(scratch.path("root/usr/lib"), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    is_refused(&scratch, 9, "may be written to by other users");
    puts(&scratch, &["--allow-shared-path"]);
}
