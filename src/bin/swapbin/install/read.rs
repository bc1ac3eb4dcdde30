//! From arguments to an [`Invocation`], with coreutils' checks in coreutils' order: which of several complaints is made, and
//! which warnings stand before it, depends on it.

use std::ffi::{OsStr, OsString};
use std::io;

use rustix::io::Errno;
use swapbin::{ModeChange, Preserve};

use super::backup::{self, Backup};
use super::getopt::{Item, Order, Scanner};
use super::invocation::{Batch, Context, Durability, Id, Invocation, Job, Modes, Parents, Strip, Times, Verbosity, WhenSame};
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

    /// The checks that follow when all options are known.
    fn judge(&mut self, given: Given) -> Result<Invocation, Stop> {
        if given.directory && given.strip {
            return Err(refuse(self.voice.strip_with_directory()));
        }
        if given.directory && given.into.is_some() {
            return Err(refuse(self.voice.target_directory_with_directory()));
        }
        let backup = self.backup(&given)?;
        let context = self.context(&given)?;
        let durability = self.durability(given.durability)?;
        let parents = if given.leading { Parents::Create } else { Parents::Expect };
        let job = self.job(given.operands, given.directory, given.exact, given.into, parents)?;
        let modes = self.modes(given.mode.as_deref())?;
        if given.strip_program.is_some() && !given.strip {
            self.said.extend(self.voice.strip_program_ignored());
        }
        let when_same = self.when_same(given.compare, given.strip, modes)?;
        let around = self.around;
        let owner = self.id("user", given.owner, |name| around.user(name))?;
        let group = self.id("group", given.group, |name| around.group(name))?;
        Ok(Invocation {
            job,
            modes,
            owner,
            group,
            backup,
            when_same,
            times: if given.times { Times::OfSource } else { Times::Now },
            strip: if given.strip { Strip::With(given.strip_program.unwrap_or_else(|| "strip".into())) } else { Strip::No },
            verbosity: given.verbosity.unwrap_or(Verbosity::Silent),
            context,
            durability,
            batch: if given.all_or_nothing { Batch::AllOrNothing } else { Batch::EachForItself },
            keep: given.keep.unwrap_or(Preserve::none()),
            state_dir: given.state_dir.map(Into::into),
        })
    }

    /// VERSION_CONTROL is looked at only if backups are wanted and `--backup` says nothing more.
    fn backup(&self, given: &Given) -> Result<Option<Backup>, Stop> {
        if !given.backup {
            return Ok(None);
        }
        let set = |word: &OsString| !word.is_empty();
        let (word, origin) = match given.control.clone().filter(set) {
            Some(word) => (word, "backup type"),
            None => {
                let word = self.around.variable("VERSION_CONTROL").filter(set);
                (word.unwrap_or_else(|| "existing".into()), "$VERSION_CONTROL")
            }
        };
        let control =
            backup::control(&word).map_err(|bad| misused(self.voice.bad_value(bad.ambiguous, &word, origin, &backup::WORDS)))?;
        let suffix = || backup::suffix(given.suffix.as_deref(), || self.around.variable("SIMPLE_BACKUP_SUFFIX"));
        Ok(control.map(|control| Backup { control, suffix: suffix() }))
    }

    fn context(&self, given: &Given) -> Result<Context, Stop> {
        match (&given.context, given.policy_context, given.keep_context) {
            (Some(_), _, true) | (_, true, true) => Err(refuse(self.voice.context_set_and_kept())),
            (_, _, true) => Ok(Context::OfSource),
            (Some(label), ..) => Ok(Context::Exactly(label.clone())),
            (None, true, _) => Ok(Context::Policy),
            (None, false, _) => Ok(Context::Usual),
        }
    }

    fn durability(&self, option: Option<Durability>) -> Result<Durability, Stop> {
        let variable = || self.around.variable(own::DURABILITY_VARIABLE).filter(|word| !word.is_empty());
        match option {
            Some(durability) => Ok(durability),
            None => variable().map_or(Ok(Durability::Full), |word| {
                own::durability(&word, &format!("${}", own::DURABILITY_VARIABLE), self.voice).map_err(misused)
            }),
        }
    }

    /// What the operands are. The last one is looked at where its meaning depends on whether it is a directory.
    fn job(
        &self,
        mut operands: Vec<OsString>,
        make: bool,
        exact: bool,
        into: Option<OsString>,
        parents: Parents,
    ) -> Result<Job, Stop> {
        let (voice, around) = (self.voice, self.around);
        match &operands[..] {
            [] => return Err(misused(voice.missing_file_operand())),
            [source] if !make && into.is_none() => return Err(misused(voice.missing_destination(source))),
            _ => {}
        }
        if exact {
            if into.is_some() {
                return Err(refuse(voice.target_directory_or_none()));
            }
            if let Some(extra) = operands.get(2) {
                return Err(misused(voice.extra_operand(extra)));
            }
        }
        if make {
            return Ok(Job::Directories(operands));
        }
        if let Some(directory) = into {
            let may_be_missing =
                |error: &io::Error| parents == Parents::Create && error.raw_os_error() == Some(Errno::NOENT.raw_os_error());
            match around.directory(&directory) {
                Err(error) if !may_be_missing(&error) => return Err(refuse(voice.cannot_access(&directory, &error))),
                _ => return Ok(Job::Into { sources: operands, directory, parents }),
            }
        }
        let dest = operands.pop().unwrap_or_default();
        let found = if exact { None } else { Some(around.directory(&dest)) };
        match (found, operands.len()) {
            // The directory exists, so there is nothing left for `-D` to create.
            (Some(Ok(())), _) => Ok(Job::Into { sources: operands, directory: dest, parents: Parents::Expect }),
            (None | Some(Err(_)), 1) => Ok(Job::File { source: operands.remove(0), dest, parents, exact }),
            (Some(Err(error)), _) => Err(refuse(voice.target(&dest, &error))),
            (None, _) => Err(misused(voice.missing_file_operand())),
        }
    }

    fn modes(&self, text: Option<&OsStr>) -> Result<Modes, Stop> {
        let Some(text) = text else { return Ok(Modes::new()) };
        let change = text.to_str().and_then(|text| text.parse::<ModeChange>().ok());
        let change = change.ok_or_else(|| refuse(self.voice.invalid("mode", text)))?;
        let nothing = swapbin::Mode::from_bits(0);
        let (directory, directory_mask) = change.apply_to_directory(nothing);
        Ok(Modes { file: change.apply(nothing), directory, directory_mask })
    }

    /// `-C` with `-p` is fine since coreutils 9.11.
    fn when_same(&mut self, compare: bool, strip: bool, modes: Modes) -> Result<WhenSame, Stop> {
        if !compare {
            return Ok(WhenSame::Replace);
        }
        if strip {
            return Err(misused(self.voice.compare_with_strip()));
        }
        if modes.file.bits() & 0o7000 != 0 {
            self.said.extend(self.voice.compare_ignored());
            return Ok(WhenSame::Replace);
        }
        Ok(WhenSame::Leave)
    }

    fn id(&self, kind: &str, text: Option<OsString>, by_name: impl Fn(&OsStr) -> Option<u32>) -> Result<Option<Id>, Stop> {
        let Some(text) = text else { return Ok(None) };
        match super::account::number(&text, by_name) {
            Some(number) => Ok(Some(Id { text, number })),
            None => Err(refuse(self.voice.invalid(kind, &text))),
        }
    }
}

#[cfg(test)]
mod tests;
