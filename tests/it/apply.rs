//! Several files as one change: manifests, and groups on the command line.

mod command_line;
mod flaws;
mod manifest;
mod output;
mod standard_input;
mod trust;

use crate::support::{Outcome, Scratch, swapbin};

/// A tree with two programs and what is to replace them.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    for (name, content) in [("app", "old app"), ("lib", "old lib"), ("new-app", "new app"), ("new-lib", "new lib")] {
        scratch.file(name, content).mode(0o755);
    }
    scratch
}

/// Both, by the shortest manifest.
const BOTH: &str = "[[swap]]\nfrom = 'new-app'\nto = 'app'\n[[swap]]\nfrom = 'new-lib'\nto = 'lib'\n";

/// Writes the manifest and applies it.
fn apply(scratch: &Scratch, manifest: impl AsRef<[u8]>) -> Outcome {
    scratch.file("deploy.toml", manifest);
    swapbin(scratch).args(["apply", "deploy.toml"]).run()
}

#[track_caller]
fn assert_both_are_new(scratch: &Scratch) {
    assert_eq!((scratch.read("app"), scratch.read("lib")), (b"new app".to_vec(), b"new lib".to_vec()));
    scratch.assert_no_litter();
}
