//! One filesystem and one scenario: a recorder with its disks, and the hand that uses them.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::cut::Cut;
use super::device::{Device, open_fuse};
use super::disturb::Disturbance;
use super::filesystem::Filesystem;
use super::log::{Log, Mark};
use super::scenario::Scenario;
use super::sys;

/// What a lane is for.
pub struct Plan<'a> {
    pub filesystem: Filesystem,
    pub scenario: &'a Scenario,
    pub program: &'a str,
    /// What the program under test leaves out while it is recorded, as `SWAPBIN_FAILPOINT` says it.
    pub failpoint: Option<&'a str>,
}

/// What became of a power cut.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A letter for each target: o(ld), n(ew), a(bsent), w(ritten to).
    Good(String),
    Bad(String),
    /// The filesystem itself could not be mounted: then the disk did what no disk may do to it.
    Unmountable(String),
}

pub struct Lane {
    // Dropped first: while it lives, the disks are in use.
    hand: HandProcess,
    device: Device,
    filesystem: Filesystem,
}

impl Lane {
    /// Makes the disks, in a directory of its own under `base`, and the filesystems on them.
    ///
    /// # Errors
    /// Something is missing on this machine, or broke.
    pub fn open(base: &Path, plan: &Plan<'_>) -> io::Result<Lane> {
        let at = base.join("fuse");
        fs::create_dir_all(&at)?;
        let sizes = vec![plan.filesystem.size(); plan.scenario.disks];
        let device = Device::mount(open_fuse(base)?, &at, &sizes)?;
        let hand = HandProcess::start(base, plan)?;
        let mut lane = Lane { hand, device, filesystem: plan.filesystem };
        lane.hand.ask("format")?.done()?;
        lane.device.recorder().freeze();
        Ok(lane)
    }

    /// Runs the scenario and returns what the disks were told.
    ///
    /// # Errors
    /// The scenario failed although nobody cut the power.
    pub fn record(&mut self, disturbance: Disturbance) -> io::Result<Log> {
        self.device.recorder().start();
        self.listen(disturbance)
    }

    /// Runs the recovery on what a power cut has left. Cuts of the record build on that, until [`Lane::go_back`].
    ///
    /// # Errors
    /// It failed.
    pub fn record_recovery(&mut self, log: &Log, cut: &Cut) -> io::Result<Log> {
        self.device.recorder().start_from(log, cut, self.filesystem.unit());
        self.listen(Disturbance::Recovery)
    }

    pub fn go_back(&mut self) {
        self.device.recorder().go_back();
    }

    fn listen(&mut self, disturbance: Disturbance) -> io::Result<Log> {
        let mut reply = self.hand.ask(&format!("record {}", disturbance.name()))?;
        while let Some(mark) = reply.0.strip_prefix("mark ") {
            self.device.recorder().mark(match mark {
                "begin" => Mark::Begin,
                "renamed" => Mark::Renamed,
                "success" => Mark::Success,
                "end" => Mark::End,
                other => return Err(io::Error::other(format!("what mark is '{other}'?"))),
            });
            reply = self.hand.ask("noted")?;
        }
        let log = self.device.recorder().stop();
        reply.done().map(|()| log)
    }

    /// Cuts the power of all disks and has the result judged, as one after so many runs had reported success.
    ///
    /// # Errors
    /// The judge could not do its work.
    pub fn judge(&mut self, log: &Log, cut: &Cut, successes: usize) -> io::Result<Verdict> {
        self.load(log, cut);
        let Reply(reply) = self.hand.ask(&format!("judge {successes}"))?;
        let (verdict, words) = reply.split_once(' ').unwrap_or((&reply, ""));
        Ok(match verdict {
            "good" => Verdict::Good(words.to_owned()),
            "bad" => Verdict::Bad(words.to_owned()),
            "unmountable" => Verdict::Unmountable(format!("cannot be mounted: {words}")),
            _ => return Err(io::Error::other(reply)),
        })
    }

    fn load(&self, log: &Log, cut: &Cut) {
        self.device.recorder().load(log, cut, self.filesystem.unit());
    }

    /// Saves the disks as the power cut leaves them.
    ///
    /// # Errors
    /// Of the files.
    pub fn save(&self, log: &Log, cut: &Cut, directory: &Path, name: &str) -> io::Result<()> {
        self.load(log, cut);
        let recorder = self.device.recorder();
        recorder.disks.iter().enumerate().try_for_each(|(at, disk)| disk.save(&directory.join(format!("{name}-disk{at}.img"))))
    }
}

/// A line of the hand's.
struct Reply(String);

impl Reply {
    fn done(self) -> io::Result<()> {
        if self.0 == "done" { Ok(()) } else { Err(io::Error::other(self.0)) }
    }
}

/// The process that touches the disks. It ends with this value, or with the thread that holds it.
struct HandProcess {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// Nothing the hand does takes nearly so long, unless it hangs.
const LONG: Duration = Duration::from_secs(120);

impl HandProcess {
    fn start(base: &Path, plan: &Plan<'_>) -> io::Result<HandProcess> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--hand", plan.filesystem.name(), plan.scenario.name]).arg(base);
        command.arg(plan.program).args(plan.failpoint);
        let mut child = sys::die_with_parent(&mut command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().expect("a pipe")));
        Ok(HandProcess { child, input, output })
    }

    /// Says a line, and waits for one.
    fn ask(&mut self, line: &str) -> io::Result<Reply> {
        writeln!(self.input.as_mut().expect("open until dropped"), "{line}")?;
        let limit = Timespec::try_from(LONG).expect("a short time");
        let ready = poll(&mut [PollFd::from_borrowed_fd(self.output.get_ref().as_fd(), PollFlags::IN)], Some(&limit))?;
        if ready == 0 {
            return Err(io::Error::other(format!("no answer to '{line}' within {} s", LONG.as_secs())));
        }
        let mut reply = String::new();
        if self.output.read_line(&mut reply)? == 0 {
            return Err(io::Error::other(format!("the hand is gone after '{line}': {}", self.child.wait()?)));
        }
        Ok(Reply(reply.trim_end().to_owned()))
    }
}

impl Drop for HandProcess {
    fn drop(&mut self) {
        // Its input ends, and so does it, with its mounts; killed if it hangs.
        self.input = None;
        let limit = Timespec::try_from(LONG).expect("a short time");
        let mut output = [PollFd::from_borrowed_fd(self.output.get_ref().as_fd(), PollFlags::IN)];
        if !matches!(poll(&mut output, Some(&limit)), Ok(1..)) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// A directory for each lane.
pub fn directory(base: &Path, number: usize) -> PathBuf {
    base.join(format!("{}{number}", mark(std::process::id())))
}

/// How the names of a process's lanes begin, and of nobody else's.
pub fn mark(process: u32) -> String {
    format!("powercut-{process}-")
}
