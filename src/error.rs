//! What can go wrong, as facts. Hints and exit codes belong to the program.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::report::Rescuable;
use crate::request::{Digest, Kept};

/// The kind of an [`Error`]: what a caller decides by, and what the program's exit codes are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Input, output or anything without a kind of its own.
    Failed,
    /// The request makes no sense.
    Usage,
    /// Somebody runs, maps or holds the file that was to be overwritten in place, or nobody can say that nobody does.
    Busy,
    /// The digest did not hold.
    Untrusted,
    /// The source is unfit: a directory, empty, too large, the target itself.
    Rejected,
    /// The source is not there, or may not be read or fetched.
    Unavailable,
    /// The new file is in place, but nobody can say whether it survives a power cut.
    InDoubt,
    /// The destination is refused.
    Target,
    /// Nothing is wrong with the request; the same may work later.
    TryLater,
    /// The caller cancelled: a signal, in the program.
    Cancelled,
}

/// Why nothing was installed. Whatever the error, the target is what it was, unless [`Error::InDoubt`] says otherwise.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Several mirrors without a digest to tell that they serve the same bytes.
    MirrorsNeedDigest,
    /// Plain http with nothing that proves the bytes.
    PlainHttp {
        /// The address, without secrets.
        url: String,
    },
    /// An address that cannot be used.
    BadUrl {
        /// The address, without secrets.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An option that cannot be used.
    BadOption {
        /// The option's name.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A manifest that cannot be used.
    BadManifest {
        /// The manifest; `-` for standard input.
        path: PathBuf,
        /// Line and column, from 1, in characters; `None` if the fault is the whole file's.
        place: Option<(usize, usize)>,
        /// What is wrong with it.
        reason: String,
    },
    /// A manifest that other users may change directs what root does.
    SharedManifest {
        /// The manifest.
        path: PathBuf,
        /// Whether it is a regular file, whose mode can be changed.
        regular: bool,
        /// Who owns it.
        owner: u32,
        /// Its mode.
        mode: u32,
    },
    /// Other users may put another manifest in its place.
    SharedManifestWay {
        /// The manifest.
        manifest: PathBuf,
        /// The directory or link on the way that they may change.
        path: PathBuf,
        /// How.
        obstacle: Obstacle,
    },
    /// Two files of a batch come from standard input.
    StdinTwice,
    /// A user or group that nobody knows.
    UnknownAccount {
        /// `user` or `group`.
        kind: &'static str,
        /// The name as given.
        name: String,
    },
    /// The target is a directory, and the source gives no usable name.
    NoName {
        /// The source.
        from: String,
    },
    /// The source cannot be opened or read.
    Source {
        /// The source.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The source is a directory.
    SourceIsDirectory {
        /// The source.
        path: PathBuf,
    },
    /// What is staged is neither file nor directory nor symbolic link.
    StagedSpecial {
        /// Where.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// A staged file that is to be root's has setuid, setgid or capabilities that another user gave it.
    StagedPrivileges {
        /// Where.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
    },
    /// The source has not a single byte.
    SourceEmpty {
        /// The source.
        from: String,
    },
    /// An address served a web page, and no digest says that one is wanted.
    WebPage {
        /// The address, without secrets.
        url: String,
    },
    /// The source is larger than allowed.
    SourceTooLarge {
        /// The source.
        from: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The source is the target.
    SameFile {
        /// The target.
        path: PathBuf,
    },
    /// The source was written to while it was read.
    SourceChanged {
        /// The source.
        path: PathBuf,
    },
    /// The server answered, but not with the file.
    HttpStatus {
        /// The address, without secrets.
        url: String,
        /// The status.
        status: u16,
        /// Whether the same request may succeed later.
        transient: bool,
    },
    /// The server could not be reached, or the connection broke.
    Http {
        /// The address, without secrets.
        url: String,
        /// What happened.
        reason: String,
        /// Whether the same request may succeed later.
        transient: bool,
    },
    /// The deadline for the whole transfer passed.
    MaxTime {
        /// The source.
        from: String,
        /// The deadline.
        limit: Duration,
    },
    /// The bytes have another digest.
    DigestMismatch {
        /// The source.
        from: String,
        /// The digest asked for.
        expected: Digest,
        /// The digest of what came.
        actual: Digest,
        /// Whether what came looks like a web page.
        html: bool,
    },
    /// The destination is refused.
    Target {
        /// What cannot be written, which may be a directory on the way.
        path: PathBuf,
        /// Why.
        obstacle: Obstacle,
    },
    /// Metadata of the old file that cannot be given to the new one.
    CannotKeep {
        /// The target.
        path: PathBuf,
        /// What cannot be kept.
        kept: Kept,
        /// More about it: an attribute's name, an owner's number.
        detail: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// Mode or owner asked for that cannot be given.
    CannotSet {
        /// The target.
        path: PathBuf,
        /// `mode`, `owner` or `group`.
        what: &'static str,
        /// The value.
        value: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// The target is not what it was when the plan was made.
    TargetChanged {
        /// The target.
        path: PathBuf,
    },
    /// The file is in place, but it or its directory could not be synced.
    InDoubt {
        /// The target.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The state directory cannot be used, and this cannot be done without it.
    State {
        /// The directory, or what is in it.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another run is changing the same file.
    Locked {
        /// The target.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Two files of one batch have the same target.
    SameTarget {
        /// The target.
        path: PathBuf,
    },
    /// A transaction that was broken off concerns the file, and cannot be finished.
    Unfinished {
        /// The target.
        path: PathBuf,
        /// The transaction.
        txid: String,
        /// What is in the way.
        reason: String,
        /// Whether it may work later without anybody's doing: a mount is absent.
        later: bool,
    },
    /// No earlier version is kept.
    NothingKept {
        /// The file.
        path: PathBuf,
    },
    /// No process has the file.
    NothingToRescue {
        /// What was looked for.
        what: String,
        /// Processes that may not be looked at.
        unreadable: usize,
    },
    /// Processes have different versions of the file.
    SeveralVersions {
        /// What was looked for.
        what: String,
        /// The versions.
        files: Vec<Rescuable>,
    },
    /// Who has the file may have made it up.
    DistrustedProcess {
        /// What was looked for.
        what: String,
        /// The versions.
        files: Vec<Rescuable>,
    },
    /// A process has the file mapped, and the file itself may not be opened: only memory is left of it.
    OnlyMemory {
        /// The path it had.
        path: PathBuf,
        /// The process.
        pid: u32,
    },
    /// A file cannot be made again out of a process's memory.
    NoMemory {
        /// The path it had.
        path: PathBuf,
        /// The process.
        pid: u32,
        /// Why.
        reason: String,
    },
    /// What was made again out of memory cannot be loaded, or nothing tells whether it can.
    DoesNotLoad {
        /// The path the lost file had.
        path: PathBuf,
        /// Why, in the dynamic linker's words.
        reason: String,
    },
    /// Whoever had the file has it no more.
    ProcessGone {
        /// The path it had.
        path: PathBuf,
        /// What the last attempt to open it gave.
        source: io::Error,
    },
    /// What was copied out of a process is not what it runs.
    NotWhatRuns {
        /// The path the file had.
        path: PathBuf,
        /// The process.
        pid: u32,
        /// Why that cannot be found out; `None`: it was, and differs.
        unknown: Option<String>,
    },
    /// A process cannot be looked at.
    Process {
        /// Its pid.
        pid: u32,
        /// What the kernel said.
        source: io::Error,
    },
    /// What has the name of the kept version is something else.
    NotTheKept {
        /// The file.
        path: PathBuf,
        /// Where its version should be.
        kept: PathBuf,
    },
    /// No change is recorded.
    NothingRecorded,
    /// There is no such transaction.
    NoTransaction {
        /// What it was called.
        txid: String,
    },
    /// A batch failed half way, and could not be taken back.
    HalfDone {
        /// The file at which it failed.
        path: PathBuf,
        /// The transaction.
        txid: String,
        /// What happened.
        source: Box<Error>,
    },
    /// A file that was to be overwritten in place is in use.
    Busy {
        /// The file.
        path: PathBuf,
        /// Who was seen to have it; empty if somebody has whom this process cannot see.
        holders: Vec<Holder>,
        /// How many processes could not be looked at.
        unreadable: usize,
    },
    /// Nobody can say whether a file that was to be overwritten in place is in use.
    NoProof {
        /// The file.
        path: PathBuf,
        /// Why not.
        doubt: Doubt,
    },
    /// Somebody wanted to write to a file while it was overwritten in place, or waited too long: it is as before.
    Disturbed {
        /// The file.
        path: PathBuf,
    },
    /// A file of a batch was to be overwritten in place.
    InPlaceInBatch {
        /// The file.
        path: PathBuf,
    },
    /// Any other call that failed.
    Io {
        /// What was being done.
        op: &'static str,
        /// To what.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The caller cancelled before anything was changed.
    Cancelled,
}

/// A process that has a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number, in this process's pid namespace.
    pub pid: u32,
    /// What the kernel calls it, which it may choose itself.
    pub command: std::ffi::OsString,
    /// In which way it has the file.
    pub how: Holds,
}

/// In which way a process has a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holds {
    /// It is the program that runs.
    Executes,
    /// It is mapped.
    Maps,
    /// A descriptor is open.
    Open,
}

/// Why nobody can say that a file is not in use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// Only its owner, or who has CAP_LEASE, may ask the kernel.
    NotOwner {
        /// The owner.
        owner: u32,
    },
    /// Its filesystem knows no leases.
    NoLeases,
    /// On an overlay all processes have to be looked at, and this one is in a pid namespace of which there are others outside.
    OtherNamespace,
    /// On an overlay all processes have to be looked at, and /proc hides some, or is not there.
    NoProc {
        /// What is wrong with it.
        reason: String,
    },
    /// On an overlay all processes have to be looked at, and some may not be.
    Unreadable {
        /// How many.
        processes: usize,
    },
    /// To write it, and if need be to restore it, would take longer than others can be kept waiting.
    TooLong {
        /// What it would take.
        needed: Duration,
        /// Half of /proc/sys/fs/lease-break-time.
        limit: Duration,
    },
    /// The kernel could not be asked.
    Failed {
        /// What it said.
        reason: String,
    },
}

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
    /// It has the immutable flag, chattr(1).
    Immutable,
    /// It has the append-only flag, chattr(1).
    AppendOnly,
    /// The mount is read-only.
    ReadOnly,
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

impl Error {
    /// The kind, by which a caller decides what to do.
    pub fn kind(&self) -> ErrorKind {
        use Error::*;
        match self {
            MirrorsNeedDigest
            | PlainHttp { .. }
            | BadUrl { .. }
            | BadOption { .. }
            | UnknownAccount { .. }
            | SameTarget { .. }
            | SeveralVersions { .. }
            | InPlaceInBatch { .. }
            | NoTransaction { .. } => ErrorKind::Usage,
            Busy { .. } | NoProof { .. } | Disturbed { .. } => ErrorKind::Busy,
            BadManifest { .. } | SharedManifest { .. } | SharedManifestWay { .. } | StdinTwice => ErrorKind::Usage,
            DigestMismatch { .. } => ErrorKind::Untrusted,
            NoName { .. }
            | SourceIsDirectory { .. }
            | StagedSpecial { .. }
            | StagedPrivileges { .. }
            | SourceEmpty { .. }
            | WebPage { .. }
            | SourceTooLarge { .. }
            | DoesNotLoad { .. }
            | SameFile { .. } => ErrorKind::Rejected,
            HttpStatus { transient: true, .. } | Http { transient: true, .. } => ErrorKind::TryLater,
            MaxTime { .. } | TargetChanged { .. } | SourceChanged { .. } | Locked { .. } => ErrorKind::TryLater,
            Unfinished { later: true, .. } => ErrorKind::TryLater,
            Source { source, .. } if is_passing(source) => ErrorKind::TryLater,
            NothingKept { .. } | NothingRecorded | NothingToRescue { .. } | OnlyMemory { .. } => ErrorKind::Unavailable,
            ProcessGone { .. } | Process { .. } | NoMemory { .. } => ErrorKind::Unavailable,
            NotTheKept { .. } | DistrustedProcess { .. } | NotWhatRuns { .. } => ErrorKind::Untrusted,
            Source { .. } | HttpStatus { .. } | Http { .. } => ErrorKind::Unavailable,
            Target { .. } | State { .. } => ErrorKind::Target,
            InDoubt { .. } | Unfinished { .. } | HalfDone { .. } => ErrorKind::InDoubt,
            Cancelled => ErrorKind::Cancelled,
            CannotKeep { .. } | CannotSet { .. } | Io { .. } => ErrorKind::Failed,
        }
    }

    /// An error of a call that writes: full, over quota or too large is the destination's fault, all else is plain I/O.
    pub(crate) fn write(op: &'static str, path: &Path, source: io::Error) -> Error {
        use rustix::io::Errno;
        let obstacle = match Errno::from_io_error(&source) {
            Some(Errno::NOSPC) => Obstacle::NoSpace { needed: None, available: None },
            Some(Errno::DQUOT) => Obstacle::Quota,
            Some(Errno::FBIG) => Obstacle::FileTooLarge,
            Some(Errno::ROFS) => Obstacle::ReadOnly,
            _ => return Error::Io { op, path: path.to_owned(), source },
        };
        Error::Target { path: path.to_owned(), obstacle }
    }

    /// Whether the caller may not do it, whoever else may.
    pub(crate) fn is_refusal(&self) -> bool {
        let Error::Io { source, .. } = self else { return matches!(self, Error::CannotKeep { .. } | Error::CannotSet { .. }) };
        matches!(source.kind(), io::ErrorKind::PermissionDenied)
    }

    /// Whether it is that there is no room, so that the same may work when some was given back.
    pub(crate) fn lacks_room(&self) -> bool {
        matches!(self, Error::Target { obstacle: Obstacle::NoSpace { .. } | Obstacle::Quota, .. })
    }
}

/// Whether an error of opening or reading says nothing of the file: no descriptors, no memory, somebody's lease, a server that
/// forgot a handle.
fn is_passing(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let passing = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::AGAIN, Errno::STALE, Errno::INTR];
    Errno::from_io_error(error).is_some_and(|errno| passing.contains(&errno))
}

/// A name made safe to print: control characters and bytes that are not UTF-8 are escaped.
pub(crate) fn escaped(text: &OsStr) -> String {
    let mut out = String::new();
    for chunk in text.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                // Direction marks and the like let one name pose as another.
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => {
                    out.push_str(&format!("\\u{{{:x}}}", c as u32));
                }
                c if c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

/// A path in single quotes, safe to print.
pub fn quoted(path: impl AsRef<OsStr>) -> String {
    format!("'{}'", escaped(path.as_ref()).replace('\'', "\\'"))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Error::*;
        match self {
            MirrorsNeedDigest => f.write_str("several sources for one target need a digest"),
            PlainHttp { url } => write!(f, "'{url}' is plain http, and nothing proves what it serves"),
            BadUrl { url, reason } => write!(f, "'{url}': {reason}"),
            BadOption { option, reason } => write!(f, "{option}: {reason}"),
            BadManifest { path, place: None, reason } => write!(f, "{}: {reason}", manifest(path)),
            BadManifest { path, place: Some((line, column)), reason } => {
                write!(f, "{}:{line}:{column}: {reason}", manifest(path))
            }
            SharedManifest { path, owner, mode, .. } => {
                write!(f, "manifest {} may be changed by other users (mode {mode:04o}, owner uid {owner})", quoted(path))
            }
            StdinTwice => f.write_str("standard input is the source of another file already"),
            UnknownAccount { kind, name } => write!(f, "unknown {kind} {}", quoted(name)),
            NoName { from } => write!(f, "the target is a directory, and '{from}' gives no usable file name"),
            Source { path, source } => write!(f, "cannot read source {}: {}", quoted(path), lowered(source)),
            StagedSpecial { path, kind } => write!(f, "staged {} is a {kind}", quoted(path)),
            SourceIsDirectory { path } => write!(f, "source {} is a directory", quoted(path)),
            SourceEmpty { from } => write!(f, "source '{from}' is empty"),
            WebPage { url } => write!(f, "'{url}' served a web page, HTML"),
            SourceTooLarge { from, limit } => write!(f, "source '{from}' is larger than {limit} bytes"),
            SameFile { path } => write!(f, "the source is the target {} itself", quoted(path)),
            SourceChanged { path } => write!(f, "source {} was changed while it was read", quoted(path)),
            HttpStatus { url, status, .. } => write!(f, "'{url}': the server answered {status}"),
            Http { url, reason, .. } => write!(f, "'{url}': {reason}"),
            MaxTime { from, limit } => write!(f, "'{from}' was not complete after {} s", limit.as_secs_f64()),
            DigestMismatch { from, expected, actual, .. } => {
                write!(f, "'{from}' has the wrong SHA-256 digest: expected {expected}, got {actual}")
            }
            Target { path, obstacle } => write!(f, "{} {obstacle}", quoted(path)),
            CannotKeep { path, kept, detail, source } => {
                write!(f, "cannot keep the {} of {} ({detail}): {}", kept.name(), quoted(path), lowered(source))
            }
            CannotSet { path, what, value, source } => {
                write!(f, "cannot give {} the {what} {value}: {}", quoted(path), lowered(source))
            }
            TargetChanged { path } => write!(f, "{} was changed by somebody else meanwhile", quoted(path)),
            InDoubt { path, source } => {
                write!(f, "{} is in place, but could not be synced: {}", quoted(path), lowered(source))
            }
            State { path, reason } => write!(f, "cannot use the state directory {}: {reason}", quoted(path)),
            Locked { path, waited } => {
                write!(f, "another run is changing {}, and was not done after {} s", quoted(path), waited.as_secs())
            }
            SameTarget { path } => write!(f, "{} is the target of two files", quoted(path)),
            Unfinished { path, txid, reason, .. } => {
                write!(f, "{} belongs to the unfinished transaction {txid}: {reason}", quoted(path))
            }
            StagedPrivileges { path, owner } => {
                let name = quoted(path);
                write!(
                    f,
                    "{name} has setuid, setgid or capabilities, and is of another user (uid {owner}): root would lend him its rights"
                )
            }
            SharedManifestWay { manifest, path, obstacle } => {
                write!(f, "manifest {} cannot be trusted: {} {obstacle}", quoted(manifest), quoted(path))
            }
            NothingRecorded => f.write_str("no change is recorded that could be taken back"),
            NothingKept { path } => write!(f, "no earlier version of {} is kept", quoted(path)),
            NothingToRescue { what, unreadable } => {
                write!(f, "no process has a deleted or replaced {what}")?;
                match unreadable {
                    0 => Ok(()),
                    1 => f.write_str("; one process could not be looked at"),
                    count => write!(f, "; {count} processes could not be looked at"),
                }
            }
            SeveralVersions { what, files } => write!(f, "processes have {} versions of {what}", files.len()),
            DistrustedProcess { what, .. } => write!(f, "who has {what} may have made it up"),
            OnlyMemory { path, pid } => {
                write!(f, "{} may not be opened: process {pid} has it mapped, and only its memory may be read", quoted(path))
            }
            NoMemory { path, pid, reason } => {
                write!(f, "{} cannot be made again out of the memory of process {pid}: {reason}", quoted(path))
            }
            DoesNotLoad { path, reason } => {
                write!(f, "what was made again of {} does not load: {}", quoted(path), quoted(reason))
            }
            ProcessGone { path, source } => {
                write!(f, "{} can no longer be opened by any process that had it: {}", quoted(path), lowered(source))
            }
            NotWhatRuns { path, pid, unknown: None } => {
                write!(f, "{} as it can be copied is not what process {pid} runs", quoted(path))
            }
            NotWhatRuns { path, pid, unknown: Some(reason) } => {
                write!(f, "whether {} as it can be copied is what process {pid} runs is not known: {reason}", quoted(path))
            }
            Process { pid, source } => write!(f, "cannot look at process {pid}: {}", lowered(source)),
            NotTheKept { path, kept } => {
                write!(f, "{} is not the version of {} that was kept there", quoted(kept), quoted(path))
            }
            NoTransaction { txid } => write!(f, "no transaction is called '{txid}'"),
            HalfDone { path, txid, source } => {
                write!(f, "transaction {txid} failed at {} and could not be taken back: {source}", quoted(path))
            }
            Busy { path, holders, unreadable: 0 } if holders.is_empty() => {
                write!(f, "{} is in use: it is held by a process this namespace cannot see", quoted(path))
            }
            Busy { path, holders, unreadable } if holders.is_empty() => {
                let who = format!("a process this namespace cannot see, or one of {unreadable} that may not be looked at");
                write!(f, "{} is in use: it is held by {who}", quoted(path))
            }
            Busy { path, holders, .. } => write!(f, "{} is in use: {}", quoted(path), listed(holders)),
            NoProof { path, doubt } => write!(f, "cannot prove that nobody uses {}: {doubt}", quoted(path)),
            Disturbed { path } => write!(f, "somebody wanted to write to {} meanwhile, so it is as before", quoted(path)),
            InPlaceInBatch { path } => write!(f, "{} cannot be overwritten in place together with other files", quoted(path)),
            Io { op, path, source } => write!(f, "cannot {op} {}: {}", quoted(path), lowered(source)),
            Cancelled => f.write_str("cancelled"),
        }
    }
}

/// The first few of them, and how many more there are.
fn listed(holders: &[Holder]) -> String {
    const SHOWN: usize = 5;
    let mut parts: Vec<String> = holders.iter().take(SHOWN).map(Holder::to_string).collect();
    let more = holders.len().saturating_sub(SHOWN);
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    parts.join(", ")
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            Holds::Executes => "executes it",
            Holds::Maps => "maps it",
            Holds::Open => "has it open",
        };
        write!(f, "process {} ({}) {how}", self.pid, escaped(&self.command))
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Doubt::*;
        match self {
            NotOwner { owner } => write!(f, "it belongs to uid {owner}, and only its owner or root may ask the kernel"),
            NoLeases => f.write_str("its filesystem knows no leases, or a server grants none"),
            OtherNamespace => {
                f.write_str("it is on an overlay filesystem, and processes outside this pid namespace cannot be seen")
            }
            NoProc { reason } => write!(f, "it is on an overlay filesystem, and /proc {reason}"),
            Unreadable { processes } => {
                write!(f, "it is on an overlay filesystem, and {processes} processes may not be looked at")
            }
            TooLong { needed, limit } => write!(
                f,
                "to write it and to restore it would take {:.1} s, and others can be kept waiting for {:.1} s",
                needed.as_secs_f64(),
                limit.as_secs_f64()
            ),
            Failed { reason } => f.write_str(reason),
        }
    }
}

/// A manifest before a line's number, as compilers print it: without quotes, so that editors find the place.
fn manifest(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { escaped(path.as_os_str()) }
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
            Immutable => f.write_str("is immutable"),
            AppendOnly => f.write_str("is append-only"),
            ReadOnly => f.write_str("is on a read-only filesystem"),
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
            Overlap => f.write_str("is also a directory of the tree that is to be copied there"),
            Needed => f.write_str("holds the staging tree or the state directory, and would be moved away"),
            HoldsMount { at } => write!(f, "holds the mount point or subvolume {}", quoted(at)),
            WrittenTo { at, pid } => write!(f, "is written to: process {pid} has {} open", quoted(at)),
            NotALink => f.write_str("is not a symbolic link"),
            NoPath => f.write_str("is a directory without a path: it was removed"),
            Absent => f.write_str("does not exist, so there is nothing to overwrite"),
            FileNotWritable => f.write_str("is a file you may not write to"),
            NameTooLong => f.write_str("has a longer name than the filesystem allows"),
        }
    }
}

/// An error's words in one safe line, without Rust's `(os error N)`, and with a small first letter unless it is an abbreviation.
pub(crate) fn lowered(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let text = escaped(text.split(" (os error").next().unwrap_or_default().as_ref());
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            format!("{}{}", first.to_lowercase(), &text[first.len_utf8()..])
        }
        _ => text,
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Source { source, .. }
            | Error::CannotKeep { source, .. }
            | Error::CannotSet { source, .. }
            | Error::InDoubt { source, .. }
            | Error::ProcessGone { source, .. }
            | Error::Process { source, .. }
            | Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_and_broken_utf8_are_escaped() {
        assert_eq!(quoted(OsStr::from_bytes(b"a\x1b[31m\n\xff'b\\")), r"'a\x1b[31m\n\xff\'b\\'");
        assert_eq!(quoted("a\u{202e}b"), r"'a\u{202e}b'");
        assert_eq!(quoted("gr\u{fc}n"), "'gr\u{fc}n'");
    }

    #[test]
    fn a_kernel_message_is_lower_case_and_without_its_number() {
        let error = Error::Io { op: "open", path: "/a".into(), source: io::Error::from_raw_os_error(2) };
        assert_eq!(error.to_string(), "cannot open '/a': no such file or directory");
    }

    #[test]
    fn a_full_disk_is_the_destinations_fault() {
        for (errno, kind) in [(28, ErrorKind::Target), (122, ErrorKind::Target), (27, ErrorKind::Target), (5, ErrorKind::Failed)]
        {
            let error = Error::write("write", Path::new("/a"), io::Error::from_raw_os_error(errno));
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}
