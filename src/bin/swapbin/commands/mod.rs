//! One file per command, and what they share.

pub mod apply;
mod batch;
pub mod history;
mod host;
pub mod install;
pub mod prune;
pub mod recover;
mod request;
pub mod rescue;
pub mod rollback;
pub mod swap;
pub mod tree;
pub mod usage;
