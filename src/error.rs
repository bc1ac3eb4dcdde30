//! What can go wrong, as facts. Hints and exit codes belong to the program.

mod holder;
mod obstacle;
mod text;
mod words;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::report::Rescuable;
use crate::request::{Digest, Kept, Link};

pub use holder::{Doubt, Holder, Holds};
pub use obstacle::Obstacle;
pub use text::quoted;
pub(crate) use text::{escaped, lowered};

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
    /// What has the name of a journal is not one to be obeyed: no file, or others may write to it.
    StrangeJournal {
        /// Where it is.
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
        /// Whether its journal tells what is to be done; else it can only be abandoned.
        told: bool,
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
        /// The one process that was looked at; `None`: all.
        pid: Option<u32>,
        /// Processes that may not be looked at.
        unreadable: usize,
        /// Whether /proc hides the processes of others, so that they are not even counted.
        hidden: bool,
        /// Where a recorded version of it is all the same.
        moved: Option<PathBuf>,
    },
    /// Neither kept nor in a process, but in the directory under another name.
    MovedAside {
        /// The file.
        path: PathBuf,
        /// Where a recorded version of it is.
        at: PathBuf,
    },
    /// Processes have different versions of the file.
    SeveralVersions {
        /// What was looked for.
        what: String,
        /// The versions.
        files: Vec<Rescuable>,
    },
    /// The process that has the file may have planted it.
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
    /// A process has nothing by this link.
    NotHeld {
        /// The process.
        pid: u32,
        /// The program, the mapping or the descriptor that was asked for.
        link: Link,
        /// Whether there is something, which is no regular file.
        special: bool,
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
        /// What is not as it was recorded, first of all.
        differs: &'static str,
    },
    /// The record of the change that is asked for, or of one that is newer, cannot be used.
    DamagedRecord {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
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
            Source { source, .. } | Process { source, .. } if lacks_descriptors(source) => ErrorKind::Failed,
            Source { source, .. } if is_passing(source) => ErrorKind::TryLater,
            NothingKept { .. } | NothingRecorded | NothingToRescue { .. } | MovedAside { .. } | OnlyMemory { .. } => {
                ErrorKind::Unavailable
            }
            ProcessGone { .. } | Process { .. } | NotHeld { .. } | NoMemory { .. } => ErrorKind::Unavailable,
            NotTheKept { .. } | DamagedRecord { .. } | DistrustedProcess { .. } | NotWhatRuns { .. } => ErrorKind::Untrusted,
            Source { .. } | HttpStatus { .. } | Http { .. } => ErrorKind::Unavailable,
            Target { .. } | State { .. } | StrangeJournal { .. } => ErrorKind::Target,
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

/// Whether there were not enough descriptors, for the process or for all together: it is not the file's fault, and will be so again.
fn lacks_descriptors(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

/// Whether an error of opening or reading says nothing of the file: no memory, somebody's lease, a server that forgot a handle.
fn is_passing(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let passing = [Errno::NOMEM, Errno::AGAIN, Errno::STALE, Errno::INTR];
    Errno::from_io_error(error).is_some_and(|errno| passing.contains(&errno))
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
    fn a_kernel_message_is_lower_case_and_without_its_number() {
        let error = Error::Io { op: "open", path: "/a".into(), source: io::Error::from_raw_os_error(2) };
        assert_eq!(error.to_string(), "cannot open '/a': no such file or directory");
    }

    #[test]
    fn too_few_descriptors_are_no_fault_of_the_source() {
        for (errno, kind) in
            [(24, ErrorKind::Failed), (23, ErrorKind::Failed), (12, ErrorKind::TryLater), (2, ErrorKind::Unavailable)]
        {
            let error = Error::Source { path: "/a".into(), source: io::Error::from_raw_os_error(errno) };
            assert_eq!(error.kind(), kind, "{error}");
        }
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
