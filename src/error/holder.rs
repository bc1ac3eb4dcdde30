//! Who has a file that was to be overwritten in place, or why nobody can say.

use std::fmt;
use std::time::Duration;

use super::escaped;

/// A process that has a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number, in this process's pid namespace.
    pub pid: u32,
    /// What the kernel calls it, which it may choose itself.
    pub command: std::ffi::OsString,
    /// In which way it has the file.
    pub how: Holds,
}

/// In which way a process has a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holds {
    /// It is the program that runs.
    Executes,
    /// It is mapped.
    Maps,
    /// A descriptor is open.
    Open,
}

/// Why nobody can say that a file is not in use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// Only its owner, or who has CAP_LEASE, may ask the kernel.
    NotOwner {
        /// The owner.
        owner: u32,
    },
    /// Its filesystem knows no leases.
    NoLeases,
    /// On an overlay all processes have to be looked at, and this one is in a pid namespace of which there are others outside.
    OtherNamespace,
    /// On an overlay all processes have to be looked at, and /proc hides some, or is not there.
    NoProc {
        /// What is wrong with it.
        reason: String,
    },
    /// On an overlay all processes have to be looked at, and some may not be.
    Unreadable {
        /// How many.
        processes: usize,
    },
    /// To write it, and if need be to restore it, would take longer than others can be kept waiting.
    TooLong {
        /// What it would take.
        needed: Duration,
        /// Half of /proc/sys/fs/lease-break-time.
        limit: Duration,
    },
    /// The kernel could not be asked.
    Failed {
        /// What it said.
        reason: String,
    },
}

/// The first few of them, and how many more there are.
pub(super) fn listed(holders: &[Holder]) -> String {
    const SHOWN: usize = 5;
    let mut parts: Vec<String> = holders.iter().take(SHOWN).map(Holder::to_string).collect();
    let more = holders.len().saturating_sub(SHOWN);
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    parts.join(", ")
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            Holds::Executes => "executes it",
            Holds::Maps => "maps it",
            Holds::Open => "has it open",
        };
        write!(f, "process {} ({}) {how}", self.pid, escaped(&self.command))
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Doubt::*;
        match self {
            NotOwner { owner } => write!(f, "it belongs to uid {owner}, and only its owner or root may ask the kernel"),
            NoLeases => f.write_str("its filesystem knows no leases, or a server grants none"),
            OtherNamespace => {
                f.write_str("it is on an overlay filesystem, and processes outside this pid namespace cannot be seen")
            }
            NoProc { reason } => write!(f, "it is on an overlay filesystem, and /proc {reason}"),
            Unreadable { processes } => {
                let who = if *processes == 1 { "a process".to_owned() } else { format!("{processes} processes") };
                write!(f, "it is on an overlay filesystem, and {who} may not be looked at")
            }
            TooLong { needed, limit } => write!(
                f,
                "to write it and to restore it would take {:.1} s, and others can be kept waiting for {:.1} s",
                needed.as_secs_f64(),
                limit.as_secs_f64()
            ),
            Failed { reason } => f.write_str(reason),
        }
    }
}
