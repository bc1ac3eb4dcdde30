//! What a batch writes down before it changes anything, and what follows from it after a crash. Pure: no input, no output.
//!
//! A journal is a text file, a record a line: length, checksum, and one JSON object. The header names the transaction, then
//! comes one entry for each name that is changed, then the record that decides: with COMMIT everything goes forward, with ABORT
//! everything goes back, with neither nothing was changed yet. What overwrites a file in place has a journal of its own kind.

mod decide;
mod frame;
mod in_place;
mod read;
mod record;
mod text;

pub(crate) use decide::{Direction, Facts, Seen, Step, before, decide, in_turn};
pub(crate) use frame::encode;
pub(crate) use in_place::{Content, Overwritten, Repair, decide_in_place};
pub(crate) use read::{Journal, Phase, Unreadable, read, read_closed};
pub(crate) use record::{Entry, Filesystem, Header, IN_PLACE, Kept, Kind, Place, Record, VERSION, Version, Way};
pub(crate) use text::Text;
