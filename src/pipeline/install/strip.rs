//! A program that strips the staged file.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};

use super::failure;
use crate::event::Cancel;
use crate::report::InstallError;
use crate::sys;
use crate::txn::Stage;

/// How long a wait for the program may last before cancellation is looked at: 100 ms.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Runs PROGRAM FILE and waits for it. The program may write to the file, or put another one in its place by a rename.
///
/// # Errors
/// [`InstallError::RunStrip`], [`InstallError::Strip`]; and the file the program left is none.
pub(super) fn run(program: &OsStr, stage: &mut Stage, cancel: &Cancel) -> Result<(), InstallError> {
    let mut child = start(program, &path_of(stage)).map_err(InstallError::RunStrip)?;
    let status = wait(&mut child, cancel).map_err(InstallError::RunStrip)?;
    cancel.check().map_err(failure::of_copying)?;
    if !status.success() {
        return Err(InstallError::Strip);
    }
    stage.reopen().map_err(failure::of_stripping)
}

fn start(program: &OsStr, file: &Path) -> io::Result<Child> {
    let spawn = |command: &mut Command| {
        sys::pass_on_sigpipe(command);
        command.spawn()
    };
    match spawn(Command::new(program).arg(file)) {
        // A script without `#!` is one for the shell, execvp(3).
        Err(error) if Errno::from_io_error(&error) == Some(Errno::NOEXEC) => {
            spawn(Command::new("/bin/sh").arg(program).arg(file))
        }
        started => started,
    }
}

/// Waits, and passes a cancellation on. Where the kernel has no pidfd_open(2), the program is just waited for.
fn wait(child: &mut Child, cancel: &Cancel) -> io::Result<ExitStatus> {
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return child.wait() };
    let Ok(watched) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else { return child.wait() };
    loop {
        let ready = rustix::event::poll(&mut [PollFd::new(&watched, PollFlags::IN)], Some(&TICK));
        if cancel.check().is_err() {
            let _ = rustix::process::pidfd_send_signal(&watched, Signal::TERM);
            return child.wait();
        }
        match ready {
            Ok(0) | Err(Errno::INTR) => {}
            _ => return child.wait(),
        }
    }
}

/// The path under which the stage is known to the program.
fn path_of(stage: &Stage) -> PathBuf {
    let path = stage.path().expect("a stage for a program has a name");
    // A name that begins with a dash would be an option.
    if path.as_os_str().as_bytes().starts_with(b"-") { Path::new(".").join(path) } else { path }
}
