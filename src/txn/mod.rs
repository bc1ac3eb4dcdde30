//! The change: stage, prepare, commit. Knows nothing of where bytes come from.

mod commit;
mod litter;
mod stage;

pub(crate) use commit::{Publish, make_durable};
pub(crate) use litter::sweep;
pub(crate) use stage::Stage;
