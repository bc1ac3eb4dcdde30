//! /proc/PID/stat and status, and the links in fd: proc_pid_stat(5), proc_pid_status(5), proc_pid_fd(5). Pure.

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

/// What a process is that shows no program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// A thread of the kernel, which has no files.
    pub(super) kernel: bool,
    /// Its first thread has ended.
    pub(super) zombie: bool,
    pub(super) threads: u32,
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

/// The name in `stat`, and the fields behind it, of which the first, the state, is field 3 of the manual page.
fn fields(stat: &[u8]) -> Option<(&[u8], impl Iterator<Item = &str>)> {
    // The name stands in parentheses and may hold some itself; behind the last one there are only numbers.
    let (open, close) = (stat.iter().position(|byte| *byte == b'(')?, stat.iter().rposition(|byte| *byte == b')')?);
    let rest = std::str::from_utf8(stat.get(close + 1..)?).ok()?;
    Some((stat.get(open + 1..close)?, rest.split_ascii_whitespace()))
}

/// From `stat`, which anybody may read; `None` if it has another form.
pub(super) fn kind(stat: &[u8]) -> Option<Kind> {
    /// PF_KTHREAD of linux/sched.h.
    const KERNEL_THREAD: u32 = 0x0020_0000;
    let (_, mut fields) = fields(stat)?;
    let zombie = fields.next()? == "Z";
    let flags: u32 = fields.nth(9 - 4)?.parse().ok()?;
    let threads = fields.nth(20 - 10)?.parse().ok()?;
    Some(Kind { kernel: flags & KERNEL_THREAD != 0, zombie, threads })
}

/// From `stat` and `status`; `None` if they have another form.
pub(super) fn parse(stat: &[u8], status: &[u8]) -> Option<Status> {
    let (comm, mut fields) = fields(stat)?;
    let comm = OsString::from_vec(comm.to_vec());
    let state = fields.next()?;
    let started = fields.nth(22 - 4)?.parse().ok()?;
    let uids = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Uid:"))?;
    let uid = std::str::from_utf8(uids).ok()?.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(Status { comm, uid, started, zombie: state == "Z" })
}

/// From `status` of a thread: the process that it is of, in the pid namespace of the /proc it was read from.
pub(super) fn process_of(status: &[u8]) -> Option<u32> {
    let line = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Tgid:"))?;
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}

/// From the mode of a descriptor's link: its owner's bits say how it was opened (`tid_fd_update_inode`), and with O_PATH it has
/// none.
pub(super) fn access(link_mode: u32) -> Access {
    match (link_mode & 0o400 != 0, link_mode & 0o200 != 0) {
        (true, true) => Access::ReadWrite,
        (true, false) => Access::Read,
        (false, true) => Access::Write,
        (false, false) => Access::Path,
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
    fn a_link_says_how_its_descriptor_was_opened() {
        assert_eq!(
            [0o120500, 0o120300, 0o120700, 0o120000].map(access),
            [Access::Read, Access::Write, Access::ReadWrite, Access::Path]
        );
    }

    #[test]
    fn a_kernel_thread_and_a_dead_leader_are_known_by_their_state() {
        let stat = |flags: u32, state: &str, threads: u32| {
            let text = format!("2 (k) {state} 0 0 0 0 -1 {flags} 0 0 0 0 0 0 0 0 20 0 {threads} 0 5 0");
            kind(text.as_bytes()).unwrap()
        };
        assert_eq!(stat(0x0020_8040, "S", 1), Kind { kernel: true, zombie: false, threads: 1 });
        assert_eq!(stat(0x0040_0100, "Z", 4), Kind { kernel: false, zombie: true, threads: 4 });
    }
}
