//! Decide: what will be replaced, by what, with which metadata. Reads the filesystem, writes nothing.

mod backup;
mod compare;
mod entry;
mod keep;
#[cfg(feature = "manifest")]
mod manifest;
mod obstacle;
mod rescued;
mod target;
mod tree;
mod trust;

pub(crate) use backup::{Numbers, name as backup_name, simple_name as simple_backup_name};
pub(crate) use compare::same_content;
pub(crate) use entry::{Dirs, Entry, EntryError, split};
pub(crate) use keep::{kept_attributes, restored};
#[cfg(feature = "manifest")]
pub use manifest::read_manifest;
pub(crate) use obstacle::{judge_change, judge_directory, judge_kind, judge_name, judge_overwriting, judge_size};
pub(crate) use rescued::of_inode;
pub(crate) use target::{Found, Target, facts, locate, locate_any, locate_dir, locate_directory, locate_name, name_in};
pub(crate) use tree::{Change, Fresh, Metadata, Node, NodeKind, Owners, Staged, Survey, TreeEntry, TreePlan, is_below};

use crate::error::Error;
use crate::metadata::Wanted;
use crate::report::{FileFacts, Warning};
use crate::request::{Method, Preserve, Request};

/// What will change.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) target: Target,
    pub(crate) wanted: Wanted,
    /// The owner and group the file will end up with.
    pub(crate) owner: (u32, u32),
    /// The security label that the policy has for it, where none is kept.
    pub(crate) label: Option<Vec<u8>>,
    /// Whether the existing file has the wanted metadata already.
    pub(crate) metadata_current: bool,
    pub(crate) warnings: Vec<Warning>,
}

impl Plan {
    /// What the target would be, with this many bytes.
    pub(crate) fn outlook(&self, size: u64) -> FileFacts {
        let (uid, gid) = self.owner;
        let (mode, dev) = (self.wanted.mode, self.target.dir_stat.st_dev);
        FileFacts { sha256: None, size, mode, uid, gid, dev, ino: 0, modified: None }
    }

    /// Finds the target and judges it. Directories that were `found` before are not looked for again.
    ///
    /// # Errors
    /// [`Error::Target`] if nothing could be put there, [`Error::UnknownAccount`], [`Error::NoName`].
    pub(crate) fn resolve(request: &Request, found: &mut Found) -> Result<Plan, Error> {
        // Names of accounts come first: a wrong one is a mistake in the request, wherever the target is.
        let ownership = keep::look_up(&request.ownership)?;
        let target = target::resolve(request, found)?;
        obstacle::judge_kind(&target)?;
        let in_place = request.method == Method::InPlace;
        // It stays the file it is, with all that belongs to it.
        let whole = in_place.then(|| Request { preserve: Preserve::all(), ..request.clone() });
        let request = whole.as_ref().unwrap_or(request);
        let kept = keep::decide(request, &target, ownership)?;
        let mut warnings = kept.warnings;
        if let Some(existing) =
            target.existing.as_ref().filter(|existing| !in_place && existing.is_regular() && existing.links() > 1)
        {
            warnings.push(Warning::HardLinks { path: target.path.clone(), others: existing.links() - 1 });
        }
        if target.room.is_volatile(&*target.dir) {
            warnings.push(Warning::Volatile { path: target.path.clone() });
        }
        Ok(Plan { target, wanted: kept.wanted, owner: kept.owner, label: kept.label, metadata_current: kept.current, warnings })
    }
}
