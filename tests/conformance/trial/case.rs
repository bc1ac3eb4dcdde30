//! One case as data: a tree, a command line, and the circumstances.

use std::ffi::{OsStr, OsString};
use std::panic::Location;
use std::rc::Rc;

use rustix::process::Signal;

use super::mark::{Expected, Mark};
use super::tree::Tree;
use crate::support::Namespace;

pub type Arrangement = Rc<dyn Fn(&Tree)>;
pub type Mounts = fn(&Namespace, &Tree);

/// Standard input of a run; the null device unless told.
#[derive(Clone)]
pub enum Input {
    Nothing,
    Closed,
    Bytes(Vec<u8>),
}

/// Standard output of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    Captured,
    Closed,
    Broken,
    Full,
}

/// What is run on what, and by whom.
pub struct Case {
    pub(super) at: &'static Location<'static>,
    pub(super) arrange: Vec<Arrangement>,
    pub(super) words: Vec<OsString>,
    pub(super) environment: Vec<(&'static str, OsString)>,
    pub(super) called: Option<&'static str>,
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) ignored: Option<Signal>,
    pub(super) umask: u32,
    pub(super) fed: Option<(&'static str, &'static [u8])>,
    pub(super) mounts: Option<Mounts>,
    pub(super) users: Users,
    pub(super) needs_root: bool,
    pub(super) text_compared: bool,
    pub(super) mark: Option<Mark>,
}

/// As whom a case is run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Users {
    Both,
    Root,
    Ordinary,
}

impl Case {
    pub(super) fn new(at: &'static Location<'static>, arrange: Arrangement, line: &str) -> Case {
        let words = line.split(' ').filter(|word| !word.is_empty());
        Case {
            at,
            arrange: vec![arrange],
            words: words.map(|word| OsString::from(if word == "''" { "" } else { word })).collect(),
            environment: Vec::new(),
            called: None,
            input: Input::Nothing,
            output: Output::Captured,
            ignored: None,
            umask: 0o022,
            fed: None,
            mounts: None,
            users: Users::Both,
            needs_root: false,
            text_compared: true,
            mark: None,
        }
    }

    /// One more argument, blanks and all.
    pub fn word(&mut self, word: impl AsRef<OsStr>) -> &mut Case {
        self.words.push(word.as_ref().to_owned());
        self
    }

    /// More arguments, between blanks.
    pub fn words(&mut self, line: &str) -> &mut Case {
        self.words.extend(line.split(' ').map(OsString::from));
        self
    }

    /// Something more in the tree.
    pub fn having(&mut self, arrange: impl Fn(&Tree) + 'static) -> &mut Case {
        self.arrange.push(Rc::new(arrange));
        self
    }

    /// A variable of the environment.
    pub fn env(&mut self, name: &'static str, value: impl AsRef<OsStr>) -> &mut Case {
        self.environment.push((name, value.as_ref().to_owned()));
        self
    }

    /// Started by this `argv[0]`.
    pub fn called(&mut self, name: &'static str) -> &mut Case {
        self.called = Some(name);
        self
    }

    /// With this on standard input.
    pub fn stdin(&mut self, bytes: impl Into<Vec<u8>>) -> &mut Case {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// Without standard input.
    pub fn stdin_closed(&mut self) -> &mut Case {
        self.input = Input::Closed;
        self
    }

    /// With another standard output than one that can be written.
    pub fn stdout(&mut self, output: Output) -> &mut Case {
        self.output = output;
        self
    }

    /// With a signal that the parent ignores.
    pub fn ignoring(&mut self, signal: Signal) -> &mut Case {
        self.ignored = Some(signal);
        self
    }

    /// With this umask instead of 022.
    pub fn umask(&mut self, mask: u32) -> &mut Case {
        self.umask = mask;
        self
    }

    /// While somebody writes this into a fifo of the tree.
    pub fn feeding(&mut self, fifo: &'static str, bytes: &'static [u8]) -> &mut Case {
        self.fed = Some((fifo, bytes));
        self
    }

    /// With mounts that only the program sees; needs `require_mounts()`.
    pub fn mounting(&mut self, mounts: Mounts) -> &mut Case {
        self.mounts = Some(mounts);
        self
    }

    /// By root only.
    pub fn by_root(&mut self) -> &mut Case {
        self.users = Users::Root;
        self
    }

    /// By an ordinary user only.
    pub fn by_user(&mut self) -> &mut Case {
        self.users = Users::Ordinary;
        self
    }

    /// By an ordinary user only, on a tree that root arranges.
    pub fn by_user_after_root(&mut self) -> &mut Case {
        self.needs_root = true;
        self.by_user()
    }

    /// Only that there is something on an output, or nothing, is compared, not what it says.
    pub fn whatever_it_says(&mut self) -> &mut Case {
        self.text_compared = false;
        self
    }

    /// Where later versions do better than coreutils 9.1.
    pub fn newer_than_9_1(&mut self, expected: Expected) -> &mut Case {
        self.mark = Some(Mark::Newer(expected));
        self
    }

    /// Where we keep what GNU loses.
    pub fn safer(&mut self, expected: Expected) -> &mut Case {
        self.mark = Some(Mark::Safer(expected));
        self
    }
}
