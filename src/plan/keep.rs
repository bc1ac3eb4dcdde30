//! Which metadata the new file gets: what was asked for, what the old file had, what a new file has.

use std::fs::File;
use std::os::fd::AsRawFd;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};

use super::entry::Entry;
use super::target::{Existing, Target};
use crate::error::Error;
use crate::fs::attrs::{self, Xattr};
use crate::fs::label;
use crate::metadata::{Owner, Wanted, kind_of};
use crate::report::Warning;
use crate::request::{Account, Kept, Mode, ModeChange, Ownership, Preserve, Request};
use crate::sys;

/// The outcome.
pub(super) struct Decision {
    pub(super) wanted: Wanted,
    /// The owner and group the file will end up with.
    pub(super) owner: (u32, u32),
    /// The label that the policy has for the new file, where that is to decide.
    pub(super) label: Option<Vec<u8>>,
    /// Whether the existing file has all of it already.
    pub(super) current: bool,
    pub(super) warnings: Vec<Warning>,
}

/// The numbers of the owner and group asked for.
///
/// # Errors
/// [`Error::UnknownAccount`].
pub(super) fn look_up(ownership: &Ownership) -> Result<(Option<u32>, Option<u32>), Error> {
    let find = |account: &Option<Account>, kind, by_name: fn(&str) -> std::io::Result<Option<u32>>| {
        let Some(account) = account else { return Ok(None) };
        let name = account.as_str();
        // The largest number means "no change" to chown(2).
        let number = || name.parse().ok().filter(|id| *id != u32::MAX);
        match by_name(name).unwrap_or(None).or_else(number) {
            Some(id) => Ok(Some(id)),
            None => Err(Error::UnknownAccount { kind, name: name.to_owned() }),
        }
    };
    Ok((find(&ownership.user, "user", sys::user_id)?, find(&ownership.group, "group", sys::group_id)?))
}

/// Decides.
///
/// # Errors
/// [`Error::CannotKeep`] if the old file's attributes cannot be read.
pub(super) fn decide(request: &Request, target: &Target, (uid, gid): (Option<u32>, Option<u32>)) -> Result<Decision, Error> {
    let old = target.existing.as_ref().filter(|existing| existing.is_regular());
    let has = |kept| request.preserve.has(kept);
    let owner = |asked: Option<u32>, what, kept, old: Option<u32>| match (asked, old) {
        (Some(id), _) => Owner::Set(what, id),
        (None, Some(id)) if has(kept) => Owner::Keep(kept, id),
        _ => Owner::AsCreated,
    };
    let uid = owner(uid, "owner", Kept::Owner, old.map(|old| old.stat.st_uid));
    let gid = owner(gid, "group", Kept::Group, old.map(|old| old.stat.st_gid));

    // Setuid, setgid and capabilities speak for an owner and a group. With others they would speak for somebody else.
    let final_uid = uid.id().unwrap_or_else(|| geteuid().as_raw());
    let final_gid = gid.id().unwrap_or_else(|| created_gid(target));
    let same_owner = old.is_some_and(|old| (old.stat.st_uid, old.stat.st_gid) == (final_uid, final_gid));

    let all = old.map_or(Ok(Vec::new()), |old| read_xattrs(old, target, request.preserve))?;
    // Without the list the group bits would be its mask, and give the group what the list gave to others.
    let group = all.iter().find(|xattr| *xattr.name == *attrs::ACL && !has(Kept::Acl));
    let group = group.and_then(|acl| attrs::group_rights(&acl.value));

    let mut warnings = Vec::new();
    let kept_mode = old.filter(|_| has(Kept::Mode)).map(|old| group.map_or(old.mode(), |group| old.mode().with_group(group)));
    let start = match kept_mode {
        Some(mode) if same_owner => mode,
        Some(mode) => mode.without_privilege(),
        None => Mode::NEW_FILE,
    };
    let change = |start| request.mode.as_ref().map_or(start, |change| change.apply(start));
    let mode = change(start);
    let absolute = matches!(request.mode, Some(ModeChange::Absolute(_)));
    let mut dropped = kept_mode.is_some_and(|kept| change(kept) != mode);

    let wanted_here = |xattr: &&Xattr| kind_of(xattr).is_some_and(|kind| has(kind) && (kind != Kept::Caps || same_owner));
    let xattrs: Vec<Xattr> = all.iter().filter(wanted_here).cloned().collect();
    let has_caps = |xattrs: &[Xattr]| xattrs.iter().any(|xattr| kind_of(xattr) == Some(Kept::Caps));
    dropped |= has(Kept::Caps) && has_caps(&all) && !has_caps(&xattrs);

    let path = || target.path.clone();
    if dropped {
        warnings.push(Warning::PrivilegeDropped { path: path() });
    }
    let capabilities = has_caps(&xattrs);
    if capabilities || (!absolute && start.is_privileged() && mode.is_privileged()) {
        warnings.push(Warning::PrivilegeKept { path: path(), mode, capabilities });
    }

    let is_label = |xattr: &&Xattr| *xattr.name == *label::NAME;
    let by_policy = !xattrs.iter().any(|xattr| is_label(&xattr)) && label::is_enabled();
    let label = match by_policy {
        true => default_label(target).unwrap_or_else(|detail| {
            warnings.push(Warning::NotLabelled { path: path(), detail });
            None
        }),
        false => None,
    };

    // An attribute that is never carried over is no reason to replace a file; nor is a label that nobody wants kept, which
    // the filesystem may not let anybody change.
    let lasting = all.iter().filter(|xattr| kind_of(xattr).is_some() && !(by_policy && is_label(xattr)));
    let current = old.is_some_and(|old| {
        old.mode() == mode && (old.stat.st_uid, old.stat.st_gid) == (final_uid, final_gid) && lasting.eq(xattrs.iter())
    });
    let mode_kept = kept_mode == Some(mode);
    Ok(Decision {
        wanted: Wanted { uid, gid, mode, mode_kept, mode_lenient: false, times: None, xattrs },
        owner: (final_uid, final_gid),
        label,
        current,
        warnings,
    })
}

/// The metadata of a file whose old content comes back: owner, group and mode as they were, capabilities as the copy tells of them,
/// everything else as it is.
///
/// # Errors
/// [`Error::CannotKeep`] if attributes cannot be read.
pub(crate) fn restored(target: &Target, copy: &File, (uid, gid, mode): (u32, u32, u32)) -> Result<Wanted, Error> {
    let is_capability = |xattr: &Xattr| kind_of(xattr) == Some(Kept::Caps);
    let old = target.existing.as_ref();
    let mut xattrs = old.map_or(Ok(Vec::new()), |old| read_xattrs(old, target, Preserve::all()))?;
    xattrs.retain(|xattr| kind_of(xattr).is_some() && !is_capability(xattr));
    let error = |errno: Errno| Error::CannotKeep {
        path: target.path.clone(),
        kept: Kept::Caps,
        detail: "reading them".to_owned(),
        source: errno.into(),
    };
    xattrs.extend(attrs::list(copy, is_capability).map_err(error)?.into_iter().filter(is_capability));
    let (uid, gid) = (Owner::Keep(Kept::Owner, uid), Owner::Keep(Kept::Group, gid));
    Ok(Wanted { uid, gid, mode: Mode::from_bits(mode), mode_kept: true, mode_lenient: false, times: None, xattrs })
}

/// The label that the policy has for the target's final path, or why it cannot be asked.
fn default_label(target: &Target) -> Result<Option<Vec<u8>>, String> {
    label::Policy::default().of_file(&*target.dir, &target.leaf).map_err(|why| match why {
        label::NoAnswer::Policy(error) | label::NoAnswer::Path(error) => error.to_string(),
    })
}

/// The group the kernel gives a new file: the directory's, if that is setgid, inode(7).
fn created_gid(target: &Target) -> u32 {
    if target.dir_stat.st_mode & 0o2000 != 0 { target.dir_stat.st_gid } else { getegid().as_raw() }
}

/// The attributes of what has a name that are to be kept, where it is a file.
pub(crate) fn kept_attributes(entry: &Entry, preserve: Preserve) -> Result<Vec<Xattr>, Errno> {
    let regular = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    if !entry.stat.as_ref().is_some_and(regular) {
        return Ok(Vec::new());
    }
    let wanted = |xattr: &Xattr| kind_of(xattr).is_some_and(|kind| preserve.has(kind));
    let fd = entry.dir.open_path(&entry.leaf)?;
    let mut all = attrs::list_by_path(&format!("/proc/self/fd/{}", fd.as_raw_fd()), wanted)?;
    all.retain(wanted);
    Ok(all)
}

/// The attributes of the old file, also of one that may not be read: then through /proc, by inode, and not by name. What is
/// not to be kept need not be readable.
fn read_xattrs(old: &Existing, target: &Target, preserve: Preserve) -> Result<Vec<Xattr>, Error> {
    let error = |errno: Errno| Error::CannotKeep {
        path: target.path.clone(),
        kept: Kept::Xattr,
        detail: "listing them".to_owned(),
        source: errno.into(),
    };
    let needed = |xattr: &Xattr| kind_of(xattr).is_some_and(|kind| preserve.has(kind) || kind == Kept::Acl);
    if let Some(file) = &old.file {
        return attrs::list(file, needed).map_err(error);
    }
    let fd = target.dir.open_path(&target.leaf).map_err(error)?;
    attrs::list_by_path(&format!("/proc/self/fd/{}", fd.as_raw_fd()), needed).map_err(error)
}
