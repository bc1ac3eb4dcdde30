//! The checks that need all options: which forms go together, and what the values mean.

use std::ffi::{OsStr, OsString};
use std::io;

use rustix::io::Errno;
use swapbin::{ModeChange, Preserve};

use super::{Given, Reader, Stop, misused, refuse};
use crate::install::backup::{self, Backup};
use crate::install::invocation::{
    Batch, Context, Durability, Id, Invocation, Job, Modes, Parents, Strip, Times, Verbosity, WhenSame,
};
use crate::install::{account, own};

impl Reader<'_> {
    /// In coreutils' order.
    pub(super) fn judge(&mut self, given: Given) -> Result<Invocation, Stop> {
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
            (Some(label), ..) => match self.around.label(label) {
                // Each file is given the policy's then, whatever the process would have given it.
                Ok(()) if given.policy_context => Ok(Context::Policy),
                Ok(()) => Ok(Context::Exactly(label.clone())),
                Err(error) => Err(refuse(self.voice.cannot_use_context(label, &error))),
            },
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
        match account::number(&text, by_name) {
            Some(number) => Ok(Some(Id { text, number })),
            None => Err(refuse(self.voice.invalid(kind, &text))),
        }
    }
}
