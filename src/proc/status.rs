//! /proc/PID/stat, status and fdinfo, proc_pid_stat(5), proc_pid_status(5), proc_pid_fdinfo(5). Pure.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// What a process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// What the kernel calls it: 15 bytes at most, of any value but NUL; it may be anything the process likes.
    pub(crate) comm: OsString,
    /// Whose rights it has: the effective user id.
    pub(crate) uid: u32,
    /// When it started, in clock ticks (1/100 s) since the machine did.
    pub(crate) started: u64,
    /// Whether it has ended and only waits to be asked for its status.
    pub(crate) zombie: bool,
}

/// How a descriptor was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    ReadWrite,
    /// O_PATH: it names the file, and neither reads nor writes it.
    Path,
}

impl Access {
    /// Whether the file may be written through it.
    pub(crate) fn writes(self) -> bool {
        matches!(self, Access::Write | Access::ReadWrite)
    }
}

/// From `stat` and `status`; `None` if they have another form.
pub(super) fn parse(stat: &[u8], status: &[u8]) -> Option<Status> {
    // The name stands in parentheses and may hold some itself; behind the last one there are only numbers.
    let (open, close) = (stat.iter().position(|byte| *byte == b'(')?, stat.iter().rposition(|byte| *byte == b')')?);
    let comm = OsString::from_vec(stat.get(open + 1..close)?.to_vec());
    let rest = std::str::from_utf8(stat.get(close + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    // Field 22 of the manual page; the state is field 3.
    let started = fields.nth(22 - 4)?.parse().ok()?;
    let uids = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Uid:"))?;
    let uid = std::str::from_utf8(uids).ok()?.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(Status { comm, uid, started, zombie: state == "Z" })
}

/// From `fdinfo`. What has no flags is read only.
pub(super) fn access(info: &[u8]) -> Access {
    let flags = info.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"flags:"));
    let flags = flags.and_then(|flags| i32::from_str_radix(std::str::from_utf8(flags).ok()?.trim(), 8).ok()).unwrap_or_default();
    match flags & libc::O_ACCMODE {
        _ if flags & libc::O_PATH != 0 => Access::Path,
        libc::O_RDONLY => Access::Read,
        libc::O_WRONLY => Access::Write,
        _ => Access::ReadWrite,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_read_to_its_end() {
        let stat = b"12 (a) b) S 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2 3";
        let status = parse(stat, b"Name:\tx\nUid:\t1000\t0\t0\t0\n").unwrap();
        assert_eq!(status, Status { comm: "a) b".into(), uid: 0, started: 98765, zombie: false });
    }

    #[test]
    fn flags_are_octal() {
        assert_eq!(access(b"pos:\t0\nflags:\t0100001\nmnt_id:\t9\n"), Access::Write);
        assert_eq!(access(b"pos:\t0\nflags:\t02100002\n"), Access::ReadWrite);
        assert_eq!(access(b"pos:\t0\nflags:\t012000000\n"), Access::Path);
        assert_eq!(access(b"pos:\t0\n"), Access::Read);
    }
}
