//! The final owner, attributes and mode of what is staged.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::Stat;
use rustix::io::Errno;

use crate::error::Error;
use crate::fs::attrs;
use crate::metadata::Wanted;

/// Gives an open file or directory its final owner, attributes, mode and times, and checks that it has them. `target` is for
/// messages.
///
/// # Guarantees
/// chown comes first, because it clears setuid and capabilities (chown(2)), and the access control list before chmod, because it
/// decides what the group bits mean (acl(5)).
///
/// # Errors
/// [`Error::CannotKeep`], [`Error::CannotSet`].
pub(super) fn give(file: impl AsFd, wanted: &Wanted, target: &Path) -> Result<Stat, Error> {
    let file = file.as_fd();
    let write_error = |source| Error::write("write the new content of", target, source);
    let stat = || rustix::fs::fstat(file).map_err(|errno| write_error(errno.into()));
    let made = stat()?;
    for (owner, now, chown) in [
        (wanted.uid, made.st_uid, &(|id| attrs::chown(file, Some(id), None)) as &dyn Fn(u32) -> std::io::Result<()>),
        (wanted.gid, made.st_gid, &|id| attrs::chown(file, None, Some(id))),
    ] {
        if let Some(id) = owner.id().filter(|id| *id != now) {
            chown(id).map_err(|source| owner.error(target, source))?;
        }
    }
    // While the mode still lets us: a user.* attribute needs the right to write, xattr(7), which the final mode may lack.
    let (acl, others): (Vec<_>, Vec<_>) = wanted.xattrs.iter().partition(|xattr| *xattr.name == *attrs::ACL);
    if acl.is_empty() {
        attrs::drop_inherited_acl(file).map_err(write_error)?;
    }
    for xattr in others.into_iter().chain(acl) {
        attrs::set(file, xattr).map_err(|source| wanted.xattr_error(xattr, target, source))?;
    }
    attrs::chmod(file, wanted.mode.bits()).map_err(|source| wanted.mode_error(target, source))?;
    if let Some(times) = &wanted.times {
        let error =
            |source| Error::CannotSet { path: target.to_owned(), what: "times", value: "of the source".to_owned(), source };
        attrs::set_times(file, times).map_err(error)?;
    }
    let sealed = stat()?;
    if !wanted.mode_lenient && sealed.st_mode & 0o7777 != wanted.mode.bits() {
        return Err(wanted.mode_error(target, Errno::PERM.into()));
    }
    for (owner, now) in [(wanted.uid, sealed.st_uid), (wanted.gid, sealed.st_gid)] {
        if owner.id().is_some_and(|id| id != now) {
            return Err(owner.error(target, Errno::PERM.into()));
        }
    }
    Ok(sealed)
}
