//! An ordinary user, whoever runs the tests: nobody where that is root, else the caller.

use std::ffi::OsStr;

use super::NOBODY;
use super::scratch::{Made, Scratch};
use super::swapbin::{Swapbin, swapbin};

/// The number of that user.
pub fn ordinary_uid() -> u32 {
    let me = rustix::process::geteuid();
    if me.is_root() { NOBODY } else { me.as_raw() }
}

/// A run as that user.
pub fn swapbin_as_ordinary_user(scratch: &Scratch) -> Swapbin<'_> {
    let run = swapbin(scratch);
    if rustix::process::geteuid().is_root() { run.as_user(NOBODY) } else { run }
}

impl Made {
    /// Belongs to that user.
    pub fn of_ordinary_user(self) -> Made {
        if rustix::process::geteuid().is_root() { self.owner(NOBODY, NOBODY) } else { self }
    }
}

/// A name as messages show it.
pub fn in_quotes(name: impl AsRef<OsStr>) -> String {
    format!("'{}'", name.as_ref().to_str().expect("a name of a test is UTF-8"))
}
