//! What one call of install(1) wants: plain values, no I/O.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Mode, Preserve, WhenCurrent};

/// One file of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallFile {
    /// The file to copy. Links are followed.
    pub source: PathBuf,
    /// The name it gets. A link of that name is replaced, not followed.
    pub target: PathBuf,
}

/// How the backup of a replaced file is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupNames {
    /// Name and suffix.
    Simple,
    /// `NAME.~N~` with the next free N.
    Numbered,
    /// Numbered if there is a numbered backup already, else simple.
    Existing,
}

/// Backups are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupPolicy {
    /// How they are named.
    pub names: BackupNames,
    /// The suffix of a simple one.
    pub suffix: OsString,
}

/// The times of a new file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileTimes {
    /// When it was written.
    #[default]
    Now,
    /// The source's access and modification time, in nanoseconds.
    OfSource,
}

/// The security label of what is new, where the kernel has SELinux. Elsewhere it means nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Label {
    /// A file gets what the policy has for its final path, a directory what the kernel gives it.
    #[default]
    Usual,
    /// Files and directories get the type that the policy has for their final path; user, role and level are what the kernel
    /// gives. A directory that is asked for gets it also if it is there already.
    Policy,
    /// This one.
    Exactly(OsString),
    /// A file gets its source's, a directory what the kernel gives it.
    OfSource,
}

/// When a file counts as installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// File and name are on the disk.
    #[default]
    Full,
    /// The kernel knows. Readers see old or new all the same; after a power cut anything may be there.
    None,
}

/// What one file's failure means for the others of the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// They are installed all the same, as GNU install does.
    #[default]
    Continue,
    /// None is installed unless all can be.
    InstallNone,
}

/// One call of install(1) that makes directories, `-d`.
#[derive(Clone, Debug)]
pub struct Directories {
    /// The directories, in order. Missing ones above them get mode 0755 and the caller for an owner.
    pub paths: Vec<PathBuf>,
    /// The mode of each, where it counts.
    pub mode: Mode,
    /// The bits of the mode that count; the others stay as they are on a directory that exists.
    pub mode_mask: Mode,
    /// The owner of each; `None`: as it is.
    pub uid: Option<u32>,
    /// The group of each; `None`: as it is.
    pub gid: Option<u32>,
    /// The security label of each, and of missing ones above.
    pub label: Label,
    /// When a directory counts as made.
    pub durability: Durability,
}

/// One call of install(1) that copies files.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The files, in order.
    pub files: Vec<InstallFile>,
    /// The mode of each.
    pub mode: Mode,
    /// The owner of each; `None`: the caller's.
    pub uid: Option<u32>,
    /// The group of each; `None`: what the kernel gives a new file.
    pub gid: Option<u32>,
    /// Whether what is replaced is kept under another name.
    pub backup: Option<BackupPolicy>,
    /// Whether a target that is what it should be is left alone, install's `-C`.
    pub when_current: WhenCurrent,
    /// The times.
    pub times: FileTimes,
    /// A program that is run on each staged file before it is installed.
    pub strip: Option<OsString>,
    /// The security label.
    pub label: Label,
    /// What is taken over from the file that is replaced.
    pub keep: Preserve,
    /// When a file counts as installed.
    pub durability: Durability,
    /// What one failure means for the others.
    pub on_failure: OnFailure,
}
