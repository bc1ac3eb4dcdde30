//! Places where something a program takes for granted is missing: /proc, a system call, a right, a feature of the filesystem.

mod filesystem;
mod filter;
mod proc;
mod reflink;
mod special;
mod user;

use crate::support::{Outcome, Scratch, Swapbin, swapbin};

/// A directory `his` of the ordinary user with an old `app`, and a `new` file beside it.
struct Tree {
    scratch: Scratch,
}

impl Tree {
    fn new() -> Tree {
        let scratch = Scratch::new();
        scratch.directory("his").of_ordinary_user();
        scratch.file("his/app", "old").mode(0o750).of_ordinary_user();
        scratch.file("new", "new");
        Tree { scratch }
    }

    /// As root, or whoever runs the tests: `app` of the tree's root.
    fn of_caller() -> Tree {
        let scratch = Scratch::new();
        scratch.directory("his");
        scratch.file("his/app", "old").mode(0o750);
        scratch.file("new", "new");
        Tree { scratch }
    }

    fn swap(&self) -> Swapbin<'_> {
        swapbin(&self.scratch).from("new").to("his/app")
    }

    fn install(&self) -> Swapbin<'_> {
        swapbin(&self.scratch).from("new").to("his/another")
    }

    /// Replaced, whole, with the mode it had, and nothing beside it.
    #[track_caller]
    fn assert_replaced(&self, outcome: &Outcome) {
        outcome.exits(0).prints("replaced");
        assert_eq!(outcome.error_text(), "", "{outcome}");
        assert_eq!(self.scratch.read("his/app"), b"new");
        assert_eq!(self.scratch.snapshot().entry("his/app").mode, 0o750);
        self.scratch.assert_no_litter();
    }

    #[track_caller]
    fn assert_installed(&self, outcome: &Outcome) {
        outcome.exits(0).prints("installed");
        assert_eq!(outcome.error_text(), "", "{outcome}");
        assert_eq!(self.scratch.read("his/another"), b"new");
        let entry = self.scratch.snapshot().entry("his/another").clone();
        assert_eq!((entry.mode, entry.nlink), (0o755, 1));
        self.scratch.assert_no_litter();
    }
}
