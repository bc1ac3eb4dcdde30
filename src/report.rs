//! What was done: plain values for a program to show.

mod rescue;
mod usage;

pub use rescue::{
    Distrust, Gone, PartState, Possessor, ReconstructedPart, Reconstruction, Rescuable, RescueList, RescueReport, SourceKind,
};
pub use usage::{Evidence, FileUse, FileVersion, Place, ProcessFacts, Unread, UsageReport, Users, Way};

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Obstacle};
use crate::request::{Digest, Mode};

/// What became of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The target is a new inode with the source's bytes.
    Installed,
    /// The target had the wanted content and metadata already; its inode was left alone.
    Unchanged,
    /// The target had the name of nothing before the change that was taken back, and is gone; what it was is kept.
    Removed,
    /// Asked only what would happen: the target would be replaced or created.
    WouldInstall,
    /// Asked only what would happen: the target would go.
    WouldRemove,
}

/// Facts about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// The digest, where one was computed.
    pub sha256: Option<Digest>,
    /// Bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: Mode,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Device number of the filesystem.
    pub dev: u64,
    /// Inode number; 0 for a file that does not exist yet.
    pub ino: u64,
    /// When its content changed last: seconds since 1970, nanoseconds; `None` for a file that does not exist yet.
    pub modified: Option<(i64, u32)>,
}

/// Facts about where the bytes came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// The source as asked for, without secrets, and safe to print: control bytes and the like are escaped.
    pub from: String,
    /// Where redirects ended, without secrets.
    pub final_url: Option<String>,
    /// The last HTTP status.
    pub status: Option<u16>,
    /// The entity tag.
    pub etag: Option<String>,
    /// Bytes read; `None` if nothing was.
    pub bytes: Option<u64>,
    /// Attempts made, over all mirrors.
    pub attempts: u32,
}

/// How long the phases took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Finding out what to change.
    pub plan: Duration,
    /// Reading the source into the stage.
    pub fetch: Duration,
    /// Metadata, sync and rename.
    pub commit: Duration,
    /// From before the first rename to after the last, where several names changed: how long some files were new and some old.
    pub window: Option<Duration>,
    /// Everything.
    pub total: Duration,
}

/// Something the user should know, though nothing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Other names of the old file keep the old content.
    HardLinks {
        /// The target.
        path: PathBuf,
        /// How many other names there are.
        others: u64,
    },
    /// The new content has setuid, setgid or capabilities of the old one.
    PrivilegeKept {
        /// The target.
        path: PathBuf,
        /// Its mode.
        mode: Mode,
        /// Whether it has file capabilities.
        capabilities: bool,
    },
    /// Setuid, setgid or capabilities were dropped, because owner or group are other ones now.
    PrivilegeDropped {
        /// The target.
        path: PathBuf,
    },
    /// The version that was replaced is not kept, and cannot be brought back.
    NothingKept {
        /// The target.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The filesystem does not sync: nothing survives a power cut.
    Volatile {
        /// The target.
        path: PathBuf,
    },
    /// Some processes may not be looked at: whether they write to a directory that is exchanged is not known.
    WritersUnseen {
        /// The directory.
        path: PathBuf,
        /// How many processes.
        processes: usize,
    },
    /// A transaction that was broken off has to be settled before anything is done with the target: the next run on it does
    /// so, or [`recover`](crate::recover).
    Unfinished {
        /// The target.
        path: PathBuf,
        /// What the transaction is called.
        txid: String,
    },
    /// Nothing was kept; what was brought back was taken out of a process that still has it.
    TakenFromProcess {
        /// The target.
        path: PathBuf,
        /// The process's link to it.
        link: PathBuf,
    },
    /// The kept version that was brought back is still there by the name it was kept by, too, or its copy.
    NotForgotten {
        /// The target.
        path: PathBuf,
        /// Where it is.
        kept: PathBuf,
        /// Why it could not be removed.
        reason: String,
    },
    /// A file was written to while it was copied out of a process.
    ChangedMeanwhile {
        /// The target.
        path: PathBuf,
    },
    /// What was copied out of a process could not be compared with what that process runs.
    NotCompared {
        /// The target.
        path: PathBuf,
        /// The process.
        pid: u32,
        /// Why.
        reason: String,
    },
    /// What was copied out of a process is not what that process runs; the digest asked for holds.
    NotWhatRuns {
        /// The target.
        path: PathBuf,
        /// The process.
        pid: u32,
    },
    /// Setuid, setgid or capabilities are not restored from a file that only a process still has.
    PrivilegeNotRescued {
        /// The target.
        path: PathBuf,
        /// The mode it had.
        mode: Mode,
    },
    /// The file belonged to somebody else, and the caller cannot give it to him.
    OwnerNotRescued {
        /// The target.
        path: PathBuf,
        /// The owner it had.
        uid: u32,
        /// The group it had.
        gid: u32,
    },
    /// The state directory cannot be read: who a file should belong to, and whether it was setuid, is not known.
    NothingRecorded {
        /// Why.
        reason: String,
    },
    /// There is no directory of this name below which something could be removed.
    NothingToDelete {
        /// The directory.
        path: PathBuf,
    },
    /// A record of the history cannot be used, and was passed over.
    DamagedRecord {
        /// Which.
        record: DamagedRecord,
    },
    /// The new file does not get the security label that the policy has for it.
    NotLabelled {
        /// The target.
        path: PathBuf,
        /// Why.
        detail: String,
    },
}

impl Warning {
    /// Takes so many other names of the old file for none that keep the old content, and says whether there is still something to
    /// warn of.
    pub(crate) fn holds_without(&mut self, names: u64) -> bool {
        match self {
            Warning::HardLinks { others, .. } => {
                *others = others.saturating_sub(names);
                *others > 0
            }
            _ => true,
        }
    }
}

/// The outcome of a batch that did not fail.
#[derive(Clone, Debug)]
pub struct BatchReport {
    /// What the transaction is called in the state directory; `None` if nothing had to be changed.
    pub txid: Option<String>,
    /// What was done to each file, in the order of the request.
    pub swaps: Vec<Report>,
    /// How long the phases took, over all files.
    pub times: Times,
}

/// What a batch would do.
#[derive(Clone, Debug)]
pub struct BatchOutlook {
    /// What would become of each file, in the order of the renames.
    pub report: BatchReport,
    /// Of each, whether the version that is there would be kept beside it.
    pub keeps: Vec<bool>,
    /// What it would take, by filesystem.
    pub mounts: Vec<MountOutlook>,
}

/// What a batch would take of one filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountOutlook {
    /// A directory on it: that of the first file there.
    pub path: PathBuf,
    /// Bytes that would be written, as far as is known, old versions that an overlay copies up included. Less, where copies
    /// share blocks.
    pub bytes: u64,
    /// Files of which the size is not known yet: streams and addresses.
    pub unknown: usize,
    /// Bytes the caller may still use; `u64::MAX` if the filesystem does not tell.
    pub available: u64,
}

/// What was removed of kept versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The files of which one went, by path.
    pub removed: Vec<PathBuf>,
    /// Kept versions that were to go and cannot be removed, and what has the name of one and is something else, by path.
    pub left: Vec<NotRemoved>,
    /// Records that cannot be read: what they keep stays.
    pub damaged: Vec<DamagedRecord>,
}

/// A kept version that was to go, and stays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotRemoved {
    /// Where it is.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// What the state directory has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The changes that were made, newest first.
    pub changes: Vec<Past>,
    /// Records that cannot be read, newest first: of what they tell, nothing is known.
    pub damaged: Vec<DamagedRecord>,
}

/// A record of the history that is not as it was written, or not ours to obey. It is left where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedRecord {
    /// What the transaction is called.
    pub txid: String,
    /// Where the record is.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// One change that was made, as the state directory has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// What the transaction is called.
    pub txid: String,
    /// Seconds since 1970.
    pub time: u64,
    /// What it was made by: `swap`, `apply` or `rollback`.
    pub command: String,
    /// The files.
    pub files: Vec<PastFile>,
}

/// One file of a [`Past`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastFile {
    /// The file.
    pub path: PathBuf,
    /// Size of the version before; `None`: there was none.
    pub old: Option<u64>,
    /// Size of the version after; `None`: there was none.
    pub new: Option<u64>,
    /// Where the version before is kept; `None`: nowhere any more.
    pub kept: Option<PathBuf>,
}

/// A transaction that was broken off.
#[derive(Debug)]
pub struct Recovery {
    /// What it is called.
    pub txid: String,
    /// Its files, as far as its journal can be read.
    pub files: Vec<PathBuf>,
    /// Those of them whose filesystem ended with the boot, tmpfs or ramfs: they count as settled.
    pub lost: Vec<PathBuf>,
    /// Those of them that were left as they are, because somebody else has changed them or their filesystem is not mounted,
    /// though [`resolve`](crate::resolve) was asked to make everything new, or old.
    pub left: Vec<PathBuf>,
    /// What became of it.
    pub outcome: Broken,
}

/// What became of a transaction that was broken off.
#[derive(Debug)]
pub enum Broken {
    /// Its run is still at work.
    Running,
    /// Everything is new now.
    Finished,
    /// Everything is as it was before.
    TakenBack,
    /// It is forgotten, and every file was left as it is: the caller wanted that.
    Abandoned,
    /// Nothing was done, and somebody has to decide.
    Stuck(Error),
}

/// The outcome of a request that did not fail.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was done.
    pub action: Action,
    /// The file replaced or created, after links.
    pub target: PathBuf,
    /// The symbolic link the target was asked for by, where there was one.
    pub through_link: Option<PathBuf>,
    /// Where the bytes came from.
    pub source: SourceFacts,
    /// The target as it is now, or, for a dry run, as it would be where that is known.
    pub installed: Option<FileFacts>,
    /// The target as it was.
    pub previous: Option<FileFacts>,
    /// Whether the digest asked for was verified.
    pub verified: Option<Digest>,
    /// Where the version that was replaced is kept.
    pub kept: Option<PathBuf>,
    /// By which path processes see the version before from now on, where that is known: the name that it was put aside by, also
    /// if it is not kept; of a link that led to a release, and of what is seen through that link, the path of that release.
    pub previous_path: Option<PathBuf>,
    /// Who still has a version from before; `None`: nobody has looked, [`find_users`](crate::find_users) does.
    pub in_use_by: Option<Users>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub times: Times,
}

/// What became of one file of an [`Installation`](crate::Installation).
#[derive(Debug)]
pub enum Installed {
    /// It is in place.
    New {
        /// Whether something had its name before.
        replaced: bool,
        /// The name under which what it replaced is kept.
        backup: Option<PathBuf>,
        /// How the bytes got there.
        copied: Copied,
        /// Why it does not have the security label it should have.
        unlabelled: Option<LabelError>,
    },
    /// It was what it should be already, and was left alone.
    Current,
    /// It is not installed, and what had its name is untouched; but see [`InstallError::InDoubt`].
    Failed(InstallError),
    /// It could have been installed, but another could not, and all or none were asked for.
    HeldBack,
}

/// How the bytes of a file were copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// By reference.
    Reflink,
    /// By the kernel.
    Kernel,
    /// By the kernel, or by this process where it could not; holes stay holes.
    Sparse,
    /// Read and written by this process.
    Stream,
}

/// Why something does not have the security label it should have, though it is in place.
#[derive(Debug)]
#[non_exhaustive]
pub enum LabelError {
    /// The policy cannot be asked. Told for the first one that needs it.
    Policy(io::Error),
    /// The policy cannot be asked about this path.
    LookUp(io::Error),
    /// The source's label cannot be read.
    ReadSource(io::Error),
    /// The label cannot be given.
    Set {
        /// The label.
        label: OsString,
        /// Why.
        source: io::Error,
    },
}

/// Why one file of an [`Installation`](crate::Installation) was not installed.
#[derive(Debug)]
#[non_exhaustive]
pub enum InstallError {
    /// The source cannot be looked at.
    StatSource(io::Error),
    /// The source is a directory.
    SourceIsDirectory,
    /// The source cannot be opened.
    OpenSource(io::Error),
    /// The source cannot be read.
    ReadSource(io::Error),
    /// Another file has the source's name since it was looked at.
    SourceReplaced,
    /// The target cannot be looked at.
    StatTarget(io::Error),
    /// The target is a directory.
    TargetIsDirectory,
    /// Source and target are the same file.
    SameFile,
    /// An earlier file of the same call has that name.
    JustCreated,
    /// The source is what the backup would replace.
    BackupIsSource {
        /// The backup's name.
        backup: PathBuf,
    },
    /// What is replaced could not be kept.
    BackUp(io::Error),
    /// No file can be made in the target's directory.
    Create(io::Error),
    /// The bytes cannot be written.
    Write(io::Error),
    /// Owner or group cannot be given.
    Owner(io::Error),
    /// The mode cannot be given.
    Mode(io::Error),
    /// An attribute that is to be kept cannot be given.
    Attribute(io::Error),
    /// The label asked for cannot be given.
    Label(io::Error),
    /// The times cannot be given.
    Times(io::Error),
    /// The strip program cannot be run.
    RunStrip(io::Error),
    /// The strip program failed.
    Strip,
    /// What the strip program left is not to be installed, in words that go on from there.
    Stripped(&'static str),
    /// What has the name cannot be replaced.
    Replace(io::Error),
    /// The target must not be replaced.
    Refused(Obstacle),
    /// It is in place, but its directory could not be synced.
    InDoubt(io::Error),
    /// It, or another file of a call of all or none, failed after names had been changed, and they could not be changed back.
    /// The new file may be in place, and the old one have the name of the backup or a temporary one.
    NotTakenBack(io::Error),
    /// The caller cancelled.
    Cancelled,
}

/// What became of one directory of [`Directories`](crate::Directories), or of the leading ones of a path.
#[derive(Debug)]
pub struct MadeDirectory {
    /// The directories that are new, in the order in which they were made, spelled as asked for.
    pub created: Vec<PathBuf>,
    /// The directories that do not have the security label they should have, and why.
    pub unlabelled: Vec<(PathBuf, LabelError)>,
    /// Whether all is as it was asked for.
    pub outcome: Result<(), DirectoryError>,
}

/// Why a directory is not there, or not as it should be.
#[derive(Debug)]
#[non_exhaustive]
pub enum DirectoryError {
    /// It cannot be made, or what has its name is no directory.
    Create {
        /// The path up to the part that is the reason.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Owner and mode cannot be given.
    OwnerAndMode(io::Error),
    /// The mode cannot be given.
    Mode(io::Error),
    /// The label asked for cannot be given.
    Label {
        /// The path up to the directory that does not get it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is as it should be, but may not survive a power cut.
    InDoubt(io::Error),
    /// The caller cancelled.
    Cancelled,
}
