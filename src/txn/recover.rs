//! Transactions that were broken off: found, and finished or taken back.

mod examine;
mod finish;
mod leftover;

pub(super) use examine::{Boot, Found, find, open as open_dir};
pub(crate) use finish::{Settled, abandon, concerning, concerning_alone, finish_own, force, outlook, settle};
pub(crate) use leftover::{State as LeftoverState, close, create, leftovers, read};
