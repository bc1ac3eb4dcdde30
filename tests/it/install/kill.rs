//! SIGKILL, SIGINT and SIGTERM at any moment.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::install;
use crate::support::{Outcome, Random, Scratch, Swapbin, swapbin};

const SIZE: usize = 150_000;

/// Calls that do all there is: one file, several, backups, all or none, both kinds of stage, durable and not.
const LINES: [&str; 8] = [
    "-m 640 new/a dir",
    "-m 640 -b new/a dir/a",
    "-m 640 -p --durability none new/a new/b new/c dir",
    "-m 640 -b new/a new/b new/c dir",
    "-m 640 -b --durability none --all-or-nothing new/a new/b new/c dir",
    "-m 640 --all-or-nothing new/a new/b new/c dir",
    "-m 640 --backup=numbered --durability none new/a new/b dir",
    "-m 640 -s --strip-program=/bin/true -t dir new/a new/b",
];

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("new");
    scratch.directory("dir");
    for name in ["a", "b", "c"] {
        scratch.file_of(format!("new/{name}"), b'n', SIZE + 1);
        scratch.file_of(format!("dir/{name}"), b'o', SIZE).mode(0o640);
    }
    scratch
}

/// One of the lines, the next one each time.
fn run(scratch: &Scratch, round: usize) -> Swapbin<'_> {
    let run = install(scratch, LINES[round % LINES.len()]);
    if (round / LINES.len()).is_multiple_of(4) { run.without_tmpfile(libc::EOPNOTSUPP) } else { run }
}

/// How long each line takes here, so that the moments cover all of it.
fn durations(scratch: &Scratch) -> Vec<Duration> {
    let once = |round| run(scratch, round).run().took;
    (0..LINES.len()).map(|round| once(round).max(once(round))).collect()
}

#[track_caller]
fn end_at_a_moment(run: Swapbin<'_>, took: Duration, random: &mut Random, signal: Signal) -> Outcome {
    let mut running = run.spawn();
    let (started, moment) = (Instant::now(), took.mul_f64(random.up_to_one()));
    while started.elapsed() < moment {
        std::hint::spin_loop();
    }
    running.signal(signal);
    running.wait()
}

/// Every file in `dir` but litter, targets and backups alike, is whole and has the mode; every target is there.
fn assert_whole(scratch: &Scratch, at: &str) {
    let snapshot = scratch.snapshot();
    let names = snapshot.names().filter(|name| name.starts_with("dir") && *name != "dir").map(|name| name.to_owned());
    let names: Vec<_> = names.filter(|name| !name.to_str().unwrap().contains(".swapbin")).collect();
    for name in &names {
        let content = scratch.read(name);
        let whole = content == vec![b'o'; SIZE] || content == vec![b'n'; SIZE + 1];
        assert!(whole, "{at}: {} is torn, {} bytes", name.display(), content.len());
        assert_eq!(snapshot.entry(name).mode, 0o640, "{at}: {}", name.display());
    }
    for name in ["dir/a", "dir/b", "dir/c"] {
        assert!(names.iter().any(|found| found.as_os_str() == name), "{at}: {name} is gone");
    }
}

/// Forgets backups and puts the old files back.
fn reset(scratch: &Scratch) {
    for name in scratch.snapshot().names().filter(|name| name.to_str().unwrap().contains('~')) {
        std::fs::remove_file(scratch.path(name)).unwrap();
    }
    for name in ["a", "b", "c"] {
        std::fs::remove_file(scratch.path(format!("dir/{name}"))).unwrap();
        scratch.file_of(format!("dir/{name}"), b'o', SIZE).mode(0o640);
    }
}

#[test]
fn five_hundred_runs_killed_at_any_moment_leave_old_or_new_files_and_nothing_that_is_not_swept() {
    const ROUNDS: usize = 500;
    let scratch = tree();
    let took = durations(&scratch);
    let mut random = Random::new();
    let (mut killed, mut left) = (0, 0);
    for round in 0..ROUNDS {
        let at = format!("round {round} of seed {}: {}", random.seed(), LINES[round % LINES.len()]);
        reset(&scratch);
        let outcome = end_at_a_moment(run(&scratch, round), took[round % LINES.len()], &mut random, Signal::KILL);
        killed += usize::from(outcome.signal.is_some());
        assert_whole(&scratch, &at);
        left += scratch.litter().len();
        if round % 10 == 9 {
            // `install` looks at nothing it was not asked about; this does.
            swapbin(&scratch).from("new/a").to("dir/c").args(["-m", "640", "--force"]).run().exits(0);
            assert!(scratch.litter().is_empty(), "{at}: {:?}", scratch.litter());
        }
    }
    assert!(killed > ROUNDS / 10, "{killed} of {ROUNDS} runs were killed: the moments were too late");
    eprintln!("{killed} of {ROUNDS} runs were killed, and left {left} files with temporary names, all swept by the next swap");
}

#[test]
fn signals_at_any_moment_leave_old_or_new_files_and_nothing_else_and_end_the_run() {
    const ROUNDS: usize = 100;
    let scratch = tree();
    let took = durations(&scratch);
    let mut random = Random::new();
    let mut ended = 0;
    for round in 0..ROUNDS {
        let signal = [Signal::INT, Signal::TERM][round % 2];
        // Each line meets each signal.
        let line = round / 2;
        let at = format!("round {round} of seed {}: {signal:?}, {}", random.seed(), LINES[line % LINES.len()]);
        reset(&scratch);
        let outcome = end_at_a_moment(run(&scratch, line), took[line % LINES.len()], &mut random, signal);
        assert_whole(&scratch, &at);
        assert!(scratch.litter().is_empty(), "{at}: {:?}\n{outcome}", scratch.litter());
        if outcome.code != Some(0) {
            outcome.is_killed_by(signal).is_quiet();
            ended += 1;
        }
    }
    assert!(ended > ROUNDS / 10, "{ended} of {ROUNDS} runs were ended: the moments were too late");
}
