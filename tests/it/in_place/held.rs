//! A file that somebody has is refused, and whoever has it goes on. What `cp` does to the same process is the other half.

use std::path::{Path, PathBuf};

use super::{SIZE, cp, library};
use crate::support::{Fixture, Made, NOBODY, Scratch, require_program, require_root, sha256, swapbin};

/// A tree with a file, and a `new` one to overwrite it with.
struct Held {
    scratch: Scratch,
    reader: Made,
    new: Made,
}

impl Held {
    fn new() -> Held {
        let scratch = Scratch::new();
        let reader = scratch.program("reader", "one");
        let new = scratch.file_of("new", 0xcc, 100);
        Held { scratch, reader, new }
    }

    fn start(&self, words: &[&str]) -> Fixture {
        Fixture::start(&self.reader, words)
    }

    /// Refuses to overwrite the file, with this in the message, and leaves everything as it is.
    #[track_caller]
    fn refuses(&self, path: &Path, text: &str) {
        let before = self.scratch.snapshot();
        let outcome = swapbin(&self.scratch).from(&self.new).to(path).arg("--in-place").run();
        outcome.exits(3).says("is in use").says(text).says("hint: ");
        self.scratch.snapshot().assert_same_as(&before);
        for only in ["--dry-run", "--check"] {
            swapbin(&self.scratch).from(&self.new).to(path).args(["--in-place", only]).run().exits(3).says(text);
        }
        let outcome = swapbin(&self.scratch).from(&self.new).to(path).args(["--in-place", "--json"]).run();
        let error = &outcome.exits(3).json()["error"];
        assert_eq!((error["code"].as_u64(), error["kind"].as_str()), (Some(3), Some("busy")));
    }
}

#[test]
fn a_program_that_runs_is_refused_and_cp_is_too() {
    let held = Held::new();
    let app = held.scratch.program("app", "one");
    let mut running = Fixture::sleeping(&app);
    held.refuses(&app, &format!("process {} (app) executes it", running.pid().as_raw_nonzero()));
    assert!(!cp(&held.new, &app), "ETXTBSY");
    assert!(running.is_alive());
    assert_eq!(running.finish(), "", "it ended well");
}

#[test]
fn a_library_that_is_loaded_is_refused_and_cp_kills_its_process() {
    let held = Held::new();
    let Some(path) = library(&held.scratch, "plugin.so") else { return };
    let name = path.to_str().unwrap();
    let loaded = held.start(&["load", name]);
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", loaded.pid().as_raw_nonzero())).unwrap();
    assert!(descriptors.flatten().all(|link| std::fs::read_link(link.path()).ok().as_deref() != Some(&*path)), "it is closed");
    held.refuses(&path, &format!("process {} (reader) maps it", loaded.pid().as_raw_nonzero()));
    assert_eq!(loaded.finish(), "answer=41\n", "it still works");

    // Shorter than its code: there is no page any more.
    let loaded = held.start(&["load", name]);
    assert!(cp(&held.new, &path));
    assert_eq!(loaded.ended_by(), Some(libc::SIGBUS));

    // As long, and of other bytes: each of them a breakpoint.
    library(&held.scratch, "plugin.so");
    let length = std::fs::metadata(&path).unwrap().len() as usize;
    let breakpoints = held.scratch.file_of("breakpoints", 0xcc, length);
    let loaded = held.start(&["load", name]);
    assert!(cp(&breakpoints, &path));
    let signal = loaded.ended_by();
    assert!(matches!(signal, Some(libc::SIGTRAP | libc::SIGSEGV | libc::SIGILL | libc::SIGBUS)), "{signal:?}");
}

#[test]
fn a_file_that_is_mapped_is_refused_and_cp_kills_its_process() {
    let held = Held::new();
    let data = held.scratch.file_of("data", b'd', SIZE);
    let mapped = held.start(&["map", data.to_str().unwrap()]);
    held.refuses(&data, "(reader) maps it");
    assert_eq!(mapped.finish(), format!("sum={}\n", u64::from(b'd') * SIZE as u64));

    let mapped = held.start(&["map", data.to_str().unwrap()]);
    assert!(cp(&held.new, &data));
    assert_eq!(mapped.ended_by(), Some(libc::SIGBUS));
}

#[test]
fn a_file_that_is_open_is_refused_and_named_so() {
    let held = Held::new();
    let data = held.scratch.file_of("data", b'd', SIZE);
    let open = held.start(&["hold", data.to_str().unwrap()]);
    held.refuses(&data, "(reader) has it open");
    assert_eq!(open.finish(), format!("sum={}\n", u64::from(b'd') * SIZE as u64));
    swapbin(&held.scratch).from(&held.new).to(&data).arg("--in-place").run().exits(0);
}

#[test]
fn whoever_only_asks_is_told_so_too_and_a_file_that_stays_as_it_is_may_be_held() {
    let held = Held::new();
    let data = held.scratch.file_of("data", b'd', SIZE).mode(0o644);
    let name = data.to_str().unwrap();
    let open = held.start(&["hold", name]);
    let before = held.scratch.snapshot();
    let check = |words: &[&str]| swapbin(&held.scratch).to(&data).args(["--in-place", "--check"]).args(words);
    // From a stream it is the bytes that tell.
    check(&["--from", "-"]).stdin("other").run().exits(3).says("(reader) has it open");
    check(&["--from", "-"]).stdin(held.scratch.read("data")).run().exits(0);
    // It has the digest, and only the mode would change.
    let digest = sha256(held.scratch.read("data"));
    for only in ["--check", "--dry-run"] {
        let run = swapbin(&held.scratch).from("gone").to(&data).args(["--in-place", only, "-m", "600", "--sha256", &digest]);
        run.run().exits(3).says("(reader) has it open");
    }
    held.scratch.snapshot().assert_same_as(&before);
    open.finish();
    check(&["--from", "-"]).stdin("other").run().exits(10);
    check(&["--from", "gone", "-m", "600", "--sha256", &digest]).run().exits(10);
    held.scratch.snapshot().assert_same_as(&before);
}

/// In a pid namespace with a /proc of its own.
fn apart(unshare: PathBuf) -> [std::ffi::OsString; 5] {
    [unshare.into(), "--pid".into(), "--fork".into(), "--mount-proc".into(), "--kill-child".into()]
}

#[test]
fn a_process_in_another_pid_namespace_holds_a_file_from_either_side() {
    if !require_root() {
        return;
    }
    let Some(unshare) = require_program("unshare") else { return };
    let held = Held::new();
    let data = held.scratch.file_of("data", b'd', SIZE);
    let name = data.to_str().unwrap();
    // From outside it is seen.
    let words = apart(unshare.clone());
    let words: Vec<&str> = words[1..].iter().map(|word| word.to_str().unwrap()).collect();
    let inside = Fixture::start(&unshare, &[&words[..], &[held.reader.to_str().unwrap(), "map", name]].concat());
    held.refuses(&data, "(reader) maps it");
    assert_eq!(inside.finish(), format!("sum={}\n", u64::from(b'd') * SIZE as u64));

    // From inside nobody is, and the kernel knows all the same.
    let outside = held.start(&["map", name]);
    let before = held.scratch.snapshot();
    let run = swapbin(&held.scratch).from(&held.new).to(&data).arg("--in-place").under(apart(unshare.clone()));
    run.run().exits(3).says("held by a process this namespace cannot see");
    held.scratch.snapshot().assert_same_as(&before);
    assert_eq!(outside.finish(), format!("sum={}\n", u64::from(b'd') * SIZE as u64));
    let run = swapbin(&held.scratch).from(&held.new).to(&data).arg("--in-place").under(apart(unshare));
    run.run().exits(0);
}

#[test]
fn who_may_write_and_does_not_own_the_file_is_refused() {
    if !require_root() {
        return;
    }
    let held = Held::new();
    let data = held.scratch.file_of("data", b'd', SIZE).mode(0o666);
    let before = held.scratch.snapshot();
    let run = || swapbin(&held.scratch).from(&held.new).to("data").arg("--in-place").as_user(NOBODY);
    run().run().exits(3).says("cannot prove that nobody uses").says("only its owner or root may ask the kernel");
    held.scratch.snapshot().assert_same_as(&before);
    let _ = data.owner(NOBODY, NOBODY);
    run().run().exits(0);
    assert!(held.scratch.read("data") == held.scratch.read("new"));
}

#[test]
fn where_there_are_no_leases_nothing_is_overwritten() {
    let held = Held::new();
    held.scratch.file_of("data", b'd', SIZE);
    let before = held.scratch.snapshot();
    for errno in [libc::EINVAL, libc::ENOLCK] {
        let run = swapbin(&held.scratch).from(&held.new).to("data").arg("--in-place");
        let outcome = run.without_lease(errno).run();
        outcome.exits(3).says("its filesystem knows no leases");
        held.scratch.snapshot().assert_same_as(&before);
    }
    let outcome = swapbin(&held.scratch).from(&held.new).to("data").arg("--in-place").without_lease(libc::EACCES).run();
    outcome.exits(3).says("only its owner or root");
}
