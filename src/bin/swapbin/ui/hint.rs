//! What to do about a failure.

use rustix::io::Errno;
use swapbin::{Doubt, Error, Link, Obstacle, quoted};

use super::again;

/// The advice for an error, where there is one that helps.
pub fn of(error: &Error) -> Option<String> {
    advice(error).map(again::complete)
}

fn advice(error: &Error) -> Option<String> {
    if lacks_descriptors(error) {
        return Some("it takes more files or directories at once than the limit of open files allows: ulimit -n".to_owned());
    }
    Some(match error {
        Error::MirrorsNeedDigest => "give --sha256, so that it does not matter which source answers".to_owned(),
        Error::PlainHttp { .. } => "give --sha256, use https, or accept the risk with --insecure-http".to_owned(),
        Error::NoName { .. } => "give --to with a file name".to_owned(),
        Error::Source { source, .. } => return of_source(source),
        Error::SameFile { .. } => "name another file, or copy this one somewhere else first".to_owned(),
        Error::StagedSpecial { .. } => {
            "remove it from the staging tree: only files, links and directories are put in place".to_owned()
        }
        Error::StagedPrivileges { .. } => "if it is to be so, say whose it becomes with --owner root; else remove them in the \
             staging tree: chmod u-s,g-s"
            .to_owned(),
        Error::SourceIsDirectory { .. } => "name the file in it".to_owned(),
        Error::SourceEmpty { .. } => "if an empty file is wanted, give --allow-empty".to_owned(),
        Error::WebPage { .. } => "check the address; if a web page is what you want, give its --sha256".to_owned(),
        Error::SourceTooLarge { .. } => "if that is right, give a larger --max-filesize".to_owned(),
        Error::SourceChanged { .. } => "wait until whoever writes the source is done, and run this again".to_owned(),
        Error::TargetChanged { .. } => "look at who else changes it, and run this again".to_owned(),
        Error::SharedManifest { regular: false, .. } => {
            "a manifest is a file of your own; what a program writes is read from standard input: swapbin apply -".to_owned()
        }
        Error::SharedManifest { owner: 0, path, .. } => {
            format!("chmod go-w {}, or trust whoever may write to it with --allow-shared-path", quoted(path))
        }
        Error::SharedManifest { owner, .. } => {
            format!("run this as its owner (uid {owner}), or trust whoever may write to it with --allow-shared-path")
        }
        Error::SharedManifestWay { path, obstacle, .. } => return of_obstacle(path, obstacle),
        Error::StdinTwice => "write it to a file first".to_owned(),
        Error::SameTarget { .. } => "name each target once; a directory is written with a slash at its end".to_owned(),
        Error::UnknownAccount { .. } => "create the account first, or give a number".to_owned(),
        Error::HttpStatus { status: 401 | 403, .. } => "give a token with --token-env, --token-file or --header-env".to_owned(),
        Error::HttpStatus { transient: true, .. } | Error::Http { transient: true, .. } => {
            "run this again later, or let it try longer with --retry and --max-time".to_owned()
        }
        Error::HttpStatus { .. } | Error::BadUrl { .. } => "check the address".to_owned(),
        Error::Http { .. } => {
            "check the address and where it leads; a certificate authority of your own is given with --cacert".to_owned()
        }
        Error::DigestMismatch { html: true, .. } => {
            "what came looks like HTML, a web page and not a program: check the address".to_owned()
        }
        Error::DigestMismatch { .. } => {
            "the source is damaged, has been changed, or the digest belongs to another version".to_owned()
        }
        Error::MaxTime { .. } => "run this again, or give a longer --max-time".to_owned(),
        Error::CannotKeep { kept, .. } => {
            format!("run this as root, or leave it out: --preserve with a list without {}", kept.word())
        }
        Error::CannotSet { .. } => "run this as root".to_owned(),
        Error::InDoubt { path, .. } => {
            format!("the disk may be failing: run 'sync', look at the kernel's log, and compare {} with the source", quoted(path))
        }
        Error::State { .. } => {
            "it has to be a directory of your own, with room in it, that nobody else may write to: give one with --state-dir, or \
             mend this one"
                .to_owned()
        }
        Error::StrangeJournal { .. } => {
            "look at how it came there: a journal is a file of your own that nobody else may write to; if this is one, make it so again \
             with chown and chmod, else move it away"
                .to_owned()
        }
        Error::Locked { .. } => "run this again later, or wait longer with --wait".to_owned(),
        Error::Unfinished { later: true, txid, .. } => format!(
            "mount it, then run 'swapbin recover'; if it is gone for good, 'swapbin recover --abandon {txid}' leaves every file as \
             it is"
        ),
        Error::Unfinished { told: false, txid, .. } => format!(
            "if another version of swapbin wrote it, run that one's 'swapbin recover'; else only 'swapbin recover --abandon {txid}' is \
             left, which leaves every file as it is: look at those it may have been about"
        ),
        Error::Unfinished { txid, .. } => format!(
            "look at it with 'swapbin recover --list'; then 'swapbin recover --forward {txid}' or '--back {txid}' does what can be \
             done, '--abandon {txid}' leaves every file as it is"
        ),
        Error::HalfDone { .. } => "once the reason is gone, run 'swapbin recover'; what is left over, 'swapbin recover --list' \
             tells"
            .to_owned(),
        Error::NothingToRescue { what, moved: Some(at), .. } => put_back(at, what),
        Error::MovedAside { path, at } => put_back(at, &quoted(path)),
        Error::NothingToRescue { pid: Some(pid), .. } => {
            format!("see what it has that is gone: swapbin rescue --list --pid {pid}; or look at all processes, without --pid")
        }
        Error::NothingToRescue { unreadable, hidden, .. } if is_root() || (*unreadable == 0 && !hidden) => "see what there is: swapbin rescue --list".to_owned(),
        Error::NothingToRescue { .. } => "run this as root, or see what there is: swapbin rescue --list".to_owned(),
        Error::SeveralVersions { .. } => "name one of them with --sha256, or its process with --pid".to_owned(),
        Error::DistrustedProcess { files, .. } => match files.first().map(|file| (file.sha256, file.processes.first())) {
            Some((Some(digest), Some(process))) => format!(
                "look at it first; if it is the file you want, name process and digest: --pid {} --sha256 {digest}",
                process.pid
            ),
            _ => return None,
        },
        Error::OnlyMemory { .. } => {
            let who = if is_root() { "" } else { "as root or " };
            format!("run this {who}with CAP_CHECKPOINT_RESTORE; or let it be made again, not identical, with --from-memory")
        }
        Error::NotWhatRuns { .. } => {
            "another file may have taken its place; to take it all the same, name its digest with --sha256".to_owned()
        }
        Error::NotHeld { link: Link::Exe, .. } => {
            "check the pid; see what processes have that is gone: swapbin rescue --list".to_owned()
        }
        Error::NotHeld { pid, link: Link::Map(_), .. } => format!(
            "see what it has that is gone: swapbin rescue --list --pid {pid}; and all that it has mapped: /proc/{pid}/maps"
        ),
        Error::NotHeld { pid, link: Link::Fd(_), .. } => {
            format!(
                "see what it has that is gone: swapbin rescue --list --pid {pid}; and all that it has open: ls -l /proc/{pid}/fd"
            )
        }
        Error::Process { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            "it has ended, or is hidden from you; a pid is looked up in your own pid namespace".to_owned()
        }
        // Whatever forbids it to root, another user may not either.
        Error::Process { .. } if is_root() => return None,
        Error::Process { .. } => "run this as root, or as the user of the process if it is dumpable".to_owned(),
        Error::NothingKept { path } => {
            format!(
                "see what is kept: swapbin history {name}; and what processes still have: swapbin rescue --list",
                name = quoted(path)
            )
        }
        Error::NotTheKept { kept, .. } => {
            format!(
                "somebody has changed {}, or the file in place itself before it was replaced, which is the same one: it is not \
                 brought back; look at it, and put it in place yourself, or move it away for an older one that is kept",
                quoted(kept)
            )
        }
        Error::DamagedRecord { .. } => {
            "put it back from a backup, or look at 'swapbin history' and name the change to take back with \
             --txn"
                .to_owned()
        }
        Error::NothingRecorded => "see what is unfinished: swapbin recover --list; and whether this is the state directory that \
             was deployed with"
            .to_owned(),
        Error::NoTransaction { .. } => {
            "see what was changed: swapbin history; and what is unfinished: swapbin recover --list".to_owned()
        }
        Error::Busy { holders, .. } if holders.is_empty() => {
            "look for it on the host and in other containers; or leave out --in-place, and whoever has the old file keeps it"
                .to_owned()
        }
        Error::Busy { .. } => "stop them first; or leave out --in-place, and whoever has the old file keeps it".to_owned(),
        Error::NoProof { doubt, .. } => return of_doubt(doubt),
        Error::Disturbed { .. } => "find out who writes to it, and run this again".to_owned(),
        Error::InPlaceInBatch { .. } => "give it a run of its own: only renames are all or nothing".to_owned(),
        Error::Target { path, obstacle } => return of_obstacle(path, obstacle),
        _ => return None,
    })
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether there were not enough descriptors.
fn lacks_descriptors(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    matches!(cause.and_then(Errno::from_io_error), Some(Errno::MFILE | Errno::NFILE))
}

/// `to`: in quotes.
fn put_back(at: &std::path::Path, to: &str) -> String {
    format!("look at it; to put it in place again: swapbin --from {} --to {to}", quoted(at))
}

fn of_source(error: &std::io::Error) -> Option<String> {
    use std::io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    Some(match error.kind() {
        NotFound | NotADirectory => {
            "check the path; without a leading slash it is relative to the working directory, in a manifest to the manifest's own"
                .to_owned()
        }
        PermissionDenied => "run this as a user who may read it".to_owned(),
        _ => "only files, fifos and other streams that can be opened for reading are sources".to_owned(),
    })
}

fn of_doubt(doubt: &Doubt) -> Option<String> {
    Some(match doubt {
        Doubt::NotOwner { .. } => "run this as its owner, or as root".to_owned(),
        Doubt::OtherNamespace | Doubt::Unreadable { .. } | Doubt::NoProc { .. } => {
            "run this as root on the host, outside of every container; or leave out --in-place".to_owned()
        }
        Doubt::TooLong { .. } => {
            "a longer /proc/sys/fs/lease-break-time leaves more time; or leave out --in-place where a rename can be made"
                .to_owned()
        }
        Doubt::NoLeases => {
            "leave out --in-place; where no rename can be made, stop whoever uses it and write it with cp".to_owned()
        }
        _ => return None,
    })
}

fn of_obstacle(path: &std::path::Path, obstacle: &Obstacle) -> Option<String> {
    let name = quoted(path);
    Some(match obstacle {
        Obstacle::Exists => {
            "write it elsewhere with --to, or put it in its place with --replace, which keeps the present one".to_owned()
        }
        Obstacle::Directory => "give --to with another name, or move the directory away".to_owned(),
        Obstacle::Special { .. } => "only regular files and links to them are replaced".to_owned(),
        Obstacle::MissingParent => "create the directory first".to_owned(),
        Obstacle::NotADirectory => "check the path".to_owned(),
        Obstacle::OwnName => "choose another name; what a run left in a staging tree, remove".to_owned(),
        Obstacle::InStateDirectory => "choose another place, or another state directory with --state-dir".to_owned(),
        Obstacle::DanglingLink { .. } => "mend the link, or replace the link itself with --no-dereference".to_owned(),
        Obstacle::LinkLoop => "mend the links, or replace the link itself with --no-dereference".to_owned(),
        Obstacle::MountPoint => format!(
            "a mounted file cannot be renamed over: umount {name}, replace the file on the host, or, if nobody uses it, overwrite it \
             with --in-place"
        ),
        Obstacle::MountedDirectory if path.parent().is_none() => "name a directory in it".to_owned(),
        Obstacle::MountedDirectory => {
            format!("it can neither change its name nor go while it is one: umount {name}, or name a directory in it")
        }
        Obstacle::Immutable => format!("chattr -i {name}"),
        Obstacle::AppendOnly => format!("chattr -a {name}"),
        Obstacle::ReadOnly => "remount it read-write, or choose another place".to_owned(),
        Obstacle::NotWritable => {
            "a file is replaced by renaming, which needs write permission on its directory: run this as root or as its owner; a file \
             of your own that nobody uses is overwritten with --in-place"
                .to_owned()
        }
        Obstacle::Absent => "leave out --in-place".to_owned(),
        Obstacle::FileNotWritable => "run this as root, or as a user who may write to it".to_owned(),
        Obstacle::NotSearchable => "run this as a user who may enter it".to_owned(),
        Obstacle::Sticky { .. } => {
            "run this as the file's owner; as root, remove the file first, or trust its owner with --allow-shared-path".to_owned()
        }
        Obstacle::SharedDirectory { owner: 0, .. } => {
            format!("chmod go-w {name}, or trust whoever may write there with --allow-shared-path")
        }
        Obstacle::SharedDirectory { owner, .. } => {
            format!("run this as its owner (uid {owner}), or trust whoever may write there with --allow-shared-path")
        }
        Obstacle::SharedLink { .. } => "name what the link points to, or trust its owner with --allow-shared-path".to_owned(),
        Obstacle::NoSpace { .. } | Obstacle::NoInodes | Obstacle::Quota => {
            "make room: the old and the new file have to fit side by side".to_owned()
        }
        Obstacle::Forbidden => {
            "look for an immutable or append-only flag with lsattr, for a sticky directory, and in the kernel's log".to_owned()
        }
        Obstacle::FileTooLarge => "raise the limit: ulimit -f, or the filesystem's".to_owned(),
        Obstacle::LowerLayer => "leave out --exchange or --delete, or use --generation-link".to_owned(),
        Obstacle::LeadsOut { .. } => {
            "links are followed inside the root only: mend the link, or name its target with --to".to_owned()
        }
        Obstacle::LeadsNowhere { .. } => "mend the link, or remove it".to_owned(),
        Obstacle::Outside => "name a directory below the one of --to".to_owned(),
        Obstacle::HoldsStaged { .. } => "name another directory with --delete".to_owned(),
        Obstacle::WayIn => "stage its names where the link leads, or leave out the new link".to_owned(),
        Obstacle::Overlap => "stage the tree somewhere else".to_owned(),
        Obstacle::HoldsMount { at } => format!("umount {}, or leave this directory out", quoted(at)),
        Obstacle::WrittenTo { pid, .. } => {
            format!("stop process {pid} first, or leave out --exchange: what it goes on writing would be lost")
        }
        Obstacle::NameTooLong => "choose a shorter name".to_owned(),
        _ => return None,
    })
}
