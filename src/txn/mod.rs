//! The change: stage, prepare, commit. Knows nothing of where bytes come from.

mod attributes;
mod barrier;
mod commit;
mod copy;
mod flush;
mod generation;
mod history;
mod identify;
mod in_place;
mod kept;
mod litter;
mod new_tree;
mod parallel;
mod prune;
mod recover;
mod stage;
mod state;
mod transaction;
mod undo;

pub(crate) use commit::{BackupError, Naming, Prepared, Provisional, Publish, Sealed, make_all_durable, make_durable};
pub(crate) use flush::Outbox;
pub(crate) use generation::Old;
pub(crate) use history::{all_records, drop_record, find, find_room, forget, never_happened, records};
pub(crate) use identify::version;
pub(crate) use in_place::{Overwriting, judge_idle};
pub(crate) use litter::{hold_off_sweepers, sweep};
pub(crate) use new_tree::{NewTree, make_link};
pub(crate) use parallel::{FILES, each_in_parallel, each_on_processors};
pub(crate) use prune::{Records, prune};
pub(crate) use recover::{LeftoverState, Settled, abandon, concerning, concerning_alone, force, leftovers, outlook, settle};
pub(crate) use stage::{Stage, StageName};
pub(crate) use state::{State, Waited};
pub(crate) use transaction::{Committed, Replaced, Transaction};
