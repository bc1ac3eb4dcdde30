//! How long it would take to write a file, and to restore it: nobody can be kept waiting for ever.

use std::path::Path;
use std::time::Duration;

use crate::error::{Doubt, Error};
use crate::fs::lease;

/// Bytes that are little enough to be written at any pace; and to measure by less would say little.
const LITTLE: u64 = 1 << 20;

/// Half of what the kernel lets somebody wait for a lease: the other half is for the way back. `None`: for ever.
pub(super) fn limit() -> Option<Duration> {
    lease::break_time().map(|time| time / 2)
}

/// Whether so few bytes are written at any pace.
pub(super) fn is_little(bytes: u64) -> bool {
    bytes < LITTLE
}

/// How fast bytes came to the disk when the old content was put aside and the new one staged.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    bytes: u64,
    time: Duration,
}

impl Pace {
    /// Counts what was written and synced in this time.
    pub(super) fn add(&mut self, bytes: u64, time: Duration) {
        self.bytes += bytes;
        self.time += time;
    }

    /// Whether so little was written that it says nothing.
    pub(super) fn says_little(self) -> bool {
        is_little(self.bytes)
    }

    /// Refuses what would take longer, to write and to restore, than others can be kept waiting.
    ///
    /// # Errors
    /// [`Error::NoProof`].
    pub(super) fn judge(self, path: &Path, new: u64, old: u64) -> Result<(), Error> {
        match (self.needed(new.saturating_add(old)), limit()) {
            (needed, Some(limit)) if needed > limit => {
                Err(Error::NoProof { path: path.to_owned(), doubt: Doubt::TooLong { needed, limit } })
            }
            _ => Ok(()),
        }
    }

    fn needed(self, bytes: u64) -> Duration {
        if is_little(bytes) || self.bytes == 0 {
            return Duration::ZERO;
        }
        let seconds = self.time.as_secs_f64() * (bytes as f64 / self.bytes as f64);
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn what_takes_longer_than_others_can_wait_is_refused() {
        let Some(limit) = limit() else { return };
        let mut pace = Pace::default();
        // A tenth of what there is time for, in two parts.
        pace.add(5 * MIB, limit / 20);
        pace.add(5 * MIB, limit / 20);
        assert!(pace.judge(Path::new("/a"), 49 * MIB, 50 * MIB).is_ok());
        let error = pace.judge(Path::new("/a"), 51 * MIB, 50 * MIB).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Busy, "{error}");
    }

    #[test]
    fn a_little_is_never_refused() {
        let mut pace = Pace::default();
        pace.add(10, Duration::from_secs(10));
        assert!(pace.says_little() && pace.judge(Path::new("/a"), 10_000, 10).is_ok());
    }
}
