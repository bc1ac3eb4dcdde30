//! A fixture program at work.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::process::{Process, parts};

const LIMIT: Duration = Duration::from_secs(60);

/// A process that has said `ready` and now waits for the end of its input; killed when dropped.
pub struct Fixture {
    process: Process,
    rest: Receiver<String>,
}

impl Fixture {
    /// Starts `PROGRAM ARGUMENTS...` (a copy of the fixture: `Scratch::program`) and waits until it is ready.
    #[track_caller]
    pub fn start(program: impl AsRef<Path>, arguments: &[&str]) -> Fixture {
        Fixture::start_by(Command::new(program.as_ref()).args(arguments))
    }

    /// The same of a command that was prepared: with an environment, in a namespace, as another user. Any program will do that says
    /// `ready` and ends with its input.
    #[track_caller]
    pub fn start_by(command: &mut Command) -> Fixture {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // A group, so that a program it is just starting ends with it.
        let mut process = Process::spawn_group(command);
        let mut out = BufReader::new(process.pipes().stdout.take().expect("a pipe was asked for"));
        let (lines, rest) = channel();
        std::thread::spawn(move || {
            let (mut first, mut remaining) = (String::new(), String::new());
            if out.read_line(&mut first).is_ok() && lines.send(first).is_ok() && out.read_to_string(&mut remaining).is_ok() {
                let _ = lines.send(remaining);
            }
        });
        let first = rest.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("{command:?} did not become ready"));
        assert_eq!(first, "ready\n", "{command:?}");
        Fixture { process, rest }
    }

    /// A program that sleeps.
    #[track_caller]
    pub fn sleeping(program: impl AsRef<Path>) -> Fixture {
        Fixture::start(program, &["sleep"])
    }

    /// What a program's `version` mode prints.
    #[track_caller]
    pub fn version_of(program: impl AsRef<Path>) -> String {
        let mut command = Command::new(program.as_ref());
        command.arg("version").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command);
        let mut out = process.pipes().stdout.take().expect("a pipe was asked for");
        let status = process.wait(LIMIT).expect("a version is printed at once");
        assert!(status.success(), "{command:?}: {status}");
        let mut text = String::new();
        out.read_to_string(&mut text).expect("a version is text");
        text.trim_end().to_owned()
    }

    /// Its number.
    pub fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// Where `/proc/PID/exe` points.
    pub fn exe_link(&self) -> PathBuf {
        std::fs::read_link(format!("/proc/{}/exe", self.pid().as_raw_nonzero())).expect("the exe link of a living process")
    }

    /// Whether it has not ended.
    pub fn is_alive(&mut self) -> bool {
        self.process.is_alive()
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Writes to its input.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.process.pipes().stdin.as_mut().expect("an open input").write_all(bytes).expect("somebody reads");
    }

    /// Ends its input; what it printed after `ready` until its own end, which must be a good one.
    #[track_caller]
    pub fn finish(mut self) -> String {
        drop(self.process.pipes().stdin.take());
        let status = self.process.wait(LIMIT).expect("a fixture ends with its input");
        assert!(status.success(), "the fixture ended with {status}");
        self.rest.recv_timeout(LIMIT).expect("all that it printed")
    }

    /// Ends its input; the signal that ended it, if one did.
    #[track_caller]
    pub fn ended_by(mut self) -> Option<i32> {
        drop(self.process.pipes().stdin.take());
        parts(self.process.wait(LIMIT).expect("a fixture ends with its input")).1
    }

    /// The numbers of a last line such as `looks=3 torn=0`, by name.
    #[track_caller]
    pub fn finish_counting(self) -> impl Fn(&str) -> u64 {
        let line = self.finish();
        move |name| {
            let words = line.split_whitespace().filter_map(|word| word.split_once('='));
            let value = words.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.parse());
            value.and_then(Result::ok).unwrap_or_else(|| panic!("no number {name} in {line:?}"))
        }
    }
}
