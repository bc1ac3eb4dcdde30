//! One file per command.

pub mod swap;
