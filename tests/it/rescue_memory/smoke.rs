//! `--smoke`: what was made is loaded before it is put in place.

use std::fs;
use std::path::{Path, PathBuf};

use super::compile::compile;
use super::lost::{Running, output, place};
use crate::support::{Outcome, Scratch, ordinary_uid, require_root, swapbin, swapbin_as_ordinary_user};

/// A process of an ordinary user that has a library which is deleted, and the name of what is made of it.
fn lost(scratch: &Scratch, options: &[&str]) -> Option<(Running, PathBuf)> {
    let library = compile(scratch, "library.so", "library.c", &[&["-shared", "-fPIC"], options].concat())?;
    let host = compile(scratch, "host", "host.c", &["-ldl"])?;
    let running = Running::start(&host, &[library.as_os_str()], ordinary_uid());
    fs::remove_file(library).unwrap();
    Some((running, place(scratch, ordinary_uid()).join("library.so")))
}

fn words(made: &Path) -> [&str; 6] {
    ["rescue", "library.so", "--from-memory", "--smoke", "--to", made.to_str().unwrap()]
}

fn rescue(scratch: &Scratch, made: &Path) -> Outcome {
    swapbin_as_ordinary_user(scratch).args(words(made)).run()
}

#[test]
fn what_loads_is_put_in_place_and_told_to_load() {
    let scratch = Scratch::new();
    let Some((running, made)) = lost(&scratch, &[]) else { return };
    rescue(&scratch, &made).exits(0).prints("reconstructed").prints("it can be loaded");
    let host = scratch.path("host");
    assert_eq!(output(&host, &[made.as_os_str(), "once".as_ref()], ordinary_uid()), running.said);
}

#[test]
fn what_needs_a_library_that_is_gone_is_refused_and_nothing_is_put_in_place() {
    let scratch = Scratch::new();
    let needed = compile(&scratch, "libneeded.so", "library.cc", &["-shared", "-fPIC", "-Wl,-soname,libneeded.so"]);
    let Some(needed) = needed else { return };
    let options = ["-Wl,--no-as-needed", "-L.", "-l:libneeded.so", "-Wl,-rpath,$ORIGIN"];
    let Some((_running, made)) = lost(&scratch, &options) else { return };
    fs::remove_file(needed).unwrap();
    rescue(&scratch, &made).exits(5).says("does not load").says("libneeded.so is not found");
    assert!(!made.exists());
    scratch.assert_no_litter();
}

/// What a library can have run when it is loaded, it has run with the rights of its own process.
#[test]
fn root_tries_it_with_the_rights_of_the_process_it_is_from() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    let Some((running, made)) = lost(&scratch, &[]) else { return };
    let pid = running.pid();
    let run = swapbin(&scratch).args(words(&made)).args(["--pid", &pid, "--allow-shared-path"]);
    let Some((outcome, calls)) = run.strace("setuid,execve") else { return };
    outcome.exits(0).prints("it can be loaded");
    let linker = calls.iter().position(|call| call.name == "execve" && call.arguments.contains("ld-linux")).expect("it is tried");
    let dropped = calls[..linker].iter().any(|call| call.name == "setuid" && call.arguments == ordinary_uid().to_string());
    assert!(dropped, "{calls:#?}");
}
