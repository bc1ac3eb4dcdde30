//! What each system call may answer.
//!
//! Only answers that say what cannot be done. Those that say what there is (ENOENT of a name, EEXIST, ENODATA, ENXIO of a
//! search for data) would be lies here: no program can act rightly on them. From the ERRORS of the manual pages, and of what
//! filesystems and seccomp filters answer besides.

use crate::fault::{Fault, What};
use crate::support::Call;

/// What reading of any kind may meet: a bad disk, no memory, a server that forgot the handle.
const ANY: &[&str] = &["EIO", "ENOMEM", "ESTALE"];
const NO_DESCRIPTOR: &[&str] = &["EMFILE", "ENFILE"];
const NO_RIGHT: &[&str] = &["EACCES", "EPERM"];
const NO_ROOM: &[&str] = &["ENOSPC", "EDQUOT"];
const READ_ONLY: &[&str] = &["EROFS"];
const NOT_KNOWN: &[&str] = &["ENOSYS", "EOPNOTSUPP", "EINVAL", "EPERM"];
const INTERRUPTED: &[&str] = &["EINTR"];

/// The errnos with which this call may fail; empty for calls that cannot, or that are no file system calls.
pub fn of(call: &Call) -> Vec<&'static str> {
    let has = |flag: &str| call.arguments.contains(flag);
    let groups: Vec<&[&str]> = match call.name.as_str() {
        "open" | "openat" | "openat2" | "creat" => {
            let mut groups = vec![ANY, NO_DESCRIPTOR, NO_RIGHT, INTERRUPTED, &["EBUSY"]];
            if has("O_CREAT") || has("O_TMPFILE") || call.name == "creat" {
                groups.extend([NO_ROOM, READ_ONLY]);
            }
            if has("O_TMPFILE") {
                groups.extend([NOT_KNOWN, &["EISDIR", "ENOENT"]]);
            }
            if has("O_WRONLY") || has("O_RDWR") {
                groups.extend([READ_ONLY, &["ETXTBSY"]]);
            }
            groups
        }
        "stat" | "lstat" | "newfstatat" | "access" | "faccessat" => vec![ANY, NO_RIGHT],
        "fstat" => vec![ANY],
        "statx" | "faccessat2" => vec![ANY, NO_RIGHT, NOT_KNOWN],
        "readlink" | "readlinkat" | "chdir" | "fchdir" | "getcwd" => vec![ANY, &["EACCES"]],
        "statfs" | "fstatfs" => vec![ANY, INTERRUPTED, &["ENOSYS"]],
        "getdents64" => vec![ANY],
        "read" | "pread64" | "readv" | "preadv" => vec![ANY, INTERRUPTED],
        "write" | "pwrite64" | "writev" | "pwritev" if is_telling(call) => vec![NO_ROOM, INTERRUPTED, &["EIO", "EPIPE", "EBADF"]],
        "write" | "pwrite64" | "writev" | "pwritev" => vec![ANY, NO_ROOM, INTERRUPTED, &["EFBIG", "EPERM"]],
        "copy_file_range" | "sendfile" | "splice" => {
            vec![ANY, NO_ROOM, NOT_KNOWN, INTERRUPTED, &["EFBIG", "EXDEV", "ETXTBSY", "EACCES"]]
        }
        "ioctl" if has("TCGETS") || has("TIOCG") => vec![&["EIO"]],
        "ioctl" => vec![ANY, NO_ROOM, NOT_KNOWN, INTERRUPTED, &["ENOTTY", "EXDEV", "ETXTBSY"]],
        "fallocate" => vec![ANY, NO_ROOM, NOT_KNOWN, INTERRUPTED, &["EFBIG", "ETXTBSY"]],
        "ftruncate" | "truncate" => vec![ANY, NO_ROOM, READ_ONLY, INTERRUPTED, &["EFBIG", "EPERM"]],
        "lseek" => vec![&["EINVAL"]],
        "fsync" | "fdatasync" | "syncfs" | "sync_file_range" => {
            vec![NO_ROOM, READ_ONLY, INTERRUPTED, &["EIO", "EINVAL", "ENOMEM", "ESTALE"]]
        }
        // Skipped by the injection, so that the descriptor stays open; as after EIO on filesystems that tell so late.
        "close" => vec![NO_ROOM, INTERRUPTED, &["EIO"]],
        "flock" => vec![INTERRUPTED, NOT_KNOWN, &["ENOLCK", "EAGAIN", "EIO"]],
        "fcntl" if has("F_DUPFD") => vec![NO_DESCRIPTOR],
        "fcntl" if has("F_SETLEASE") => vec![&["EAGAIN", "EACCES", "EINVAL", "ENOLCK", "ENOMEM"]],
        "fcntl" if has("F_GETLEASE") || has("F_SETOWN_EX") => vec![&["EINVAL"]],
        "fcntl" if has("F_SETLK") || has("F_OFD_SETLK") => vec![INTERRUPTED, &["EAGAIN", "ENOLCK"]],
        "link" | "linkat" => {
            let mut groups = vec![ANY, NO_ROOM, NO_RIGHT, READ_ONLY, &["EMLINK", "EXDEV", "EOPNOTSUPP", "EINTR"]];
            if has("AT_EMPTY_PATH") {
                // Without CAP_DAC_READ_SEARCH before Linux 6.10.
                groups.push(&["ENOENT", "EINVAL"]);
            }
            groups
        }
        "rename" | "renameat" => vec![ANY, NO_ROOM, NO_RIGHT, READ_ONLY, INTERRUPTED, &["EBUSY", "EMLINK", "EXDEV", "EINVAL"]],
        "renameat2" => vec![ANY, NO_ROOM, NO_RIGHT, READ_ONLY, INTERRUPTED, NOT_KNOWN, &["EBUSY", "EMLINK", "EXDEV"]],
        "unlink" | "unlinkat" | "rmdir" => vec![ANY, NO_ROOM, NO_RIGHT, READ_ONLY, INTERRUPTED, &["EBUSY"]],
        "mkdir" | "mkdirat" | "symlink" | "symlinkat" | "mknodat" => vec![ANY, NO_ROOM, NO_RIGHT, READ_ONLY, &["EMLINK"]],
        "chmod" | "fchmod" | "fchmodat" | "chown" | "fchown" | "fchownat" | "lchown" | "utimensat" => {
            vec![ANY, NO_ROOM, NO_RIGHT, READ_ONLY, &["EOPNOTSUPP", "EINVAL"]]
        }
        "getxattr" | "lgetxattr" | "fgetxattr" | "listxattr" | "llistxattr" | "flistxattr" => vec![ANY, NO_RIGHT, &["ENOSYS"]],
        "setxattr" | "lsetxattr" | "fsetxattr" | "removexattr" | "lremovexattr" | "fremovexattr" => {
            vec![ANY, NO_ROOM, NO_RIGHT, READ_ONLY, &["EOPNOTSUPP", "ENOSYS", "E2BIG"]]
        }
        "getrandom" => vec![INTERRUPTED, &["ENOSYS", "EPERM"]],
        // A file, not memory.
        "mmap" if !has("MAP_ANONYMOUS") => vec![&["ENOMEM", "ENODEV", "EACCES", "EAGAIN"]],
        _ => return Vec::new(),
    };
    let mut errnos: Vec<&str> = groups.concat();
    errnos.sort_unstable();
    errnos.dedup();
    errnos
}

/// Whether the call writes to a standard stream, which is about telling and not about doing.
pub fn is_telling(call: &Call) -> bool {
    call.name.contains("write") && (call.arguments.starts_with("1<") || call.arguments.starts_with("2<"))
}

/// Whether the fault says that bytes may be lost: after this nothing may be called done, fsync(2).
pub fn loses_bytes(fault: &Fault) -> bool {
    let errno = match &fault.what {
        What::Fails(errno) | What::FailsFromNowOn(errno, _) => *errno,
        What::Killed => return false,
    };
    ["fsync", "fdatasync", "syncfs"].contains(&fault.syscall.as_str()) && ["EIO", "ENOSPC", "EDQUOT"].contains(&errno)
}

/// The calls that fail together with this one where the reason lasts.
pub fn kin(syscall: &str) -> &'static [&'static str] {
    const KINS: [&[&str]; 4] = [
        &["rename", "renameat", "renameat2"],
        &["unlink", "unlinkat"],
        &["fsync", "fdatasync", "syncfs"],
        // Not write(2): with it the program would lose its voice.
        &["pwrite64", "copy_file_range"],
    ];
    KINS.into_iter().find(|kin| kin.contains(&syscall)).unwrap_or(&[])
}

/// The errnos that stay once they are there, and so may meet every call from one on: a full disk, a dead one, one that was
/// remounted read-only, a filter. What is retried until it works (EINTR) must not.
pub const LASTING: [&str; 8] = ["EIO", "ENOSPC", "EDQUOT", "EROFS", "EPERM", "ENOSYS", "EMFILE", "ENOMEM"];
