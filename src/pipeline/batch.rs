//! Several files as one change.

use super::{Host, swap};
use crate::error::Error;
use crate::event::Observer;
use crate::report::{BatchReport, Times};
use crate::request::Batch;

/// Puts all files in place, or none.
///
/// # Errors
/// As [`swap`].
pub fn apply(batch: &Batch, host: &Host, observer: &mut dyn Observer) -> Result<BatchReport, Error> {
    let swaps = batch.swaps.iter().map(|request| swap(request, host, observer)).collect::<Result<_, _>>()?;
    Ok(BatchReport { txid: None, swaps, times: Times::default() })
}
