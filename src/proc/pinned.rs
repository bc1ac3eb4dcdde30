//! What a link of a process leads to, held by a descriptor of our own. A process may put another file behind the same link at any
//! time, as may who shares its descriptors (clone(2) CLONE_FILES): what is asked of one and the same descriptor belongs together.

use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;

use rustix::fs::{AtFlags, Mode, OFlags, Stat, StatxFlags};
use rustix::io::Errno;

use super::Process;
use crate::fs::mount;

/// A file behind a link. As long as it is held no other file can get its inode number.
#[derive(Debug)]
pub(crate) struct Pinned {
    fd: OwnedFd,
    pub(crate) stat: Stat,
}

impl Process {
    /// Takes hold of what one of its links leads to, without any right to read it and without opening it: with O_PATH neither a
    /// FIFO nor a device notices, open(2).
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn pin(&self, link: impl rustix::path::Arg) -> Result<Pinned, Errno> {
        let fd = rustix::fs::openat(self.dir(), link, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let stat = rustix::fs::fstat(&fd)?;
        Ok(Pinned { fd, stat })
    }
}

impl Pinned {
    /// What the kernel calls it: the name, as far as it has one, by the mount it was reached through.
    ///
    /// # Errors
    /// Of readlink(2).
    pub(crate) fn text(&self) -> Result<OsString, Errno> {
        let link = format!("/proc/self/fd/{}", self.fd.as_raw_fd());
        Ok(OsString::from_vec(rustix::fs::readlink(link, Vec::new())?.into_bytes()))
    }

    /// The id of the mount it was reached through.
    pub(crate) fn mount(&self) -> Option<u64> {
        mount::id_of(&self.fd)
    }

    /// When it was made; see [`born`].
    pub(crate) fn born(&self) -> Option<(i64, u32)> {
        born(&self.fd)
    }
}

/// When a file was made, in seconds and nanoseconds, where its filesystem tells, statx(2). Nobody can set it: a file that got the
/// inode number of another one has another time.
pub(crate) fn born(file: impl AsFd) -> Option<(i64, u32)> {
    let facts = rustix::fs::statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::BTIME).ok()?;
    StatxFlags::from_bits_retain(facts.stx_mask)
        .contains(StatxFlags::BTIME)
        .then_some((facts.stx_btime.tv_sec, facts.stx_btime.tv_nsec))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;
    use crate::proc::{FileId, Proc};

    #[test]
    fn what_is_held_stays_the_same_whatever_is_put_behind_the_link() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        std::fs::write(&one, "1").unwrap();
        std::fs::write(&other, "2").unwrap();
        let file = std::fs::File::open(&one).unwrap();
        let me = Proc::open().unwrap().process(std::process::id()).unwrap();
        let link = format!("fd/{}", file.as_raw_fd());
        let (id, text) = (FileId::from(&rustix::fs::fstat(&file).unwrap()), one.as_os_str().as_bytes());
        let pinned = me.pin(&link).unwrap();
        let (mount, when) = (mount::id_of(&file), born(&file));
        let mut file = rustix::fd::OwnedFd::from(file);
        rustix::io::dup2(std::fs::File::open(&other).unwrap(), &mut file).unwrap();
        assert_ne!(FileId::from(&me.stat(&link).unwrap()), id, "the link leads to the other now");
        assert_eq!((FileId::from(&pinned.stat), pinned.text().unwrap().as_bytes()), (id, text));
        assert_eq!((pinned.mount(), pinned.born()), (mount, when));
        std::fs::remove_file(&one).unwrap();
        assert!(pinned.text().unwrap().as_bytes().ends_with(b"/one (deleted)"));
    }

    #[test]
    fn a_fifo_that_nobody_writes_to_is_held_at_once() {
        let (reads, _writes) = std::io::pipe().unwrap();
        let me = Proc::open().unwrap().process(std::process::id()).unwrap();
        let pinned = me.pin(format!("fd/{}", reads.as_raw_fd())).unwrap();
        assert!(pinned.text().unwrap().as_bytes().starts_with(b"pipe:["));
    }
}
