//! From arguments to an [`Invocation`], with coreutils' checks in coreutils' order: which of several complaints is made, and
//! which warnings stand before it, depends on it.

mod judge;

use std::ffi::OsString;

use swapbin::Preserve;

use super::getopt::{Item, Order, Scanner};
use super::invocation::{Durability, Invocation, Verbosity};
use super::messages::Voice;
use super::options::Id as Opt;
use super::own;
use super::surroundings::Surroundings;

/// What came of reading the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Reading {
    /// For standard error, before anything else is done: warnings, and the complaint if there is one.
    pub said: Vec<u8>,
    pub next: Next,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Install(Box<Invocation>),
    /// Print the help, end with 0.
    Help,
    /// Print the version, end with 0.
    Version,
    /// End with 1.
    Refuse,
}

/// Reads the arguments, which are without the program's name.
pub fn read(args: Vec<OsString>, voice: &Voice, around: &dyn Surroundings) -> Reading {
    let mut reader = Reader { voice, around, said: Vec::new() };
    let next = reader.scan(args).unwrap_or_else(|stop| match stop {
        Stop::Help => Next::Help,
        Stop::Version => Next::Version,
        Stop::Refuse { complaint, try_help } => {
            reader.said.extend(complaint);
            if try_help {
                reader.said.extend(voice.try_help());
            }
            Next::Refuse
        }
    });
    Reading { said: reader.said, next }
}

/// Why reading ends early.
enum Stop {
    Help,
    Version,
    Refuse { complaint: Vec<u8>, try_help: bool },
}

fn refuse(complaint: Vec<u8>) -> Stop {
    Stop::Refuse { complaint, try_help: false }
}

fn misused(complaint: Vec<u8>) -> Stop {
    Stop::Refuse { complaint, try_help: true }
}

/// Options and operands as they stand on the command line.
#[derive(Default)]
struct Given {
    backup: bool,
    control: Option<OsString>,
    suffix: Option<OsString>,
    compare: bool,
    directory: bool,
    leading: bool,
    group: Option<OsString>,
    owner: Option<OsString>,
    mode: Option<OsString>,
    exact: bool,
    into: Option<OsString>,
    times: bool,
    strip: bool,
    strip_program: Option<OsString>,
    verbosity: Option<Verbosity>,
    keep_context: bool,
    policy_context: bool,
    context: Option<OsString>,
    all_or_nothing: bool,
    durability: Option<Durability>,
    keep: Option<Preserve>,
    state_dir: Option<OsString>,
    operands: Vec<OsString>,
}

struct Reader<'a> {
    voice: &'a Voice,
    around: &'a dyn Surroundings,
    said: Vec<u8>,
}

impl Reader<'_> {
    fn scan(&mut self, args: Vec<OsString>) -> Result<Next, Stop> {
        let strict = self.around.variable("POSIXLY_CORRECT").is_some();
        let mut given = Given::default();
        for item in Scanner::new(args, if strict { Order::OptionsFirst } else { Order::Mixed }) {
            match item.map_err(|misuse| misused(self.voice.misuse(&misuse)))? {
                Item::Operand(operand) => given.operands.push(operand),
                Item::Option { id, value } => self.take(&mut given, id, value)?,
            }
        }
        Ok(Next::Install(Box::new(self.judge(given)?)))
    }

    /// Takes note of one option. Only what coreutils says at this point is said here.
    fn take(&mut self, given: &mut Given, id: Opt, value: Option<OsString>) -> Result<(), Stop> {
        match id {
            Opt::Backup => {
                given.backup = true;
                // A later one without a value does not undo it.
                given.control = value.or(given.control.take());
            }
            Opt::Suffix => {
                given.backup = true;
                given.suffix = value;
            }
            Opt::Compatible => {}
            Opt::Compare => given.compare = true,
            Opt::Directory => given.directory = true,
            Opt::Leading => given.leading = true,
            Opt::Group => given.group = value,
            Opt::Owner => given.owner = value,
            Opt::Mode => given.mode = value,
            Opt::NoTargetDirectory => given.exact = true,
            Opt::TargetDirectory if given.into.is_some() => return Err(refuse(self.voice.several_target_directories())),
            Opt::TargetDirectory => given.into = value,
            Opt::PreserveTimestamps => given.times = true,
            Opt::Strip => given.strip = true,
            Opt::StripProgram => given.strip_program = value,
            Opt::Verbose => given.verbosity = given.verbosity.max(Some(Verbosity::Names)),
            Opt::Debug => given.verbosity = Some(Verbosity::Copying),
            Opt::PreserveContext if self.around.selinux() => given.keep_context = true,
            Opt::PreserveContext => self.said.extend(self.voice.preserve_context_ignored()),
            Opt::Context if self.around.selinux() => match value {
                Some(value) => given.context = Some(value),
                None => given.policy_context = true,
            },
            Opt::Context if value.is_some() => self.said.extend(self.voice.context_ignored()),
            Opt::Context => {}
            Opt::Help => return Err(Stop::Help),
            Opt::Version => return Err(Stop::Version),
            Opt::AllOrNothing => given.all_or_nothing = true,
            Opt::Durability => {
                let word = value.unwrap_or_default();
                given.durability = Some(own::durability(&word, "--durability", self.voice).map_err(misused)?);
            }
            Opt::KeepAttributes => {
                given.keep = Some(own::keep_attributes(&value.unwrap_or_default(), self.voice).map_err(misused)?);
            }
            Opt::StateDir => given.state_dir = value,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
