//! What the meaning of a command line depends on besides the command line.

use std::ffi::{OsStr, OsString};
use std::io;

use rustix::fs::{Mode, OFlags};

/// The questions that reading the command line asks. Tests answer them themselves.
pub trait Surroundings {
    /// A variable of the environment; an empty one is set.
    fn variable(&self, name: &str) -> Option<OsString>;

    /// Whether the path leads to a directory that can be gone into; reading it is not needed.
    ///
    /// # Errors
    /// What open(2) says, ENOTDIR included.
    fn directory(&self, path: &OsStr) -> io::Result<()>;

    /// The number of the user of that name.
    fn user(&self, name: &OsStr) -> Option<u32>;

    /// The number of the group of that name.
    fn group(&self, name: &OsStr) -> Option<u32>;

    /// Whether the kernel labels files by an SELinux policy.
    fn selinux(&self) -> bool;

    /// Whether the kernel takes a label for one.
    ///
    /// # Errors
    /// What the kernel says, EINVAL.
    fn label(&self, label: &OsStr) -> io::Result<()>;
}

/// The machine we run on.
pub struct System;

impl Surroundings for System {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn directory(&self, path: &OsStr) -> io::Result<()> {
        rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(())
    }

    fn user(&self, name: &OsStr) -> Option<u32> {
        swapbin::user_id(name.to_str()?).ok().flatten()
    }

    fn group(&self, name: &OsStr) -> Option<u32> {
        swapbin::group_id(name.to_str()?).ok().flatten()
    }

    fn selinux(&self) -> bool {
        swapbin::has_selinux()
    }

    fn label(&self, label: &OsStr) -> io::Result<()> {
        swapbin::check_label(label)
    }
}
