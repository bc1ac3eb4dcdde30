//! Whether anybody else has a file: the lease, and the processes where the lease does not tell all.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use rustix::fs::FileType;
use rustix::io::Errno;

use crate::error::{Doubt, Error, Holder, Holds, Obstacle};
use crate::failpoint;
use crate::fs::dir::{self, Dir};
use crate::fs::lease::{self, Answer, Mapped, Unknown, WriteLease};
use crate::proc::{FileId, How, Proc, Process, hiding};
use crate::sys;

/// The pid namespace the machine started with: PROC_PID_INIT_INO of linux/proc_ns.h.
const INITIAL_NAMESPACE: &str = "pid:[4026531836]";

/// Opens a file for writing, and proves that nobody else has it. Other descriptors of this process count as others.
///
/// # Errors
/// [`Error::Busy`], [`Error::NoProof`]; [`Error::Target`] if it may not be written to.
pub(super) fn prove(dir: &Dir, leaf: &OsStr, path: &Path) -> Result<WriteLease, Error> {
    let stopped = failpoint::hit("lease").map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
    match stopped.and_then(|()| dir.open_to_overwrite(leaf)) {
        Ok(file) => prove_of(file, path),
        // It runs; or somebody has a lease on it.
        Err(Errno::TXTBSY | Errno::AGAIN) => {
            let stat = dir::stat_at(dir, leaf).map_err(|errno| io("look at", path, errno))?;
            Err(busy(path, &[FileId::from(&stat)], None))
        }
        Err(errno) => Err(open_error(path, errno)),
    }
}

/// Finds out whether anybody else has a file, and changes nothing: on an overlay, to open a file for writing copies it.
///
/// # Errors
/// As [`prove`]. Of a file that may not be read nothing is said.
pub(super) fn judge(dir: &Dir, leaf: &OsStr, path: &Path) -> Result<(), Error> {
    match dir.open_file(leaf) {
        Ok(file) => prove_of(file, path).map(drop),
        Err(Errno::ACCESS) => Ok(()),
        Err(Errno::AGAIN) => Err(busy(path, &[], None)),
        Err(errno) => Err(open_error(path, errno)),
    }
}

fn prove_of(file: File, path: &Path) -> Result<WriteLease, Error> {
    let stat = rustix::fs::fstat(&file).map_err(|errno| io("look at", path, errno))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Error::TargetChanged { path: path.to_owned() });
    }
    let (id, number) = (FileId::from(&stat), file.as_raw_fd());
    let no_proof = |doubt| Err(Error::NoProof { path: path.to_owned(), doubt });
    match lease::take(file, mapped_anywhere) {
        Answer::Idle(lease) => Ok(lease),
        Answer::Held => Err(busy(path, &[id], Some(number))),
        Answer::Unknown(Unknown::NotOwner) => no_proof(Doubt::NotOwner { owner: stat.st_uid }),
        Answer::Unknown(Unknown::NotSupported) => no_proof(Doubt::NoLeases),
        Answer::Unknown(Unknown::Elsewhere(doubt)) => no_proof(doubt),
        Answer::Unknown(Unknown::Failed(error)) => no_proof(Doubt::Failed { reason: crate::error::lowered(&error) }),
    }
}

fn open_error(path: &Path, errno: Errno) -> Error {
    let target = |obstacle| Error::Target { path: path.to_owned(), obstacle };
    match errno {
        Errno::ACCESS => target(Obstacle::FileNotWritable),
        Errno::PERM => target(Obstacle::Forbidden),
        Errno::ROFS => target(Obstacle::ReadOnly),
        Errno::NOENT => target(Obstacle::Absent),
        Errno::LOOP | Errno::ISDIR | Errno::NXIO => Error::TargetChanged { path: path.to_owned() },
        _ => io("open for writing", path, errno),
    }
}

/// Whether a process maps the file, on a filesystem where mappings are of what is underneath: all processes are looked at, which
/// only a process can do that sees all of them.
fn mapped_anywhere(file: &File) -> Mapped<Doubt> {
    let looked = || -> Result<bool, Doubt> {
        let gone = |_| Doubt::NoProc { reason: "is not there".to_owned() };
        let proc = Proc::open().map_err(gone)?;
        let me = proc.process(std::process::id()).map_err(gone)?;
        sees_everything(&me)?;
        let ids = ids_of(file, &me).map_err(gone)?;
        // Twice, for a process that was not looked at yet may have handed its mapping to a new one, and ended.
        for _ in 0..2 {
            let scan = crate::proc::holders(&proc, &ids).map_err(gone)?;
            if scan.more > 0 || scan.holders.iter().any(|holder| how(holder, Some(file.as_raw_fd())).is_some()) {
                return Ok(true);
            }
            if scan.unreadable > 0 {
                return Err(Doubt::Unreadable { processes: scan.unreadable });
            }
        }
        Ok(false)
    };
    match looked() {
        Ok(false) => Mapped::Nobody,
        Ok(true) => Mapped::Somebody,
        Err(doubt) => Mapped::Unknown(doubt),
    }
}

/// Refuses to conclude anything from a /proc that does not show all processes of the machine.
fn sees_everything(me: &Process) -> Result<(), Doubt> {
    let reason = |reason: &str| Doubt::NoProc { reason: reason.to_owned() };
    let unreadable = |_| reason("cannot be read");
    if me.namespace("pid").map_err(unreadable)? != INITIAL_NAMESPACE {
        return Err(Doubt::OtherNamespace);
    }
    // It may be that of another namespace.
    let own = rustix::fs::readlink("/proc/self", Vec::new()).map_err(unreadable)?;
    if own.to_bytes() != std::process::id().to_string().as_bytes() {
        return Err(reason("is that of another pid namespace"));
    }
    let mounts = me.read("mountinfo").map_err(unreadable)?;
    match hiding(&mounts) {
        Some(_) => Err(reason("is mounted with hidepid")),
        None => Ok(()),
    }
}

/// What the file may be called in /proc: as stat(2) has it, and as a mapping of it is.
fn ids_of(file: &File, me: &Process) -> Result<Vec<FileId>, Errno> {
    let mut ids = vec![FileId::from(&rustix::fs::fstat(file)?)];
    let page = sys::Page::map(file.as_fd()).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    if let Some(mapping) = me.mappings()?.into_iter().find(|mapping| mapping.start == page.address()) {
        let (major, minor) = mapping.device;
        ids.push(FileId { dev: rustix::fs::makedev(major, minor), ino: mapping.inode });
        ids.extend(me.stat(mapping.link()).as_ref().map(FileId::from));
    }
    ids.dedup();
    Ok(ids)
}

/// The error that a file is in use, with whoever can be seen to have it. `own` is the descriptor by which we asked. This process
/// is a holder only if it is the file's program that runs it; whatever else of ours is in the way is said as such.
fn busy(path: &Path, ids: &[FileId], own: Option<i32>) -> Error {
    let scan = Proc::open().and_then(|proc| crate::proc::holders(&proc, ids)).unwrap_or_default();
    let ways = scan.holders.iter().filter_map(|holder| Some((&holder.process, how(holder, own)?)));
    let is_own = |(process, how): &(&Process, Holds)| process.pid() == std::process::id() && *how != Holds::Executes;
    let (ours, others): (Vec<_>, Vec<_>) = ways.partition(is_own);
    if others.is_empty() && !ours.is_empty() {
        let reason = "this process itself has it open or mapped".to_owned();
        return Error::NoProof { path: path.to_owned(), doubt: Doubt::Failed { reason } };
    }
    let holders = others.into_iter().map(|(process, how)| {
        let command = process.status().map(|status| status.comm).unwrap_or_default();
        Holder { pid: process.pid(), command, how }
    });
    Error::Busy { path: path.to_owned(), holders: holders.collect(), unreadable: scan.unreadable }
}

/// In which way a process has the file, apart from the descriptor by which we asked.
fn how(holder: &crate::proc::Holder, own: Option<i32>) -> Option<Holds> {
    let is_own = |descriptor: u32| holder.process.pid() == std::process::id() && own == i32::try_from(descriptor).ok();
    let ways = holder.files.iter().filter_map(|(_, how)| match how {
        How::Executes => Some(Holds::Executes),
        How::Maps { .. } => Some(Holds::Maps),
        How::Open { descriptor, .. } if is_own(*descriptor) => None,
        How::Open { .. } => Some(Holds::Open),
    });
    ways.min_by_key(|how| *how as u8)
}

fn io(op: &'static str, path: &Path, errno: Errno) -> Error {
    Error::Io { op, path: path.to_owned(), source: errno.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_maps_what_it_maps() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(4096).unwrap();
        let proc = Proc::open().unwrap();
        let me = proc.process(std::process::id()).unwrap();
        let ids = ids_of(&file, &me).unwrap();
        let page = sys::Page::map(file.as_fd()).unwrap();
        let scan = crate::proc::holders(&proc, &ids).unwrap();
        assert!(scan.holders.iter().any(|holder| how(holder, Some(file.as_raw_fd())) == Some(Holds::Maps)));
        drop(page);
    }
}
