//! A second file that is as the first one, where there are no links.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::{attributes, new_tree};
use crate::checksum::{sha256_of, sha256_of_bytes};
use crate::error::Error;
use crate::event::Cancel;
use crate::failpoint;
use crate::fs::dir::{self, Dir};
use crate::fs::{attrs, copy, private, sync};
use crate::metadata::{Wanted, kind_of};
use crate::request::Digest;

/// Copies the file or symbolic link called `name` to the name `to` in `other`, which is free: bytes, owner, mode, attributes and
/// times. Returns what it is then, and its digest. `target` is for messages.
///
/// # Guarantees
/// It is on the disk, its name not yet. Nobody but the owner can reach its bytes before it has its final mode.
///
/// # Errors
/// Of reading and writing; [`Error::CannotKeep`] if it cannot be given what the first one has. Nothing is left then.
///
/// # After a crash
/// A part of it may be left under its name.
pub(super) fn make(dir: &Dir, name: &OsStr, other: &Dir, to: &OsStr, target: &Path) -> Result<(Stat, Digest), Error> {
    let made =
        failpoint::hit("copy").map_err(|source| error(target, source)).and_then(|()| attempt(dir, name, other, to, target));
    if made.is_err() {
        let _ = other.unlink(to);
    }
    made
}

fn attempt(dir: &Dir, name: &OsStr, other: &Dir, to: &OsStr, target: &Path) -> Result<(Stat, Digest), Error> {
    let failed = |errno: Errno| error(target, errno.into());
    let stat = dir::stat_at(dir, name).map_err(failed)?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
        let text = dir::read_link(dir, name).map_err(failed)?;
        let made = new_tree::make_link(other, to, &text, &Wanted::same_as(&stat, Vec::new()), target)?;
        return Ok((made, sha256_of_bytes(text.as_os_str().as_encoded_bytes())));
    }
    let from = dir.open_file(name).map_err(failed)?;
    let stat = rustix::fs::fstat(&from).map_err(failed)?;
    let file = private::create(other, to).map_err(failed)?;
    fill(&from, &file, &stat).map_err(|source| error(target, source))?;
    let xattrs = attrs::list(&from, |xattr| kind_of(xattr).is_some()).map_err(failed)?;
    let made = attributes::give(&file, &Wanted::same_as(&stat, xattrs), target)?;
    let digest = sha256_of(&file, &Cancel::new(), |source| error(target, source))?;
    failpoint::around("copy-sync", || sync::file(&file)).map_err(|source| error(target, source))?;
    crate::sys::close(file.into()).map_err(|source| error(target, source))?;
    Ok((made, digest))
}

fn fill(from: &File, to: &File, stat: &Stat) -> std::io::Result<()> {
    if copy::reflink(from, to) {
        return Ok(());
    }
    // st_blocks counts units of 512 bytes, stat(2).
    let (size, sparse) = (stat.st_size as u64, stat.st_blocks * 512 < stat.st_size);
    match copy::copy::<std::convert::Infallible>(from, to, size, sparse, &mut |_| Ok(())) {
        Ok(_) => Ok(()),
        Err(copy::Side::Read(error) | copy::Side::Write(error)) => Err(error),
    }
}

fn error(target: &Path, source: std::io::Error) -> Error {
    Error::write("copy the old file of", target, source)
}
