//! The only unsafe code of the tests: what a child process does between fork and exec.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// One thing the child does to itself before it becomes the program, in the order given.
pub enum Step {
    /// A mount namespace of its own, from which no mount travels back.
    NewMounts,
    /// Joins the mount namespace of this `/proc/PID/ns/mnt`; root and working directory become its root.
    EnterMounts(OwnedFd),
    /// Changes the working directory.
    Directory(CString),
    /// Sets a resource limit, soft and hard.
    Limit(libc::__rlimit_resource_t, u64),
    /// Sets the umask.
    #[allow(dead_code, reason = "a word of the conformance tests")]
    Umask(u32),
    /// Ignores a signal, which exec keeps.
    Ignore(libc::c_int),
    /// Closes a descriptor.
    Close(libc::c_int),
    /// Becomes an ordinary user without supplementary groups.
    Become(u32),
    /// Every one of these system calls fails with this errno from here on, in all its children too.
    Deny(Filter),
}

/// Has the child of `command` take these steps.
pub fn before_exec(command: &mut Command, steps: Vec<Step>) {
    if steps.is_empty() {
        return;
    }
    // SAFETY: the closure runs in the forked child of a process with many threads, where only async-signal-safe calls are
    // allowed. `Step::take` makes plain system calls on data allocated before the fork: no allocation, no lock, no panic.
    unsafe {
        command.pre_exec(move || steps.iter().try_for_each(Step::take));
    }
}

impl Step {
    fn take(&self) -> io::Result<()> {
        // SAFETY: every pointer is to data that `self` owns (or a literal), terminated where C asks for it, of the type the
        // call expects, and only read; none is kept by the kernel after the call.
        unsafe {
            match self {
                Step::NewMounts => {
                    checked(libc::unshare(libc::CLONE_NEWNS))?;
                    let (none, root) = (c"none".as_ptr(), c"/".as_ptr());
                    checked(libc::mount(none, root, std::ptr::null(), libc::MS_REC | libc::MS_PRIVATE, std::ptr::null()))
                }
                Step::EnterMounts(namespace) => checked(libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNS)),
                Step::Directory(path) => checked(libc::chdir(path.as_ptr())),
                Step::Limit(resource, value) => {
                    checked(libc::setrlimit(*resource, &libc::rlimit { rlim_cur: *value, rlim_max: *value }))
                }
                Step::Umask(mask) => {
                    libc::umask(*mask);
                    Ok(())
                }
                Step::Ignore(signal) => match libc::signal(*signal, libc::SIG_IGN) {
                    libc::SIG_ERR => Err(io::Error::last_os_error()),
                    _ => Ok(()),
                },
                Step::Close(descriptor) => checked(libc::close(*descriptor)),
                Step::Become(user) => {
                    checked(libc::setgroups(0, std::ptr::null()))?;
                    checked(libc::setresgid(*user, *user, *user))?;
                    checked(libc::setresuid(*user, *user, *user))
                }
                Step::Deny(filter) => filter.install(),
            }
        }
    }
}

fn checked(returned: libc::c_int) -> io::Result<()> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What a filter asks of an argument.
#[derive(Clone, Copy, Debug)]
pub enum Jump {
    Equal,
    Bits,
}

/// A seccomp program that answers some system calls with an errno and lets all others through.
pub struct Filter(Vec<libc::sock_filter>);

impl Filter {
    /// # Panics
    /// If there are more system calls than a jump of BPF can skip.
    pub fn new(syscalls: &[libc::c_long], errno: i32) -> Filter {
        // A filter of classic BPF (seccomp(2)): load the number, compare it with each, fall through to "allow".
        let load_number = instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0);
        let mut program = vec![load_number];
        for (index, syscall) in syscalls.iter().enumerate() {
            let to_the_denial = u8::try_from(syscalls.len() - index).expect("few system calls");
            let number = u32::try_from(*syscall).expect("a system call number");
            program.push(instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, to_the_denial, 0, number));
        }
        program.push(instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW));
        let denial = libc::SECCOMP_RET_ERRNO | u32::try_from(errno).expect("an errno");
        program.push(instruction(libc::BPF_RET | libc::BPF_K, 0, 0, denial));
        Filter(program)
    }

    /// One system call, where the lower half of an argument (counted from 0) is this number (`Jump::Equal`) or has one of
    /// these bits (`Jump::Bits`).
    pub fn of_argument(syscall: libc::c_long, argument: u32, jump: Jump, value: u32, errno: i32) -> Filter {
        let number = u32::try_from(syscall).expect("a system call number");
        let compare = match jump {
            Jump::Equal => libc::BPF_JEQ,
            Jump::Bits => libc::BPF_JSET,
        };
        // struct seccomp_data: number, architecture, instruction pointer, then six arguments of eight bytes.
        let high_half_first = if cfg!(target_endian = "big") { 4 } else { 0 };
        let place = 16 + 8 * argument + high_half_first;
        let denial = libc::SECCOMP_RET_ERRNO | u32::try_from(errno).expect("an errno");
        Filter(vec![
            instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
            instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 3, number),
            instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, place),
            instruction(libc::BPF_JMP | compare | libc::BPF_K, 0, 1, value),
            instruction(libc::BPF_RET | libc::BPF_K, 0, 0, denial),
            instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
        ])
    }

    fn install(&self) -> io::Result<()> {
        let length = self.0.len() as libc::c_ushort;
        let program = libc::sock_fprog { len: length, filter: self.0.as_ptr().cast_mut() };
        // SAFETY: the kernel copies the program, which lives as long as `self`, and does not write to it.
        unsafe {
            // The arguments are variadic and read as long words, so each is one.
            let (none, one) = (0 as libc::c_ulong, 1 as libc::c_ulong);
            checked(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, one, none, none, none))?;
            let mode = libc::c_ulong::from(libc::SECCOMP_MODE_FILTER);
            checked(libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program))
        }
    }
}

fn instruction(code: u32, jump_if_true: u8, jump_if_false: u8, operand: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt: jump_if_true, jf: jump_if_false, k: operand }
}
