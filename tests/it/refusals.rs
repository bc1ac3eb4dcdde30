//! What is refused, and that a refusal touches nothing: one line that names the path, one that says what to do.

mod directory;
mod flags;
mod mount;
mod name;
mod room;
mod source;
mod state;
mod target;

use std::path::Path;

use crate::support::{Outcome, Scratch, Snapshot, in_quotes};

/// A tree with an old `app` and a `new` file, and the promise that it stays so.
struct Tree {
    scratch: Scratch,
    before: Snapshot,
}

impl Tree {
    fn new(make: impl FnOnce(&Scratch)) -> Tree {
        let scratch = Scratch::new();
        scratch.file("app", "old").mode(0o755);
        scratch.file("new", "new");
        make(&scratch);
        let before = scratch.snapshot();
        Tree { scratch, before }
    }

    /// Refused with this code, in one line that names `path` and has these words, and with a hint; and nothing has changed.
    #[track_caller]
    fn refuses(&self, outcome: &Outcome, code: i32, path: impl AsRef<Path>, words: &str) {
        assert_refused(outcome, code, path, words);
        self.scratch.snapshot().assert_same_as(&self.before);
        self.scratch.assert_no_litter();
    }
}

#[track_caller]
fn assert_refused(outcome: &Outcome, code: i32, path: impl AsRef<Path>, words: &str) {
    outcome.exits(code).says(words);
    let text = outcome.error_text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "a fact and a hint:\n{outcome}");
    assert!(
        lines[0].starts_with("error: ") && lines[0].contains(&in_quotes(path.as_ref())),
        "the fact names the path:\n{outcome}"
    );
    assert!(lines[1].starts_with("hint: ") && lines[1].len() > 12, "a hint:\n{outcome}");
    assert!(outcome.stdout.is_empty(), "nothing happened, so nothing is reported:\n{outcome}");
}
