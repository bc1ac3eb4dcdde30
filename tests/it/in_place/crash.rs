//! Killed or failed at every step, and recovered: the old content or the new one, whole, in the same inode.

use rustix::process::Signal;

use super::Tree;
use crate::support::{Fixture, Scratch, failpoints_available, is_kept, swapbin};

/// Several pieces long.
const LARGE: usize = 10 << 20;

/// Every place with a failpoint on the way, and how often a file of three pieces passes it.
const PLACES: [(&str, u32); 20] = [
    ("stage", 1),
    ("write", 1),
    ("lease", 1),
    ("aside", 1),
    ("aside-sync", 2),
    ("link", 2),
    ("sync-prepared", 1),
    ("reserve", 1),
    ("commit-record", 1),
    ("commit-sync", 1),
    ("commit-sync-dir", 1),
    ("overwrite", 1),
    ("overwritten", 4),
    ("attributes", 1),
    ("sync", 1),
    ("done-record", 1),
    ("done-sync", 1),
    ("kept", 1),
    ("kept-sync", 1),
    ("close", 1),
];

fn places() -> impl Iterator<Item = String> {
    PLACES.iter().flat_map(|(place, times)| (1..=*times).map(move |time| format!("{place}@{time}")))
}

fn tree(old: usize, new: usize) -> Tree {
    let mut tree = Tree::of(Scratch::new(), old, new);
    // A write takes setuid away.
    std::fs::set_permissions(tree.scratch.path("app"), std::os::unix::fs::PermissionsExt::from_mode(0o4750)).unwrap();
    tree.before = tree.scratch.snapshot();
    tree
}

impl Tree {
    fn kept(&self) -> usize {
        self.scratch.snapshot().names().filter(|name| is_kept(name)).count()
    }

    fn recover(&self) -> crate::support::Swapbin<'_> {
        swapbin(&self.scratch).arg("recover")
    }

    fn journals(&self) -> usize {
        std::fs::read_dir(self.scratch.state(None).join("txn")).unwrap().count()
    }
}

#[test]
fn every_place_is_passed_as_often_as_the_grid_takes_it_to_be() {
    if !failpoints_available() {
        return;
    }
    for (place, times) in PLACES {
        let tree = tree(LARGE, LARGE);
        tree.overwrite().keeping().failpoint(&format!("{place}@{times}"), "abort").run().is_killed_by(Signal::KILL);
        let tree = self::tree(LARGE, LARGE);
        tree.overwrite().keeping().failpoint(&format!("{place}@{}", times + 1), "abort").run().exits(0);
    }
}

#[test]
fn killed_anywhere_and_recovered_the_file_is_old_or_new_and_nothing_is_left() {
    if !failpoints_available() {
        return;
    }
    for (old, new, keep) in [(LARGE, LARGE + 5000, "1"), (LARGE, 10_000, "0"), (10_000, LARGE, "1")] {
        for place in places() {
            let tree = tree(old, new);
            let ended = tree.overwrite().keeping().args(["--keep", keep]).failpoint(&place, "abort").run();
            // A short file passes some places less often.
            assert!(ended.signal.is_some() || ended.code == Some(0), "{place}: {ended}");
            tree.recover().run().exits(0);
            let is_new = tree.is_new();
            tree.scratch.assert_no_litter();
            assert_eq!(tree.kept(), usize::from(is_new && keep == "1"), "{place}");
            assert_eq!(tree.journals(), 0, "{place}");
            tree.recover().run().exits(0);
            assert_eq!(tree.is_new(), is_new, "recovered twice, {place}");
        }
    }
}

#[test]
fn what_fails_is_undone_at_once() {
    if !failpoints_available() {
        return;
    }
    for place in places() {
        let tree = tree(LARGE, LARGE + 5000);
        let outcome = tree.overwrite().keeping().failpoint(&place, &libc::EIO.to_string()).run();
        match outcome.code {
            // What is only tidied may fail.
            Some(0) => assert!(tree.is_new(), "{place}"),
            Some(8) => {
                assert!(["done", "kept"].iter().any(|late| place.starts_with(late)), "{outcome}");
                assert!(tree.is_new(), "{place}");
            }
            _ => tree.assert_untouched(),
        }
        tree.recover().run().exits(0);
        tree.scratch.assert_no_litter();
        assert_eq!(tree.journals(), 0, "{place}");
    }
    let tree = tree(LARGE, LARGE + 5000);
    tree.overwrite().failpoint("reserve", &libc::ENOSPC.to_string()).run().exits(9).says("has no room");
    tree.assert_untouched();
}

#[test]
fn mode_and_owner_go_with_the_content() {
    if !failpoints_available() {
        return;
    }
    let run = |tree: &Tree, place: &str, action: &str| {
        let run = tree.overwrite().args(["-m", "711"]).failpoint(place, action);
        if rustix::process::geteuid().is_root() { run.args(["-o", "1", "-g", "2"]).run() } else { run.run() }
    };
    // The mode is given, and the sync after it fails.
    let tree = tree(LARGE, LARGE + 5000);
    run(&tree, "sync", &libc::EIO.to_string()).exits(1);
    tree.assert_untouched();
    // Killed there, the content is all new; before the mode was given, too.
    for place in ["sync", "attributes"] {
        let tree = self::tree(LARGE, LARGE + 5000);
        run(&tree, place, "abort").is_killed_by(Signal::KILL);
        tree.recover().run().exits(0);
        let now = crate::support::Entry::of(tree.scratch.path("app"));
        assert_eq!((now.mode, &now.kind), (0o711, &tree.before.entry("new").kind), "{place}");
        if rustix::process::geteuid().is_root() {
            assert_eq!((now.uid, now.gid), (1, 2), "{place}");
        }
    }
}

#[test]
fn what_cannot_be_undone_is_left_to_recovery() {
    if !failpoints_available() {
        return;
    }
    let tree = tree(LARGE, LARGE);
    let eio = libc::EIO;
    let both = format!("overwritten@2={eio},restore-sync={eio}");
    tree.overwrite().env("SWAPBIN_FAILPOINT", both).run().exits(8).says("could not be taken back").says("swapbin recover");
    tree.recover().run().exits(0);
    assert!(!tree.is_new());
    tree.scratch.assert_no_litter();
}

#[test]
fn recovery_killed_anywhere_goes_on_where_it_was() {
    if !failpoints_available() {
        return;
    }
    for killed_at in ["overwritten@2", "attributes", "done-sync"] {
        for place in
            ["recover", "lease", "overwrite", "overwritten@2", "restore-sync", "kept", "kept-sync", "close", "close-sync"]
        {
            let tree = tree(LARGE, LARGE + 5000);
            tree.overwrite().keeping().failpoint(killed_at, "abort").run().is_killed_by(Signal::KILL);
            drop(tree.recover().failpoint(place, "abort").run());
            tree.recover().run().exits(0);
            let is_new = tree.is_new();
            assert_eq!(is_new, killed_at != "overwritten@2", "{killed_at}, then {place}");
            tree.scratch.assert_no_litter();
            assert_eq!((tree.kept(), tree.journals()), (usize::from(is_new), 0), "{killed_at}, then {place}");
        }
    }
}

/// Killed in the middle of the write.
fn torn() -> Tree {
    let tree = tree(LARGE, LARGE + 5000);
    tree.overwrite().keeping().failpoint("overwritten@2", "abort").run().is_killed_by(Signal::KILL);
    tree
}

#[test]
fn the_next_run_on_the_file_recovers_it_first() {
    if !failpoints_available() {
        return;
    }
    for words in [&["--in-place"][..], &[]] {
        let tree = torn();
        tree.scratch.file("newest", "newest");
        swapbin(&tree.scratch).from("newest").to("app").args(words).run().exits(0).says("took back transaction");
        assert_eq!(tree.scratch.read("app"), b"newest");
        tree.scratch.assert_no_litter();
        let other = tree.scratch.read("other");
        assert!(other == b"newest" || other == vec![b'o'; LARGE], "{} bytes", other.len());
    }
}

#[test]
fn recovery_waits_for_who_has_the_torn_file() {
    if !failpoints_available() {
        return;
    }
    let tree = torn();
    let reader = tree.scratch.program("reader", "one");
    let held = Fixture::start(&reader, &["hold", tree.scratch.path("other").to_str().unwrap()]);
    tree.recover().run().exits(3).says("(reader) has it open");
    drop(held);
    tree.recover().run().exits(0);
    std::fs::remove_file(&reader).unwrap();
    assert!(!tree.is_new());
}

#[test]
fn what_somebody_else_wrote_into_the_torn_file_is_not_written_over() {
    if !failpoints_available() {
        return;
    }
    let tree = torn();
    std::fs::write(tree.scratch.path("app"), "mine").unwrap();
    tree.recover().run().exits(8).says("neither the old content nor the new one");
    tree.recover().arg("--list").run().exits(8);
    assert_eq!(tree.scratch.read("app"), b"mine");
    let txid = std::fs::read_dir(tree.scratch.state(None).join("txn")).unwrap().next().unwrap().unwrap().file_name();
    tree.recover().arg("--back").arg(txid).run().exits(8);
    assert_eq!(tree.scratch.read("app"), b"mine");
    tree.scratch.assert_no_litter();
    assert_eq!((tree.kept(), tree.journals()), (1, 0), "the old content may be nowhere else");
}

#[test]
fn a_torn_file_is_made_new_where_that_is_asked_for() {
    if !failpoints_available() {
        return;
    }
    let tree = torn();
    let txid = std::fs::read_dir(tree.scratch.state(None).join("txn")).unwrap().next().unwrap().unwrap().file_name();
    tree.recover().arg("--forward").arg(txid).run().exits(0);
    assert!(tree.is_new());
    assert_eq!((tree.kept(), tree.journals()), (1, 0));
    tree.scratch.assert_no_litter();
}

#[test]
fn recovery_keeps_no_more_versions_than_the_run_was_to_keep() {
    if !failpoints_available() {
        return;
    }
    let mut done = 0;
    for place in ["overwritten@2", "done-record", "done-sync", "kept", "kept-sync", "close"] {
        let tree = tree(LARGE, 10_000);
        tree.overwrite().keeping().run().exits(0);
        let between = tree.scratch.read("app");
        tree.scratch.file_of("new", b'2', LARGE);
        tree.overwrite().keeping().failpoint(place, "abort").run().is_killed_by(Signal::KILL);
        tree.recover().run().exits(0);
        assert_eq!(tree.kept(), 1, "{place}");
        let is_new = tree.scratch.read("app") == tree.scratch.read("new");
        done += usize::from(is_new);
        // The one before what is there now.
        swapbin(&tree.scratch).args(["rollback", "app"]).run().exits(0);
        let expected = if is_new { between } else { vec![b'o'; LARGE] };
        assert!(tree.scratch.read("app") == expected, "{place}");
        assert_eq!(tree.kept(), 1, "{place}");
    }
    assert!((1..6).contains(&done), "{done} went forward");
}
