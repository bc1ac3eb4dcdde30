//! What goes where the staging tree reaches the root through links: never what it has just put there, nor the way to it.

use std::fs;

use super::{content, put, puts};
use crate::support::{Namespace, Scratch, require_mounts, swapbin};

/// A root whose `lib` and `bin` are links to the directories in `usr`, and a staging tree that has a `lib`.
fn merged(link_lib_to: &str) -> Scratch {
    let scratch = Scratch::new();
    for directory in ["stage/lib", "root/usr/lib", "root/usr/bin"] {
        scratch.directory(directory);
    }
    scratch.link("root/lib", link_lib_to);
    scratch.link("root/bin", "usr/bin");
    scratch.file("stage/lib/new", "new");
    scratch.file("root/usr/lib/old", "old");
    scratch.file("root/usr/bin/tool", "tool");
    scratch
}

fn rolls_back(scratch: &Scratch) {
    swapbin(scratch).args(["rollback", "--last"]).run().exits(0);
}

#[test]
fn a_directory_that_is_staged_through_a_link_stays_and_so_does_what_is_above_it() {
    for (link, scopes) in [
        ("usr/lib", &["."][..]),
        ("/usr/lib", &["."]),
        ("usr/bin/../lib", &["."]),
        ("usr/lib", &["usr"]),
        ("usr/lib", &["lib", "usr"]),
    ] {
        let scratch = merged(link);
        let before = content(&scratch, "root");
        let words: Vec<&str> = scopes.iter().flat_map(|scope| ["--delete", scope]).collect();
        puts(&scratch, &words);
        assert_eq!(scratch.read("root/usr/lib/new"), b"new", "{link}");
        assert!(scratch.path("root/lib").is_symlink());
        assert!(!scratch.path("root/usr/lib/old").exists(), "it is in the scope by its own place, and not staged");
        rolls_back(&scratch);
        assert_eq!(content(&scratch, "root"), before, "{link}");
    }
}

#[test]
fn the_same_in_a_directory_that_is_exchanged() {
    for scope in [".", "usr"] {
        let scratch = merged("usr/lib");
        scratch.directory("stage/usr");
        puts(&scratch, &["--exchange", "--delete", scope]);
        assert_eq!(scratch.read("root/lib/new"), b"new");
        assert!(!scratch.path("root/usr/lib/old").exists());
    }
}

#[test]
fn every_link_on_the_way_to_a_staged_name_stays() {
    for scope in ["links", "."] {
        let scratch = merged("usr/lib");
        for directory in ["root/links", "stage/x"] {
            scratch.directory(directory);
        }
        scratch.link("root/x", "links/l");
        scratch.link("root/links/l", "../usr/lib");
        scratch.link("root/links/unused", "../usr/bin");
        scratch.file("stage/x/n", "n");
        puts(&scratch, &["--delete", scope]);
        assert_eq!(scratch.read("root/x/n"), b"n");
        assert!(!scratch.path("root/links/unused").is_symlink(), "no staged name is reached by it");
    }
}

#[test]
fn a_release_that_is_staged_through_its_link_stays_and_the_others_go() {
    let scratch = Scratch::new();
    for directory in ["stage/cur", "root/data/v1", "root/data/v0"] {
        scratch.directory(directory);
    }
    scratch.link("root/cur", "data/v1");
    scratch.file("stage/cur/f", "new");
    scratch.file("root/data/v1/f", "old");
    scratch.file("root/data/v0/f", "older");
    puts(&scratch, &["--delete", "."]);
    assert_eq!(scratch.read("root/cur/f"), b"new");
    assert!(!scratch.path("root/data/v0").exists());
    rolls_back(&scratch);
    assert_eq!((scratch.read("root/cur/f"), scratch.read("root/data/v0/f")), (b"old".to_vec(), b"older".to_vec()));
}

#[test]
fn a_link_that_is_replaced_and_gone_through_at_once_is_refused() {
    let scratch = merged("links/l");
    scratch.directory("root/links");
    scratch.directory("stage/links");
    scratch.link("root/links/l", "../usr/lib");
    scratch.link("stage/links/l", "../usr/bin");
    let before = scratch.snapshot();
    let link = scratch.path("root/links/l");
    put(&scratch).run().exits(9).says(&format!("'{}' is a symbolic link that the staging tree both", link.display()));
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_scope_that_cannot_be_followed_is_refused_with_the_link_and_what_it_says() {
    let scratch = merged("usr/lib");
    scratch.directory("outside");
    scratch.link("root/nowhere", "usr/missing");
    scratch.link("root/absolute", "/usr/lib/missing/below");
    scratch.link("root/out", "../outside");
    scratch.link("root/usr/far", "../lib/../../../outside");
    scratch.file("root/file", "a file");
    let at = |name: &str| format!("error: '{}' ", scratch.path("root").join(name).display());
    let link = |name: &str, to: &str, why: &str| format!("{}is a symbolic link to '{to}', which {why}\n", at(name));
    let (none, leads_out) = ("does not exist in the tree", "leads out of the tree");
    let refused = [
        ("nowhere", link("nowhere", "usr/missing", none), "mend the link, or remove it"),
        ("nowhere/below", link("nowhere", "usr/missing", none), "mend the link"),
        ("absolute", link("absolute", "/usr/lib/missing/below", none), "mend the link"),
        ("out", link("out", "../outside", leads_out), "inside the root only"),
        ("usr/far", link("usr/far", "../lib/../../../outside", leads_out), "inside the root only"),
        ("usr/../..", "error: 'usr/../..' leads out of the tree\n".to_owned(), "name a directory below"),
        ("lib/../../../outside", "error: 'lib/../../../outside' leads out of the tree\n".to_owned(), "name a directory below"),
        ("file", format!("{}is not a directory\n", at("file")), "check the path"),
        ("file/below", format!("{}is not a directory\n", at("file")), "check the path"),
    ];
    let before = scratch.snapshot();
    for (scope, message, advice) in refused {
        for words in [&[][..], &["--dry-run"]] {
            put(&scratch).args(["--delete", scope]).args(words).run().exits(9).says(&message).says("hint: ").says(advice);
        }
    }
    scratch.snapshot().assert_same_as(&before);
    // What is missing behind a link that leads somewhere is missing by itself.
    puts(&scratch, &["--delete", "lib/missing", "--dry-run"]).says("nothing to delete");
}

#[test]
fn what_is_below_a_directory_that_goes_comes_back_with_it() {
    let scratch = merged("usr/lib");
    scratch.directory("root/srv/a/b");
    scratch.file("root/srv/a/b/old", "old");
    scratch.file("root/srv/a/other", "other");
    let before = content(&scratch, "root");
    for scopes in [["srv/a", "srv"], ["srv", "srv/a"]] {
        puts(&scratch, &["--delete", scopes[0], "--delete", scopes[1]]).prints("1 removed");
        assert!(!scratch.path("root/srv/a").exists());
        rolls_back(&scratch);
        assert_eq!(content(&scratch, "root"), before);
    }
}

#[test]
fn a_directory_that_is_staged_by_another_mount_of_it_does_not_go() {
    if !require_mounts() {
        return;
    }
    let scratch = merged("usr/lib");
    fs::remove_file(scratch.path("root/lib")).unwrap();
    scratch.directory("root/lib");
    let namespace = Namespace::new();
    namespace.bind(&scratch.path("root/usr/lib"), &scratch.path("root/lib"));
    let before = content(&scratch, "root");
    let run = put(&scratch).args(["--delete", "."]).within(&namespace).run();
    run.exits(9).says("which the staging tree is copied to");
    assert_eq!(content(&scratch, "root"), before);
}
