//! A child process that cannot outlive its test, and the lock that keeps one test's fork out of another's write.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};

/// A child between fork and exec holds copies of all descriptors of this process. If one of them is another test's program
/// that is just being written, starting that program fails with ETXTBSY. So nobody forks while anybody writes.
static WRITERS_OR_ONE_FORK: RwLock<()> = RwLock::new(());

/// Held while a file is written that may be executed.
pub fn writing() -> RwLockReadGuard<'static, ()> {
    WRITERS_OR_ONE_FORK.read().unwrap_or_else(PoisonError::into_inner)
}

/// A child process, killed and reaped when dropped.
pub struct Process {
    child: Child,
    leads_group: bool,
}

/// Runs a command that ends by itself, and returns what it said.
///
/// # Errors
/// It cannot be started.
pub fn output_of(command: &mut Command) -> std::io::Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    start(command)?.wait_with_output()
}

/// Runs a command that ends by itself, and returns how it ended.
///
/// # Errors
/// It cannot be started.
pub fn status_of(command: &mut Command) -> std::io::Result<ExitStatus> {
    start(command)?.wait()
}

fn start(command: &mut Command) -> std::io::Result<Child> {
    let _alone = WRITERS_OR_ONE_FORK.write().unwrap_or_else(PoisonError::into_inner);
    command.spawn()
}

impl Process {
    /// Starts it.
    ///
    /// # Panics
    /// If it cannot be started.
    #[track_caller]
    pub fn spawn(command: &mut Command) -> Process {
        Process::try_spawn(command).unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
    }

    /// Starts it, if it can be.
    ///
    /// # Errors
    /// What the child's exec or its preparation answered.
    pub fn try_spawn(command: &mut Command) -> std::io::Result<Process> {
        Ok(Process { child: start(command)?, leads_group: false })
    }

    /// Starts it as the leader of a process group, all of which is killed with it: for programs that start another one.
    #[track_caller]
    pub fn spawn_group(command: &mut Command) -> Process {
        use std::os::unix::process::CommandExt;
        let mut process = Process::spawn(command.process_group(0));
        process.leads_group = true;
        process
    }

    /// Its number.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Its pipes.
    pub fn pipes(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Sends a signal, if it was not reaped yet.
    pub fn signal(&mut self, signal: Signal) {
        if self.is_alive() {
            kill_process(self.pid(), signal).expect("a child that was not reaped can be signalled");
        }
    }

    /// Whether it has not ended.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// How it ended; `None` if it has not within `limit`.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
            return Some(status);
        }
        let pidfd = pidfd_open(self.pid(), PidfdFlags::empty()).expect("a child that was not reaped has a pidfd");
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).expect("a time within reason");
            match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&left)) {
                Ok(0) => return None,
                Ok(_) => return Some(self.child.wait().expect("a child can be waited for")),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("poll of a pidfd: {error}"),
            }
        }
    }

    /// Kills it, and its group where it leads one.
    pub fn kill(&mut self) {
        if self.is_alive() {
            if self.leads_group {
                let _ = kill_process_group(self.pid(), Signal::KILL);
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a program of the machine to its end, within a minute.
///
/// # Panics
/// If it does not end well.
#[track_caller]
pub fn run(command: &mut Command) {
    let status = Process::spawn(command).wait(Duration::from_secs(60));
    assert!(status.is_some_and(|status| status.success()), "{command:?}: {status:?}");
}

/// Exit code and signal.
pub fn parts(status: ExitStatus) -> (Option<i32>, Option<i32>) {
    (status.code(), status.signal())
}
