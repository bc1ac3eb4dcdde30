//! Where there are neither links nor exchanges, the version before is kept by a copy.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::process::Signal;

use super::{kept, tree};
use crate::support::{
    NOBODY, Scratch, Swapbin, attribute, failpoints_available, in_quotes, require_root, set_attribute, swapbin,
    swapbin_as_ordinary_user,
};

/// As on a filesystem that has one name for a file, and knows no flags of renameat2(2).
fn plain(run: Swapbin<'_>) -> Swapbin<'_> {
    run.denying(&[libc::SYS_linkat, libc::SYS_renameat2], libc::EOPNOTSUPP)
}

fn replace(scratch: &Scratch) -> Swapbin<'_> {
    plain(swapbin(scratch)).from("two").to("app").keeping()
}

/// Two files of the tree as one change.
fn batch(scratch: &Scratch) -> Swapbin<'_> {
    replace(scratch).from("three").to("other")
}

fn tree_of_two() -> Scratch {
    let scratch = tree();
    scratch.file("other", "other").mode(0o711);
    scratch
}

fn is_copy(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".copy")
}

#[test]
fn a_single_file_comes_back_with_all_it_had_and_goes_forward_again() {
    for links_later in [false, true] {
        let scratch = tree();
        set_attribute(scratch.path("app"), "user.note", b"mine");
        let before = std::fs::metadata(scratch.path("app")).unwrap();
        replace(&scratch).run().exits(0).never_mentions("warning");
        let versions = kept(&scratch);
        assert!(versions.len() == 1 && is_copy(&versions[0]), "{versions:?}");
        assert_eq!(std::fs::read(&versions[0]).unwrap(), b"one");
        swapbin(&scratch).arg("history").run().exits(0).prints(".copy");
        for expected in ["one", "two", "one"] {
            let run = swapbin(&scratch).args(["rollback", "app"]);
            let run = if links_later { run } else { plain(run) };
            run.run().exits(0);
            assert_eq!(scratch.read("app"), expected.as_bytes());
            assert_eq!(kept(&scratch).len(), 1);
            scratch.assert_no_litter();
        }
        let after = std::fs::metadata(scratch.path("app")).unwrap();
        let facts = |facts: &std::fs::Metadata| (facts.mode(), facts.uid(), facts.gid(), facts.mtime(), facts.mtime_nsec());
        assert_eq!(facts(&after), facts(&before));
        assert_eq!(attribute(scratch.path("app"), "user.note").as_deref(), Some(&b"mine"[..]));
    }
}

#[test]
fn a_batch_is_made_and_taken_back() {
    let scratch = tree_of_two();
    batch(&scratch).run().exits(0);
    assert!(kept(&scratch).len() == 2 && kept(&scratch).iter().all(|version| is_copy(version)));
    for expected in [["one", "other"], ["two", "three"]] {
        plain(swapbin(&scratch)).args(["rollback", "--last"]).run().exits(0);
        assert_eq!([scratch.read("app"), scratch.read("other")], expected.map(|text| text.as_bytes().to_vec()));
        assert_eq!(kept(&scratch).len(), 2);
        scratch.assert_no_litter();
    }
}

#[test]
fn no_more_copies_than_asked_for_are_kept() {
    let scratch = tree();
    for source in ["two", "three", "two", "three"] {
        plain(swapbin(&scratch)).from(source).to("app").keeping().args(["--keep", "2"]).run().exits(0);
    }
    assert_eq!(kept(&scratch).len(), 2);
    plain(swapbin(&scratch)).args(["prune", "--keep", "0"]).run().exits(0);
    assert!(kept(&scratch).is_empty());
    scratch.assert_no_litter();
}

#[test]
fn a_copy_that_was_changed_is_not_brought_back() {
    let scratch = tree();
    replace(&scratch).run().exits(0);
    std::fs::write(&kept(&scratch)[0], "One").unwrap();
    let before = scratch.snapshot();
    plain(swapbin(&scratch)).args(["rollback", "--last"]).run().exits(4).says("is not the version of");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_copy_of_a_setuid_file_is_out_of_reach() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("app", "one").owner(NOBODY, NOBODY).mode(0o4755);
    replace(&scratch).args(["--mode", "755"]).run().exits(0);
    let version = kept(&scratch).into_iter().next().unwrap();
    let directory = std::fs::symlink_metadata(&version).unwrap();
    assert_eq!((directory.is_dir(), directory.mode() & 0o7777, directory.uid()), (true, 0o700, 0));
    plain(swapbin(&scratch)).args(["rollback", "app"]).run().exits(0);
    let app = std::fs::metadata(scratch.path("app")).unwrap();
    assert_eq!((scratch.read("app"), app.mode() & 0o7777, app.uid()), (b"one".to_vec(), 0o4755, NOBODY));
    scratch.assert_no_litter();
}

#[test]
fn a_symbolic_link_of_a_tree_is_kept_by_another_one() {
    let scratch = Scratch::new();
    scratch.directory("root");
    scratch.directory("stage");
    scratch.link("root/current", "one");
    scratch.link("stage/current", "two");
    plain(swapbin(&scratch)).args(["apply", "--tree", "stage", "--to", "root"]).run().exits(0);
    assert_eq!(std::fs::read_link(scratch.path("root/current")).unwrap(), Path::new("two"));
    plain(swapbin(&scratch)).args(["rollback", "--last"]).run().exits(0);
    assert_eq!(std::fs::read_link(scratch.path("root/current")).unwrap(), Path::new("one"));
}

#[test]
fn what_may_not_be_copied_is_replaced_alone_with_a_warning_and_in_a_batch_not_at_all() {
    let scratch = tree_of_two();
    scratch.file("app", "one").of_ordinary_user().mode(0o200);
    scratch.file("other", "other").of_ordinary_user();
    scratch.file("two", "two").mode(0o755);
    scratch.file("three", "three").mode(0o755);
    std::fs::set_permissions(scratch.root(), PermissionsExt::from_mode(0o777)).unwrap();
    let before = scratch.snapshot();
    let run = || plain(swapbin_as_ordinary_user(&scratch)).from("two").to("app").keeping();
    run().from("three").to("other").run().exits(9).says(&in_quotes(scratch.path("app"))).says("nothing was changed");
    scratch.snapshot().assert_same_as(&before);
    run().run().exits(0).says("warning: ").says("is not kept");
    assert_eq!(scratch.read("app"), b"two");
    assert!(kept(&scratch).is_empty());
    scratch.assert_no_litter();
}

#[test]
fn a_copy_that_fails_changes_nothing() {
    if !failpoints_available() {
        return;
    }
    for place in ["copy", "copy-sync"] {
        for errno in [libc::ENOSPC, libc::EIO] {
            for (run, time) in [(replace as fn(&Scratch) -> Swapbin<'_>, 1), (batch, 2)] {
                let scratch = tree_of_two();
                let before = scratch.snapshot();
                let outcome = run(&scratch).failpoint(&format!("{place}@{time}"), &errno.to_string()).run();
                assert!(matches!(outcome.code, Some(1 | 9)), "{outcome}");
                scratch.snapshot().assert_same_as(&before);
            }
        }
    }
}

#[test]
fn killed_anywhere_one_file_is_old_or_new_and_no_copy_is_left_of_a_swap_that_was_not_made() {
    if !failpoints_available() {
        return;
    }
    for place in ["copy", "copy-sync", "record", "record-sync@1", "record-sync@2", "link", "rename", "sync-dir"] {
        let scratch = tree();
        replace(&scratch).failpoint(place, "abort").run().is_killed_by(Signal::KILL);
        let made = place == "sync-dir";
        assert_eq!(scratch.read("app"), if made { b"two" } else { b"one" }, "{place}");
        plain(swapbin(&scratch)).from("three").to("app").keeping().args(["--keep", "9"]).run().exits(0);
        assert_eq!(kept(&scratch).len(), 1 + usize::from(made), "{place}");
        scratch.assert_no_litter();
    }
}

#[test]
fn killed_anywhere_a_batch_is_recovered_as_a_whole() {
    if !failpoints_available() {
        return;
    }
    let before_commit = ["copy@2", "copy-sync@1", "copy-sync@2", "sync-prepared", "commit-record"];
    let after = ["commit-sync", "rename@1", "rename@2", "sync-dir", "close"];
    for (place, made) in before_commit.map(|place| (place, false)).into_iter().chain(after.map(|place| (place, true))) {
        let scratch = tree_of_two();
        batch(&scratch).failpoint(place, "abort").run().is_killed_by(Signal::KILL);
        for _ in 0..2 {
            plain(swapbin(&scratch)).arg("recover").run().exits(0);
            let expected = if made { ["two", "three"] } else { ["one", "other"] };
            assert_eq!([scratch.read("app"), scratch.read("other")], expected.map(|text| text.as_bytes().to_vec()), "{place}");
            assert_eq!(kept(&scratch).len(), if made { 2 } else { 0 }, "{place}");
            scratch.assert_no_litter();
        }
    }
}

#[test]
fn a_batch_that_fails_is_taken_back_from_its_copies() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree_of_two();
    batch(&scratch).failpoint("rename@2", &libc::EROFS.to_string()).run().exits(9);
    assert_eq!([scratch.read("app"), scratch.read("other")], [b"one".to_vec(), b"other".to_vec()]);
    assert_eq!(std::fs::metadata(scratch.path("app")).unwrap().mode() & 0o7777, 0o750);
    assert!(kept(&scratch).is_empty());
    scratch.assert_no_litter();
}
