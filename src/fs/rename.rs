//! One name becomes another: the switch itself.

use std::ffi::{OsStr, OsString};

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::Errno;

use super::dir::Dir;
use super::private;
use super::tree::is_directory;

/// Gives the file called `from` the name `to` in the same directory, replacing what is there.
///
/// # Guarantees
/// `to` is never absent and never partial for anybody, rename(2).
///
/// # After a crash
/// `to` is the old or the new file; which, is settled only by syncing the directory.
pub(crate) fn replace(dir: &Dir, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    // Through the C library, as rustix is built here: fakeroot(1) has to forget the inode that goes.
    rustix::fs::renameat(dir, from, dir, to)
}

/// Gives the file called `from` the name `to`, which must not exist.
///
/// # Errors
/// EEXIST if it does.
///
/// # After a crash
/// As [`replace`]; where the kernel or a filter has no renameat2(2), both names may be left, for one inode.
pub(crate) fn create(dir: &Dir, from: &OsStr, to: &OsStr) -> Result<(), Errno> {
    match rustix::fs::renameat_with(dir, from, dir, to, RenameFlags::NOREPLACE) {
        // Not known to the kernel, the filesystem or a seccomp filter: a link never replaces either.
        Err(Errno::INVAL | Errno::NOSYS | Errno::PERM | Errno::OPNOTSUPP) => create_slowly(dir, from, dir, to),
        result => result,
    }
}

/// Without the flag. A directory can have no link; but rename(2) replaces none that has anything in it.
fn create_slowly(dir: &Dir, from: &OsStr, other: &Dir, to: &OsStr) -> Result<(), Errno> {
    if !is_directory(&super::dir::stat_at(dir, from)?) {
        rustix::fs::linkat(dir, from, other, to, AtFlags::empty())?;
        return dir.unlink(from);
    }
    rename_unless_taken(dir, from, other, to)
}

fn rename_unless_taken(dir: &Dir, from: &OsStr, other: &Dir, to: &OsStr) -> Result<(), Errno> {
    match super::dir::stat_at(other, to) {
        Ok(_) => Err(Errno::EXIST),
        Err(Errno::NOENT) => rustix::fs::renameat(dir, from, other, to),
        Err(errno) => Err(errno),
    }
}

/// Lets two names change places.
///
/// # Errors
/// EINVAL, ENOSYS or EOPNOTSUPP where that is not known.
///
/// # After a crash
/// Before or after; which, is settled only by syncing the directory.
pub(crate) fn exchange(dir: &Dir, one: &OsStr, other: &OsStr) -> Result<(), Errno> {
    rustix::fs::renameat_with(dir, one, dir, other, RenameFlags::EXCHANGE)
}

/// Whether a second name of the same file may take a name that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backup<'a> {
    /// What has the name is replaced.
    Replace(&'a OsStr),
    /// The name is to be a new one: EEXIST if it is not.
    New(&'a OsStr),
}

impl<'a> Backup<'a> {
    /// The name.
    pub(crate) fn name(self) -> &'a OsStr {
        match self {
            Backup::Replace(name) | Backup::New(name) => name,
        }
    }
}

/// Why [`replace_keeping`] failed. Nothing is changed, but in the last case.
#[derive(Debug)]
pub(crate) enum KeepError {
    /// The old file could not be kept.
    Keep(Errno),
    /// The new one could not be put in its place.
    Replace(Errno),
    /// One of the two, and then names that were changed could not be changed back. Whatever has the name of the new file now
    /// may be the only copy of something.
    NotTakenBack(Errno),
}

/// As [`replace`], and what had the name `to` is called as `backup` says afterwards.
///
/// By a second link, so that `to` is never absent. Where links are refused (another's file under protected_hardlinks, too many
/// links, no links on this filesystem), the two names are exchanged and the old file then gets its own; where that is unknown
/// too, it is renamed away first, and `to` is absent for the moment between.
///
/// # After a crash
/// `to` is the old or the new file, or, only in the last of the three ways, absent while `backup` is the old file. In the first
/// way one more name of the old file may be left.
pub(crate) fn replace_keeping(dir: &Dir, from: &OsStr, to: &OsStr, backup: Backup<'_>) -> Result<(), KeepError> {
    match link_as(dir, to, backup) {
        Ok(linked) => {
            let replaced = replace(dir, from, to);
            let finished = linked.finish(dir, backup.name(), replaced.is_ok());
            return replaced.map_err(|errno| finished.err().map_or(KeepError::Replace(errno), KeepError::NotTakenBack));
        }
        Err(errno) if is_no_link(errno) => {}
        Err(errno) => return Err(KeepError::Keep(errno)),
    }
    match exchange(dir, from, to) {
        Ok(()) => rename_as(dir, from, backup)
            .map_err(|errno| exchange(dir, from, to).map_or_else(KeepError::NotTakenBack, |()| KeepError::Keep(errno))),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            rename_as(dir, to, backup).map_err(KeepError::Keep)?;
            replace(dir, from, to).map_err(|errno| {
                replace(dir, backup.name(), to).map_or_else(KeepError::NotTakenBack, |()| KeepError::Replace(errno))
            })
        }
        // In a sticky directory another's file can neither be linked nor renamed.
        Err(errno) => Err(KeepError::Keep(errno)),
    }
}

fn rename_as(dir: &Dir, from: &OsStr, backup: Backup<'_>) -> Result<(), Errno> {
    match backup {
        Backup::Replace(name) => replace(dir, from, name),
        Backup::New(name) => create(dir, from, name),
    }
}

/// How a backup came by its name.
enum Linked {
    /// Nothing had it.
    Free,
    /// What had it has this one now.
    Aside(OsString),
    /// What had it is gone, or was the same file.
    Replaced,
}

impl Linked {
    /// Removes what is not needed any more; or, if the backup is of no use, removes that.
    ///
    /// # Errors
    /// What had the backup's name could not get it back.
    fn finish(self, dir: &Dir, backup: &OsStr, useful: bool) -> Result<(), Errno> {
        let _ = match (self, useful) {
            (Linked::Free, false) => dir.unlink(backup),
            (Linked::Aside(old), true) => dir.unlink(&old),
            (Linked::Aside(old), false) => return replace(dir, &old, backup),
            (Linked::Free, true) | (Linked::Replaced, _) => Ok(()),
        };
        Ok(())
    }
}

/// Whether the directory is sticky and the file another's: a second name could be made, but not be taken away again, unlink(2).
fn is_held(dir: &Dir, name: &OsStr) -> Result<bool, Errno> {
    let me = rustix::process::geteuid();
    let around = rustix::fs::fstat(dir)?;
    if me.is_root() || around.st_mode & 0o1000 == 0 || around.st_uid == me.as_raw() {
        return Ok(false);
    }
    Ok(super::dir::stat_at(dir, name)?.st_uid != me.as_raw())
}

/// Gives the file called `name` a second name.
fn link_as(dir: &Dir, name: &OsStr, backup: Backup<'_>) -> Result<Linked, Errno> {
    if is_held(dir, name)? {
        return Err(Errno::PERM);
    }
    match (rustix::fs::linkat(dir, name, dir, backup.name(), AtFlags::empty()), backup) {
        (Ok(()), _) => return Ok(Linked::Free),
        (Err(Errno::EXIST), Backup::Replace(_)) => {}
        (Err(errno), _) => return Err(errno),
    }
    if super::dir::stat_at(dir, backup.name()).is_ok_and(|stat| is_directory(&stat)) {
        return Err(Errno::ISDIR);
    }
    let spare = link_spare(dir, name)?;
    match exchange(dir, &spare, backup.name()) {
        Ok(()) => return Ok(Linked::Aside(spare)),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
        Err(errno) => {
            let _ = dir.unlink(&spare);
            return Err(errno);
        }
    }
    let renamed = replace(dir, &spare, backup.name());
    // Two names of one inode stay both, rename(2); and after an error the spare one has to go as well.
    match dir.unlink(&spare) {
        Err(Errno::NOENT) | Ok(()) => renamed.map(|()| Linked::Replaced),
        Err(errno) => renamed.and(Err(errno)),
    }
}

/// Gives the file called `name` a second name, `to` in `other`, which is of the same filesystem.
///
/// # Errors
/// Of linkat(2); EPERM also where the name could be made, but not be taken away again.
///
/// # After a crash
/// The second name may be left.
pub(crate) fn link_to(dir: &Dir, name: &OsStr, other: &Dir, to: &OsStr) -> Result<(), Errno> {
    if is_held(dir, name)? {
        return Err(Errno::PERM);
    }
    rustix::fs::linkat(dir, name, other, to, AtFlags::empty())
}

/// Moves the file called `from` to the name `to` in `other`, which is of the same filesystem. The name is one of our own, which
/// nobody else gives: where there are neither links nor the flag, that nothing has it is seen by looking.
///
/// # Errors
/// EEXIST if something has it.
///
/// # After a crash
/// As [`create`].
pub(crate) fn move_to(dir: &Dir, from: &OsStr, other: &Dir, to: &OsStr) -> Result<(), Errno> {
    match rustix::fs::renameat_with(dir, from, other, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::PERM | Errno::OPNOTSUPP) => match create_slowly(dir, from, other, to) {
            Err(errno) if is_no_link(errno) => rename_unless_taken(dir, from, other, to),
            result => result,
        },
        result => result,
    }
}

/// Whether an error of linkat(2) says that there can be no link: another's file under protected_hardlinks, too many links, none on
/// this filesystem, a filter.
pub(crate) fn is_no_link(errno: Errno) -> bool {
    matches!(errno, Errno::PERM | Errno::MLINK | Errno::XDEV | Errno::OPNOTSUPP | Errno::NOSYS)
}

/// Whether names can change places in a directory; found out with two files of its own that get these names.
///
/// # Errors
/// Of unlinkat(2): one of the files is left.
///
/// # After a crash
/// Empty files of these names may be left.
pub(crate) fn can_exchange(dir: &Dir, one: &OsStr, other: &OsStr) -> Result<bool, Errno> {
    let names = [one, other];
    let made = names.map(|name| private::create(dir, name).is_ok());
    let can = made == [true; 2] && exchange(dir, one, other).is_ok();
    let gone: Vec<_> = names.into_iter().zip(made).filter(|(_, made)| *made).map(|(name, _)| dir.unlink(name)).collect();
    gone.into_iter().collect::<Result<(), _>>().map(|()| can)
}

/// Gives the file called `from` in `other` the name `to` in `dir`, replacing what is there.
///
/// # Guarantees
/// As [`replace`].
///
/// # After a crash
/// As [`replace`].
pub(crate) fn move_back(other: &Dir, from: &OsStr, dir: &Dir, to: &OsStr) -> Result<(), Errno> {
    rustix::fs::renameat(other, from, dir, to)
}

/// Gives the file called `name` a temporary second name.
///
/// # Errors
/// Of linkat(2).
///
/// # After a crash
/// The second name may be left.
pub(crate) fn link_spare(dir: &Dir, name: &OsStr) -> Result<OsString, Errno> {
    if is_held(dir, name)? {
        return Err(Errno::PERM);
    }
    let spare = super::temp::new_name()?;
    rustix::fs::linkat(dir, name, dir, &spare, AtFlags::empty())?;
    Ok(spare)
}

/// Gives the file called `name` a temporary name: a second one, or, where links are refused, this one only.
///
/// # Errors
/// ENOENT if there is none, EISDIR for a directory; of linkat(2) and rename(2).
///
/// # After a crash
/// It may have both names, or only the temporary one.
pub(crate) fn set_aside(dir: &Dir, name: &OsStr) -> Result<OsString, Errno> {
    if is_directory(&super::dir::stat_at(dir, name)?) {
        return Err(Errno::ISDIR);
    }
    match link_spare(dir, name) {
        Err(errno) if is_no_link(errno) => {
            let spare = super::temp::new_name()?;
            replace(dir, name, &spare).map(|()| spare)
        }
        linked => linked,
    }
}
