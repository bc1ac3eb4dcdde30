//! A staging tree as one change.

use std::path::PathBuf;

use super::{Ownership, PathTrust, Request};

/// A staging tree, a `DESTDIR`, whose files, links and directories go to the same place under a root directory: all of them, or
/// none.
#[derive(Clone, Debug)]
pub struct TreeRequest {
    /// The staging tree.
    pub stage: PathBuf,
    /// Where it goes. It exists.
    pub root: PathBuf,
    /// Owner and group wanted; what is `None` is as [`TreeRequest::owners`] says.
    pub ownership: Ownership,
    /// Whose everything is that has no owner by [`TreeRequest::ownership`].
    pub owners: TreeOwners,
    /// Directories under the root, named as seen from there: what is below them and not in the staging tree goes.
    pub delete: Vec<PathBuf>,
    /// How many replaced versions are kept beside each target, for a rollback.
    pub keep: u32,
    /// Whether root trusts directories others may write to.
    pub path_trust: PathTrust,
    /// At how many moments the change is seen.
    pub switch: Switch,
}

/// How a staging tree takes the place of what was there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Switch {
    /// Name by name, back to back: who looks meanwhile sees some new names and some old ones.
    #[default]
    Names,
    /// The root as a whole, at one moment: it is built anew beside itself, and the two change names.
    Exchange,
    /// A new directory in the root, built from the one that this link leads to, and then the link leads there.
    Link(PathBuf),
}

/// Whose the files of a staging tree become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TreeOwners {
    /// The caller's: root's, if it is root.
    #[default]
    Caller,
    /// Whose they are in the staging tree.
    Stage,
}

impl TreeRequest {
    /// A request with every default.
    pub fn new(stage: impl Into<PathBuf>, root: impl Into<PathBuf>) -> TreeRequest {
        TreeRequest {
            stage: stage.into(),
            root: root.into(),
            ownership: Ownership::default(),
            owners: TreeOwners::default(),
            delete: Vec::new(),
            keep: Request::KEEP,
            path_trust: PathTrust::default(),
            switch: Switch::default(),
        }
    }
}
