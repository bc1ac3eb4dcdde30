//! Which security label new files and directories get, and giving it to them.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::fs::dir::Dir;
use crate::fs::label::{self, NoAnswer, Policy};
use crate::report::LabelError;
use crate::request::Label;
use crate::txn::Stage;

/// Whether the kernel labels files by an SELinux policy. The first call loads libselinux, if so.
pub fn has_selinux() -> bool {
    label::is_enabled()
}

/// Whether the kernel takes a label for one.
///
/// # Errors
/// EINVAL if not. Where it cannot be asked, it shows when the label is given.
pub fn check_label(text: &OsStr) -> io::Result<()> {
    label::check(text)
}

/// Why there is no label.
pub(super) enum Unlabelled {
    /// It is in place all the same.
    Told(LabelError),
    /// That label was asked for, and cannot be given.
    Refused(io::Error),
}

impl From<LabelError> for Unlabelled {
    fn from(error: LabelError) -> Unlabelled {
        Unlabelled::Told(error)
    }
}

/// The labels of one call. Where labels mean nothing, nothing is done.
pub(super) struct Labels<'a> {
    wanted: &'a Label,
    policy: Policy,
}

impl Labels<'_> {
    pub(super) fn new(wanted: &Label) -> Labels<'_> {
        Labels { wanted, policy: Policy::default() }
    }

    /// What a file with this source takes over from it.
    ///
    /// # Errors
    /// [`LabelError::ReadSource`].
    pub(super) fn of_source(&self, source: &File) -> Result<Option<Vec<u8>>, LabelError> {
        match self.wanted {
            Label::OfSource if label::is_enabled() => label::get(source).map_err(|errno| LabelError::ReadSource(errno.into())),
            _ => Ok(None),
        }
    }

    /// Labels a staged file that is going to have this name; `inherited` is from its source.
    ///
    /// # Errors
    /// [`Unlabelled`].
    pub(super) fn file(&mut self, stage: &Stage, dir: &Dir, name: &OsStr, inherited: Option<Vec<u8>>) -> Result<(), Unlabelled> {
        if !label::is_enabled() {
            return Ok(());
        }
        let wanted = match self.wanted {
            Label::Exactly(text) => return stage.label(text.as_bytes()).map_err(Unlabelled::Refused),
            Label::OfSource => inherited,
            Label::Usual => self.policy.of_file(dir, name).map_err(no_answer)?,
            Label::Policy => {
                let policy = self.policy.of_file(dir, name).map_err(no_answer)?;
                typed(policy, || label::get(stage.file()))?
            }
        };
        match wanted {
            Some(wanted) => stage.label(&wanted).map_err(|source| not_set(wanted, source).into()),
            None => Ok(()),
        }
    }

    /// Labels a directory, by a descriptor that need not be readable, and says whether that changed it. One that was there
    /// already keeps its label unless the policy is to decide.
    ///
    /// # Errors
    /// [`Unlabelled`].
    pub(super) fn directory(&mut self, dir: impl AsFd, is_new: bool) -> Result<bool, Unlabelled> {
        match self.wanted {
            Label::Exactly(text) if is_new && label::is_enabled() => {
                label::set_directory(dir, text.as_bytes()).map_err(Unlabelled::Refused)
            }
            Label::Policy if label::is_enabled() => {
                let policy = self.policy.of_directory(&dir).map_err(no_answer)?;
                match typed(policy, || label::get_directory(&dir))? {
                    Some(wanted) => label::set_directory(&dir, &wanted).map_err(|source| not_set(wanted, source).into()),
                    None => Ok(false),
                }
            }
            _ => Ok(false),
        }
    }
}

/// What the kernel has given, with the policy's type in it. A filesystem that shows none, or none with a type, gets the policy's.
fn typed(
    policy: Option<Vec<u8>>,
    given: impl FnOnce() -> Result<Option<Vec<u8>>, rustix::io::Errno>,
) -> Result<Option<Vec<u8>>, LabelError> {
    let Some(policy) = policy else { return Ok(None) };
    match given() {
        Ok(given) => Ok(given.and_then(|given| label::with_type_of(&given, &policy)).or(Some(policy))),
        Err(errno) => Err(not_set(policy, errno.into())),
    }
}

fn no_answer(why: NoAnswer) -> LabelError {
    match why {
        NoAnswer::Policy(error) => LabelError::Policy(error),
        NoAnswer::Path(error) => LabelError::LookUp(error),
    }
}

fn not_set(label: Vec<u8>, source: io::Error) -> LabelError {
    LabelError::Set { label: OsString::from_vec(label), source }
}
