//! Leases, fcntl(2), and the signal by which the kernel says that somebody waits for one.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// What a lease on a file lets others do, fcntl(2): F_SETLEASE, F_GETLEASE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaseKind {
    /// Nobody else opens it.
    Write,
    /// Nobody else opens it for writing.
    Read,
    None,
}

/// Takes a lease on an open file, or gives it back.
///
/// # Errors
/// EAGAIN if somebody else has the file; EACCES if it is another's; EINVAL where there are no leases.
pub(crate) fn set_lease(fd: BorrowedFd<'_>, kind: LeaseKind) -> io::Result<()> {
    let kind = match kind {
        LeaseKind::Write => libc::F_WRLCK,
        LeaseKind::Read => libc::F_RDLCK,
        LeaseKind::None => libc::F_UNLCK,
    };
    // SAFETY: the descriptor is open as long as it is borrowed; the other arguments are plain numbers.
    match unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETLEASE, c_int::from(kind)) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The lease that is held through this descriptor; if somebody waits for it, what it has to become.
///
/// # Errors
/// Of fcntl(2).
pub(crate) fn lease_of(fd: BorrowedFd<'_>) -> io::Result<LeaseKind> {
    // SAFETY: as in `set_lease`.
    let kind = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETLEASE) };
    match kind {
        -1 => Err(io::Error::last_os_error()),
        kind if kind == c_int::from(libc::F_WRLCK) => Ok(LeaseKind::Write),
        kind if kind == c_int::from(libc::F_RDLCK) => Ok(LeaseKind::Read),
        _ => Ok(LeaseKind::None),
    }
}

/// SIGIO held back from this thread, by which the kernel says that somebody waits for a lease: its default action ends the process,
/// signal(7). What came meanwhile goes with this.
#[derive(Debug)]
pub(crate) struct HeldSignal {
    before: libc::sigset_t,
    /// Whether one waited already, that is none of ours.
    was_pending: bool,
    /// A signal mask is one thread's.
    _thread: std::marker::PhantomData<*const ()>,
}

impl HeldSignal {
    /// For the leases of this open file, whose signals go to this thread and no other.
    ///
    /// # Errors
    /// Of fcntl(2) F_SETOWN_EX.
    pub(crate) fn of_leases(fd: BorrowedFd<'_>) -> io::Result<HeldSignal> {
        // fcntl(2), from linux/fcntl.h: struct f_owner_ex { int type; pid_t pid; }, F_SETOWN_EX, F_OWNER_TID.
        const SET_OWNER: c_int = 15;
        const OWNER_IS_THREAD: c_int = 0;
        // SAFETY: signal sets are plain C structures for which all zeroes is a value, and live on our stack; gettid(2) has no
        // arguments; the owner is two numbers, as the kernel's structure is.
        unsafe {
            let owner = [OWNER_IS_THREAD, libc::gettid()];
            if libc::fcntl(fd.as_raw_fd(), SET_OWNER, owner.as_ptr()) == -1 {
                return Err(io::Error::last_os_error());
            }
            let (mut pending, mut before): (libc::sigset_t, libc::sigset_t) = (std::mem::zeroed(), std::mem::zeroed());
            libc::sigpending(&mut pending);
            let was_pending = libc::sigismember(&pending, libc::SIGIO) == 1;
            match libc::pthread_sigmask(libc::SIG_BLOCK, &only_sigio(), &mut before) {
                0 => Ok(HeldSignal { before, was_pending, _thread: std::marker::PhantomData }),
                error => Err(io::Error::from_raw_os_error(error)),
            }
        }
    }
}

impl Drop for HeldSignal {
    fn drop(&mut self) {
        // SAFETY: as in `of_leases`; null stands for no wish to know more of the signal.
        unsafe {
            if !self.was_pending {
                let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                while libc::sigtimedwait(&only_sigio(), std::ptr::null_mut(), &at_once) == libc::SIGIO {}
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut());
        }
    }
}

fn only_sigio() -> libc::sigset_t {
    // SAFETY: as in `HeldSignal::of_leases`.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGIO);
        set
    }
}
