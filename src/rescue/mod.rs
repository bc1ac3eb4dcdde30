//! Gets files back out of living processes: what there is, whom to believe, which way to take, and whether it is what runs.
//! Reads only: nothing of a process is changed, not even an offset.

mod candidates;
mod choose;
pub(crate) mod memory;
mod name;
pub(crate) mod on_disk;
pub(crate) mod rebuild;
pub(crate) mod smoke;
mod source;
mod trust;
mod verify;

pub(crate) use candidates::{Candidate, Found, Here, NotHeld, Wanted, find, held};
pub(crate) use choose::{Choice, Conditions, Known, choose};
pub(crate) use source::{Opened, Source};
pub(crate) use trust::{Owners, distrust};
pub(crate) use verify::{Compared, compare};
