//! A command line, understood: plain data for whoever does the work.

use std::ffi::OsString;
use std::path::PathBuf;

use swapbin::{Mode, Preserve};

use super::backup::Backup;

/// What one call of `install` is to do. Everything GNU checks before it touches a file has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    pub job: Job,
    pub modes: Modes,
    pub owner: Option<Id>,
    pub group: Option<Id>,
    /// `None`: what is replaced is not kept.
    pub backup: Option<Backup>,
    pub when_same: WhenSame,
    pub times: Times,
    pub strip: Strip,
    pub verbosity: Verbosity,
    pub context: Context,
    pub durability: Durability,
    pub batch: Batch,
    /// What is taken over from the file that is replaced: nothing but ACL, extended attributes and capabilities, if asked for.
    pub keep: Preserve,
    /// `--state-dir`.
    pub state_dir: Option<PathBuf>,
}

/// The form of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// `-d`: create these.
    Directories(Vec<OsString>),
    /// `SOURCE DEST`: DEST is the name of the file.
    File {
        source: OsString,
        dest: OsString,
        parents: Parents,
        /// `-T`: DEST was not looked at. Without it, DEST was no directory.
        exact: bool,
    },
    /// Every source into a directory.
    Into {
        sources: Vec<OsString>,
        directory: OsString,
        /// With [`Parents::Create`] the directory itself may be missing, and is to be created.
        parents: Parents,
    },
}

/// What to do about missing directories above the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parents {
    Expect,
    /// `-D`.
    Create,
}

/// The permission bits to set. The umask has no part in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes {
    /// For files.
    pub file: Mode,
    /// For the last part of each operand of `-d`. Directories above it get 0755.
    pub directory: Mode,
    /// The bits of `directory` that count; the others stay as they are on a directory that exists.
    pub directory_mask: Mode,
}

impl Modes {
    /// Without `-m`: 0755, and no setuid, setgid or sticky bit stays on a directory.
    pub fn new() -> Modes {
        Modes { file: Mode::NEW_FILE, directory: Mode::NEW_FILE, directory_mask: Mode::from_bits(0o7777) }
    }
}

/// A user or a group: the text as given, for messages, and the number. `u32::MAX` is "as it is", as chown(2) has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    pub text: OsString,
    pub number: u32,
}

/// What to do if the destination is what it should be already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenSame {
    Replace,
    /// `-C`, with a mode that is permission bits only.
    Leave,
}

/// The times of the new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    Now,
    /// `-p`.
    OfSource,
}

/// Whether symbols are stripped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strip {
    No,
    /// The program to run with the staged file as its argument, looked for along PATH.
    With(OsString),
}

/// What is printed about what is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    Silent,
    /// `-v`.
    Names,
    /// `--debug`.
    Copying,
}

/// The security label, where the kernel has SELinux. Elsewhere always [`Context::Usual`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// By the policy for the final name, if there is one; a failure to set it is only warned of.
    Usual,
    /// `-Z`: by the policy, for created directories too.
    Policy,
    /// `--context=CTX`.
    Exactly(OsString),
    /// `--preserve-context`: that of the source.
    OfSource,
}

/// When a file counts as installed. `--durability`, else SWAPBIN_DURABILITY, else full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    Full,
    None,
}

/// What a failure means for the other files of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// They are installed all the same.
    EachForItself,
    AllOrNothing,
}
