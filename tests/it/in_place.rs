//! `--in-place`: the file keeps its inode, and is overwritten only with proof that nobody has it.

mod broken;
mod crash;
mod filesystem;
mod held;
mod idle;
mod obstacle;
mod overlay;
mod rollback;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Entry, Made, Scratch, Snapshot, Swapbin, require_program, run, swapbin};

const SIZE: usize = 200_000;

/// An old `app` with a second name, and a `new` file to overwrite it with.
struct Tree {
    scratch: Scratch,
    before: Snapshot,
}

impl Tree {
    fn new() -> Tree {
        Tree::of(Scratch::new(), SIZE, SIZE + 50_000)
    }

    fn of(scratch: Scratch, old: usize, new: usize) -> Tree {
        scratch.file_of("app", b'o', old).mode(0o750);
        std::fs::hard_link(scratch.path("app"), scratch.path("other")).unwrap();
        scratch.file_of("new", b'n', new);
        let before = scratch.snapshot();
        Tree { scratch, before }
    }

    fn overwrite(&self) -> Swapbin<'_> {
        swapbin(&self.scratch).from("new").to("app").arg("--in-place")
    }

    #[track_caller]
    fn assert_untouched(&self) {
        self.scratch.snapshot().assert_same_as(&self.before);
    }

    /// Whether the file has the new content; else it must have the old. Either way it is the same inode, under both its names, with
    /// the mode and the owner it had.
    #[track_caller]
    fn is_new(&self) -> bool {
        let now = self.scratch.snapshot();
        let (app, old) = (now.entry("app"), self.before.entry("app"));
        let same = |entry: &Entry| (entry.ino, entry.mode, entry.uid, entry.gid, entry.nlink);
        assert_eq!(same(app), same(old));
        assert_eq!(now.entry("other").ino, app.ino);
        let is_new = app.kind == self.before.entry("new").kind;
        assert!(is_new || app.kind == old.kind, "neither the old content nor the new");
        is_new
    }
}

/// A library of the machine's own C compiler, with a function that answers 41.
fn library(scratch: &Scratch, name: &str) -> Option<PathBuf> {
    let cc = require_program("cc")?;
    let source = scratch.tools().join("library.c");
    std::fs::write(&source, "int answer(void) { return 41; }\n").unwrap();
    let path = scratch.path(name);
    run(Command::new(cc).args(["-shared", "-fPIC", "-o"]).args([&path, &source]));
    Some(path)
}

/// Copies a file over another one, as people do.
fn cp(from: &Made, to: &Path) -> bool {
    let mut cp = Command::new("cp");
    cp.arg::<&Path>(from).arg(to).stderr(std::process::Stdio::null());
    let status = crate::support::Process::spawn(&mut cp).wait(std::time::Duration::from_secs(60));
    status.expect("cp ends").success()
}
