//! Why a destination is refused.

use std::fmt;
use std::path::PathBuf;

use super::quoted;

/// Why a destination is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// It is a directory.
    Directory,
    /// It is there, with another content.
    Exists,
    /// It is a device, a fifo or a socket.
    Special {
        /// Which of them.
        kind: &'static str,
    },
    /// The directory that should hold it does not exist.
    MissingParent,
    /// What should be a directory is none.
    NotADirectory,
    /// A symbolic link to nothing.
    DanglingLink {
        /// What the link says.
        to: PathBuf,
    },
    /// Too many symbolic links.
    LinkLoop,
    /// A mount point: a bind-mounted file.
    MountPoint,
    /// A directory that is a mount point or a subvolume.
    MountedDirectory,
    /// It has the immutable flag, chattr(1).
    Immutable,
    /// It has the append-only flag, chattr(1).
    AppendOnly,
    /// The mount is read-only.
    ReadOnly,
    /// Its name is one that swapbin gives to files of its own, and removes.
    OwnName,
    /// It is in the directory where swapbin keeps what it knows.
    InStateDirectory,
    /// The caller may not write to the directory.
    NotWritable,
    /// The caller may not search the directory.
    NotSearchable,
    /// In a sticky directory only the owner may replace a file.
    Sticky {
        /// The file's owner.
        owner: u32,
    },
    /// Root, and other users may write to the directory.
    SharedDirectory {
        /// Who owns the directory.
        owner: u32,
        /// The directory's mode.
        mode: u32,
    },
    /// Root, and another user may change where the link leads.
    SharedLink {
        /// Who owns the link.
        owner: u32,
    },
    /// The kernel or a security module forbids it, and nothing tells why.
    Forbidden,
    /// Not enough room for the new file beside the old one.
    NoSpace {
        /// Bytes needed, where known.
        needed: Option<u64>,
        /// Bytes available, where known.
        available: Option<u64>,
    },
    /// No inode left.
    NoInodes,
    /// Over quota.
    Quota,
    /// Larger than the filesystem or the process's limit allows.
    FileTooLarge,
    /// The name is longer than the filesystem allows.
    NameTooLong,
    /// The old version can get no second name there, and names cannot change places.
    CannotKeep,
    /// Overlayfs cannot rename a directory that is not of its upper layer.
    LowerLayer,
    /// A symbolic link that leads out of the tree.
    LeadsOut {
        /// What the link says.
        to: PathBuf,
    },
    /// A symbolic link to nothing in the tree.
    LeadsNowhere {
        /// What the link says.
        to: PathBuf,
    },
    /// A path that leads out of the tree by itself.
    Outside,
    /// It would go, and holds a directory that something is copied to.
    HoldsStaged {
        /// That directory.
        at: PathBuf,
    },
    /// A symbolic link that would be replaced, and by which other names of the same tree are reached.
    WayIn,
    /// The staging tree and the tree it goes to have directories in common.
    Overlap,
    /// It would go, and holds what is needed until then.
    Needed,
    /// It holds a mount point or a subvolume, which would be hidden.
    HoldsMount {
        /// Where.
        at: PathBuf,
    },
    /// A process may write to what is below it.
    WrittenTo {
        /// What it has open.
        at: PathBuf,
        /// The process.
        pid: u32,
    },
    /// It is no symbolic link.
    NotALink,
    /// It was removed, and has no path that recovery could find it by.
    NoPath,
    /// Nothing has the name, so nothing can be overwritten in place.
    Absent,
    /// The caller may not write to the file itself.
    FileNotWritable,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Obstacle::*;
        match self {
            Directory => f.write_str("is a directory"),
            Exists => f.write_str("is there, with another content"),
            Special { kind } => write!(f, "is a {kind}"),
            MissingParent => f.write_str("does not exist"),
            NotADirectory => f.write_str("is not a directory"),
            DanglingLink { to } => write!(f, "is a symbolic link to {}, which does not exist", quoted(to)),
            LinkLoop => f.write_str("leads through too many symbolic links"),
            MountPoint => f.write_str("is a mount point"),
            MountedDirectory => f.write_str("is a mount point or a subvolume"),
            Immutable => f.write_str("is immutable"),
            AppendOnly => f.write_str("is append-only"),
            ReadOnly => f.write_str("is on a read-only filesystem"),
            OwnName => f.write_str("has a name that swapbin gives to its own files"),
            InStateDirectory => f.write_str("is in the state directory, which is for swapbin alone"),
            NotWritable => f.write_str("is a directory you may not write to"),
            NotSearchable => f.write_str("is a directory you may not enter"),
            Sticky { owner } => write!(f, "belongs to uid {owner}, and its directory is sticky"),
            SharedDirectory { owner, mode } => {
                write!(f, "may be written to by other users (mode {:04o}, owner uid {owner})", mode & 0o7777)
            }
            SharedLink { owner } => {
                write!(f, "is a symbolic link that other users may change (owner uid {owner})")
            }
            Forbidden => f.write_str("may not be replaced: the kernel does not permit it"),
            NoSpace { needed: Some(needed), available: Some(available) } => {
                write!(f, "has no room: {needed} bytes needed, {available} available")
            }
            NoSpace { .. } => f.write_str("has no room: the filesystem is full"),
            NoInodes => f.write_str("has no room: the filesystem has no inode left"),
            Quota => f.write_str("has no room: the disk quota is used up"),
            FileTooLarge => f.write_str("would be larger than the filesystem or the file size limit allows"),
            CannotKeep => f.write_str("cannot be taken back once replaced: its filesystem knows neither links nor exchanges"),
            LowerLayer => f.write_str("is of a lower layer of an overlay filesystem, where directories cannot be renamed"),
            LeadsOut { to } => write!(f, "is a symbolic link to {}, which leads out of the tree", quoted(to)),
            LeadsNowhere { to } => write!(f, "is a symbolic link to {}, which does not exist in the tree", quoted(to)),
            Outside => f.write_str("leads out of the tree"),
            HoldsStaged { at } => write!(f, "would be removed, and holds {}, which the staging tree is copied to", quoted(at)),
            WayIn => f.write_str("is a symbolic link that the staging tree both replaces and goes through"),
            Overlap => f.write_str("is also a directory of the tree that is to be copied there"),
            Needed => f.write_str("holds the staging tree or the state directory, and would be moved away"),
            HoldsMount { at } => write!(f, "holds the mount point or subvolume {}", quoted(at)),
            WrittenTo { at, pid } => write!(f, "is written to: process {pid} has {} open", quoted(at)),
            NotALink => f.write_str("is not a symbolic link"),
            NoPath => f.write_str("is a directory without a path: it was removed, or its path may not be looked up"),
            Absent => f.write_str("does not exist, so there is nothing to overwrite"),
            FileNotWritable => f.write_str("is a file you may not write to"),
            NameTooLong => f.write_str("has a longer name than the filesystem allows"),
        }
    }
}
