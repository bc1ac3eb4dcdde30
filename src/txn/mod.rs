//! The change: stage, prepare, commit. Knows nothing of where bytes come from.

mod commit;
mod flush;
mod litter;
mod stage;
mod undo;

pub(crate) use commit::{BackupError, Prepared, Provisional, Publish, Sealed, make_durable};
pub(crate) use flush::flush_all;
pub(crate) use litter::sweep;
pub(crate) use stage::{Stage, StageName};
