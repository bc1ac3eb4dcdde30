//! One file per command, and what they share.

pub mod apply;
mod batch;
mod host;
pub mod install;
mod request;
pub mod swap;
