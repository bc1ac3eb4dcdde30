//! Transactions that were broken off: found, and finished or taken back.

mod examine;
mod finish;
mod leftover;

pub(crate) use finish::{Settled, concerning, finish_own, settle};
pub(crate) use leftover::{Leftover, State as LeftoverState, close, create, leftovers};
