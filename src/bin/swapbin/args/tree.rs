//! What is said of a staging tree.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use swapbin::{Account, Request};

/// The options of `swapbin apply --tree`.
#[derive(Debug, Args)]
pub struct TreeArgs {
    /// Instead of a manifest: a staging tree (a DESTDIR), of which everything goes to the same place below --to.
    #[arg(long, value_name = "STAGE", requires = "to", help_heading = "Tree", value_hint = ValueHint::DirPath)]
    pub tree: Option<PathBuf>,

    /// The directory that the tree goes to.
    #[arg(long, value_name = "ROOT", requires = "tree", help_heading = "Tree", value_hint = ValueHint::DirPath)]
    pub to: Option<PathBuf>,

    /// Everything keeps the owner and group it has in the tree; else it becomes the caller's.
    #[arg(long, requires = "tree", help_heading = "Tree")]
    pub keep_owner: bool,

    /// The owner of everything, by name or number.
    #[arg(short, long, value_name = "USER", requires = "tree", help_heading = "Tree", value_hint = ValueHint::Username)]
    pub owner: Option<Account>,

    /// The group of everything, by name or number.
    #[arg(short, long, value_name = "GROUP", requires = "tree", help_heading = "Tree")]
    pub group: Option<Account>,

    /// Remove what is below DIR, a directory named as seen from ROOT, and not in the tree.
    #[arg(long, value_name = "DIR", requires = "tree", help_heading = "Tree", value_hint = ValueHint::DirPath)]
    pub delete: Vec<PathBuf>,

    /// Build ROOT anew beside itself and let the two change names, so that nobody sees old and new together.
    #[arg(long, requires = "tree", conflicts_with = "generation_link", help_heading = "Tree")]
    pub exchange: bool,

    /// Build a new directory in ROOT from the one that LINK leads to, and let LINK lead there.
    #[arg(long, value_name = "LINK", requires = "tree", help_heading = "Tree", value_hint = ValueHint::AnyPath)]
    pub generation_link: Option<PathBuf>,

    /// How many replaced versions are kept beside each target, for a rollback.
    #[arg(long, value_name = "N", requires = "tree", default_value_t = Request::KEEP, help_heading = "Tree")]
    pub keep: u32,
}
