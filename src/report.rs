//! What was done: plain values for a program to show.

use std::path::PathBuf;
use std::time::Duration;

use crate::request::{Digest, Mode};

/// What became of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The target is a new inode with the source's bytes.
    Installed,
    /// The target had the wanted content and metadata already; its inode was left alone.
    Unchanged,
    /// Asked only what would happen: the target would be replaced or created.
    WouldInstall,
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
}

/// Facts about where the bytes came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// The source as asked for, without secrets.
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
    /// The filesystem does not sync: nothing survives a power cut.
    Volatile {
        /// The target.
        path: PathBuf,
    },
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
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub times: Times,
}
