//! Whatever kills or fails a run at any step: the target is the old file or the new one, whole, and what is left is swept.

mod failure;
mod kill;
mod litter;

use crate::support::{Scratch, Snapshot, Swapbin, swapbin};

/// Every step with a failpoint, in order.
const STEPS: [&str; 7] = ["stage", "write", "seal", "sync", "link", "rename", "sync-dir"];

const SIZE: usize = 200_000;

/// How the new file is made before it gets its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// O_TMPFILE.
    Anonymous,
    /// The fallback, with a temporary name from the start.
    Named,
}

const BOTH: [Stage; 2] = [Stage::Anonymous, Stage::Named];

/// An old `app`, and a `new` file to replace it.
struct Tree {
    scratch: Scratch,
    before: Snapshot,
}

impl Tree {
    fn new() -> Tree {
        let scratch = Scratch::new();
        scratch.file_of("app", b'o', SIZE).mode(0o750);
        scratch.file_of("new", b'n', SIZE);
        scratch.file_of("newer", b'r', SIZE);
        let before = scratch.snapshot();
        Tree { scratch, before }
    }

    fn swap(&self, stage: Stage) -> Swapbin<'_> {
        let run = swapbin(&self.scratch).from("new").to("app");
        match stage {
            Stage::Anonymous => run,
            Stage::Named => run.without_tmpfile(libc::EOPNOTSUPP),
        }
    }

    #[track_caller]
    fn assert_untouched(&self) {
        self.scratch.snapshot().assert_same_as(&self.before);
    }

    /// Whether the target is the new file, whole and with the old one's mode; else it must be the old inode as it was.
    #[track_caller]
    fn is_replaced(&self) -> bool {
        let now = self.scratch.snapshot();
        if now.entry("app") == self.before.entry("app") {
            return false;
        }
        assert!(self.scratch.read("app") == vec![b'n'; SIZE], "neither the old file nor the new one");
        assert_eq!(now.entry("app").mode, 0o750);
        true
    }

    /// How many files a killed run has left, all of which have temporary names.
    #[track_caller]
    fn count_left(&self) -> usize {
        let litter = self.scratch.litter();
        for name in &litter {
            let name = name.to_str().unwrap();
            let id = name.strip_prefix(".swapbin.s").and_then(|name| name.strip_suffix(".0")).unwrap_or_default();
            assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "a recognisable name: {name}");
        }
        litter.len()
    }
}
