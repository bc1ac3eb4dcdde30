//! What only looks stale.

use std::fs;

use super::{of, stale};
use crate::support::{Fixture, Scratch, require_program};

#[test]
fn memory_that_looks_like_a_deleted_file_is_left_out() {
    let Some(python) = require_program("python3") else { return };
    let scratch = Scratch::new();
    let words = "
import mmap, os, sys
memory = os.memfd_create('code')
os.ftruncate(memory, 4096)
a = mmap.mmap(memory, 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_EXEC)
b = mmap.mmap(-1, 4096, mmap.MAP_SHARED)
print('ready', flush=True)
sys.stdin.read()
";
    let running = Fixture::start(python, &["-c", words]);
    let maps = fs::read_to_string(format!("/proc/{}/maps", running.pid().as_raw_nonzero())).unwrap();
    assert!(maps.contains("/memfd:code (deleted)") && maps.contains("/dev/zero (deleted)"), "{maps}");
    assert_eq!(of(&scratch, &running), []);
    assert_eq!(stale(&scratch, &["--json"]).json()["unknown"], 0);
}

#[test]
fn data_in_memory_that_was_meant_to_go_with_its_process_is_left_out() {
    // On tmpfs.
    let memory = Scratch::on("/dev/shm");
    let scratch = Scratch::new();
    let tool = scratch.program("tool", "one");
    let segment = memory.file("segment", "data");
    let running = Fixture::start(&tool, &["map", segment.to_str().unwrap()]);
    fs::remove_file(&segment).unwrap();
    assert_eq!(of(&scratch, &running), []);
    // The same on a disk is told.
    let file = scratch.file("file", "data");
    let running = Fixture::start(&tool, &["map", file.to_str().unwrap()]);
    fs::remove_file(&file).unwrap();
    assert_eq!(of(&scratch, &running).len(), 1);
}

#[test]
fn files_that_are_only_open_are_left_out() {
    let Some(bash) = require_program("bash") else { return };
    let scratch = Scratch::new();
    let log = scratch.file("log", "line");
    let words = format!("exec 7<'{}'; echo ready; read line; :", log.display());
    let running = Fixture::start(bash, &["-c", &words]);
    fs::remove_file(&log).unwrap();
    assert_eq!(of(&scratch, &running), []);
}
