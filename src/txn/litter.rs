//! What killed runs left behind.

use std::path::PathBuf;

use rustix::fs::{FileType, FlockOperation};

use crate::fs::dir::Dir;
use crate::fs::temp;

/// Removes temporary files of single swaps in `dir` whose owner is gone, and tells of each.
///
/// Whether an owner lives is told by its lock and nothing else: a pid may be reused, and a clock may be wrong. The files of
/// batches have names of another kind and are not looked at, for only their journal tells whether they may go. What cannot be
/// opened, locked or removed is left alone: sweeping is a courtesy and never fails a swap.
pub(crate) fn sweep(dir: &Dir, mut on_swept: impl FnMut(PathBuf)) {
    if !dir.is_readable() {
        return;
    }
    for name in dir.names_beginning(temp::PREFIX).unwrap_or_default() {
        if !temp::is_temporary_name(&name) {
            continue;
        }
        let Ok(file) = dir.open_file(&name) else { continue };
        let regular = rustix::fs::fstat(&file).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
        if regular && rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() && dir.unlink(&name).is_ok() {
            on_swept(dir.path().join(&name));
        }
    }
}
