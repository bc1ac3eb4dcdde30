//! Who opens the file meanwhile waits: to read it, and gets all of the new content; to write to it, and gets the old.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread::JoinHandle;

use rustix::process::Signal;

use super::Tree;
use crate::support::{Outcome, Running, Scratch, failpoints_available};

/// Several pieces long, so that the moment is one in the middle.
const LARGE: usize = 12 << 20;

/// Where a run stops: before the first byte, in the middle, and when all is written but nothing is done yet.
const PLACES: [&str; 4] = ["overwrite", "overwritten", "attributes", "sync"];

/// Opens the file, which takes as long as somebody has a lease on it, and reads it to its end.
fn open(path: PathBuf, write: bool) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut file = File::options().read(true).write(write).open(path).expect("an open that only waits");
        file.read_to_end(&mut bytes).expect("a file that can be read");
        bytes
    })
}

/// Waits until somebody waits for the lease on this inode.
fn wait_for_opener(running: &mut Running, inode: u64) {
    let is_it = |line: &str| line.contains("LEASE") && line.contains("BREAKING") && line.contains(&format!(":{inode} "));
    running.wait_until("somebody waits for the lease", |_| {
        std::fs::read_to_string("/proc/locks").expect("/proc/locks").lines().any(is_it)
    });
}

/// Stops a run at a place, and opens the file then: what was read of it, and how the run ended.
fn opened_at(place: &str, write: bool) -> (Tree, Vec<u8>, Outcome) {
    let tree = Tree::of(Scratch::new(), LARGE, LARGE + 1000);
    let mut running = tree.overwrite().failpoint(&format!("{place}@1"), "pause").spawn();
    running.wait_until_paused();
    let path = tree.scratch.path("app");
    let opener = open(path.clone(), write);
    wait_for_opener(&mut running, std::fs::metadata(&path).unwrap().ino());
    assert!(!opener.is_finished(), "{place}");
    running.signal(Signal::CONT);
    let read = opener.join().unwrap();
    (tree, read, running.wait())
}

#[test]
fn who_opens_it_to_read_waits_and_reads_all_of_the_new_content() {
    if !failpoints_available() {
        return;
    }
    for place in PLACES {
        let (tree, read, outcome) = opened_at(place, false);
        outcome.exits(0);
        assert!(read == vec![b'n'; LARGE + 1000], "{place}");
        assert!(tree.is_new());
        tree.scratch.assert_no_litter();
    }
}

#[test]
fn who_opens_it_to_write_gets_the_old_content_and_the_run_says_so() {
    if !failpoints_available() {
        return;
    }
    for place in PLACES {
        let (tree, read, outcome) = opened_at(place, true);
        outcome.exits(3).says("somebody wanted to write to");
        assert!(read == vec![b'o'; LARGE], "{place}");
        tree.assert_untouched();
    }
}
