//! Where everything of a staging tree goes, and what goes for it. Reads, writes nothing.

mod merge;
mod metadata;
mod scope;
mod stage;
mod survey;
mod within;

pub(crate) use metadata::{Metadata, Owners};
pub(crate) use stage::{Node, NodeKind, Staged};
pub(crate) use survey::Survey;

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::target::Target;
use crate::error::Error;
use crate::fs::dir::Dir;
use crate::request::TreeRequest;

/// One name that is going to be changed, or is what it should be.
#[derive(Debug)]
pub(crate) struct TreeEntry {
    pub(crate) target: Target,
    pub(crate) change: Change,
}

/// What becomes of it.
#[derive(Debug)]
pub(crate) enum Change {
    /// It is to be this file.
    File(Staged),
    /// It is to be this link.
    Link(Staged),
    /// It is to be this directory, which is not there yet.
    Directory(Staged),
    /// It goes.
    Remove,
}

/// A staging tree as a whole.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(crate) dir: Arc<Dir>,
    pub(crate) node: Node,
}

/// The whole change, in the order it is made: directories, files, links, and at last what goes.
#[derive(Debug)]
pub(crate) struct TreePlan {
    pub(crate) entries: Vec<TreeEntry>,
    pub(crate) owners: Owners,
    /// Directories below which things were to go, and which neither tree has.
    pub(crate) absent: Vec<PathBuf>,
}

/// Whether a path is the directory with this device and inode, or below it.
pub(crate) fn is_below(path: &Path, dir: (u64, u64)) -> bool {
    scope::above(path).contains(&dir)
}

impl TreePlan {
    /// Looks at both trees, of which the second is open. `needed` are paths that must not go.
    ///
    /// # Errors
    /// [`Error::Target`] for what is in the way; [`Error::Source`], [`Error::StagedSpecial`] for a staging tree that cannot be
    /// used; [`Error::SameTarget`] where two of its names come to be one by links of the root's; [`Error::UnknownAccount`].
    pub(crate) fn resolve(request: &TreeRequest, root: Dir, needed: &[&Path]) -> Result<TreePlan, Error> {
        let owners = Owners::of(request)?;
        let top = stage::open(&request.stage)?;
        let nodes = stage::read(&top)?;
        let mut merge = merge::Merge::new(within::Within::new(root, request.path_trust)?);
        merge.directory(&merge.within.root(), &Arc::new(top), nodes)?;
        merge.judge_ways()?;
        let mut absent = Vec::new();
        for scope in &request.delete {
            let found = scope::delete(&mut merge, scope, needed)?;
            // One that is staged is just coming.
            let relative: PathBuf = scope.components().filter(|part| !matches!(part, Component::RootDir)).collect();
            if !found && !fs_err::metadata(request.stage.join(&relative)).is_ok_and(|about| about.is_dir()) {
                absent.push(merge.within.root().dir.path().join(relative));
            }
        }
        Ok(TreePlan { entries: merge.into_entries(), owners, absent })
    }

    /// The same where there is nothing to change: everything is new. The staging tree comes with it, open.
    ///
    /// # Errors
    /// As [`TreePlan::resolve`].
    pub(crate) fn fresh(request: &TreeRequest) -> Result<(TreePlan, Fresh), Error> {
        let owners = Owners::of(request)?;
        let top = stage::open(&request.stage)?;
        let node = stage::top(&top)?;
        Ok((TreePlan { entries: Vec::new(), owners, absent: Vec::new() }, Fresh { dir: Arc::new(top), node }))
    }
}
