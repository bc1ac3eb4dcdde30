//! One idea of the kernel's file calls per file. Everything that changes the filesystem is here; nothing here knows what an
//! installation is.

mod anonymous;
pub(crate) mod attrs;
pub(crate) mod ballast;
pub(crate) mod copy;
pub(crate) mod dir;
pub(crate) mod flags;
pub(crate) mod label;
pub(crate) mod lease;
pub(crate) mod mount;
pub(crate) mod overwrite;
pub(crate) mod private;
pub(crate) mod rename;
pub(crate) mod same;
pub(crate) mod sync;
pub(crate) mod temp;
pub(crate) mod tree;
