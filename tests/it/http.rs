//! Sources named by addresses: what is fetched, what is believed, and what becomes of the old file when something is wrong.

mod failure;
mod memory;
mod mirror;
mod redirect;
mod route;
mod secret;
mod trust;

use crate::support::{Outcome, Scratch, Snapshot};

/// A tree in which `app` is an old program, and all of it as it was.
struct OldApp {
    scratch: Scratch,
    before: Snapshot,
}

impl OldApp {
    fn new() -> OldApp {
        let scratch = Scratch::new();
        scratch.file("app", "old").mode(0o755);
        OldApp { before: scratch.snapshot(), scratch }
    }

    /// Refused with this code, with an error in words, and not a name, byte or inode of the tree is another.
    #[track_caller]
    fn survives<'o>(&self, outcome: &'o Outcome, code: i32) -> &'o Outcome {
        outcome.exits(code).says("error: ");
        self.scratch.snapshot().assert_same_as(&self.before);
        outcome
    }

    /// Replaced by these bytes, with the old file's mode, and nothing else in the tree.
    #[track_caller]
    fn becomes<'o>(&self, outcome: &'o Outcome, content: impl AsRef<[u8]>) -> &'o Outcome {
        outcome.exits(0);
        let content = content.as_ref();
        assert!(self.scratch.read("app") == content, "not the {} bytes it should be:\n{outcome}", content.len());
        assert_eq!(self.scratch.snapshot().entry("app").mode, 0o755);
        assert_eq!(self.scratch.snapshot().names().count(), 2, "the directory and app");
        outcome
    }
}
