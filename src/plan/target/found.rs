//! Directories that were walked to already.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::{Target, look_at};
use crate::error::Error;
use crate::fs::dir::{self, Dir};
use crate::fs::mount::Room;
use crate::plan::trust;
use crate::request::{Follow, Request};

/// Directories that targets were found in, open, by the paths that were walked to them: one walk serves all their names.
#[derive(Debug, Default)]
pub(crate) struct Found(BTreeMap<(PathBuf, bool), Place>);

/// A directory that was walked to and judged.
#[derive(Clone, Debug)]
struct Place {
    dir: Arc<Dir>,
    stat: Stat,
    room: Room,
}

impl Found {
    /// The target, if the walk to its directory is known and its name leads no further.
    pub(super) fn target(&self, request: &Request) -> Result<Option<Target>, Error> {
        let Some((key, leaf)) = key_of(request) else { return Ok(None) };
        let Some(Place { dir, stat, room }) = self.0.get(&key) else { return Ok(None) };
        let there = match dir::stat_at(&**dir, leaf) {
            Ok(there) => Some(there),
            Err(Errno::NOENT) => None,
            // The walk finds the words.
            Err(_) => return Ok(None),
        };
        match there.as_ref().map(|there| FileType::from_raw_mode(there.st_mode)) {
            Some(FileType::Directory) => return Ok(None),
            Some(FileType::Symlink) if request.follow == Follow::Target => return Ok(None),
            _ => {}
        }
        let path = dir.path().join(leaf);
        let existing = there.map(|there| look_at(dir, stat, leaf, there, trust::applies(request), &path)).transpose()?;
        Ok(Some(Target {
            dir: Arc::clone(dir),
            dir_stat: *stat,
            leaf: leaf.to_owned(),
            path,
            through_link: None,
            existing,
            room: *room,
        }))
    }

    pub(super) fn note(&mut self, request: &Request, target: &Target) {
        if let Some((key, leaf)) = key_of(request)
            && target.through_link.is_none()
            && target.leaf == leaf
        {
            let place = Place { dir: Arc::clone(&target.dir), stat: target.dir_stat, room: target.room };
            self.0.insert(key, place);
        }
    }
}

/// The path of the directory, as it was asked for, and whether it is judged; and the name in it, where the path ends in one.
fn key_of(request: &Request) -> Option<((PathBuf, bool), &OsStr)> {
    let (parent, leaf) = (request.target.parent()?, request.target.file_name()?);
    let ends_in_it = request.target.as_os_str().as_bytes().ends_with(leaf.as_bytes());
    ends_in_it.then(|| ((parent.to_owned(), trust::applies(request)), leaf))
}
