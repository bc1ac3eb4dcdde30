//! Several files as one change.

use super::Request;

/// Files that are put in place together: all of them, or none.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The files. No two may have the same target.
    pub swaps: Vec<Request>,
}
