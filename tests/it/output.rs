//! What is said, where, and how: a line for people, an object for programs, a bar on a terminal, and a code for scripts.

mod json;
mod names;
mod options;
mod progress;
mod streams;

use crate::support::{Outcome, Scratch, Swapbin, swapbin};

/// A tree with `app` (content `old`, mode 0755) and `new`.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("app", "old").mode(0o755);
    scratch.file("new", "new");
    scratch
}

/// `swapbin --from new --to app`.
fn swap(scratch: &Scratch) -> Swapbin<'_> {
    swapbin(scratch).from("new").to("app")
}

/// A run at a terminal: everything it shows there comes out at the other end of script(1). Names must be plain words.
#[track_caller]
fn at_a_terminal(command: Swapbin<'_>) -> Outcome {
    command.env("TERM", "xterm").under(["sh", "-c", "exec script -qec \"$*\" /dev/null", "sh"]).run()
}

/// The escape sequences of colours and cursor movements begin with this.
const ESCAPE: &str = "\x1b";
