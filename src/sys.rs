//! The only `unsafe` of the crate: calls that rustix has no safe form for, or makes past the C library.

#![allow(unsafe_code)]

mod accounts;
mod lease;
mod maps;
mod selinux;

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

pub(crate) use lease::{HeldSignal, LeaseKind, lease_of, set_lease};
pub(crate) use maps::{Page, QueriedMap, query_map};
pub(crate) use selinux::{FileLabels, Selinux};

/// Whether there is no dynamic linker: then nothing may be asked of the C library that it loads modules for.
const IS_STATIC: bool = cfg!(target_feature = "crt-static");

/// Closes a descriptor and reports what close(2) says: some filesystems tell a failed write only there.
///
/// # Errors
/// The error of close(2). The descriptor is gone whatever it says, so there is nothing to retry.
pub(crate) fn close(fd: OwnedFd) -> io::Result<()> {
    // SAFETY: `into_raw_fd` gives up ownership, so the descriptor is open, ours, and used by nobody afterwards.
    match unsafe { libc::close(fd.into_raw_fd()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Gives an open file an owner, a group, or both; `None` leaves one as it is.
///
/// Through the C library: rustix makes the system call itself, past fakeroot(1), which then knows nothing of it.
///
/// # Errors
/// Of fchown(2).
pub(crate) fn fchown(fd: BorrowedFd<'_>, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
    // The largest number means "no change".
    let (uid, gid) = (uid.unwrap_or(u32::MAX), gid.unwrap_or(u32::MAX));
    // SAFETY: the descriptor is open as long as it is borrowed; the other arguments are plain numbers.
    match unsafe { libc::fchown(fd.as_raw_fd(), uid, gid) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Gives an open file its permission bits; through the C library as [`fchown`].
///
/// # Errors
/// Of fchmod(2).
pub(crate) fn fchmod(fd: BorrowedFd<'_>, mode: u32) -> io::Result<()> {
    // SAFETY: as in `fchown`.
    match unsafe { libc::fchmod(fd.as_raw_fd(), mode) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Asks the kernel to begin writing a range of a file to the disk, without waiting for it: sync_file_range(2). Only a hint; what
/// the disk has to say comes out at fsync(2), which is still to be called.
pub(crate) fn begin_writeback(fd: BorrowedFd<'_>, offset: u64, bytes: u64) {
    // SAFETY: the descriptor is open as long as it is borrowed; the other arguments are plain numbers, and a range that does
    // not fit fails with EINVAL.
    unsafe { libc::sync_file_range(fd.as_raw_fd(), offset as i64, bytes as i64, libc::SYNC_FILE_RANGE_WRITE) };
}

/// Locks bytes of a file for this open file description, fcntl_locking(2): the lock ends with the last descriptor, however
/// the process ends. A `shared` lock stands beside others of its kind, and takes the place of one we have. `false`: somebody else
/// is in the way.
///
/// # Errors
/// Of fcntl(2).
pub(crate) fn lock_bytes(fd: BorrowedFd<'_>, at: u64, bytes: u64, shared: bool) -> io::Result<bool> {
    // SAFETY: zero is a valid value of every field of the plain C structure, which lives on our stack during the call.
    let failed = unsafe {
        let mut lock: libc::flock = std::mem::zeroed();
        lock.l_type = if shared { libc::F_RDLCK } else { libc::F_WRLCK } as _;
        lock.l_whence = libc::SEEK_SET as _;
        lock.l_start = at as _;
        lock.l_len = bytes as _;
        libc::fcntl(fd.as_raw_fd(), libc::F_OFD_SETLK, &lock) == -1
    };
    match failed.then(io::Error::last_os_error) {
        None => Ok(true),
        Some(error) if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) => Ok(false),
        Some(error) => Err(error),
    }
}

/// Gives up all locks of this open file description from this byte on.
///
/// # Errors
/// Of fcntl(2).
pub(crate) fn unlock_bytes_from(fd: BorrowedFd<'_>, at: u64) -> io::Result<()> {
    // SAFETY: zero is a valid value of every field of the plain C structure, which lives on our stack during the call.
    let failed = unsafe {
        let mut lock: libc::flock = std::mem::zeroed();
        lock.l_type = libc::F_UNLCK as _;
        lock.l_whence = libc::SEEK_SET as _;
        // A length of 0 has no end.
        lock.l_start = at as _;
        libc::fcntl(fd.as_raw_fd(), libc::F_OFD_SETLK, &lock) == -1
    };
    if failed { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The name a filesystem has for itself, FS_IOC_GETFSUUID of Linux 6.9; `None` where it has none or the kernel does not tell.
pub(crate) fn filesystem_uuid(fd: BorrowedFd<'_>) -> Option<Vec<u8>> {
    // linux/fs.h: struct fsuuid2 { __u8 len; __u8 uuid[16]; }, and _IOR(0x15, 0, struct fsuuid2).
    const GET_UUID: libc::c_ulong = 0x8011_1500;
    let mut answer = [0u8; 17];
    // SAFETY: the call writes at most the 17 bytes that its number says, and the array has them.
    let done = unsafe { libc::ioctl(fd.as_raw_fd(), GET_UUID as _, answer.as_mut_ptr()) } == 0;
    let length = usize::from(answer[0]).min(16);
    (done && length > 0 && answer[1..=length].iter().any(|byte| *byte != 0)).then(|| answer[1..=length].to_vec())
}

/// The user namespace that a namespace belongs to, ioctl_nsfs(2).
///
/// # Errors
/// EPERM if that is neither ours nor one below it.
pub(crate) fn owner_of_namespace(namespace: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    // linux/nsfs.h: _IO(0xb7, 1).
    const GET_USERNS: libc::c_ulong = 0xb701;
    // SAFETY: the call takes no argument, and answers with a new descriptor, which is ours alone, or -1.
    unsafe {
        match libc::ioctl(namespace.as_raw_fd(), GET_USERNS as _) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

/// Whether the kernel, and not fakeroot(1), takes this process for root.
pub(crate) fn is_root_to_the_kernel() -> bool {
    // SAFETY: geteuid(2) has no arguments and cannot fail.
    unsafe { libc::syscall(libc::SYS_geteuid) == 0 }
}

/// Whom an open file belongs to for the kernel, and not for fakeroot(1), which may remember another file of the same inode
/// number; `None` where a filter forbids statx(2).
pub(crate) fn owner_to_the_kernel(fd: BorrowedFd<'_>) -> Option<u32> {
    // SAFETY: zero is a valid value of the plain C structure, which lives on our stack during the call; the path ends with NUL.
    unsafe {
        let mut answer: libc::statx = std::mem::zeroed();
        let (path, flags) = (c"".as_ptr(), libc::AT_EMPTY_PATH);
        let done = libc::syscall(libc::SYS_statx, fd.as_raw_fd(), path, flags, libc::STATX_UID, &mut answer);
        (done == 0).then_some(answer.stx_uid)
    }
}

/// Gives what has a path an owner, a group, or both, links followed; through the C library as [`fchown`].
///
/// # Errors
/// Of chown(2).
pub(crate) fn chown_path(path: &std::ffi::CStr, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
    // SAFETY: the path ends with NUL; the other arguments are plain numbers.
    match unsafe { libc::chown(path.as_ptr(), uid.unwrap_or(u32::MAX), gid.unwrap_or(u32::MAX)) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Gives what has a path its permission bits, links followed; through the C library as [`fchown`].
///
/// # Errors
/// Of chmod(2).
pub(crate) fn chmod_path(path: &std::ffi::CStr, mode: u32) -> io::Result<()> {
    // SAFETY: as in `chown_path`.
    match unsafe { libc::chmod(path.as_ptr(), mode) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Which of the standard streams were closed when the program started, a bit for each.
static CLOSED: AtomicU8 = AtomicU8::new(0);

/// Whether SIGPIPE was ignored when the program started.
static IGNORES_SIGPIPE: AtomicBool = AtomicBool::new(false);

/// Runs before the Rust runtime, which opens the null device in place of standard streams that are closed, and ignores SIGPIPE:
/// afterwards nobody could tell what the parent wanted. Only in the program: other users of the library are left alone.
#[cfg(feature = "cli")]
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = {
    extern "C" fn look() {
        for fd in 0..3 {
            // SAFETY: the call takes plain numbers and changes nothing.
            if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
                CLOSED.fetch_or(1 << fd, Ordering::Relaxed);
            }
        }
        IGNORES_SIGPIPE.store(signal_is_ignored(libc::SIGPIPE), Ordering::Relaxed);
    }
    look
};

/// Whether SIGPIPE was ignored when the program started, [`signal_is_ignored`] aside: the Rust runtime ignores it always.
pub fn sigpipe_was_ignored() -> bool {
    IGNORES_SIGPIPE.load(Ordering::Relaxed)
}

/// Lets a program that is started find SIGPIPE as this one found it; the standard library gives it the default action.
pub(crate) fn pass_on_sigpipe(command: &mut Command) {
    if sigpipe_was_ignored() {
        // SAFETY: signal(2) may be called between fork(2) and execve(2), signal-safety(7), and SIG_IGN is no handler.
        unsafe {
            command.pre_exec(|| {
                libc::signal(libc::SIGPIPE, libc::SIG_IGN);
                Ok(())
            })
        };
    }
}

/// Whether the standard stream with this number was closed when the program started.
pub fn stream_was_closed(fd: u8) -> bool {
    fd < 3 && CLOSED.load(Ordering::Relaxed) & 1 << fd != 0
}

/// Closes standard input, if it was closed when the program started: /dev/stdin is then no file again.
pub fn close_stdin_again() {
    if stream_was_closed(0) {
        // SAFETY: nobody has borrowed the descriptor that the runtime put there; reading from it fails cleanly afterwards.
        unsafe { libc::close(0) };
    }
}

/// Gives a signal the default action again, whatever the parent or the Rust runtime made of it.
pub fn default_signal(signal: i32) {
    // SAFETY: SIG_DFL is no handler, so no code of ours runs in signal context.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// As [`ignore_sigxfsz`], but programs that are started have the default action: execve(2) keeps "ignored", not a handler.
pub fn catch_sigxfsz() {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: the handler does nothing at all, which is safe wherever a signal interrupts.
    unsafe { libc::signal(libc::SIGXFSZ, nothing as extern "C" fn(libc::c_int) as libc::sighandler_t) };
}

/// Whether the signal was ignored when the program started, as nohup(1) does with SIGHUP. A handler must not undo that.
pub fn signal_is_ignored(signal: i32) -> bool {
    // SAFETY: an all-zero sigaction is a valid value of that plain C structure, and with a null `act` the call only fills in
    // `oldact`, which lives on our stack.
    unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut old) == 0 && old.sa_sigaction == libc::SIG_IGN
    }
}

/// Lets a write beyond RLIMIT_FSIZE fail with EFBIG instead of killing the process, setrlimit(2).
pub fn ignore_sigxfsz() {
    // SAFETY: SIG_IGN is no handler, so no code of ours runs in signal context.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Whether there is a locale of this name, and its characters are in UTF-8: newlocale(3), nl_langinfo(3).
pub fn is_utf8_locale(name: &std::ffi::OsStr) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let Ok(name) = CString::new(name.as_bytes()) else { return false };
    // SAFETY: the name ends with NUL, null stands for a new locale, which is freed once and only after the text that
    // belongs to it was compared.
    unsafe {
        let locale = libc::newlocale(libc::LC_CTYPE_MASK, name.as_ptr(), std::ptr::null_mut());
        if locale.is_null() {
            return false;
        }
        let codeset = libc::nl_langinfo_l(libc::CODESET, locale);
        let is_utf8 = !codeset.is_null() && CStr::from_ptr(codeset) == c"UTF-8";
        libc::freelocale(locale);
        is_utf8
    }
}

/// The number of the user with this name, getpwnam_r(3); `None` if there is none.
///
/// # Errors
/// The account database could not be asked.
pub fn user_id(name: &str) -> io::Result<Option<u32>> {
    if IS_STATIC {
        return accounts::number("/etc/passwd", name);
    }
    let Ok(name) = CString::new(name) else { return Ok(None) };
    look_up(|buffer| {
        // SAFETY: `zeroed` is a valid passwd (null pointers), `name` is NUL-terminated, the buffer's length is passed with it,
        // and only the plain number is read before the buffer goes away.
        unsafe {
            let mut entry: libc::passwd = std::mem::zeroed();
            let mut found = std::ptr::null_mut();
            let error = libc::getpwnam_r(name.as_ptr(), &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut found);
            (error, (!found.is_null()).then_some(entry.pw_uid))
        }
    })
}

/// The name of the user with this number, getpwuid_r(3); `None` if there is none.
///
/// # Errors
/// The account database could not be asked.
pub fn user_name(uid: u32) -> io::Result<Option<std::ffi::OsString>> {
    use std::os::unix::ffi::OsStringExt;
    if IS_STATIC {
        return accounts::name("/etc/passwd", uid);
    }
    look_up(|buffer| {
        // SAFETY: as in `user_id`; the name, a text that ends with NUL in the buffer, is copied before that goes away.
        unsafe {
            let mut entry: libc::passwd = std::mem::zeroed();
            let mut found = std::ptr::null_mut();
            let error = libc::getpwuid_r(uid, &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut found);
            let name = || std::ffi::OsString::from_vec(CStr::from_ptr(entry.pw_name).to_bytes().to_vec());
            (error, (!found.is_null()).then(name))
        }
    })
}

/// The number of the group with this name, getgrnam_r(3); `None` if there is none.
///
/// # Errors
/// The account database could not be asked.
pub fn group_id(name: &str) -> io::Result<Option<u32>> {
    if IS_STATIC {
        return accounts::number("/etc/group", name);
    }
    let Ok(name) = CString::new(name) else { return Ok(None) };
    look_up(|buffer| {
        // SAFETY: as in `user_id`.
        unsafe {
            let mut entry: libc::group = std::mem::zeroed();
            let mut found = std::ptr::null_mut();
            let error = libc::getgrnam_r(name.as_ptr(), &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut found);
            (error, (!found.is_null()).then_some(entry.gr_gid))
        }
    })
}

/// Calls a reentrant look-up with a growing buffer, as getpwnam_r(3) asks for.
fn look_up<T>(call: impl Fn(&mut [libc::c_char]) -> (i32, Option<T>)) -> io::Result<Option<T>> {
    let mut buffer = vec![0; 1024];
    loop {
        match call(&mut buffer) {
            (_, Some(found)) => return Ok(Some(found)),
            (libc::ERANGE, _) if buffer.len() < 1 << 20 => buffer.resize(buffer.len() * 4, 0),
            (libc::EINTR, _) => {}
            // getpwnam_r(3) lists these as ways to say that the name was not found.
            (0 | libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM, None) => return Ok(None),
            (error, None) => return Err(io::Error::from_raw_os_error(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_name() {
        assert_eq!(user_id("root").unwrap(), Some(0));
        assert_eq!(group_id("root").unwrap(), Some(0));
        assert_eq!(user_id("no such user").unwrap(), None);
        assert_eq!(user_name(0).unwrap().as_deref(), Some("root".as_ref()));
        assert_eq!(user_name(u32::MAX - 7).unwrap(), None);
        assert_eq!(group_id("no\0group").unwrap(), None);
    }

    #[test]
    fn closing_reports_success() {
        let file = std::fs::File::open("/").unwrap();
        close(file.into()).unwrap();
    }
}
