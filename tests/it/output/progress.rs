//! How far it is: a bar at a terminal, lines where asked for, else nothing.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::tree;
use crate::support::{Outcome, Running, Scratch, require_program, run, swapbin};

/// A job that never ends by itself: a fifo, fed while it is looked at.
struct Slow<'s> {
    running: Running,
    fifo: Option<File>,
    screen: PathBuf,
    scratch: &'s Scratch,
}

impl<'s> Slow<'s> {
    /// Starts `swapbin --from fifo --to app`, at a terminal or with standard error in a file. Names are plain words.
    fn start(scratch: &'s Scratch, terminal: bool, arguments: &[&str]) -> Slow<'s> {
        let fifo = scratch.path("fifo");
        run(std::process::Command::new("mkfifo").arg(&fifo));
        let screen = scratch.tools().join("screen");
        let script = match terminal {
            true => format!("exec script -qefc \"$*\" {}", screen.display()),
            false => format!("exec \"$@\" 2>{}", screen.display()),
        };
        let command = swapbin(scratch).from("fifo").to("app").args(arguments).env("TERM", "xterm");
        let running = command.under(["sh", "-c", &script, "sh"]).stdin_open().spawn();
        // Opened for both, which never waits: swapbin may come later.
        let fifo = File::options().read(true).write(true).open(fifo).unwrap();
        Slow { running, fifo: Some(fifo), screen, scratch }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.screen).unwrap_or_default()).into_owned()
    }

    /// Feeds it until something is shown.
    #[track_caller]
    fn feed_until_shown(&mut self, text: &str) {
        let (fifo, screen) = (self.fifo.as_mut().unwrap(), self.screen.clone());
        self.running.wait_until(&format!("{text:?} is shown"), |_| {
            fifo.write_all(b"bytes").unwrap();
            String::from_utf8_lossy(&fs::read(&screen).unwrap_or_default()).contains(text)
        });
    }

    /// Feeds it for longer than it takes for a bar to appear.
    fn feed_for_a_while(&mut self) {
        let (fifo, started) = (self.fifo.as_mut().unwrap(), Instant::now());
        self.running.wait_until("enough time passed", |_| {
            fifo.write_all(b"bytes").unwrap();
            started.elapsed() > Duration::from_millis(800)
        });
    }

    #[track_caller]
    fn finish(mut self) -> (Outcome, String) {
        drop(self.fifo.take());
        let screen = self.screen.clone();
        let outcome = self.running.wait();
        self.scratch.assert_no_litter();
        (outcome, String::from_utf8_lossy(&fs::read(screen).unwrap()).into_owned())
    }
}

#[test]
fn a_terminal_shows_how_far_it_is_and_then_only_the_outcome() {
    if require_program("script").is_none() {
        return;
    }
    let scratch = tree();
    let mut slow = Slow::start(&scratch, true, &[]);
    slow.feed_until_shown("B/s");
    let (outcome, screen) = slow.finish();
    outcome.exits(0);
    let last = screen.rsplit("\x1b[2K").next().unwrap();
    assert!(screen.contains("\x1b[2K") && !last.contains("B/s"), "the bar is taken away: {screen:?}");
    assert!(last.contains("replaced '"), "{screen:?}");
}

#[test]
fn a_quick_job_shows_no_bar() {
    if require_program("script").is_none() {
        return;
    }
    let scratch = tree();
    super::at_a_terminal(super::swap(&scratch)).exits(0).prints("replaced").never_mentions("B/s");
}

#[test]
fn a_terminal_shows_no_progress_where_that_is_not_wanted() {
    if require_program("script").is_none() {
        return;
    }
    for arguments in [["--progress", "never"], ["--quiet", "--force"]] {
        let scratch = tree();
        let mut slow = Slow::start(&scratch, true, &arguments);
        slow.feed_for_a_while();
        let (outcome, screen) = slow.finish();
        outcome.exits(0).never_mentions("B/s");
        assert!(!screen.contains("B/s") && !screen.contains("KiB/"), "{screen:?}");
    }
}

#[test]
fn a_file_gets_no_progress() {
    let scratch = tree();
    let mut slow = Slow::start(&scratch, false, &[]);
    slow.feed_for_a_while();
    assert_eq!(slow.shown(), "");
    let (outcome, said) = slow.finish();
    outcome.exits(0).prints("replaced");
    assert_eq!(said, "");
}

#[test]
fn a_batch_shows_which_file_it_is_at_and_the_bytes_of_all() {
    if require_program("script").is_none() {
        return;
    }
    let scratch = tree();
    let mut slow = Slow::start(&scratch, true, &["--from", "new", "--to", "other", "--from", "new", "--to", "third"]);
    slow.feed_until_shown("1 of 3 files, ");
    let (outcome, screen) = slow.finish();
    outcome.exits(0);
    let last = screen.rsplit("\x1b[2K").next().unwrap();
    assert!(last.contains("3 files in place") && !last.contains("of 3 files,"), "the bar is taken away: {screen:?}");
}

#[test]
fn plain_progress_is_lines_wherever_they_go() {
    let scratch = tree();
    let mut slow = Slow::start(&scratch, false, &["--progress", "plain"]);
    slow.feed_until_shown("KiB\n");
    let (outcome, said) = slow.finish();
    outcome.exits(0).prints("replaced");
    assert!(said.lines().all(|line| line.ends_with("B") || line.ends_with("bytes")), "{said:?}");
    assert!(!said.contains(super::ESCAPE), "{said:?}");
}
