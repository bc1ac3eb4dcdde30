//! What cannot be made again, and what is said then.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use super::compile::compile;
use super::lost::{Running, place, rebuild};
use crate::support::{Scratch, ordinary_uid, require_root};

/// A process that has loaded a library, and what its user is told who wants the library made again after `then`.
#[track_caller]
fn told_after(scratch: &Scratch, mode: &str, then: impl FnOnce(&std::path::Path)) -> Option<String> {
    let library = compile(scratch, "library.so", "library.c", &["-shared", "-fPIC"])?;
    let host = compile(scratch, "host", "host.c", &["-ldl"])?;
    let uid = ordinary_uid();
    let mut running = Running::start(&host, &[library.as_os_str(), OsStr::new(mode)], uid);
    then(&library);
    let made = place(scratch, uid).join("library.so");
    let told = rebuild(scratch, &running.pid(), "/library.so", &made, uid).expect_err("it cannot be made again");
    assert!(!made.exists());
    running.assert_alive();
    Some(told)
}

#[test]
fn a_library_that_was_cut_off_is_in_no_memory_any_more() {
    let scratch = Scratch::new();
    let cut = |library: &std::path::Path| File::options().write(true).open(library).unwrap().set_len(0).unwrap();
    let Some(told) = told_after(&scratch, "", cut) else { return };
    assert!(told.contains("Headless"), "{told}");
}

#[test]
fn one_that_lost_its_end_is_incomplete() {
    let scratch = Scratch::new();
    let cut = |library: &std::path::Path| File::options().write(true).open(library).unwrap().set_len(4096).unwrap();
    let Some(told) = told_after(&scratch, "", cut) else { return };
    assert!(told.contains("Incomplete"), "{told}");
}

#[test]
fn one_that_was_written_over_in_place_is_another_file_now() {
    let scratch = Scratch::new();
    let write = |library: &std::path::Path| {
        File::options().write(true).open(library).unwrap().write_all_at(&[b'x'; 64], 0).unwrap();
    };
    let Some(told) = told_after(&scratch, "", write) else { return };
    assert!(told.contains("Unfit"), "{told}");
}

#[test]
fn a_process_that_may_not_be_looked_at_is_named_as_such() {
    let scratch = Scratch::new();
    let remove = |library: &std::path::Path| fs::remove_file(library).unwrap();
    let Some(told) = told_after(&scratch, "undumpable", remove) else { return };
    assert!(told.contains("NotDumpable"), "{told}");
}

#[test]
fn another_users_process_is_named_as_such() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    let Some(library) = compile(&scratch, "library.so", "library.c", &["-shared", "-fPIC"]) else { return };
    let Some(host) = compile(&scratch, "host", "host.c", &["-ldl"]) else { return };
    let running = Running::start(&host, &[library.as_os_str()], 0);
    let uid = ordinary_uid();
    let made = place(&scratch, uid).join("library.so");
    let told = rebuild(&scratch, &running.pid(), "/library.so", &made, uid).unwrap_err();
    assert!(told.contains("OtherUser { uid: 0 }"), "{told}");
}
