//! Room that is set aside, to be given back at the moment somebody needs it.
//!
//! Measured on Linux 6.18. A rename on btrfs writes new blocks for every directory it touches and wants some 3 MiB reserved for
//! them: with full metadata 300 of 300 renames gave ENOSPC, while unlink worked. Data given back does not help it: after 4 MiB
//! of a file still none of 100 worked, nor after 5 MiB of metadata; after 6 MiB, and a sync, all did. On ext4 and xfs a rename
//! over a name needs nothing, and a new name at most a block of its directory.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::sync::Arc;

use rustix::fs::XattrFlags;
use rustix::io::Errno;

use super::dir::Dir;
use super::mount::{self, Metadata};
use super::temp::Temp;
use super::{copy, sync};

/// Bytes for blocks of directories, and for a record at the end of a journal.
const BYTES: u64 = 64 << 10;

/// Bytes of btrfs's metadata, in leaves of their own: what a rename wants, and half as much again.
const METADATA: u64 = 8 << 20;

/// Metadata of btrfs that nobody fills while names change: then none is set aside, for 8 MiB of it take 30 ms.
const PLENTY: u64 = 512 << 20;

/// What a leaf holds besides an attribute's value, and then some: its head, and the attribute's.
const OVERHEAD: usize = 512;

/// Room that is set aside: a file without a name, so that a crash leaves none of it.
#[derive(Debug)]
pub(crate) struct Ballast {
    dir: Arc<Dir>,
    /// Dropping it gives the room back.
    _file: File,
}

impl Ballast {
    /// Sets room aside on the filesystem of `dir`; `None` where none is needed, or the filesystem knows no way.
    ///
    /// # Errors
    /// ENOSPC and EDQUOT if there is none; of open(2).
    ///
    /// # After a crash
    /// As [`Temp::create`].
    pub(crate) fn set_aside(dir: &Arc<Dir>) -> io::Result<Option<Ballast>> {
        // A name there takes memory, and no room.
        if mount::ends_with_boot(&**dir) {
            return Ok(None);
        }
        let metadata = mount::metadata(&**dir);
        let file = Temp::create(dir)?.into_nameless();
        copy::reserve(&file, 0, BYTES)?;
        if let Some(Metadata { leaf, .. }) = metadata.filter(|metadata| metadata.free < PLENTY) {
            fill(&file, leaf)?;
        }
        Ok(Some(Ballast { dir: Arc::clone(dir), _file: file }))
    }

    /// Gives the room back, and makes the filesystem see it: what was freed is used again only when that is on the disk.
    pub(crate) fn release(self) {
        let Ballast { dir, _file } = self;
        drop(_file);
        // What others wrote, and could not be written, is not ours to tell.
        let _ = sync::filesystem(&dir);
    }
}

/// Takes metadata: one attribute of this file in each leaf.
fn fill(file: &File, leaf: usize) -> io::Result<()> {
    let value = vec![0; leaf.saturating_sub(OVERHEAD)];
    for n in 0..METADATA / leaf as u64 {
        let name = CString::new(format!("user.swapbin.{n}")).expect("digits have no NUL");
        match rustix::fs::fsetxattr(file, &name, &value, XattrFlags::CREATE) {
            Err(errno @ (Errno::NOSPC | Errno::DQUOT)) => return Err(errno.into()),
            // Forbidden by whom it may be: the rest would be, too.
            Err(_) => return Ok(()),
            Ok(()) => {}
        }
    }
    Ok(())
}
