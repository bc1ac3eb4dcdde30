//! The proof that nobody else runs, maps or holds a file: a write lease, fcntl(2) F_SETLEASE.
//!
//! The kernel grants one only if this descriptor is the only thing that has the inode open or mapped, in whatever pid namespace.
//! Descriptors opened with O_PATH do not count. Whoever opens the file afterwards waits until the lease is given back, at most
//! /proc/sys/fs/lease-break-time seconds; then it is taken away by force.

use std::fs::File;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::io::Errno;

use super::mount;
use crate::sys::{self, LeaseKind};

/// What the kernel says of a file. Three answers, never two: what could not be found out is neither idle nor held.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    /// Nobody else has it, and whoever wants to waits.
    Idle(WriteLease),
    /// Somebody has it.
    Held,
    /// Nobody can say.
    Unknown(Unknown<T>),
}

/// Why nobody can say.
#[derive(Debug)]
pub(crate) enum Unknown<T> {
    /// Only the owner, or who has CAP_LEASE, may ask.
    NotOwner,
    /// The filesystem has no leases, or its server does not grant any.
    NotSupported,
    /// The lease says nothing of mappings here, and neither did the look elsewhere.
    Elsewhere(T),
    /// The question itself failed.
    Failed(std::io::Error),
}

/// What a look at the processes says of a file's mappings.
#[derive(Debug)]
pub(crate) enum Mapped<T> {
    Nobody,
    Somebody,
    Unknown(T),
}

/// How a lease stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody wants the file.
    Quiet,
    /// Somebody waits to read it.
    ReaderWaits,
    /// Somebody waits to write to it, or the lease was taken away.
    Lost,
}

/// The proof, and the only way to write to a file that is in place. Dropping it lets those who wait go on. Belongs to the thread
/// that took it.
#[derive(Debug)]
pub(crate) struct WriteLease {
    file: File,
    /// Last: the signal of the lease is held back as long as there is one.
    _signal: sys::HeldSignal,
}

/// Asks for the lease through `file`, which is open for writing and the only descriptor that this process has of the inode.
/// `mapped` is asked only where a lease says nothing of mappings, once it is granted.
///
/// On an overlay a mapping holds the file of the layer underneath, and the lease is one of the file above: it is granted although
/// the file is mapped, if no descriptor is open.
pub(crate) fn take<T>(file: File, mapped: impl FnOnce(&File) -> Mapped<T>) -> Answer<T> {
    let unknown = |error| Answer::Unknown(Unknown::Failed(error));
    // Its default action would end this process in the middle of a write.
    let signal = match sys::HeldSignal::of_leases(file.as_fd()) {
        Ok(signal) => signal,
        Err(error) => return unknown(error),
    };
    match sys::set_lease(file.as_fd(), LeaseKind::Write) {
        Ok(()) => {}
        Err(error) => {
            return match Errno::from_io_error(&error) {
                Some(Errno::AGAIN) => Answer::Held,
                Some(Errno::ACCESS) => Answer::Unknown(Unknown::NotOwner),
                Some(Errno::INVAL | Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS) => Answer::Unknown(Unknown::NotSupported),
                _ => unknown(error),
            };
        }
    }
    let lease = WriteLease { file, _signal: signal };
    if !mount::is_stacked(&lease.file) {
        return Answer::Idle(lease);
    }
    match mapped(&lease.file) {
        Mapped::Nobody => Answer::Idle(lease),
        Mapped::Somebody => Answer::Held,
        Mapped::Unknown(why) => Answer::Unknown(Unknown::Elsewhere(why)),
    }
}

impl WriteLease {
    /// The file, open for reading and writing.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Whether somebody wants the file meanwhile. Asked of the kernel, and not of the signal: F_GETLEASE tells what the lease has
    /// to become.
    pub(crate) fn standing(&self) -> Standing {
        match sys::lease_of(self.file.as_fd()) {
            Ok(LeaseKind::Write) => Standing::Quiet,
            Ok(LeaseKind::Read) => Standing::ReaderWaits,
            Ok(LeaseKind::None) | Err(_) => Standing::Lost,
        }
    }
}

impl Drop for WriteLease {
    fn drop(&mut self) {
        let _ = sys::set_lease(self.file.as_fd(), LeaseKind::None);
    }
}

/// How long somebody who opens the file waits for the lease before it is taken away; `None`: for ever.
pub(crate) fn break_time() -> Option<Duration> {
    /// What the kernel begins with, proc_sys_fs(5).
    const DEFAULT: u64 = 45;
    let text = fs_err::read_to_string("/proc/sys/fs/lease-break-time").ok();
    let seconds = text.and_then(|text| text.trim().parse().ok()).unwrap_or(DEFAULT);
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_of(file: File) -> Answer<()> {
        take(file, |_| Mapped::Nobody)
    }

    fn open(path: &std::path::Path) -> File {
        File::options().read(true).write(true).open(path).unwrap()
    }

    #[test]
    fn a_file_that_nobody_has_is_idle_and_one_that_is_open_is_held() {
        // On tmpfs as everywhere else.
        for parent in ["/tmp", "/dev/shm"] {
            let path = tempfile::NamedTempFile::new_in(parent).unwrap().into_temp_path();
            assert!(matches!(take_of(open(&path)), Answer::Idle(_)), "{parent}");
            let reader = File::open(&path).unwrap();
            assert!(matches!(take_of(open(&path)), Answer::Held), "{parent}");
            drop(reader);
            let named = rustix::fs::open(&*path, rustix::fs::OFlags::PATH, rustix::fs::Mode::empty()).unwrap();
            assert!(matches!(take_of(open(&path)), Answer::Idle(_)), "a descriptor that only names it holds nothing");
            drop(named);
        }
    }

    #[test]
    fn what_no_lease_is_granted_on_is_unknown() {
        let file = File::open("/dev/null").unwrap();
        assert!(matches!(take_of(file), Answer::Unknown(Unknown::NotSupported)));
    }

    #[test]
    fn who_wants_the_file_is_seen_waits_and_kills_nobody() {
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        for (write, expected) in [(false, Standing::ReaderWaits), (true, Standing::Lost)] {
            let Answer::Idle(lease) = take_of(open(&path)) else { panic!("nobody has it") };
            assert_eq!(lease.standing(), Standing::Quiet);
            let name = path.to_path_buf();
            let opener = std::thread::spawn(move || File::options().read(!write).write(write).open(name).is_ok());
            // Ends by the kernel's own doing if the opener never comes: then the test hangs, and is seen to.
            while lease.standing() == Standing::Quiet {
                std::thread::yield_now();
            }
            assert_eq!(lease.standing(), expected);
            assert!(!opener.is_finished());
            drop(lease);
            assert!(opener.join().unwrap());
        }
    }
}
