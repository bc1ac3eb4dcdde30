//! Others who are at work below a directory that changes as a whole.

use rustix::process::Signal;

use crate::support::{Namespace, Outcome, Scratch, Swapbin, failpoints_available, require_mounts, swapbin};

/// A directory that is there, a link to another, and what is laid over either.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    for top in ["app", "releases/1"] {
        scratch.directory(format!("{top}/bin"));
        scratch.file(format!("{top}/bin/tool"), "tool 1");
        scratch.file(format!("{top}/bin/other"), "other 1");
        scratch.file(format!("{top}/version"), "1");
    }
    scratch.link("current", "releases/1");
    scratch.directory("stage");
    scratch.file("stage/version", "2");
    scratch.file("tool", "tool 2");
    scratch
}

fn exchange(scratch: &Scratch) -> Swapbin<'_> {
    swapbin(scratch).args(["apply", "--tree", "stage", "--to", "app", "--exchange"])
}

fn release(scratch: &Scratch) -> Swapbin<'_> {
    swapbin(scratch).args(["apply", "--tree", "stage", "--to", "releases", "--generation-link", "current"])
}

/// Each way by which all of a directory is another one from one moment on, and the path by which it is seen.
type Way = (fn(&Scratch) -> Swapbin<'_>, &'static str);
const WAYS: [Way; 2] = [(exchange, "app"), (release, "current")];

fn swap<'a>(scratch: &'a Scratch, below: &str) -> Swapbin<'a> {
    swapbin(scratch).from("tool").to(format!("{below}/bin/tool"))
}

/// While the first run is about to rename, the second is not made, but made when it waits. Returns how that ended.
#[track_caller]
fn waits_for<'a>(first: Swapbin<'_>, second: impl Fn() -> Swapbin<'a>) -> Outcome {
    let mut first = first.failpoint("rename@1", "pause").spawn();
    first.wait_until_paused();
    second().args(["--wait", "0"]).run().exits(75).says("another run");
    let second = second().args(["--wait", "60"]).spawn();
    first.signal(Signal::CONT);
    first.wait().exits(0);
    second.wait()
}

#[track_caller]
fn has_both(scratch: &Scratch, below: &str) {
    assert_eq!(scratch.read(format!("{below}/version")), b"2");
    assert_eq!(scratch.read(format!("{below}/bin/tool")), b"tool 2");
    scratch.assert_no_litter();
}

#[test]
fn a_run_below_a_directory_that_is_being_exchanged_waits_and_puts_its_file_into_the_new_one() {
    if !failpoints_available() {
        return;
    }
    for (whole, below) in WAYS {
        let scratch = tree();
        waits_for(whole(&scratch), || swap(&scratch, below)).exits(0);
        has_both(&scratch, below);
    }
}

#[test]
fn a_directory_is_exchanged_only_when_nobody_is_at_work_below_it() {
    if !failpoints_available() {
        return;
    }
    for (whole, below) in WAYS {
        let scratch = tree();
        waits_for(swap(&scratch, below), || {
            // Others beside it are of no concern.
            swapbin(&scratch).from("tool").to("beside").args(["--wait", "0"]).run().exits(0);
            whole(&scratch)
        })
        .exits(0);
        has_both(&scratch, below);
    }
}

#[test]
fn a_run_that_found_its_directory_before_that_was_exchanged_puts_its_file_into_the_new_one() {
    if !failpoints_available() {
        return;
    }
    let tree_of_names = |scratch: &Scratch, below: &str| {
        scratch.directory("more/bin");
        scratch.file("more/bin/tool", "tool 2");
        let words = ["apply", "--tree", "more", "--to", below];
        swapbin(scratch).args(words).failpoint("lock@1", "pause").spawn()
    };
    let one = |scratch: &Scratch, below: &str| swap(scratch, below).failpoint("lock@1", "pause").spawn();
    let both = |scratch: &Scratch, below: &str| {
        let run = swap(scratch, below).from("tool").to(format!("{below}/bin/other"));
        run.failpoint("lock@1", "pause").spawn()
    };
    for (whole, below) in WAYS {
        for late in [&one as &dyn Fn(&Scratch, &str) -> _, &both, &tree_of_names] {
            let scratch = tree();
            let mut late = late(&scratch, below);
            late.wait_until_paused();
            whole(&scratch).run().exits(0);
            late.signal(Signal::CONT);
            late.wait().exits(0);
            has_both(&scratch, below);
        }
    }
}

#[test]
fn runs_that_exchange_the_same_directory_come_one_after_the_other() {
    if !failpoints_available() {
        return;
    }
    for (whole, below) in WAYS {
        let scratch = tree();
        // It looks again, and finds nothing left to do.
        waits_for(whole(&scratch), || whole(&scratch)).exits(0).prints("unchanged");
        assert_eq!(scratch.read(format!("{below}/version")), b"2");
        scratch.assert_no_litter();
    }
}

#[test]
fn what_was_broken_off_below_the_release_that_is_left_is_finished_first() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    let broken = swap(&scratch, "current").from("tool").to("current/bin/other");
    broken.failpoint("rename@2", "abort").run().is_killed_by(Signal::KILL);
    release(&scratch).run().exits(0).says("finished transaction");
    has_both(&scratch, "current");
    assert_eq!(scratch.read("current/bin/other"), b"tool 2");
}

#[test]
fn what_was_broken_off_below_the_directory_by_another_of_its_paths_is_finished_first() {
    if !require_mounts() || !failpoints_available() {
        return;
    }
    let (scratch, namespace) = (tree(), Namespace::new());
    scratch.directory("again");
    namespace.bind(&scratch.path("app"), &scratch.path("again"));
    let broken = swap(&scratch, "again").from("tool").to("again/bin/other");
    broken.failpoint("rename@2", "abort").within(&namespace).run().is_killed_by(Signal::KILL);
    exchange(&scratch).within(&namespace).run().exits(0).says("finished transaction");
    has_both(&scratch, "app");
    assert_eq!(scratch.read("app/bin/other"), b"tool 2");
}

#[test]
fn what_was_broken_off_below_a_directory_that_goes_is_finished_first_and_who_is_at_work_there_is_waited_for() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    let delete = || swapbin(&scratch).args(["apply", "--tree", "stage", "--to", ".", "--delete", "app"]);
    let broken = swap(&scratch, "app").from("tool").to("app/bin/other");
    broken.failpoint("rename@2", "abort").run().is_killed_by(Signal::KILL);
    delete().run().exits(0).says("finished transaction");
    assert!(!scratch.path("app/bin").exists());
    swapbin(&scratch).args(["rollback", "--last"]).run().exits(0);
    assert_eq!(scratch.read("app/bin/other"), b"tool 2");
    scratch.assert_no_litter();

    scratch.file("tool", "tool 3");
    let mut first = swap(&scratch, "app").failpoint("rename@1", "pause").spawn();
    first.wait_until_paused();
    delete().args(["--wait", "0"]).run().exits(75).says("another run");
    first.signal(Signal::CONT);
    first.wait().exits(0);
    assert_eq!(scratch.read("app/bin/tool"), b"tool 3");
}

/// Each finds another directory in the place of the one it waited for, and has to lock other names.
#[test]
fn runs_that_exchange_the_same_directory_again_and_again_never_wait_for_each_other_in_a_circle() {
    let scratch = tree();
    std::thread::scope(|scope| {
        for at in 0..3 {
            let scratch = &scratch;
            scope.spawn(move || {
                let stage = format!("stage{at}");
                scratch.directory(format!("{stage}/bin"));
                for time in 0..15 {
                    scratch.file(format!("{stage}/bin/tool"), format!("tool {at} {time}"));
                    let words = ["apply", "--tree", &stage, "--to", "app", "--exchange", "--wait", "20"];
                    swapbin(scratch).args(words).run().exits(0);
                }
            });
        }
    });
    scratch.assert_no_litter();
}
