//! What the caller wants: plain values, no I/O.

mod account;
mod amount;
mod batch;
mod digest;
mod http;
mod installation;
#[cfg(feature = "manifest")]
mod manifest;
mod mode;
mod preserve;
mod rescue;
mod source;
mod tree;

pub use account::{Account, Ownership};
pub use amount::{Size, TimeLimit, Wait};
pub use batch::Batch;
pub use digest::Digest;
pub use http::{HeaderName, HttpOptions, PlainHttp, Secret, SecretName};
pub use installation::{
    BackupNames, BackupPolicy, Directories, Durability, FileTimes, InstallFile, Installation, Label, OnFailure,
};
#[cfg(feature = "manifest")]
pub use manifest::{FindSecret, Flaw, Manifest, ManifestFile};
pub use mode::{Mode, ModeChange};
pub use preserve::{Kept, Preserve};
pub use rescue::{Link, Lost, Rescue};
pub use source::{Source, SourceUrl};
pub use tree::{Switch, TreeOwners, TreeRequest};

use std::path::PathBuf;

use crate::error::Error;

/// What to do with a symbolic link as the last part of the target's path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// Replace the file the link points to.
    #[default]
    Target,
    /// Replace the link itself.
    Link,
}

/// What to do when the target already has the wanted content and metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenCurrent {
    /// Leave the inode alone.
    #[default]
    Leave,
    /// Put a new inode in place all the same.
    Replace,
}

/// How the new content gets the target's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// As a new file, which is renamed over the old one: at one moment, and whoever has the old file keeps it.
    #[default]
    Rename,
    /// The file that is there is overwritten, and keeps its inode, its names and its metadata ([`Request::preserve`] has no meaning
    /// then): where no rename can be made, and only with proof that nobody runs, maps or holds it.
    InPlace,
}

/// Whether a source without a single byte may be installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptySource {
    /// An empty source is a mistake.
    #[default]
    Refuse,
    /// An empty source is wanted.
    Allow,
}

/// Whether root goes through links and directories that other users may write to.
///
/// Whoever may write to a directory on the way can lead the last step elsewhere between two runs. For callers that are not
/// root this has no meaning: they can only write where they may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathTrust {
    /// Refuse them. Sticky directories are judged as the kernel's `protected_symlinks` does, proc(5).
    #[default]
    Strict,
    /// Go through them.
    Any,
}

/// One file to put in place: where the bytes come from, where they go, and on what conditions.
///
/// [`Request::new`] fills in the defaults of the command line; the public fields change them.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where the bytes come from. More than one are mirrors, tried in order, and need [`Request::sha256`].
    pub sources: Vec<Source>,
    /// The file to replace or create. An existing directory, or a trailing slash, takes the name from the source.
    pub target: PathBuf,
    /// What to do with a symbolic link at the target.
    pub follow: Follow,
    /// Whether root trusts directories others may write to.
    pub path_trust: PathTrust,
    /// The mode wanted; `None`: the replaced file's, or 0755.
    pub mode: Option<ModeChange>,
    /// Owner and group wanted; what is `None`: the replaced file's, or the caller's.
    pub ownership: Ownership,
    /// What is carried over from the file being replaced.
    pub preserve: Preserve,
    /// The digest the bytes must have.
    pub sha256: Option<Digest>,
    /// What to do when nothing would change.
    pub when_current: WhenCurrent,
    /// Whether an empty source is refused.
    pub empty: EmptySource,
    /// The largest source accepted, in bytes.
    pub max_size: Option<u64>,
    /// How addresses are fetched.
    pub http: HttpOptions,
    /// How many replaced versions are kept beside the target, for a rollback.
    pub keep: u32,
    /// How the new content gets the target's name.
    pub method: Method,
}

impl Request {
    /// How many replaced versions are kept, if nothing else is asked for.
    pub const KEEP: u32 = 1;

    /// A request with every default: links followed, metadata kept, identical files left alone.
    pub fn new(source: Source, target: impl Into<PathBuf>) -> Request {
        Request {
            sources: vec![source],
            target: target.into(),
            follow: Follow::default(),
            path_trust: PathTrust::default(),
            mode: None,
            ownership: Ownership::default(),
            preserve: Preserve::all(),
            sha256: None,
            when_current: WhenCurrent::default(),
            empty: EmptySource::default(),
            max_size: None,
            http: HttpOptions::default(),
            keep: Request::KEEP,
            method: Method::default(),
        }
    }

    /// Whether standard input is among the sources.
    #[cfg(feature = "manifest")]
    pub(crate) fn reads_stdin(&self) -> bool {
        self.sources.contains(&Source::Stdin)
    }

    /// Refuses sources that make no sense together with the other conditions.
    ///
    /// # Errors
    /// [`Error::MirrorsNeedDigest`], [`Error::PlainHttp`].
    pub(crate) fn judge_sources(&self) -> Result<(), Error> {
        if self.sha256.is_some() {
            return Ok(());
        }
        if self.sources.len() > 1 {
            return Err(Error::MirrorsNeedDigest);
        }
        match self.sources.first() {
            Some(Source::Url(url)) if url.is_plain() && self.http.plain == PlainHttp::NeedsProof => {
                Err(Error::PlainHttp { url: url.to_string() })
            }
            _ => Ok(()),
        }
    }
}
