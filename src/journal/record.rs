//! What the records hold.

use serde::{Deserialize, Serialize};

use super::text::Text;
use crate::request::Digest;

/// The version of the format. A journal of another one is left alone.
pub(crate) const VERSION: u32 = 1;

/// The version of a journal that tells of a file overwritten in place: programs that do not know of that leave it alone.
pub(crate) const IN_PLACE: u32 = 2;

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Record {
    /// The first line.
    Header(Header),
    /// A directory in which something is prepared: written before the first name is made there.
    Directory(Place),
    /// One name that is changed.
    Entry(Box<Entry>),
    /// Everything is prepared and on the disk; from here on it goes forward. Tells how many entries there are.
    Commit { entries: usize },
    /// A rename failed: everything goes back.
    Abort,
    /// All is done.
    Done,
}

/// Which transaction this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Header {
    /// [`VERSION`], or [`IN_PLACE`].
    pub(crate) swapbin_journal: u32,
    pub(crate) txid: String,
    /// /proc/sys/kernel/random/boot_id: device numbers mean the same only within one boot.
    pub(crate) boot: Option<String>,
    /// Seconds since 1970, for people.
    pub(crate) time: u64,
    /// Whether it is one rename, which is a commit by itself and has no COMMIT record.
    pub(crate) single: bool,
    /// What it was made by: `swap`, `apply`, `rollback`, `in-place`.
    pub(crate) command: String,
}

/// A directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Place {
    /// Without links in it.
    pub(crate) dir: Text,
    pub(crate) filesystem: Filesystem,
}

/// One name that is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Entry {
    /// The directory, without links in it.
    pub(crate) dir: Text,
    pub(crate) filesystem: Filesystem,
    /// The name in it.
    pub(crate) leaf: Text,
    /// The name of the new file until it is renamed; `None` where the name goes.
    pub(crate) temp: Option<Text>,
    /// Where the old one is kept.
    pub(crate) kept: Option<Kept>,
    /// What has the name before; `None`: nothing.
    pub(crate) old: Option<Version>,
    /// What has it afterwards; `None`: nothing.
    pub(crate) new: Option<Version>,
    /// How many old versions are to be kept in the end.
    pub(crate) keep: u32,
}

/// Where a directory is, so that it is known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Filesystem {
    /// The filesystem's own name for itself, where it has one.
    pub(crate) uuid: Option<String>,
    /// Valid in this boot only.
    pub(crate) dev: u64,
    /// The directory's inode number.
    pub(crate) inode: u64,
    /// Whether its content ends with the boot: tmpfs, ramfs.
    pub(crate) volatile: bool,
}

/// The name an old file is kept by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Kept {
    pub(crate) name: Text,
    pub(crate) way: Way,
    /// Whether `name` is a directory that only its owner may enter, and the file is in it: setuid, setgid and capabilities of an
    /// old version are then nobody's to use.
    pub(crate) private: bool,
    /// The directory, without links in it, where that is not the file's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) elsewhere: Option<Text>,
}

impl Kept {
    /// The whole path, for messages; `dir` is the file's directory.
    pub(crate) fn path(&self, dir: &std::path::Path) -> std::path::PathBuf {
        self.elsewhere.as_ref().map_or(dir, |elsewhere| elsewhere.as_path()).join(self.name.as_os_str())
    }
}

/// How an old file comes by the name it is kept by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Way {
    /// It has it beside its own before COMMIT.
    Link,
    /// New and old change names, then the old one is renamed.
    Exchange,
    /// It is renamed, and nothing takes its place.
    Move,
    /// It keeps its name and its inode, which get new content: what is kept is a copy of the old content, mode 0600.
    Copy,
    /// A second file with all it has is made before COMMIT, where there are neither links nor exchanges. It has another inode, so
    /// that its digest tells what it is.
    Twin,
}

/// One version of a file, so that it is known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Version {
    pub(crate) kind: Kind,
    pub(crate) inode: u64,
    /// Bytes; of a symbolic link: of its text.
    pub(crate) size: u64,
    /// Permission bits.
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Modification time: seconds since 1970, nanoseconds.
    pub(crate) modified: (i64, u32),
    /// Of the bytes, or of a symbolic link's text.
    pub(crate) sha256: Option<Digest>,
}

/// What a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    File,
    Link,
    /// A new directory with everything in it.
    Directory,
    /// What is neither: never ours.
    Other,
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
