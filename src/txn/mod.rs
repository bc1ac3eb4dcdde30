//! The change: stage, prepare, commit. Knows nothing of where bytes come from.

mod batch;
mod commit;
mod flush;
mod identify;
mod kept;
mod litter;
mod recover;
mod stage;
mod state;
mod undo;

pub(crate) use batch::{Batch, Committed, Replaced};
pub(crate) use commit::{BackupError, Prepared, Provisional, Publish, Sealed, make_durable};
pub(crate) use flush::flush_all;
pub(crate) use litter::sweep;
pub(crate) use recover::{Leftover, LeftoverState, Settled, concerning, leftovers, settle};
pub(crate) use stage::{Stage, StageName};
pub(crate) use state::{State, Waited};
