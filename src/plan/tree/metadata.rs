//! Which metadata a name of a staging tree gets, and whether what is there has it.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{FileType, Stat};
use rustix::process::{getegid, geteuid};

use crate::error::Error;
use crate::fs::attrs::{self, Xattr};
use crate::metadata::{Owner, Wanted, kind_of, times};
use crate::plan::{keep, trust};
use crate::request::{Kept, Mode, PathTrust, TreeOwners, TreeRequest};
use crate::sys;

/// Whose everything becomes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owners {
    uid: Option<u32>,
    gid: Option<u32>,
    keep: bool,
    /// Whether nobody has said that what others staged with rights of their own is to be root's.
    unasked: bool,
}

impl Owners {
    /// # Errors
    /// [`Error::UnknownAccount`].
    pub(super) fn of(request: &TreeRequest) -> Result<Owners, Error> {
        let (uid, gid) = keep::look_up(&request.ownership)?;
        let keep = request.owners == TreeOwners::Stage;
        let judged = request.path_trust == PathTrust::Strict && sys::is_root_to_the_kernel();
        Ok(Owners { uid, gid, keep, unasked: judged && uid.is_none() && !keep })
    }

    fn of_name(&self, staged: Option<&Stat>) -> (Owner, Owner) {
        let staged = staged.filter(|_| self.keep);
        let owner = |asked: Option<u32>, what, kept, staged: Option<u32>, roots: u32| match (asked, staged) {
            (Some(id), _) => Owner::Set(what, id),
            (None, Some(id)) => Owner::Keep(kept, id),
            // A new file's group may be its directory's, inode(7); root's files are root's all the same.
            (None, None) if geteuid().is_root() => Owner::Set(what, roots),
            (None, None) => Owner::AsCreated,
        };
        (
            owner(self.uid, "owner", Kept::Owner, staged.map(|stat| stat.st_uid), geteuid().as_raw()),
            owner(self.gid, "group", Kept::Group, staged.map(|stat| stat.st_gid), getegid().as_raw()),
        )
    }
}

/// The metadata one name gets.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) wanted: Wanted,
}

impl Metadata {
    /// Of a file or a directory.
    ///
    /// # Errors
    /// [`Error::Source`] if its attributes cannot be read; [`Error::StagedPrivileges`] of a file that another user gave setuid,
    /// setgid or capabilities: as root's these would be rights that he does not have.
    pub(crate) fn of(owners: &Owners, file: impl AsFd, stat: &Stat, path: &Path) -> Result<Metadata, Error> {
        let xattrs = attrs::list(file, carried);
        let mut xattrs = xattrs.map_err(|errno| Error::Source { path: path.to_owned(), source: errno.into() })?;
        xattrs.retain(carried);
        let privileged = stat.st_mode & 0o6000 != 0 || xattrs.iter().any(|xattr| *xattr.name == *attrs::CAPABILITY);
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if is_file && privileged && owners.unasked && !trust::is_trusted_owner(stat.st_uid) {
            return Err(Error::StagedPrivileges { path: path.to_owned(), owner: stat.st_uid });
        }
        Ok(Metadata { wanted: Metadata::of_link(owners, stat).wanted_with(xattrs) })
    }

    /// Of a file or directory that stays as it is: with its label, which is that of the place.
    ///
    /// # Errors
    /// [`Error::CannotKeep`] if its attributes cannot be read.
    pub(crate) fn of_kept(file: impl AsFd, stat: &Stat, path: &Path) -> Result<Metadata, Error> {
        let lasting = |xattr: &Xattr| kind_of(xattr).is_some();
        let xattrs = attrs::list(file, lasting).map_err(|errno| Error::CannotKeep {
            path: path.to_owned(),
            kept: Kept::Xattr,
            detail: "listing them".to_owned(),
            source: errno.into(),
        })?;
        Ok(Metadata { wanted: Wanted::same_as(stat, xattrs) })
    }

    /// Of a link that stays as it is.
    pub(crate) fn of_kept_link(stat: &Stat) -> Metadata {
        Metadata { wanted: Wanted::same_as(stat, Vec::new()) }
    }

    /// Of a link that is not in the staging tree: it is of now.
    pub(crate) fn of_new_link(owners: &Owners) -> Metadata {
        let (uid, gid) = owners.of_name(None);
        Metadata {
            wanted: Wanted {
                uid,
                gid,
                mode: Mode::NEW_FILE,
                mode_kept: false,
                mode_lenient: false,
                times: None,
                xattrs: Vec::new(),
            },
        }
    }

    /// Of a symbolic link.
    pub(crate) fn of_link(owners: &Owners, stat: &Stat) -> Metadata {
        let (uid, gid) = owners.of_name(Some(stat));
        let mode = Mode::from_bits(stat.st_mode);
        Metadata {
            wanted: Wanted {
                uid,
                gid,
                mode,
                mode_kept: false,
                mode_lenient: false,
                times: Some(times(stat)),
                xattrs: Vec::new(),
            },
        }
    }

    fn wanted_with(self, xattrs: Vec<Xattr>) -> Wanted {
        Wanted { xattrs, ..self.wanted }
    }

    /// Whether a file that is there has all of it. Its group is not looked at where the kernel would choose one.
    pub(crate) fn is_that_of(&self, file: &File, stat: &Stat) -> bool {
        let Wanted { mode, times: wanted_times, xattrs, .. } = &self.wanted;
        let same_xattrs = || {
            let mut there = attrs::list(file, carried)?;
            there.retain(carried);
            Ok::<_, rustix::io::Errno>(there.len() == xattrs.len() && there.iter().all(|xattr| xattrs.contains(xattr)))
        };
        Mode::from_bits(stat.st_mode) == *mode
            && self.has_owner(stat)
            && wanted_times.as_ref().is_none_or(|wanted| wanted.last_modification == times(stat).last_modification)
            && same_xattrs().unwrap_or(false)
    }

    /// Whether what is there is of the right owner and group.
    pub(crate) fn has_owner(&self, stat: &Stat) -> bool {
        let uid = self.wanted.uid.id().unwrap_or_else(|| geteuid().as_raw());
        stat.st_uid == uid && self.wanted.gid.id().is_none_or(|gid| gid == stat.st_gid)
    }
}

/// Whether an attribute goes with the file. Labels do not: those of a staging tree are of the place where it was built.
fn carried(xattr: &Xattr) -> bool {
    kind_of(xattr).is_some_and(|kind| kind != Kept::Context)
}
