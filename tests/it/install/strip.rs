//! What a strip program leaves, and what another user might put in its place.

use super::install;
use crate::support::{NOBODY, Scratch, require_root};

fn tree(script: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.file("new", "new");
    scratch.file("old", "old");
    scratch.file("../tools/strip", format!("#!/bin/sh\nset -e\n{script}\n")).mode(0o755);
    scratch
}

#[track_caller]
fn refused(script: &str, words: &str) {
    let scratch = tree(script);
    let before = scratch.snapshot();
    let line = format!("-s --strip-program={} new old", scratch.tools().join("strip").display());
    let outcome = install(&scratch, &line).run();
    outcome.exits(1);
    let said = format!("install: will not install 'old': what the strip program left {words}\n");
    assert!(outcome.error_text().ends_with(&said), "{outcome}");
    assert_eq!(scratch.snapshot(), before, "{script}");
}

#[test]
fn what_is_no_file_is_not_installed_and_called_so() {
    for script in [
        "rm \"$1\"; mkfifo \"$1\"",
        "rm \"$1\"; mkdir \"$1\"",
        "rm \"$1\"; ln -s /etc/passwd \"$1\"",
        "rm \"$1\"; ln -s nowhere \"$1\"",
    ] {
        refused(script, "is no regular file");
    }
}

#[test]
fn a_file_that_can_be_reached_by_another_name_is_not_installed() {
    refused("ln \"$1\" ../tools/kept", "has another name as well");
}

#[test]
fn a_file_of_another_user_is_not_installed() {
    if require_root() {
        refused(
            &format!("cp \"$1\" \"$1.theirs\"; chown {NOBODY} \"$1.theirs\"; mv \"$1.theirs\" \"$1\""),
            "belongs to another user",
        );
    }
}

#[test]
fn where_no_process_can_be_had_it_says_so_as_install_does() {
    let scratch = tree("");
    let before = scratch.snapshot();
    let run = install(&scratch, "-s --strip-program=true new old");
    let outcome = run.denying(&[libc::SYS_clone, libc::SYS_clone3], libc::EAGAIN).run();
    outcome.exits(1);
    let words = "install: fork system call failed: Resource temporarily unavailable\n";
    assert_eq!(outcome.error_text(), words);
    assert_eq!(scratch.snapshot(), before);
}

#[test]
fn a_new_file_in_its_place_is_installed() {
    let scratch = tree("echo stripped >\"$1.new\"; mv \"$1.new\" \"$1\"");
    let line = format!("-s --strip-program={} new old", scratch.tools().join("strip").display());
    install(&scratch, &line).run().exits(0).is_quiet();
    assert_eq!(scratch.read("old"), b"stripped\n");
    scratch.assert_no_litter();
}
