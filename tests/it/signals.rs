//! Signals: before the commit everything is undone and the signal ends the program, after it nothing is undone.

use std::fs;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;

use crate::support::{Process, Running, Scratch, Snapshot, failpoints_available, swapbin};

const CANCELLING: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::HUP];

fn tree() -> (Scratch, Snapshot) {
    let scratch = Scratch::new();
    scratch.file("app", "old").mode(0o755);
    scratch.file_of("new", b'n', 100_000);
    mknodat(CWD, scratch.path("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let before = scratch.snapshot();
    (scratch, before)
}

/// Whether it holds a new file that it fills: one without a name, or one with a temporary name.
fn has_stage(running: &Running) -> bool {
    let descriptors = fs::read_dir(format!("/proc/{}/fd", running.pid().as_raw_nonzero())).into_iter().flatten().flatten();
    descriptors.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|to| {
        let to = to.to_string_lossy().into_owned();
        to.contains("/tree/") && (to.ends_with(" (deleted)") || to.contains("/.swapbin."))
    })
}

/// Sends it, and expects the end it brings and the tree as it was.
#[track_caller]
fn dies_and_leaves_nothing(mut running: Running, signal: Signal, scratch: &Scratch, before: &Snapshot) {
    running.signal(signal);
    running.signal(Signal::CONT);
    let outcome = running.wait();
    outcome.is_killed_by(signal).is_quiet();
    scratch.snapshot().assert_same_as(before);
    scratch.assert_no_litter();
}

#[test]
fn each_signal_ends_a_run_that_reads_a_silent_standard_input() {
    for signal in CANCELLING {
        let (scratch, before) = tree();
        let mut running = swapbin(&scratch).from("-").to("app").stdin_open().spawn();
        running.wait_until("it reads", |running| has_stage(running));
        dies_and_leaves_nothing(running, signal, &scratch, &before);
    }
}

#[test]
fn each_signal_removes_a_temporary_file_that_has_a_name() {
    for signal in CANCELLING {
        let (scratch, before) = tree();
        let mut running = swapbin(&scratch).from("-").to("app").stdin_open().without_tmpfile(libc::EOPNOTSUPP).spawn();
        running.wait_until("it reads", |running| has_stage(running));
        assert_eq!(scratch.litter().len(), 1, "it has a name while it is filled");
        dies_and_leaves_nothing(running, signal, &scratch, &before);
    }
}

#[test]
fn a_signal_ends_a_run_in_the_middle_of_its_input() {
    let (scratch, before) = tree();
    let mut running = swapbin(&scratch).from("-").to("app").stdin_open().spawn();
    running.feed(&[b'n'; 300_000]);
    running.wait_until("it reads", |running| has_stage(running));
    dies_and_leaves_nothing(running, Signal::TERM, &scratch, &before);
}

#[test]
fn a_signal_ends_a_run_that_waits_for_the_writer_of_a_fifo() {
    let (scratch, before) = tree();
    let mut running = swapbin(&scratch).from("fifo").to("app").spawn();
    running.wait_until("it reads", |running| has_stage(running));
    dies_and_leaves_nothing(running, Signal::INT, &scratch, &before);
}

#[test]
fn a_signal_ends_a_run_whose_fifo_stays_silent() {
    let (scratch, before) = tree();
    let writer = fs::File::options().read(true).write(true).open(scratch.path("fifo")).unwrap();
    let mut running = swapbin(&scratch).from("fifo").to("app").spawn();
    running.wait_until("it reads", |running| has_stage(running));
    dies_and_leaves_nothing(running, Signal::TERM, &scratch, &before);
    drop(writer);
}

#[test]
fn each_signal_stops_a_copy() {
    paused_runs_die("write");
}

#[test]
fn each_signal_stops_a_run_that_is_sealed_but_not_synced() {
    paused_runs_die("sync");
}

#[test]
fn each_signal_stops_a_run_in_the_moment_before_the_rename() {
    paused_runs_die("rename");
}

#[track_caller]
fn paused_runs_die(place: &str) {
    if !failpoints_available() {
        return;
    }
    for signal in CANCELLING {
        for named in [false, true] {
            let (scratch, before) = tree();
            let run = swapbin(&scratch).from("new").to("app").failpoint(place, "pause");
            let run = if named { run.without_tmpfile(libc::EOPNOTSUPP) } else { run };
            let mut running = run.spawn();
            running.wait_until_paused();
            dies_and_leaves_nothing(running, signal, &scratch, &before);
        }
    }
}

#[test]
fn a_signal_leaves_no_new_target_either() {
    if !failpoints_available() {
        return;
    }
    let (scratch, before) = tree();
    let mut running = swapbin(&scratch).from("new").to("another").failpoint("rename", "pause").spawn();
    running.wait_until_paused();
    dies_and_leaves_nothing(running, Signal::TERM, &scratch, &before);
}

#[test]
fn a_signal_after_the_rename_undoes_nothing() {
    if !failpoints_available() {
        return;
    }
    for signal in CANCELLING {
        let (scratch, _) = tree();
        let mut running = swapbin(&scratch).from("new").to("app").failpoint("sync-dir", "pause").spawn();
        running.wait_until_paused();
        running.signal(signal);
        running.signal(Signal::CONT);
        running.wait().exits(0).prints("replaced");
        assert_eq!(scratch.read("app"), vec![b'n'; 100_000]);
        scratch.assert_no_litter();
    }
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    if !failpoints_available() {
        return;
    }
    for signal in CANCELLING {
        let (scratch, _) = tree();
        let mut running = swapbin(&scratch).from("new").to("app").failpoint("rename", "pause").ignoring(signal).spawn();
        running.wait_until_paused();
        running.signal(signal);
        running.signal(Signal::CONT);
        running.wait().exits(0);
        assert_eq!(scratch.read("app"), vec![b'n'; 100_000]);
    }
}

#[test]
fn ignoring_one_signal_does_not_ignore_the_others() {
    let (scratch, before) = tree();
    let mut running = swapbin(&scratch).from("-").to("app").stdin_open().ignoring(Signal::HUP).spawn();
    running.wait_until("it reads", |running| has_stage(running));
    running.signal(Signal::HUP);
    dies_and_leaves_nothing(running, Signal::TERM, &scratch, &before);
}

#[test]
fn a_reader_of_the_report_that_has_gone_away_harms_nothing() {
    for json in [false, true] {
        let (scratch, _) = tree();
        let run = swapbin(&scratch).from("new").to("app").stdout_broken();
        let outcome = if json { run.arg("--json").run() } else { run.run() };
        outcome.exits(0);
        assert_eq!(outcome.error_text(), "");
        assert_eq!(scratch.read("app"), vec![b'n'; 100_000]);
    }
}

#[test]
fn a_closed_standard_output_harms_nothing() {
    let (scratch, _) = tree();
    swapbin(&scratch).from("new").to("app").stdout_closed().run().exits(0);
    assert_eq!(scratch.read("app"), vec![b'n'; 100_000], "and no byte of the report is in it");
}

#[test]
fn a_full_disk_behind_standard_output_is_said_and_undoes_nothing() {
    let (scratch, _) = tree();
    let outcome = swapbin(&scratch).from("new").to("app").stdout_full().run();
    outcome.exits(1).says("standard output").never_mentions("panicked");
    assert_eq!(scratch.read("app"), vec![b'n'; 100_000]);
}

#[test]
fn help_and_failures_do_not_panic_on_a_broken_standard_output() {
    let (scratch, before) = tree();
    swapbin(&scratch).arg("--help").stdout_broken().run().exits(0).never_mentions("panicked");
    swapbin(&scratch).from("missing").to("app").arg("--json").stdout_broken().run().exits(7).never_mentions("panicked");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn the_file_size_limit_gives_an_error_and_no_signal() {
    let (scratch, before) = tree();
    let outcome = swapbin(&scratch).from("new").to("app").limited(libc::RLIMIT_FSIZE, 4096).run();
    outcome.exits(9).says("file size limit");
    scratch.snapshot().assert_same_as(&before);
}

/// A pipe that takes not one byte more, and its reading end.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
    rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    while rustix::io::write(&writer, &[b'x'; 4096]).is_ok() {}
    rustix::fs::fcntl_setfl(&writer, flags).unwrap();
    (reader, writer)
}

#[test]
fn a_signal_ends_a_run_that_nobody_listens_to() {
    let (scratch, before) = tree();
    for (verbose, done) in [(true, false), (false, true)] {
        let (_reader, writer) = full_pipe();
        let mut command = std::process::Command::new(crate::support::program_under_test());
        command.current_dir(scratch.root()).env_clear().env("SWAPBIN_STATE_DIR", scratch.state(None));
        command.args(["--from", "new", "--to", "app"]).stdin(std::process::Stdio::null());
        match verbose {
            true => command.arg("-v").stdout(std::process::Stdio::null()).stderr(writer),
            false => command.stdout(writer).stderr(std::process::Stdio::null()),
        };
        let mut process = Process::spawn(&mut command);
        // It is waiting for the reader when it has opened the target, or when the target is new.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        let replaced = || scratch.read("app") == scratch.read("new");
        while !(if done { replaced() } else { is_polling(process.pid()) }) {
            assert!(std::time::Instant::now() < deadline, "it neither waits nor goes on");
            std::thread::yield_now();
        }
        process.signal(Signal::TERM);
        let status = process.wait(std::time::Duration::from_secs(20)).expect("the signal ends it");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(Signal::TERM.as_raw()), "{status:?}");
        match done {
            false => scratch.snapshot().assert_same_as(&before),
            true => scratch.assert_no_litter(),
        }
    }
}

/// Whether a process sleeps in poll(2) or ppoll(2).
fn is_polling(pid: rustix::process::Pid) -> bool {
    let call = fs::read_to_string(format!("/proc/{}/syscall", pid.as_raw_nonzero())).unwrap_or_default();
    let number = call.split(' ').next().and_then(|number| number.parse().ok());
    [Some(libc::SYS_poll), Some(libc::SYS_ppoll)].contains(&number)
}

#[test]
fn a_target_that_becomes_another_while_the_source_is_read_is_left_alone() {
    let (scratch, _) = tree();
    let mut running = swapbin(&scratch).from("-").to("app").stdin_open().spawn();
    running.wait_until("it reads", |running| has_stage(running));
    fs::write(scratch.path("app"), "of somebody else").unwrap();
    fs::set_permissions(scratch.path("app"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    running.feed(b"new");
    running.close_stdin();
    running.wait().exits(75).says("changed by somebody else");
    assert_eq!(scratch.read("app"), b"of somebody else");
    assert_eq!(crate::support::Entry::of(scratch.path("app")).mode, 0o700);

    let mut running = swapbin(&scratch).from("-").to("app").stdin_open().spawn();
    running.wait_until("it reads", |running| has_stage(running));
    fs::remove_file(scratch.path("app")).unwrap();
    mknodat(CWD, scratch.path("app"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    running.feed(b"newer");
    running.close_stdin();
    running.wait().exits(75).says("changed by somebody else");
    assert!(std::os::unix::fs::FileTypeExt::is_fifo(&fs::metadata(scratch.path("app")).unwrap().file_type()));
    scratch.assert_no_litter();
}
