//! A filesystem that is full when names change.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::process::Signal;

use super::{NAMES, Set};
use crate::support::{Namespace, Scratch, Swapbin, failpoints_available, require_filesystem, swapbin};

/// A btrfs, as large as its smallest tests need, with three old files, and three new ones elsewhere.
struct Btrfs {
    scratch: Scratch,
    namespace: Namespace,
}

const FILES: [&str; 3] = ["one", "two", "three"];

impl Btrfs {
    fn new() -> Btrfs {
        let scratch = Scratch::new();
        let (at, namespace) = (scratch.directory("mounted"), Namespace::new());
        namespace.image(&scratch, "btrfs", 128, &at);
        let btrfs = Btrfs { scratch, namespace };
        for name in FILES {
            btrfs.scratch.file(format!("new-{name}"), format!("new {name}"));
            fs::write(btrfs.path(name), format!("old {name}")).unwrap();
        }
        btrfs
    }

    fn path(&self, name: &str) -> PathBuf {
        self.namespace.path(self.scratch.path("mounted")).join(name)
    }

    fn run(&self) -> Swapbin<'_> {
        let run = swapbin(&self.scratch).within(&self.namespace);
        FILES.iter().fold(run, |run, name| run.from(format!("new-{name}")).to(format!("mounted/{name}")))
    }

    /// Leaves no room for another name, and none for a rename.
    fn fill(&self) {
        let dir = self.path("fill");
        fs::create_dir(&dir).unwrap();
        let big = fs::File::create(dir.join("big")).unwrap();
        // An attribute of this length has a block of metadata for itself.
        let fits =
            |n: u32| rustix::fs::fsetxattr(&big, format!("user.{n}"), &[b'f'; 15_900], rustix::fs::XattrFlags::CREATE).is_ok();
        (0..).take_while(|n| fits(*n)).for_each(drop);
        rustix::fs::syncfs(&big).unwrap();
        let named = |n: u32| fs::write(dir.join(format!("{}{n}", "f".repeat(200))), [b'f'; 1900]).is_ok();
        // What is on the disk takes less than what is going to be.
        for round in 0..5_u32 {
            (0..).take_while(|n| named(round * 100_000 + n)).for_each(drop);
            rustix::fs::syncfs(&big).unwrap();
        }
        let renamed = fs::rename(self.path("fill/big"), self.path("fill/other"));
        assert_eq!(renamed.unwrap_err().raw_os_error(), Some(libc::ENOSPC), "it is not full");
    }

    fn contents(&self) -> Vec<String> {
        FILES.iter().map(|name| fs::read_to_string(self.path(name)).unwrap()).collect()
    }

    #[track_caller]
    fn assert_no_litter(&self) {
        let names = fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        let ours: Vec<_> = names.filter(|name| name.as_bytes().starts_with(b".swapbin")).collect();
        assert!(ours.is_empty(), "{ours:?}");
    }
}

#[test]
fn metadata_that_is_full_when_the_first_name_changes_is_no_obstacle() {
    if !require_filesystem("btrfs") || !failpoints_available() {
        return;
    }
    let btrfs = Btrfs::new();
    let mut running = btrfs.run().failpoint("rename@1", "pause").spawn();
    running.wait_until_paused();
    btrfs.fill();
    running.signal(Signal::CONT);
    running.wait().exits(0);
    assert_eq!(btrfs.contents(), FILES.map(|name| format!("new {name}")));
    btrfs.assert_no_litter();
}

#[test]
fn metadata_that_is_full_does_not_hinder_the_way_back() {
    if !require_filesystem("btrfs") || !failpoints_available() {
        return;
    }
    let btrfs = Btrfs::new();
    // With the journal on the same filesystem, and on another one.
    for state in ["mounted/state", "state"] {
        let points = format!("rename-reply@3=pause,published={}", libc::EIO);
        let run = btrfs.run().env("SWAPBIN_FAILPOINT", points).env("SWAPBIN_STATE_DIR", btrfs.scratch.path(state));
        let mut running = run.spawn();
        running.wait_until_paused();
        btrfs.fill();
        running.signal(Signal::CONT);
        running.wait().exits(9);
        assert_eq!(btrfs.contents(), FILES.map(|name| format!("old {name}")));
        btrfs.assert_no_litter();
        fs::remove_dir_all(btrfs.path("fill")).unwrap();
    }
}

#[test]
fn without_room_set_aside_full_metadata_stops_the_same_run() {
    if !require_filesystem("btrfs") || !failpoints_available() {
        return;
    }
    let btrfs = Btrfs::new();
    let io = libc::EIO;
    for (points, code) in [("rename@1=pause".to_owned(), 9), (format!("rename-reply@3=pause,published={io}"), 8)] {
        let mut running = btrfs.run().env("SWAPBIN_FAILPOINT", format!("{points},ballast={io}")).spawn();
        running.wait_until_paused();
        btrfs.fill();
        running.signal(Signal::CONT);
        running.wait().exits(code);
        fs::remove_dir_all(btrfs.path("fill")).unwrap();
        swapbin(&btrfs.scratch).within(&btrfs.namespace).arg("recover").run().exits(0);
        assert_eq!(btrfs.contents(), FILES.map(|name| format!("old {name}")));
        btrfs.assert_no_litter();
    }
}

#[test]
fn a_step_without_room_is_tried_again_with_what_was_set_aside() {
    if !failpoints_available() {
        return;
    }
    for errno in [libc::ENOSPC, libc::EDQUOT] {
        for place in ["rename@1", "rename@6"] {
            let set = Set::new();
            set.run().failpoint(place, &errno.to_string()).run().exits(0);
            assert_eq!(set.count_new(), NAMES.len(), "{place}");
            set.assert_no_litter(place);
        }
        for place in ["abort-record@1", "recover@1", "recover@3"] {
            let set = Set::new();
            let points = format!("rename@4={},{place}={errno}", libc::EIO);
            set.run().env("SWAPBIN_FAILPOINT", points).run().exits(1);
            assert_eq!(set.count_new(), 0, "{place}");
            set.assert_no_litter(place);
        }
    }
}

#[test]
fn without_room_even_then_everything_goes_back_or_the_journal_stays() {
    if !failpoints_available() {
        return;
    }
    let full = libc::ENOSPC;
    for (points, code) in [(format!("rename@4={full},rename@5={full}"), 9), (format!("rename@4={},recover={full}", libc::EIO), 8)]
    {
        let set = Set::new();
        set.run().env("SWAPBIN_FAILPOINT", &points).run().exits(code);
        swapbin(&set.scratch).arg("recover").run().exits(0);
        assert_eq!(set.count_new(), 0, "{points}");
        set.assert_no_litter(&points);
    }
}

#[test]
fn no_room_to_set_aside_is_found_before_anything_is_decided() {
    if !failpoints_available() {
        return;
    }
    for errno in [libc::ENOSPC, libc::EDQUOT] {
        let set = Set::new();
        set.run().keeping().failpoint("ballast", &errno.to_string()).run().exits(9).says("nothing was changed");
        assert_eq!(set.count_new(), 0);
        assert!(set.kept().is_empty());
        set.assert_no_litter("no ballast");
    }
}

#[test]
fn what_is_set_aside_is_gone_when_the_run_is_killed() {
    if !failpoints_available() {
        return;
    }
    // With files without names, and where there are none.
    for named in [false, true] {
        let set = Set::new();
        let run = if named { set.run().without_tmpfile(libc::EOPNOTSUPP) } else { set.run() };
        run.failpoint("commit-record", "abort").run().is_killed_by(Signal::KILL);
        swapbin(&set.scratch).arg("recover").run().exits(0);
        // As everywhere: whose owner is gone is swept by the next run in the directory.
        set.run().run().exits(0);
        assert_eq!(set.count_new(), NAMES.len());
        set.assert_no_litter("killed");
    }
}
