//! Proof tokens: values that exist only if a check was made. A stage cannot be sealed without [`Trusted`].

use crate::error::Error;
use crate::request::Digest;

/// Proof that the bytes are the ones asked for, as far as anything was asked.
#[derive(Debug)]
pub(crate) struct Trusted(());

impl Trusted {
    /// Where nothing is asked for: install(1) has no digests.
    pub(crate) fn unasked() -> Trusted {
        Trusted(())
    }

    /// The only other way to get one.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`] if a digest is expected and the bytes have another.
    pub(crate) fn require(from: &str, expected: Option<Digest>, actual: Option<Digest>, html: bool) -> Result<Trusted, Error> {
        match (expected, actual) {
            (None, _) => Ok(Trusted(())),
            (Some(expected), Some(actual)) if expected == actual => Ok(Trusted(())),
            (Some(expected), Some(actual)) => Err(Error::DigestMismatch { from: from.to_owned(), expected, actual, html }),
            (Some(_), None) => unreachable!("a digest was asked for and the pipeline computed none"),
        }
    }
}
