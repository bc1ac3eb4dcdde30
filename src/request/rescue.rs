//! What is to be got back out of living processes.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Digest, Follow, PathTrust, Request};

/// Which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The one that had this path.
    Path(PathBuf),
    /// One whose path ended in this name.
    Name(OsString),
    /// One that the process [`Rescue::pid`] has, whatever it is called.
    Held(Link),
}

/// By what a process has a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is the program that runs.
    Exe,
    /// It is mapped: a library of this name or path.
    Map(OsString),
    /// It is open as this descriptor.
    Fd(u32),
}

/// A deleted or replaced file that is to be written back.
///
/// [`Rescue::new`] fills in the defaults of the command line; the public fields change them.
#[derive(Clone, Debug)]
pub struct Rescue {
    /// Which file.
    pub lost: Lost,
    /// Where to; `None`: to the path it had.
    pub to: Option<PathBuf>,
    /// Only out of this process.
    pub pid: Option<u32>,
    /// Only the version with this digest.
    pub sha256: Option<Digest>,
    /// Whether a file of other content that has the path now may be replaced.
    pub replace: bool,
    /// How many replaced versions are kept.
    pub keep: u32,
    /// Whether a file that is written to is copied again until it stands still.
    pub until_still: bool,
    /// Whether the file is made again out of the process's memory instead of copied: then [`Rescue::to`] is to be given.
    pub from_memory: bool,
    /// Whether what was made again is tried by the dynamic linker before it is put in place. Code of it may run then.
    pub smoke: bool,
    /// Whether a link at the end of the path is followed.
    pub follow: Follow,
    /// Whom root follows on the way to the path.
    pub path_trust: PathTrust,
}

impl Rescue {
    /// With every default.
    pub fn new(lost: Lost) -> Rescue {
        Rescue {
            lost,
            to: None,
            pid: None,
            sha256: None,
            replace: false,
            keep: Request::KEEP,
            until_still: false,
            from_memory: false,
            smoke: false,
            follow: Follow::default(),
            path_trust: PathTrust::default(),
        }
    }
}
