//! `swapbin rollback` of a version that is no longer kept: a process may still have it.

use std::fs;

use crate::support::{Entry, Fixture, NOBODY, Scratch, failpoints_available, is_kept, require_root, swapbin};

/// A program that was replaced while it ran, and of which the kept version is gone.
fn replaced() -> (Scratch, Fixture) {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one").mode(0o751);
    let running = Fixture::sleeping(&app);
    let new = scratch.program("new", "two");
    swapbin(&scratch).from(&new).to(&app).keeping().run().exits(0);
    forget(&scratch);
    (scratch, running)
}

/// Removes the kept versions, as a careless cleaner does.
fn forget(scratch: &Scratch) {
    let kept: Vec<_> = scratch.snapshot().names().filter(|name| is_kept(name)).map(|name| scratch.path(name)).collect();
    assert!(!kept.is_empty(), "a version was kept");
    kept.iter().for_each(|kept| fs::remove_file(kept).unwrap());
}

#[test]
fn the_recorded_version_is_taken_out_of_a_process_that_runs_it() {
    let (scratch, running) = replaced();
    let object = swapbin(&scratch).args(["rollback", "app", "--json"]).run().exits(0).says("taken from").json();
    assert_eq!(Fixture::version_of(scratch.path("app")), "one");
    assert_eq!(Entry::of(scratch.path("app")).mode, 0o751);
    let swap = &object["swaps"][0];
    let link = format!("/proc/{}/exe", running.pid().as_raw_nonzero());
    assert_eq!((&swap["source"]["from"], &swap["warnings"][0]["kind"]), (&link.into(), &"taken-from-process".into()));
    scratch.assert_no_litter();
    // What was there is kept, so that it goes forward again.
    swapbin(&scratch).args(["rollback", "app"]).run().exits(0);
    assert_eq!(Fixture::version_of(scratch.path("app")), "two");
}

#[test]
fn where_the_kept_version_was_changed_a_process_that_runs_the_recorded_one_still_helps() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let running = Fixture::sleeping(&app);
    let new = scratch.program("new", "two");
    swapbin(&scratch).from(&new).to(&app).keeping().run().exits(0);
    let kept = scratch.snapshot().names().find(|name| is_kept(name)).map(|name| scratch.path(name)).unwrap();
    fs::rename(scratch.program("other", "bad"), &kept).unwrap();
    swapbin(&scratch).args(["rollback", "app", "--dry-run"]).run().exits(0).says("taken from");
    swapbin(&scratch).args(["rollback", "app"]).run().exits(0).says("taken from");
    assert_eq!((Fixture::version_of(&app), Fixture::version_of(&kept)), ("one".to_owned(), "bad".to_owned()));
    running.finish();
}

#[test]
fn a_kept_version_comes_before_any_process() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let inode = Entry::of(&app).ino;
    let _running = Fixture::sleeping(&app);
    let new = scratch.program("new", "two");
    swapbin(&scratch).from(&new).to(&app).keeping().run().exits(0);
    swapbin(&scratch).args(["rollback", "app"]).run().exits(0);
    assert_eq!(Entry::of(&app).ino, inode, "the very file that was kept");
}

#[test]
fn another_version_that_a_process_runs_is_not_taken_for_it() {
    let (scratch, running) = replaced();
    running.finish();
    // One that was at the path before, of which no record tells.
    let other = scratch.program("other", "zero");
    let _other = Fixture::sleeping(&other);
    fs::rename(scratch.path("app"), scratch.path("aside")).unwrap();
    fs::rename(&other, scratch.path("app")).unwrap();
    fs::rename(scratch.path("aside"), scratch.path("app")).unwrap();
    swapbin(&scratch).args(["rollback", "app"]).run().exits(7).says("no earlier version");
    assert_eq!(Fixture::version_of(scratch.path("app")), "two");
}

#[test]
fn what_was_broken_off_in_place_is_settled_before_the_version_is_taken_out_of_a_process() {
    if !failpoints_available() {
        return;
    }
    let (scratch, _running) = replaced();
    let third = scratch.file_of("third", b'x', 10 << 20);
    let broken = swapbin(&scratch).from(&third).to("app").arg("--in-place").failpoint("overwritten@1", "abort").run();
    assert_eq!(broken.signal, Some(libc::SIGKILL));
    // Only while nobody has the file, this run included.
    swapbin(&scratch).args(["rollback", "app"]).run().exits(0).says("taken from");
    assert_eq!(Fixture::version_of(scratch.path("app")), "one");
    swapbin(&scratch).args(["rollback", "app"]).run().exits(0);
    assert_eq!(Fixture::version_of(scratch.path("app")), "two", "it was settled first");
}

#[test]
fn a_recorded_version_that_was_moved_aside_is_named_and_left_where_it_is() {
    let (scratch, running) = replaced();
    running.finish();
    let (app, bak) = (scratch.path("app"), scratch.path("app.bak"));
    fs::rename(&app, &bak).unwrap();
    let at = format!("a recorded version is at '{}'", bak.display());
    let back = format!("swapbin --from '{}' --to ", bak.display());
    let run = |words: &[&str]| swapbin(&scratch).args(words).run();
    run(&["rescue", "app"]).exits(7).says("no process has").says(&at).says(&back);
    scratch.file("app", "somebody else's");
    for words in [&["rescue", "app"][..], &["rollback", "app"], &["rollback", "app", "--dry-run"]] {
        run(words).exits(7).says(&at).says(&back);
    }
    assert_eq!((scratch.read("app"), &*Fixture::version_of(&bak)), (b"somebody else's".to_vec(), "two"));
    // What is at the path itself is not spoken of, nor one that was changed since.
    fs::rename(&bak, &app).unwrap();
    fs::hard_link(&app, scratch.path("link")).unwrap();
    assert!(!run(&["rescue", "app"]).exits(7).error_text().contains("recorded version"));
    fs::remove_file(&app).unwrap();
    fs::OpenOptions::new().append(true).open(scratch.path("link")).unwrap().set_len(5).unwrap();
    assert!(!run(&["rescue", "app"]).exits(7).error_text().contains("recorded version"));
    assert!(!run(&["rollback", "app"]).exits(7).error_text().contains("recorded version"));
}

#[test]
fn a_file_of_another_owner_is_not_the_version_that_was_recorded() {
    if !require_root() {
        return;
    }
    let (scratch, running) = replaced();
    // As if somebody had made one of the same number, size and time.
    std::os::unix::fs::chown(format!("/proc/{}/exe", running.pid().as_raw_nonzero()), Some(NOBODY), Some(NOBODY)).unwrap();
    for only in [&["--dry-run"][..], &[]] {
        swapbin(&scratch).args(["rollback", "app"]).args(only).run().exits(7).says("no earlier version");
    }
    assert_eq!(Fixture::version_of(scratch.path("app")), "two");
}
