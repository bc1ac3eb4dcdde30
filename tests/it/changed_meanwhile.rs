//! A target that somebody else changes while a run is under way is not replaced, and nothing is said of it that is not so.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::support::{Scratch, Swapbin, failpoints_available, swapbin};

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("dir");
    scratch.file("dir/app", "old").mode(0o755);
    scratch.file("new", "new");
    scratch
}

/// What others do, and what is there afterwards.
type Deed = (fn(&Scratch), Option<&'static str>);

const DEEDS: [Deed; 4] = [(write, Some("theirs")), (replace, Some("theirs")), (remove, None), (forbid, Some("old"))];

fn write(scratch: &Scratch) {
    scratch.file("dir/app", "theirs");
}

fn replace(scratch: &Scratch) {
    scratch.file("dir/their", "theirs");
    fs::rename(scratch.path("dir/their"), scratch.path("dir/app")).unwrap();
}

fn remove(scratch: &Scratch) {
    fs::remove_file(scratch.path("dir/app")).unwrap();
}

fn forbid(scratch: &Scratch) {
    fs::set_permissions(scratch.path("dir/app"), PermissionsExt::from_mode(0o600)).unwrap();
}

fn swap(scratch: &Scratch, keeps: bool) -> Swapbin<'_> {
    let run = swapbin(scratch).from("new").to("dir/app");
    if keeps { run.keeping() } else { run }
}

#[track_caller]
fn is_refused(scratch: &Scratch, run: Swapbin<'_>, place: &str, (deed, left): Deed) {
    let mut run = run.failpoint(place, "pause").spawn();
    run.wait_until_paused();
    deed(scratch);
    run.signal(Signal::CONT);
    run.wait().exits(75).says("changed by somebody else");
    assert_eq!(fs::read(scratch.path("dir/app")).ok().as_deref(), left.map(str::as_bytes), "{place}");
    scratch.assert_no_litter();
    let names = fs::read_dir(scratch.path("dir")).unwrap().count();
    assert_eq!(names, usize::from(left.is_some()), "{place}: nothing is kept");
}

#[test]
fn a_target_that_changes_before_the_rename_is_left_to_who_changed_it() {
    if !failpoints_available() {
        return;
    }
    for deed in DEEDS {
        for keeps in [false, true] {
            for place in ["write@1", "seal@1", "sync@1"] {
                let scratch = tree();
                is_refused(&scratch, swap(&scratch, keeps), place, deed);
            }
        }
    }
}

#[test]
fn a_target_that_comes_while_the_source_is_read_is_left_to_who_made_it() {
    if !failpoints_available() {
        return;
    }
    for keeps in [false, true] {
        let scratch = tree();
        remove(&scratch);
        is_refused(&scratch, swap(&scratch, keeps), "write@1", DEEDS[0]);
    }
}

#[test]
fn a_target_that_changes_while_the_source_is_read_is_not_called_unchanged() {
    if !failpoints_available() {
        return;
    }
    for deed in DEEDS {
        let scratch = tree();
        is_refused(&scratch, swapbin(&scratch).from("-").stdin("old").to("dir/app"), "write@1", deed);
    }
}

#[test]
fn what_another_run_did_before_the_lock_is_planned_for_anew() {
    if !failpoints_available() {
        return;
    }
    let one = |scratch: &'_ Scratch| swap(scratch, true).failpoint("lock@1", "pause").spawn();
    let both = |scratch: &'_ Scratch| swap(scratch, true).from("new").to("dir/other").failpoint("lock@1", "pause").spawn();
    let names = |scratch: &'_ Scratch| {
        scratch.directory("stage");
        scratch.file("stage/app", "new");
        swapbin(scratch).args(["apply", "--tree", "stage", "--to", "dir"]).failpoint("lock@1", "pause").spawn()
    };
    for late in [&one as &dyn Fn(&Scratch) -> _, &both, &names] {
        let scratch = tree();
        let mut late = late(&scratch);
        late.wait_until_paused();
        scratch.file("another", "another");
        swapbin(&scratch).from("another").to("dir/app").keeping().run().exits(0);
        late.signal(Signal::CONT);
        late.wait().exits(0);
        assert_eq!(scratch.read("dir/app"), b"new");
        scratch.assert_no_litter();
    }
}
