//! The only `unsafe` of the crate: calls that rustix has no safe form for, or makes past the C library.

#![allow(unsafe_code)]

mod accounts;

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

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
/// the process ends. `false`: somebody else has one of them.
///
/// # Errors
/// Of fcntl(2).
pub(crate) fn lock_bytes(fd: BorrowedFd<'_>, at: u64, bytes: u64) -> io::Result<bool> {
    // SAFETY: zero is a valid value of every field of the plain C structure, which lives on our stack during the call.
    let failed = unsafe {
        let mut lock: libc::flock = std::mem::zeroed();
        lock.l_type = libc::F_WRLCK as _;
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

/// A mapping of a process, as PROCMAP_QUERY of Linux 6.11 tells it: `struct procmap_query` of linux/fs.h.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QueriedMap {
    size: u64,
    query_flags: u64,
    query_address: u64,
    /// The first address.
    pub(crate) start: u64,
    /// The address behind the last one.
    pub(crate) end: u64,
    /// [`READABLE`](Self::READABLE) and the others.
    pub(crate) flags: u64,
    page_size: u64,
    /// Where in the file it begins, in bytes.
    pub(crate) offset: u64,
    pub(crate) inode: u64,
    pub(crate) major: u32,
    pub(crate) minor: u32,
    /// Bytes of the name that was written, the NUL at its end included.
    pub(crate) name_length: u32,
    build_id_length: u32,
    name_address: u64,
    build_id_address: u64,
}

impl QueriedMap {
    pub(crate) const READABLE: u64 = 1;
    pub(crate) const WRITABLE: u64 = 2;
    pub(crate) const EXECUTABLE: u64 = 4;
    pub(crate) const SHARED: u64 = 8;
}

/// The first mapping of a file at or behind an address, asked of an open /proc/PID/maps. Its name goes to `name`, not escaped.
///
/// # Errors
/// ENOENT: there is none; ENOTTY: the kernel is older; ENAMETOOLONG: the name does not fit; ESRCH: the process has ended.
pub(crate) fn query_map(maps: BorrowedFd<'_>, address: u64, name: &mut [u8]) -> Result<QueriedMap, rustix::io::Errno> {
    // _IOWR('f', 17, struct procmap_query).
    const PROCMAP_QUERY: libc::c_ulong = 0xc068_6611;
    const COVERING_OR_NEXT: u64 = 0x10;
    const FILE_BACKED: u64 = 0x20;
    let mut query = QueriedMap {
        size: size_of::<QueriedMap>() as u64,
        query_flags: COVERING_OR_NEXT | FILE_BACKED,
        query_address: address,
        name_length: name.len() as u32,
        name_address: if name.is_empty() { 0 } else { name.as_mut_ptr() as u64 },
        ..QueriedMap::default()
    };
    // SAFETY: the structure is as long as the number of the call and its own first field say, and the kernel writes a name of
    // at most `name_length` bytes to memory that is ours during the call.
    match unsafe { libc::ioctl(maps.as_raw_fd(), PROCMAP_QUERY as _, &mut query) } {
        0 => Ok(query),
        _ => Err(rustix::io::Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(rustix::io::Errno::IO)),
    }
}

/// The first page of a file, mapped so that /proc/self/maps shows what a mapping of it is called there. Nobody reads through it.
#[derive(Debug)]
pub(crate) struct Page(*mut c_void);

impl Page {
    /// # Errors
    /// Of mmap(2).
    pub(crate) fn map(fd: BorrowedFd<'_>) -> io::Result<Page> {
        // SAFETY: a new private mapping at an address the kernel chooses, of which nobody ever reads a byte, so that a file that
        // is cut short does no harm.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), 1, libc::PROT_READ, libc::MAP_PRIVATE, fd.as_raw_fd(), 0) };
        if address == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(Page(address)) }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> u64 {
        self.0 as u64
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody has a reference into it.
        unsafe { libc::munmap(self.0, 1) };
    }
}

type IsEnabled = unsafe extern "C" fn() -> c_int;
type Open = unsafe extern "C" fn(c_uint, *const c_void, c_uint) -> *mut c_void;
type LookUp = unsafe extern "C" fn(*mut c_void, *mut *mut c_char, *const c_char, c_int) -> c_int;
type Close = unsafe extern "C" fn(*mut c_void);
type LabelNewFiles = unsafe extern "C" fn(*const c_char) -> c_int;
type Free = unsafe extern "C" fn(*mut c_char);

/// libselinux, loaded at run time: the program must start where there is none. Never unloaded.
#[derive(Debug)]
pub(crate) struct Selinux {
    is_enabled: IsEnabled,
    open: Open,
    look_up: LookUp,
    close: Close,
    label_new_files: LabelNewFiles,
    free: Free,
}

impl Selinux {
    /// Loads the library.
    ///
    /// # Errors
    /// In the words of dlerror(3).
    pub(crate) fn load() -> Result<Selinux, String> {
        use std::mem::transmute;
        if IS_STATIC {
            return Err("a static build loads no libraries".to_owned());
        }
        // SAFETY: dlopen(3) gets a literal, and runs constructors that are made for it. Each symbol is the function of that name,
        // of which selinux/selinux.h and selinux/label.h say the type, and a pointer to a function is like one to data,
        // dlsym(3). What dlerror(3) returns is copied before the next such call.
        unsafe {
            let error = || match libc::dlerror() {
                text if text.is_null() => "unknown error".to_owned(),
                text => CStr::from_ptr(text).to_string_lossy().into_owned(),
            };
            let library = libc::dlopen(c"libselinux.so.1".as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
            if library.is_null() {
                return Err(error());
            }
            let find = |name: &CStr| match libc::dlsym(library, name.as_ptr()) {
                symbol if symbol.is_null() => Err(error()),
                symbol => Ok(symbol),
            };
            Ok(Selinux {
                is_enabled: transmute::<*mut c_void, IsEnabled>(find(c"is_selinux_enabled")?),
                open: transmute::<*mut c_void, Open>(find(c"selabel_open")?),
                look_up: transmute::<*mut c_void, LookUp>(find(c"selabel_lookup_raw")?),
                close: transmute::<*mut c_void, Close>(find(c"selabel_close")?),
                label_new_files: transmute::<*mut c_void, LabelNewFiles>(find(c"setfscreatecon_raw")?),
                free: transmute::<*mut c_void, Free>(find(c"freecon")?),
            })
        }
    }

    /// is_selinux_enabled(3): the kernel has it, selinuxfs is mounted and may be written, the machine is configured for it.
    pub(crate) fn is_enabled(&self) -> bool {
        // SAFETY: no arguments.
        unsafe { (self.is_enabled)() > 0 }
    }

    /// Whether the kernel would give a new file of this thread's that label: asked by setfscreatecon(3), and taken back. Unlike
    /// security_check_context(3) it allows labels that the policy does not know yet to who may use them.
    ///
    /// # Errors
    /// EINVAL if the label is none; others if this process may not ask.
    pub(crate) fn try_label(&self, label: &CStr) -> io::Result<()> {
        // SAFETY: the text ends with NUL and is only read; null stands for the kernel's choice.
        unsafe {
            match (self.label_new_files)(label.as_ptr()) {
                0 => {
                    (self.label_new_files)(std::ptr::null());
                    Ok(())
                }
                _ => Err(io::Error::last_os_error()),
            }
        }
    }

    /// Opens the policy's list of file labels, selabel_open(3).
    ///
    /// # Errors
    /// There is none, or it is broken.
    pub(crate) fn file_labels(&'static self) -> io::Result<FileLabels> {
        // SAFETY: the number of the file backend, and no options.
        let handle = unsafe { (self.open)(0, std::ptr::null(), 0) };
        match handle.is_null() {
            true => Err(io::Error::last_os_error()),
            false => Ok(FileLabels { library: self, handle }),
        }
    }
}

/// The policy's labels for paths.
#[derive(Debug)]
pub(crate) struct FileLabels {
    library: &'static Selinux,
    handle: *mut c_void,
}

impl FileLabels {
    /// The label of a path, selabel_lookup_raw(3). Of the mode only the kind of file counts.
    ///
    /// # Errors
    /// ENOENT if the policy has no label for it.
    pub(crate) fn look_up(&self, path: &CStr, mode: u32) -> io::Result<Vec<u8>> {
        let mut label = std::ptr::null_mut();
        // SAFETY: the handle is open as long as `self` lives, the path ends with NUL; on success `label` is a text that ends
        // with NUL and is ours, to be given back once by freecon(3).
        unsafe {
            if (self.library.look_up)(self.handle, &mut label, path.as_ptr(), mode as c_int) != 0 {
                return Err(io::Error::last_os_error());
            }
            let text = CStr::from_ptr(label).to_bytes().to_vec();
            (self.library.free)(label);
            Ok(text)
        }
    }
}

impl Drop for FileLabels {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody uses it afterwards.
        unsafe { (self.library.close)(self.handle) };
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
