//! What goes wrong in one case.

use std::fmt;

use crate::reference::Point;

/// At the N-th call of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub syscall: String,
    pub nth: usize,
    pub what: What,
    /// A later call, of another name, at which the run is killed after that.
    killed_at: Option<(String, usize)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// SIGKILL when the call begins: it does nothing. What a kill after a call leaves, a kill before the next one shows.
    Killed,
    /// The call does nothing and fails.
    Fails(&'static str),
    /// So do all calls of that name that follow, and those of its kin: their names, and how many of each come before.
    FailsFromNowOn(&'static str, Vec<(&'static str, usize)>),
}

impl Fault {
    pub fn at(point: &Point, what: What) -> Fault {
        Fault { syscall: point.call.name.clone(), nth: point.nth, what, killed_at: None }
    }

    /// A kill at `SYSCALL:N`.
    pub fn kill(place: &str) -> Fault {
        let (syscall, nth) = place.split_once(':').expect("SYSCALL:N");
        Fault { syscall: syscall.into(), nth: nth.parse().expect("a number"), what: What::Killed, killed_at: None }
    }

    /// The same, and then a kill. strace counts each name for itself, and takes one injection for each.
    pub fn then_killed_at(self, point: &Point) -> Fault {
        assert_ne!(self.syscall, point.call.name, "one injection for each name");
        Fault { killed_at: Some((point.call.name.clone(), point.nth)), ..self }
    }

    /// Whether it ends in a kill.
    pub fn kills(&self) -> bool {
        self.what == What::Killed || self.killed_at.is_some()
    }

    /// The system calls that fail.
    pub fn failing(&self) -> Vec<&str> {
        match &self.what {
            What::Killed => Vec::new(),
            What::Fails(_) => vec![&self.syscall],
            What::FailsFromNowOn(_, kin) => {
                std::iter::once(self.syscall.as_str()).chain(kin.iter().map(|(name, _)| *name)).collect()
            }
        }
    }

    /// The system calls strace has to stop at.
    pub fn syscalls(&self) -> Vec<&str> {
        let killed_at = self.killed_at.iter().map(|(name, _)| name.as_str());
        let first = (self.what == What::Killed).then_some(self.syscall.as_str());
        self.failing().into_iter().chain(first).chain(killed_at).collect()
    }

    /// What strace(1) takes after `-e`.
    pub fn expressions(&self) -> Vec<String> {
        let Fault { syscall, nth, what, killed_at } = self;
        let kill = |name: &str, nth: &usize| format!("inject={name}:signal=KILL:when={nth}");
        let mut expressions = match what {
            What::Killed => vec![kill(syscall, nth)],
            What::Fails(errno) => vec![format!("inject={syscall}:error={errno}:when={nth}")],
            What::FailsFromNowOn(errno, kin) => {
                let all = std::iter::once((syscall.as_str(), nth - 1)).chain(kin.iter().copied());
                all.map(|(name, before)| format!("inject={name}:error={errno}:when={}+", before + 1)).collect()
            }
        };
        expressions.extend(killed_at.iter().map(|(name, nth)| kill(name, nth)));
        expressions
    }

    /// Whether what should be cleaned up cannot be: it is not removed, or, of a directory, from now on not found.
    pub fn hinders_removal(&self) -> bool {
        let looks = ["openat", "newfstatat", "fstat", "getdents64"].contains(&&*self.syscall);
        self.syscall.starts_with("unlink") && self.what != What::Killed || looks && matches!(self.what, What::FailsFromNowOn(..))
    }

    /// Whether the program may be unable to say anything.
    pub fn hinders_words(&self) -> bool {
        self.syscall.contains("write") && matches!(self.what, What::FailsFromNowOn(..))
    }
}

/// As it is typed.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expressions().join(" "))
    }
}
