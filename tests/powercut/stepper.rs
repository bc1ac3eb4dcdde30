//! Runs a program one system call at a time, ptrace(2).

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use rustix::process::Pid;

use super::disturb::Step;
use super::sys::{self, Call};

/// Runs it; after each system call that may change a file, the calling thread stands still until `step` has returned.
///
/// # Errors
/// Of starting and tracing it, and of `step`.
pub fn run(command: &mut Command, step: Step<'_>) -> io::Result<ExitStatus> {
    let leader = Pid::from_child(&sys::traced(command).spawn()?);
    // The threads that are in such a call, and whether it is a rename.
    let mut changing: HashMap<Pid, bool> = HashMap::new();
    let mut began = false;
    loop {
        let (pid, status) = sys::wait_any()?;
        if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
            if pid == leader {
                return Ok(ExitStatus::from_raw(status));
            }
            continue;
        }
        if !began {
            // The stop at its exec.
            sys::set_trace_options(pid)?;
            began = true;
            alive(sys::go_on(pid, 0))?;
            continue;
        }
        let mut signal = 0;
        match libc::WSTOPSIG(status) {
            // PTRACE_O_TRACESYSGOOD sets this bit.
            stop if stop == libc::SIGTRAP | 0x80 => match sys::system_call(pid) {
                Ok(Call::Entry(number, arguments)) => {
                    if changes_files(number, &arguments) {
                        changing.insert(pid, is_rename(number) && !is_of_the_mark(pid, &arguments));
                    }
                }
                Ok(Call::Exit) => changing.remove(&pid).map_or(Ok(()), &mut *step)?,
                Ok(Call::Neither) => {}
                Err(error) => alive(Err(error))?,
            },
            // A new thread's first stop, or the news of one.
            libc::SIGSTOP | libc::SIGTRAP => {}
            other => signal = other,
        }
        alive(sys::go_on(pid, signal))?;
    }
}

/// A tracee may be killed at any time, by the exit of its group also; its end is reported next.
fn alive(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        other => other,
    }
}

fn is_rename(number: u64) -> bool {
    #[cfg(target_arch = "x86_64")]
    const RENAMES: [libc::c_long; 3] = [libc::SYS_renameat2, libc::SYS_renameat, libc::SYS_rename];
    #[cfg(not(target_arch = "x86_64"))]
    const RENAMES: [libc::c_long; 1] = [libc::SYS_renameat2];
    RENAMES.iter().any(|rename| u64::try_from(*rename) == Ok(number))
}

/// Whether it makes the mark of a new state directory: the first rename of all, long before a target changes.
fn is_of_the_mark(pid: Pid, arguments: &[u64; 6]) -> bool {
    let mut name = [0; 9];
    let memory = File::open(format!("/proc/{}/mem", pid.as_raw_pid()));
    memory.and_then(|memory| memory.read_exact_at(&mut name, arguments[1])).is_ok() && name == *b"mark.new\0"
}

fn changes_files(number: u64, arguments: &[u64; 6]) -> bool {
    const CHANGING: [libc::c_long; 27] = [
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_pwrite64,
        libc::SYS_copy_file_range,
        libc::SYS_sendfile,
        libc::SYS_splice,
        libc::SYS_ftruncate,
        libc::SYS_fallocate,
        libc::SYS_ioctl,
        libc::SYS_fchown,
        libc::SYS_fchownat,
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        libc::SYS_setxattr,
        libc::SYS_fsetxattr,
        libc::SYS_removexattr,
        libc::SYS_fremovexattr,
        libc::SYS_utimensat,
        libc::SYS_linkat,
        libc::SYS_symlinkat,
        libc::SYS_renameat2,
        libc::SYS_unlinkat,
        libc::SYS_mkdirat,
        libc::SYS_fsync,
        libc::SYS_fdatasync,
        libc::SYS_syncfs,
        libc::SYS_close,
    ];
    #[cfg(target_arch = "x86_64")]
    const OLD: [libc::c_long; 8] = [
        libc::SYS_chown,
        libc::SYS_chmod,
        libc::SYS_link,
        libc::SYS_symlink,
        libc::SYS_rename,
        libc::SYS_unlink,
        libc::SYS_mkdir,
        libc::SYS_renameat,
    ];
    #[cfg(not(target_arch = "x86_64"))]
    const OLD: [libc::c_long; 0] = [];
    let number = libc::c_long::try_from(number).unwrap_or(-1);
    if number == libc::SYS_openat {
        // Opening changes something where it may create or truncate; O_TMPFILE contains O_DIRECTORY, hence the comparison.
        let flags = arguments[2] as libc::c_int;
        return flags & (libc::O_CREAT | libc::O_TRUNC) != 0 || flags & libc::O_TMPFILE == libc::O_TMPFILE;
    }
    CHANGING.contains(&number) || OLD.contains(&number)
}
