//! The only unsafe code of this program: calls rustix has no safe form of.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::Pid;

/// Gives this process, of one thread, a mount namespace of its own.
///
/// # Errors
/// Of unshare(2).
pub fn new_mount_namespace() -> io::Result<()> {
    // SAFETY: no memory is involved, and CLONE_NEWNS leaves descriptors alone.
    checked(unsafe { libc::unshare(libc::CLONE_NEWNS) })
}

/// Has the child killed when the thread that starts it ends, however it ends.
pub fn die_with_parent(command: &mut Command) -> &mut Command {
    let parent = rustix::process::getpid();
    let prepare = move || {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        // It may have gone before the call above.
        if rustix::process::getppid() == Some(parent) { Ok(()) } else { Err(Errno::SRCH.into()) }
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed: these are two plain system calls.
    unsafe { command.pre_exec(prepare) }
}

/// Has the child stop at its exec, to be traced by the thread that starts it, ptrace(2).
pub fn traced(command: &mut Command) -> &mut Command {
    let ask = || {
        let none = std::ptr::null_mut::<libc::c_void>();
        // SAFETY: PTRACE_TRACEME ignores the other arguments.
        checked(unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, none, none) })
    };
    // SAFETY: as above, one plain system call.
    unsafe { command.pre_exec(ask) }
}

/// Has the tracee, which is stopped, tell system calls from traps, bring its children along, and die with its tracer.
///
/// # Errors
/// Of ptrace(2).
pub fn set_trace_options(tracee: Pid) -> io::Result<()> {
    let options = libc::PTRACE_O_TRACESYSGOOD
        | libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACEFORK
        | libc::PTRACE_O_TRACEVFORK
        | libc::PTRACE_O_EXITKILL;
    // SAFETY: the options are a number, no pointer.
    checked(unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, tracee.as_raw_nonzero().get(), 0, options) })
}

/// Lets the tracee go on to the beginning or end of its next system call, with this signal (0 for none).
///
/// # Errors
/// Of ptrace(2); `ESRCH` if it was killed meanwhile.
pub fn go_on(tracee: Pid, signal: i32) -> io::Result<()> {
    // SAFETY: the signal is a number, no pointer.
    checked(unsafe { libc::ptrace(libc::PTRACE_SYSCALL, tracee.as_raw_nonzero().get(), 0, signal) })
}

/// Where in a system call a tracee stands.
pub enum Call {
    /// It is about to make this one, with these arguments.
    Entry(u64, [u64; 6]),
    /// It has made it.
    Exit,
    Neither,
}

/// # Errors
/// Of ptrace(2).
pub fn system_call(tracee: Pid) -> io::Result<Call> {
    // SAFETY: all zero is a value of this structure of integers.
    let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
    let (pid, size) = (tracee.as_raw_nonzero().get(), size_of_val(&info));
    // SAFETY: the kernel writes at most `size` bytes into `info`. The request is unsigned in some C libraries' headers.
    checked(unsafe { libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO as _, pid, size, &raw mut info) })?;
    Ok(match info.op {
        // SAFETY: `op` says which member the kernel filled; all are integers.
        libc::PTRACE_SYSCALL_INFO_ENTRY => unsafe { Call::Entry(info.u.entry.nr, info.u.entry.args) },
        libc::PTRACE_SYSCALL_INFO_EXIT => Call::Exit,
        _ => Call::Neither,
    })
}

/// The next change of state of any child or tracee, threads included.
///
/// # Errors
/// Of waitpid(2): `ECHILD` if there is none.
pub fn wait_any() -> io::Result<(Pid, i32)> {
    let mut status = 0;
    // SAFETY: `status` is a valid place for an integer.
    let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL) };
    checked(pid)?;
    Ok((Pid::from_raw(pid).expect("waitpid names a process"), status))
}

/// `struct loop_config` of linux/loop.h.
#[repr(C)]
struct LoopConfig {
    descriptor: u32,
    block_size: u32,
    /// `struct loop_info64`: six numbers of eight bytes, of which these five …
    places: [u64; 5],
    /// … four of four bytes, the last of them the flags …
    numbers: [u32; 4],
    /// … names and keys, and two more numbers.
    names: [u8; 160],
    init: [u64; 2],
    reserved: [u64; 8],
}

const LOOP_CONFIGURE: libc::Ioctl = 0x4C0A;
const LOOP_CTL_GET_FREE: libc::Ioctl = 0x4C82;
const LO_FLAGS_AUTOCLEAR: u32 = 4;
const LO_FLAGS_DIRECT_IO: u32 = 16;

/// Makes a block device of a file, with direct input and output, for as long as it is held open or mounted.
///
/// # Errors
/// Of opening and configuring it.
pub fn attach_loop(backing: &File) -> io::Result<(File, PathBuf)> {
    let control = File::options().read(true).write(true).open("/dev/loop-control")?;
    loop {
        // SAFETY: the call takes no argument.
        let number = unsafe { libc::ioctl(control.as_raw_fd(), LOOP_CTL_GET_FREE) };
        checked(number)?;
        let path = PathBuf::from(format!("/dev/loop{number}"));
        let device = File::options().read(true).write(true).open(&path)?;
        let config = LoopConfig {
            descriptor: u32::try_from(backing.as_raw_fd()).expect("an open descriptor"),
            block_size: 512,
            places: [0; 5],
            numbers: [0, 0, 0, LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO],
            names: [0; 160],
            init: [0; 2],
            reserved: [0; 8],
        };
        // SAFETY: the kernel reads one structure of this layout (asserted below) and keeps nothing of it.
        match checked(unsafe { libc::ioctl(device.as_raw_fd(), LOOP_CONFIGURE, &raw const config) }) {
            Ok(()) => return Ok((device, path)),
            // Somebody else was faster.
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {}
            Err(error) => return Err(error),
        }
    }
}

const _: () = assert!(size_of::<LoopConfig>() == 304 && std::mem::offset_of!(LoopConfig, numbers) == 48);

/// Drops what the kernel has cached of a block device that nobody has mounted.
///
/// # Errors
/// Of ioctl(2).
pub fn forget_cached(device: &File) -> io::Result<()> {
    const BLKFLSBUF: libc::Ioctl = 0x1261;
    // SAFETY: the call takes no argument.
    checked(unsafe { libc::ioctl(device.as_raw_fd(), BLKFLSBUF) })
}

/// Has btrfs commit its running transaction, without the data of files that were not synced, and waits for that.
///
/// # Errors
/// Of ioctl(2).
pub fn commit_btrfs(inside: impl AsFd) -> io::Result<()> {
    const BTRFS_IOC_START_SYNC: libc::Ioctl = 0x8008_9418;
    const BTRFS_IOC_WAIT_SYNC: libc::Ioctl = 0x4008_9416;
    let (descriptor, mut transaction) = (inside.as_fd().as_raw_fd(), 0u64);
    // SAFETY: both calls read or write one number of eight bytes.
    unsafe {
        checked(libc::ioctl(descriptor, BTRFS_IOC_START_SYNC, &raw mut transaction))?;
        checked(libc::ioctl(descriptor, BTRFS_IOC_WAIT_SYNC, &raw mut transaction))
    }
}

fn checked(returned: impl Into<i64>) -> io::Result<()> {
    if returned.into() == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
