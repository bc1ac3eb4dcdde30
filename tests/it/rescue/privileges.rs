//! Who may bring back what: the table of the manual page.

use std::fs;
use std::process::Command;

use crate::support::{
    Fixture, NOBODY, Scratch, Step, Swapbin, before_exec, output_of, program_under_test, require_library, require_program,
    require_root, swapbin, swapbin_as_ordinary_user,
};

/// A process of nobody's with a program, a library and an open file, all of them deleted.
struct Theirs {
    scratch: Scratch,
    running: Fixture,
}

fn theirs(mode: u32) -> Option<Theirs> {
    if !require_root() {
        return None;
    }
    let library = require_library("libm.so.6")?;
    let scratch = Scratch::new();
    // Where nobody may write.
    scratch.directory("out").owner(NOBODY, NOBODY);
    let app = scratch.program("app", "one").owner(NOBODY, NOBODY);
    let copy = scratch.file("libcopy.so", of_another_build(fs::read(library).unwrap())).owner(NOBODY, NOBODY);
    let data = scratch.file_of("data", 7, 100_000).owner(NOBODY, NOBODY);
    let mut command = Command::new(&*app);
    command.args(["hold", data.to_str().unwrap()]).env("LD_PRELOAD", &*copy);
    if mode & 0o400 == 0 {
        // What may not be read is not dumpable, ptrace(2), and loads nothing of ours.
        command = Command::new(&*app.owner(0, 0).mode(mode));
        command.args(["hold", data.to_str().unwrap()]);
    }
    before_exec(&mut command, vec![Step::Become(NOBODY)]);
    let running = Fixture::start_by(&mut command);
    for name in ["app", "libcopy.so", "data"] {
        fs::remove_file(scratch.path(name)).unwrap();
    }
    Some(Theirs { scratch, running })
}

/// The library with another build-id: one that the disk has nowhere else.
fn of_another_build(mut library: Vec<u8>) -> Vec<u8> {
    // The note's type and the name of its owner, elf(5); then the build-id.
    let note = library.windows(8).position(|bytes| bytes == b"\x03\0\0\0GNU\0").expect("a library with a build-id");
    library[note + 8] ^= 0xff;
    library
}

/// What memory is not needed for: the disk has the same file.
#[test]
fn what_the_disk_has_somewhere_else_is_copied_from_there() {
    let Some(theirs) = theirs(0o755) else { return };
    let library = require_library("libm.so.6").unwrap();
    theirs.scratch.file("libsame.so", of_another_build(fs::read(&library).unwrap()));
    let words = ["rescue", "libcopy.so", "--from-memory", "--to", "out/lib"];
    let run = || swapbin_as_ordinary_user(&theirs.scratch);
    run().args(words).run().exits(0).prints("rescued").prints("libsame.so'");
    assert_eq!(theirs.scratch.read("out/lib"), theirs.scratch.read("libsame.so"), "whole, with what is not loaded");

    // With other code it is not the same, whatever its build-id says.
    let mut other = theirs.scratch.read("libsame.so");
    let code = other.windows(4).rposition(|bytes| bytes == b"\xf3\x0f\x1e\xfa").unwrap_or(other.len() / 2);
    other[code] ^= 0xff;
    theirs.scratch.file("libsame.so", other);
    run().args(words).arg("--replace").run().exits(0).prints("reconstructed");
}

/// A run with all rights of nobody's, and these capabilities.
fn with_capabilities<'s>(scratch: &'s Scratch, user: u32, capabilities: &[&str]) -> Option<Swapbin<'s>> {
    let setpriv = require_program("setpriv")?;
    let id = user.to_string();
    let none = "-all".to_owned();
    let list = capabilities.iter().map(|name| format!("+{name}")).collect::<Vec<_>>().join(",");
    let list = if list.is_empty() { none } else { list };
    let words = [
        setpriv.to_str().unwrap(),
        "--reuid",
        &id,
        "--regid",
        &id,
        "--clear-groups",
        "--inh-caps",
        &list,
        "--ambient-caps",
        &list,
    ];
    let run = swapbin(scratch).program(scratch.tool(&program_under_test())).under(words);
    Some(run.env("SWAPBIN_STATE_DIR", scratch.state(Some(user))))
}

impl Theirs {
    /// Tries all three, and says which came back.
    fn try_all<'s>(&'s self, run: impl Fn() -> Swapbin<'s>) -> [bool; 3] {
        ["app", "libcopy.so", "data"].map(|name| {
            let to = format!("out/{name}");
            let outcome = run().args(["rescue", name, "--to", &to]).run();
            if outcome.code != Some(0) {
                outcome.exits(7);
            }
            let copied = self.scratch.path(&to);
            let came = copied.exists();
            let _ = fs::remove_file(copied);
            assert_eq!(came, outcome.code == Some(0), "{outcome}");
            came
        })
    }
}

#[test]
fn root_may_bring_back_everything() {
    let Some(theirs) = theirs(0o755) else { return };
    let all = ["app", "libcopy.so", "data"].map(|name| {
        let pid = theirs.running.pid().as_raw_nonzero().to_string();
        let digest = run_for_digest(&theirs, name);
        let words = ["rescue", name, "--pid", &pid, "--sha256", &digest, "--to", "copy", "--replace"];
        swapbin(&theirs.scratch).args(words).run().code
    });
    assert_eq!(all, [Some(0); 3], "it belongs to nobody, so root names it");
}

/// What root is told to name, for the file belongs to somebody else than the directory.
fn run_for_digest(theirs: &Theirs, name: &str) -> String {
    let object = swapbin(&theirs.scratch).args(["rescue", name, "--json"]).run().exits(4).json();
    object["error"]["files"][0]["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn the_same_user_may_have_programs_and_open_files_but_no_libraries() {
    let Some(theirs) = theirs(0o755) else { return };
    assert_eq!(theirs.try_all(|| swapbin_as_ordinary_user(&theirs.scratch)), [true, false, true]);
    let run = swapbin_as_ordinary_user(&theirs.scratch).args(["rescue", "libcopy.so", "--to", "out/x"]).run();
    run.exits(7).says("only its memory may be read").says("CAP_CHECKPOINT_RESTORE");
    let list = swapbin_as_ordinary_user(&theirs.scratch).args(["rescue", "--list"]).run().exits(0).output_text();
    let line = list.lines().find(|line| line.ends_with("/libcopy.so")).expect("it is in the list");
    assert_eq!(line.split('\t').nth(2), Some("memory"), "{line}");
}

#[test]
fn with_the_capability_to_restore_checkpoints_libraries_too() {
    let Some(theirs) = theirs(0o755) else { return };
    let run = || with_capabilities(&theirs.scratch, NOBODY, &["checkpoint_restore"]).unwrap();
    assert_eq!(theirs.try_all(run), [true, true, true]);
}

#[test]
fn another_user_may_have_nothing_and_is_told_how_many_cannot_be_looked_at() {
    let Some(theirs) = theirs(0o755) else { return };
    theirs.scratch.directory("out").owner(NOBODY - 1, NOBODY - 1);
    let run = || with_capabilities(&theirs.scratch, NOBODY - 1, &[]).unwrap();
    assert_eq!(theirs.try_all(run), [false; 3]);
    run().args(["rescue", "app"]).run().exits(7).says("could not be looked at").says("run this as root");
}

#[test]
fn another_user_with_the_capabilities_to_trace_and_read_may_have_programs_and_open_files() {
    let Some(theirs) = theirs(0o755) else { return };
    theirs.scratch.directory("out").owner(NOBODY - 1, NOBODY - 1);
    let with = |more: &'static [&'static str]| {
        let theirs = &theirs;
        move || with_capabilities(&theirs.scratch, NOBODY - 1, more).unwrap()
    };
    // It belongs to neither, so that it has to be named.
    let digest = run_for_digest(&theirs, "app");
    let pid = theirs.running.pid().as_raw_nonzero().to_string();
    let words = ["rescue", "app", "--pid", &pid, "--sha256", &digest, "--to", "out/app"];
    let run = with(&["sys_ptrace", "dac_read_search"])().args(words).run();
    run.exits(0).says("and is yours now");
    let words = ["rescue", "--pid", &pid, "--map", "libcopy.so", "--to", "out/lib"];
    with(&["sys_ptrace", "dac_read_search"])().args(words).run().exits(7).says("CAP_CHECKPOINT_RESTORE");
}

#[test]
fn a_process_that_is_not_dumpable_gives_nothing_to_its_own_user() {
    let Some(theirs) = theirs(0o111) else { return };
    assert_eq!(theirs.try_all(|| swapbin_as_ordinary_user(&theirs.scratch)), [false; 3]);
    let run = swapbin_as_ordinary_user(&theirs.scratch).args(["rescue", "--pid"]);
    run.arg(theirs.running.pid().as_raw_nonzero().to_string()).run().exits(7).says("permission denied");
}

#[test]
fn what_only_memory_has_left_is_made_again_where_that_is_asked_for() {
    let Some(theirs) = theirs(0o755) else { return };
    let run = || swapbin_as_ordinary_user(&theirs.scratch);
    run().args(["rescue", "libcopy.so", "--from-memory"]).run().exits(2).says("--to");
    let words = ["rescue", "libcopy.so", "--from-memory", "--to", "out/lib"];
    run().args(words).run().exits(0).prints("reconstructed").prints("not the same file");
    assert!(!theirs.scratch.path("libcopy.so").exists(), "nothing is put at the path");
    let reader = theirs.scratch.program("reader", "one");
    let loaded = output_of(Command::new(&*reader).arg("version").env("LD_PRELOAD", theirs.scratch.path("out/lib"))).unwrap();
    assert!(loaded.status.success() && loaded.stderr.is_empty(), "{loaded:?}");
    // Again is another content.
    let words = ["rescue", "libcopy.so", "--from-memory", "--to", "out/lib", "--json"];
    run().args(words).run().exits(9);
    let object = run().args(words).arg("--replace").run().exits(0).json();
    assert_eq!((&object["rescued"]["whole"], &object["compared"]), (&false.into(), &serde_json::Value::Null));
    assert!(object["reconstruction"]["sections"].as_array().unwrap().iter().any(|part| part["name"] == ".text"));
}

#[test]
fn a_library_that_was_cut_off_is_made_again_out_of_what_is_left() {
    let Some(library) = require_library("libm.so.6") else { return };
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let copy = scratch.file("libcopy.so", fs::read(library).unwrap());
    let mut command = Command::new(&*app);
    let _running = Fixture::start_by(command.arg("sleep").env("LD_PRELOAD", &*copy));
    // It is at its path, so that it is nothing to be rescued; its bytes are gone on the disk and in memory alike.
    fs::File::options().write(true).open(&copy).unwrap().set_len(4096).unwrap();
    swapbin(&scratch).args(["rescue", "libcopy.so"]).run().exits(7);
    let words = ["rescue", "libcopy.so", "--from-memory", "--to", "made"];
    swapbin(&scratch).args(words).run().exits(7).says("no longer in its memory");
}
