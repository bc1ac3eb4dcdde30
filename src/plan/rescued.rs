//! Metadata of a file that is brought back: its own, as far as the caller may give it.

use std::fs::File;

use rustix::fs::{Stat, Timespec, Timestamps};
use rustix::process::{getegid, geteuid, getgroups};

use super::target::Target;
use crate::error::Error;
use crate::fs::attrs;
use crate::metadata::{Owner, Wanted, kind_of};
use crate::report::Warning;
use crate::request::{Kept, Mode};

/// The outcome.
pub(crate) struct OfInode {
    pub(crate) wanted: Wanted,
    /// The owner and group the file will end up with.
    pub(crate) owner: (u32, u32),
    pub(crate) warnings: Vec<Warning>,
}

/// What the file is to have: owner, group, mode, access control list, attributes and times of its inode.
///
/// Setuid, setgid and capabilities are never taken from an inode that only a process still has: `recorded` is the mode that our own
/// record has of this very file. Who is not root keeps what he may give.
///
/// # Errors
/// [`Error::CannotKeep`] if the attributes cannot be read.
pub(crate) fn of_inode(file: &File, stat: &Stat, recorded: Option<Mode>, target: &Target) -> Result<OfInode, Error> {
    let path = || target.path.clone();
    let root = geteuid().is_root();
    let mut warnings = Vec::new();
    let uid = (root || stat.st_uid == geteuid().as_raw()).then_some(stat.st_uid);
    let in_group =
        || stat.st_gid == getegid().as_raw() || getgroups().unwrap_or_default().iter().any(|gid| gid.as_raw() == stat.st_gid);
    let gid = (root || (uid.is_some() && in_group())).then_some(stat.st_gid);
    if uid.is_none() || gid.is_none() {
        warnings.push(Warning::OwnerNotRescued { path: path(), uid: stat.st_uid, gid: stat.st_gid });
    }

    let is_kept = |kind| match kind {
        Kept::Acl | Kept::Xattr => true,
        // A label is root's to give.
        Kept::Context => root,
        _ => false,
    };
    let needed = |xattr: &attrs::Xattr| kind_of(xattr).is_some_and(is_kept);
    let error = |errno: rustix::io::Errno| Error::CannotKeep {
        path: path(),
        kept: Kept::Xattr,
        detail: "listing them".to_owned(),
        source: errno.into(),
    };
    let mut xattrs = attrs::list(file, needed).map_err(error)?;
    let capable = xattrs.iter().any(|xattr| kind_of(xattr) == Some(Kept::Caps));
    xattrs.retain(|xattr| needed(xattr));

    let was = Mode::from_bits(stat.st_mode);
    let same_owner = (uid, gid) == (Some(stat.st_uid), Some(stat.st_gid));
    let mode = recorded.filter(|_| same_owner).unwrap_or_else(|| was.without_privilege());
    if (was.is_privileged() && !mode.is_privileged()) || capable {
        warnings.push(Warning::PrivilegeNotRescued { path: path(), mode: was });
    }
    let owner = |id: Option<u32>, kept| id.map_or(Owner::AsCreated, |id| Owner::Keep(kept, id));
    let time = |seconds, nanoseconds: u64| Timespec { tv_sec: seconds, tv_nsec: nanoseconds as _ };
    let wanted = Wanted {
        uid: owner(uid, Kept::Owner),
        gid: owner(gid, Kept::Group),
        mode,
        mode_kept: true,
        mode_lenient: false,
        times: Some(Timestamps {
            last_access: time(stat.st_atime, stat.st_atime_nsec as u64),
            last_modification: time(stat.st_mtime, stat.st_mtime_nsec as u64),
        }),
        xattrs,
    };
    let owner = (uid.unwrap_or_else(|| geteuid().as_raw()), gid.unwrap_or_else(|| getegid().as_raw()));
    Ok(OfInode { wanted, owner, warnings })
}
