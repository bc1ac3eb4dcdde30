//! `swapbin install` where it promises more than install(1): what is replaced is there all the time, and survives every failure.

mod all_or_nothing;
mod append_only;
mod failure;
mod fakeroot;
mod free_names;
mod kill;
mod many;
mod order;
mod reader;
mod strip;
mod surroundings;
mod sweep;

use crate::support::{Scratch, Swapbin, swapbin};

/// The program as install(1), with these words.
fn install<'a>(scratch: &'a Scratch, line: &str) -> Swapbin<'a> {
    swapbin(scratch).arg("install").args(line.split_whitespace())
}
