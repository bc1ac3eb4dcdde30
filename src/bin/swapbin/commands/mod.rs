//! One file per command.

pub mod install;
pub mod swap;
