//! Files without a name, or with one that says what they are.

use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use rustix::fs::{FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::anonymous::{self, LinkBy};
use super::dir::Dir;

/// What the names of temporary files of a single swap begin with. Batches have names of another kind, which are never swept
/// without their journal.
pub(crate) const PREFIX: &[u8] = b".swapbin.s";

/// Hexadecimal digits of a name.
const ID_DIGITS: usize = 16;

/// A new file, writable, mode 0600. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Temp {
    dir: Arc<Dir>,
    file: File,
    naming: Naming,
}

#[derive(Debug)]
enum Naming {
    /// O_TMPFILE: no name yet, and gone with the process.
    Later(LinkBy),
    /// A name from the start.
    Done(Name),
}

/// Why what another program left under a name is not taken.
#[derive(Debug)]
pub(crate) enum Unfit {
    Io(io::Error),
    NotRegular,
    /// It belongs to somebody else.
    Foreign,
    /// It has another name, by which it can be reached.
    Linked,
}

impl From<Errno> for Unfit {
    fn from(errno: Errno) -> Unfit {
        Unfit::Io(errno.into())
    }
}

/// A name that is removed when it is dropped, unless it was given up before; with everything below it, if it is a directory.
#[derive(Debug)]
struct Name {
    dir: Arc<Dir>,
    name: OsString,
}

impl Drop for Name {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            let _ = super::tree::remove(&self.dir, &self.name);
        }
    }
}

impl Temp {
    /// Makes a file in `dir`: without a name where the filesystem can, so that nothing is left whatever kills us.
    ///
    /// # Errors
    /// Of open(2).
    ///
    /// # After a crash
    /// Nothing, or one file whose name [`is_temporary_name`] knows and whose lock is free.
    pub(crate) fn create(dir: &Arc<Dir>) -> io::Result<Temp> {
        let (file, naming) = match anonymous::create(dir)? {
            Some((file, link_by)) => (file, Naming::Later(link_by)),
            None => return Temp::create_named(dir),
        };
        Ok(Temp { dir: Arc::clone(dir), file, naming })
    }

    /// Makes a file in `dir` that has a name from the start.
    ///
    /// # Errors
    /// Of open(2).
    ///
    /// # After a crash
    /// As [`Temp::create`].
    pub(crate) fn create_named(dir: &Arc<Dir>) -> io::Result<Temp> {
        let (file, name) = named(dir)?;
        let naming = Naming::Done(name);
        Ok(Temp { dir: Arc::clone(dir), file, naming })
    }

    /// The name, if there is one already.
    pub(crate) fn name(&self) -> Option<&OsStr> {
        match &self.naming {
            Naming::Later(_) => None,
            Naming::Done(name) => Some(&name.name),
        }
    }

    /// Gives the file this name, which nothing has.
    ///
    /// # Errors
    /// Of linkat(2); EEXIST if something has it.
    ///
    /// # After a crash
    /// The file may be left under that name.
    pub(crate) fn give_name(&mut self, name: OsString) -> io::Result<()> {
        match &mut self.naming {
            Naming::Later(by) => {
                let _ = rustix::fs::flock(&self.file, FlockOperation::NonBlockingLockShared);
                anonymous::link(&self.dir, &self.file, *by, &name)?;
            }
            Naming::Done(old) => {
                super::rename::move_to(&self.dir, &old.name, &self.dir, &name)?;
                // It is the other name that goes now.
                old.name.clear();
            }
        }
        self.naming = Naming::Done(Name { dir: Arc::clone(&self.dir), name });
        Ok(())
    }

    /// Opens the file anew by its name, for another program may have put a new one there.
    ///
    /// # Guarantees
    /// The file belongs to whom the one before did, and has no other name. Who else may write to the directory could have put
    /// one of his own there, or have kept a way to it.
    ///
    /// # Errors
    /// [`Unfit`]; [`Unfit::Io`] if there is no name, or nothing has it.
    pub(crate) fn reopen(&mut self) -> Result<(), Unfit> {
        let name = self.name().ok_or(Errno::NOENT)?;
        let is_regular = |stat: &Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        // Looked at first, for to open a fifo or a device may do something.
        if !is_regular(&super::dir::stat_at(&*self.dir, name)?) {
            return Err(Unfit::NotRegular);
        }
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&*self.dir, name, flags, Mode::empty()).or_else(|errno| {
            // The program may have taken our right to it; a file that is ours gives it back.
            let path = self.dir.open_path(name)?;
            let proc = CString::new(format!("/proc/self/fd/{}", path.as_raw_fd())).expect("digits have no NUL");
            let given =
                errno == Errno::ACCESS && is_regular(&rustix::fs::fstat(&path)?) && crate::sys::chmod_path(&proc, 0o600).is_ok();
            if given { rustix::fs::openat(&*self.dir, name, flags, Mode::empty()) } else { Err(errno) }
        });
        let file = File::from(opened?);
        let stat = rustix::fs::fstat(&file)?;
        if !is_regular(&stat) {
            return Err(Unfit::NotRegular);
        }
        if crate::sys::owner_to_the_kernel(file.as_fd()) != crate::sys::owner_to_the_kernel(self.file.as_fd()) {
            return Err(Unfit::Foreign);
        }
        if stat.st_nlink > 1 {
            return Err(Unfit::Linked);
        }
        let _ = rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared);
        self.file = file;
        Ok(())
    }

    /// The file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// The file alone: it is gone when it is closed.
    pub(crate) fn into_nameless(self) -> File {
        self.file
    }

    /// Throws away everything written.
    ///
    /// # Errors
    /// Of ftruncate(2) and lseek(2).
    pub(crate) fn clear(&self) -> io::Result<()> {
        rustix::fs::ftruncate(&self.file, 0)?;
        rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Start(0))?;
        Ok(())
    }

    /// Makes sure the file has a name, gives up the right to write, and returns what is left: the name, and where the file
    /// may be read a read-only descriptor that holds the lock by which others see that the owner lives.
    ///
    /// # Errors
    /// Of linkat(2); of close(2), which some filesystems use to tell of lost bytes. The file is removed then.
    pub(crate) fn name_and_close(self) -> io::Result<Named> {
        let Temp { dir, file, naming } = self;
        let name = match naming {
            Naming::Done(name) => name,
            Naming::Later(by) => {
                // Before anybody can see the name.
                let _ = rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared);
                Name { name: link(&dir, &file, by)?, dir: Arc::clone(&dir) }
            }
        };
        let reader = match dir.open_file(&name.name) {
            Ok(reader) => {
                let (ours, theirs) = (rustix::fs::fstat(&file)?, rustix::fs::fstat(&reader)?);
                if (ours.st_dev, ours.st_ino) != (theirs.st_dev, theirs.st_ino) {
                    return Err(io::Error::other("the temporary file was replaced by another process"));
                }
                // Taken before the writer's lock goes with its descriptor, so that there is no moment without one.
                let _ = rustix::fs::flock(&reader, FlockOperation::NonBlockingLockShared);
                Some(reader)
            }
            // The mode wanted does not let us read the file. Nobody can then tell that we live, for the call that follows;
            // the rename fails cleanly if somebody sweeps the name in between.
            Err(Errno::ACCESS) => None,
            Err(errno) => return Err(errno.into()),
        };
        crate::sys::close(file.into())?;
        Ok(Named { name, reader, handle: None, lasting: OsString::new() })
    }

    /// Gives up the right to write to a file that was given its name, and is still what has it; `id` is its device and inode. Of a
    /// batch the journal's lock tells that the owner lives, so that nothing is left open.
    ///
    /// # Errors
    /// Another file has the name; of close(2), which some filesystems use to tell of lost bytes. The name is removed then.
    pub(crate) fn close_named(self, id: (u64, u64)) -> io::Result<Named> {
        let Naming::Done(name) = self.naming else { return self.name_and_close() };
        let named = super::dir::stat_at(&*name.dir, &name.name)?;
        if (named.st_dev, named.st_ino) != id {
            return Err(io::Error::other("the temporary file was replaced by another process"));
        }
        crate::sys::close(self.file.into())?;
        Ok(Named { name, reader: None, handle: None, lasting: OsString::new() })
    }

    /// As [`Temp::name_and_close`], for a target whose name is free: a file without a name gets none yet, for a link can give it
    /// the target's at once. Where there is no /proc to open it anew by, it is named all the same. `id` is its device and inode.
    ///
    /// # Errors
    /// As [`Temp::name_and_close`].
    pub(crate) fn close(self, id: (u64, u64)) -> io::Result<Named> {
        let Naming::Later(by) = self.naming else { return self.name_and_close() };
        let Some(handle) = anonymous::reopen(&self.file, id) else { return self.name_and_close() };
        crate::sys::close(self.file.into())?;
        Ok(Named {
            name: Name { dir: self.dir, name: OsString::new() },
            reader: None,
            handle: Some((handle, by)),
            lasting: OsString::new(),
        })
    }
}

/// A temporary file that is complete: nobody can write to it any more, and it has a name or can be given one. Dropping it
/// removes it.
#[derive(Debug)]
pub(crate) struct Named {
    name: Name,
    reader: Option<File>,
    /// The file while it has no name, by a descriptor that can only be linked.
    handle: Option<(OwnedFd, LinkBy)>,
    /// The name, where it is not to be removed.
    lasting: OsString,
}

impl Named {
    /// Gives a file that is there already a second, temporary name in `dir`.
    ///
    /// # Errors
    /// Of linkat(2) and openat(2); EACCES is no error, then the file cannot be read.
    ///
    /// # After a crash
    /// The second name may be left.
    pub(crate) fn second(dir: &Arc<Dir>, from: &Dir, name: &OsStr, temp: OsString) -> io::Result<Named> {
        super::rename::link_to(from, name, dir, &temp)?;
        let name = Name { dir: Arc::clone(dir), name: temp };
        let reader = match dir.open_file(&name.name) {
            Ok(reader) => Some(reader),
            // A symbolic link has nothing to be read by a descriptor.
            Err(Errno::ACCESS | Errno::LOOP) => None,
            Err(errno) => return Err(errno.into()),
        };
        Ok(Named { name, reader, handle: None, lasting: OsString::new() })
    }

    /// A link or a directory that was made under a temporary name of ours.
    pub(crate) fn made(dir: &Arc<Dir>, temp: OsString) -> Named {
        Named { name: Name { dir: Arc::clone(dir), name: temp }, reader: None, handle: None, lasting: OsString::new() }
    }

    /// What is there already, and stays if it is not renamed.
    pub(crate) fn lasting(dir: &Arc<Dir>, name: OsString) -> Named {
        Named { name: Name { dir: Arc::clone(dir), name: OsString::new() }, reader: None, handle: None, lasting: name }
    }

    /// Gives a file without a name this one, which has to be free; `None` if it has a name.
    ///
    /// # Guarantees
    /// Whoever opens the name finds nothing or the whole file, linkat(2).
    ///
    /// # Errors
    /// EEXIST if the name is taken.
    ///
    /// # After a crash
    /// The name is there or not; which, is settled only by syncing the directory.
    pub(crate) fn link_as(&self, name: &OsStr) -> Option<Result<(), Errno>> {
        self.handle.as_ref().map(|(handle, by)| anonymous::link(&self.name.dir, handle, *by, name))
    }

    /// Gives a file without a name a temporary one. It has no lock: the rename that follows at once fails cleanly if somebody
    /// sweeps the name in between.
    ///
    /// # Errors
    /// Of linkat(2).
    pub(crate) fn give_name(&mut self) -> Result<(), Errno> {
        if let Some((handle, by)) = self.handle.take() {
            self.name.name = link(&self.name.dir, handle, by)?;
        }
        Ok(())
    }

    /// The name in its directory; empty if it has none.
    pub(crate) fn name(&self) -> &OsStr {
        if self.lasting.is_empty() { &self.name.name } else { &self.lasting }
    }

    /// The file, where it may be read.
    pub(crate) fn reader(&self) -> Option<&File> {
        self.reader.as_ref()
    }

    /// Gives up the read-only descriptor, and with it the lock.
    pub(crate) fn close_reader(&mut self) {
        self.reader = None;
    }

    /// Says that the file has its final name: nothing is removed any more.
    pub(crate) fn keep(&mut self) {
        self.name.name.clear();
    }

    /// The same, and gives the descriptor away.
    pub(crate) fn published(&mut self) -> Option<File> {
        self.keep();
        self.reader.take()
    }
}

/// Whether a name is one that this module gives.
pub(crate) fn is_temporary_name(name: &OsStr) -> bool {
    let Some(rest) = name.as_bytes().strip_prefix(PREFIX) else { return false };
    let Some(id) = rest.strip_suffix(b".0") else { return false };
    id.len() == ID_DIGITS && id.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
}

/// Whether a name is one that swapbin gives to files of its own: temporary ones, which it removes, and versions that are kept.
pub(crate) fn is_own_name(name: &OsStr) -> bool {
    is_temporary_name(name) || [BATCH_PREFIX, KEPT_PREFIX].iter().any(|prefix| transaction_of(name, prefix).is_some())
}

/// What the temporary names of a batch begin with; then come the transaction, a dot and a number.
pub(crate) const BATCH_PREFIX: &str = ".swapbin.b";

/// What the names begin with that old versions are kept by.
pub(crate) const KEPT_PREFIX: &str = ".swapbin~";

/// The name of a batch's `n`th temporary file.
pub(crate) fn batch_name(txid: &str, n: usize) -> OsString {
    format!("{BATCH_PREFIX}{txid}.{n}").into()
}

/// The name that the old version of a transaction's `n`th file is kept by.
pub(crate) fn kept_name(txid: &str, n: usize) -> OsString {
    format!("{KEPT_PREFIX}{txid}.{n}").into()
}

/// What the name of a kept version ends with that is a copy: that it goes before anything was changed is no loss.
const COPY_SUFFIX: &str = ".copy";

/// The same for a copy of it.
pub(crate) fn copy_name(mut kept: OsString) -> OsString {
    kept.push(COPY_SUFFIX);
    kept
}

/// Whether a name is one that [`copy_name`] gives.
pub(crate) fn is_copy_name(name: &OsStr) -> bool {
    name.as_bytes().ends_with(COPY_SUFFIX.as_bytes()) && transaction_of(name, KEPT_PREFIX).is_some()
}

/// The transaction and the number in a name that begins so, if it is one of ours.
pub(crate) fn transaction_of<'a>(name: &'a OsStr, prefix: &str) -> Option<(&'a str, usize)> {
    let name = name.to_str()?.strip_prefix(prefix)?;
    let name = if prefix == KEPT_PREFIX { name.strip_suffix(COPY_SUFFIX).unwrap_or(name) } else { name };
    let (txid, n) = name.split_once('.')?;
    let plain = n.bytes().all(|byte| byte.is_ascii_digit()) && (n == "0" || !n.starts_with('0'));
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (txid.len() == TXID_DIGITS && txid.bytes().all(hex) && plain).then_some((txid, n.parse().ok()?))
}

/// Hexadecimal digits of a transaction's name.
pub(crate) const TXID_DIGITS: usize = 20;

/// A random name of our own.
pub(super) fn new_name() -> Result<OsString, Errno> {
    let mut id = [0u8; ID_DIGITS / 2];
    rustix::rand::getrandom(&mut id, rustix::rand::GetRandomFlags::empty())?;
    let prefix = OsStr::from_bytes(PREFIX).to_owned();
    Ok([prefix, format!("{:0ID_DIGITS$x}.0", u64::from_ne_bytes(id)).into()].into_iter().collect())
}

/// Refuses to give a name where none can be taken back: in an append-only directory it could be neither renamed nor removed.
///
/// # Errors
/// EPERM, as unlink(2) would give it.
fn may_be_removed(dir: &Dir) -> Result<(), Errno> {
    if dir.flags().append_only { Err(Errno::PERM) } else { Ok(()) }
}

/// A file with a name from the start, locked while its owner lives.
fn named(dir: &Arc<Dir>) -> Result<(File, Name), Errno> {
    may_be_removed(dir)?;
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDWR | OFlags::CLOEXEC;
    loop {
        let name = new_name()?;
        let file = match rustix::fs::openat(&**dir, &name, flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => File::from(fd),
            Err(Errno::EXIST) => continue,
            Err(errno) => return Err(errno),
        };
        let name = Name { dir: Arc::clone(dir), name };
        // A sweeper may have seen the file before it was locked. It removes names only under an exclusive lock, so once
        // ours is granted the count of names tells.
        let locked = rustix::fs::flock(&file, FlockOperation::LockShared).is_ok();
        if locked && rustix::fs::fstat(&file)?.st_nlink == 0 {
            continue;
        }
        return Ok((file, name));
    }
}

/// Gives a file without a name a random one.
fn link(dir: &Dir, file: impl AsFd, by: LinkBy) -> Result<OsString, Errno> {
    may_be_removed(dir)?;
    loop {
        let name = new_name()?;
        match anonymous::link(dir, &file, by, &name) {
            Ok(()) => return Ok(name),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_batch_tells_its_transaction_and_others_tell_none() {
        let txid = "0123456789abcdef0123";
        assert_eq!(transaction_of(&batch_name(txid, 12), BATCH_PREFIX), Some((txid, 12)));
        assert_eq!(transaction_of(&kept_name(txid, 0), KEPT_PREFIX), Some((txid, 0)));
        let copy = copy_name(kept_name(txid, 3));
        assert_eq!(transaction_of(&copy, KEPT_PREFIX), Some((txid, 3)));
        assert!(is_copy_name(&copy) && !is_copy_name(&kept_name(txid, 3)) && !is_copy_name("a.copy".as_ref()));
        for name in ["", "0123.0", "0123456789abcdef0123.", "0123456789abcdef0123.01", "0123456789abcdef0123.1/../x"] {
            assert_eq!(transaction_of(format!("{BATCH_PREFIX}{name}").as_ref(), BATCH_PREFIX), None, "{name}");
        }
    }

    #[test]
    fn only_names_of_our_own_making_are_temporary() {
        assert!(is_temporary_name(&new_name().unwrap()));
        for name in [".swapbin.s", ".swapbin.s0123456789abcdef", ".swapbin.s0123456789ABCDEF.0", ".swapbin.t0123456789abcdef.0"] {
            assert!(!is_temporary_name(name.as_ref()), "{name}");
        }
    }
}
