//! The one line that says what went wrong.

use std::path::Path;
use std::{fmt, io};

use super::holder::listed;
use super::{Error, escaped, lowered, quoted};
use crate::request::Link;

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
                // It may be the name of an attribute, which whoever owns the file has chosen.
                let detail = escaped(detail.as_ref());
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
            StrangeJournal { path, reason } => write!(f, "the journal {} is not obeyed: {reason}", quoted(path)),
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
            NothingToRescue { what, pid, unreadable, hidden, moved } => {
                match pid {
                    Some(pid) => write!(f, "process {pid} has no deleted or replaced {what}")?,
                    None => write!(f, "no process has a deleted or replaced {what}")?,
                }
                match unreadable {
                    0 => {}
                    1 => f.write_str("; one process could not be looked at")?,
                    count => write!(f, "; {count} processes could not be looked at")?,
                }
                if *hidden {
                    f.write_str("; /proc hides the processes of other users")?;
                }
                moved.as_ref().map_or(Ok(()), |at| write!(f, "; a recorded version is at {}", quoted(at)))
            }
            MovedAside { path, at } => {
                write!(f, "no earlier version of {} is kept; a recorded version is at {}", quoted(path), quoted(at))
            }
            SeveralVersions { what, files } => write!(f, "processes have {} versions of {}", files.len(), the(what)),
            DistrustedProcess { what, .. } => write!(f, "the process that has {} may have planted it", the(what)),
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
            Process { pid, source } => match source.kind() {
                io::ErrorKind::NotFound => write!(f, "there is no process {pid}"),
                io::ErrorKind::PermissionDenied => write!(f, "process {pid} may not be looked at: {}", lowered(source)),
                _ => write!(f, "cannot look at process {pid}: {}", lowered(source)),
            },
            NotHeld { pid, link, special } => not_held(*pid, link, *special, f),
            NotTheKept { path, kept, differs } => {
                write!(f, "{} is not the version of {} that was kept there: {differs}", quoted(kept), quoted(path))
            }
            DamagedRecord { path, reason } => write!(f, "the record {} cannot be used: {reason}", quoted(path)),
            NoTransaction { txid } => write!(f, "no transaction is called {}", quoted(txid)),
            HalfDone { path, txid, source } => {
                write!(f, "transaction {txid} failed at {} and could not be taken back: {source}", quoted(path))
            }
            Busy { path, holders, unreadable: 0 } if holders.is_empty() => {
                write!(f, "{} is in use: it is held by a process this namespace cannot see", quoted(path))
            }
            Busy { path, holders, unreadable } if holders.is_empty() => {
                let one = if *unreadable == 1 { "one".to_owned() } else { format!("one of {unreadable}") };
                let who = format!("a process this namespace cannot see, or {one} that may not be looked at");
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

/// What was looked for, with an article unless it is a path.
fn the(what: &str) -> String {
    if what.starts_with('\'') { what.to_owned() } else { format!("the {what}") }
}

/// That a process has nothing by a link, or nothing that could be taken.
fn not_held(pid: u32, link: &Link, special: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match (link, special) {
        (Link::Exe, _) => write!(f, "process {pid} runs no program: it is a thread of the kernel, or has ended"),
        (Link::Map(name), false) => write!(f, "process {pid} has nothing mapped that is called {}", quoted(name)),
        (Link::Map(name), true) => write!(f, "what process {pid} has mapped as {} is no regular file", quoted(name)),
        (Link::Fd(number), false) => write!(f, "process {pid} has no descriptor {number} open"),
        (Link::Fd(number), true) => write!(f, "descriptor {number} of process {pid} is no regular file"),
    }
}

/// A manifest before a line's number, as compilers print it: without quotes, so that editors find the place.
fn manifest(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { escaped(path.as_os_str()) }
}
