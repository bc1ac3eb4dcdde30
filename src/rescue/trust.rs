//! Whom to believe. Anybody can make a process of which /proc says that it runs `/usr/local/bin/sudo (deleted)`: a user namespace
//! and a bind mount do it.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::geteuid;

use super::candidates::{Candidate, Here};
use crate::fs::mount;
use crate::proc::{FileId, Process};
use crate::report::Distrust;
use crate::sys;

/// Whom a file at a path should belong to.
pub(crate) trait Owners {
    /// The owner that is recorded, if one is.
    fn recorded(&self, path: &Path) -> Option<u32>;
}

/// Whether the path of a link is what somebody else made of it: the mount it leads through is not one of the mount namespace of
/// its process, or that belongs to another user namespace than ours. A descriptor of a private mount may be given to a process
/// anywhere, and its link goes on to show the path there. Where it cannot be found out, it is so: a namespace of ours would have
/// told (ioctl_nsfs(2)).
///
/// `through`: the mount, or that it cannot be told, of a file that was opened; `None` for one that may not be: it has no mount that
/// could be asked for, and is put at no path unasked.
pub(super) fn is_foreign(process: &Process, through: Option<Option<u64>>, here: &Here) -> bool {
    if process.namespace("mnt").is_ok_and(|theirs| theirs == here.mounts) {
        let is_ours = |mount: u64| here.root_mount == Some(mount) || mount::is_listed(&here.mount_list, mount);
        return through.is_some_and(|through| !through.is_some_and(is_ours));
    }
    // Of a process in a directory of its own by chroot(2) only what is below it is listed. The list comes before the question
    // whose it is: out of a namespace of another user namespace nobody gets back into one of ours.
    let list = process.read("mountinfo").unwrap_or_default();
    let is_trusted = here.users.is_some() && owner_of_mounts(process).ok() == here.users;
    let is_theirs = |through: Option<u64>| through.is_some_and(|mount| mount::is_listed(&list, mount));
    !is_trusted || !through.is_none_or(is_theirs)
}

/// The user namespace that a process's mount namespace belongs to.
fn owner_of_mounts(process: &Process) -> Result<FileId, Errno> {
    let mounts = process.open_link("ns/mnt")?;
    let owner = sys::owner_of_namespace(mounts.as_fd()).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(FileId::from(&rustix::fs::fstat(owner)?))
}

/// Why a candidate is not to be trusted, if it is not.
///
/// What belongs to root nobody else can have made; what belongs to the caller harms nobody else.
pub(crate) fn distrust(candidate: &Candidate, owners: &dyn Owners) -> Option<Distrust> {
    // One process that is to be believed is enough: it is the same file.
    if let (true, Some(first)) = (candidate.sources.iter().all(|source| source.foreign), candidate.sources.first()) {
        return Some(Distrust::Mounts { pid: first.pid });
    }
    let owner = candidate.stat.as_ref()?.st_uid;
    let expected = owners.recorded(&candidate.name).or(candidate.directory.map(|(_, owner)| owner));
    match owner == 0 || owner == geteuid().as_raw() || Some(owner) == expected {
        true => None,
        false => Some(Distrust::Owner { owner, expected }),
    }
}
