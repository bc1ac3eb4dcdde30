//! Append-only directories, where a name can be made and never again be changed or removed. They are in a filesystem of the
//! test's own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::install;
use crate::support::{Namespace, Outcome, Scratch, Snapshot, require_filesystem, require_program, run};

/// An ext4 filesystem with `dir/f`, the directory append-only.
struct Image {
    scratch: Scratch,
    namespace: Namespace,
}

impl Image {
    fn new() -> Option<Image> {
        let chattr = require_program("chattr")?;
        if !require_filesystem("ext4") {
            return None;
        }
        let scratch = Scratch::new();
        for name in ["f", "g", "h", "i"] {
            scratch.file(name, "new");
        }
        let at = scratch.directory("ext4");
        let namespace = Namespace::new();
        namespace.image(&scratch, "ext4", 16, &at);
        let image = Image { scratch, namespace };
        std::fs::create_dir(image.dir()).unwrap();
        std::fs::write(image.dir().join("f"), "old").unwrap();
        let mut command = Command::new(chattr);
        image.namespace.host(command.arg("+a").arg(image.scratch.path("ext4/dir")).stdin(Stdio::null()));
        run(&mut command);
        Some(image)
    }

    fn dir(&self) -> PathBuf {
        self.namespace.path(self.scratch.path("ext4/dir"))
    }

    fn install(&self, line: &str) -> Outcome {
        install(&self.scratch, line).within(&self.namespace).run()
    }
}

#[test]
fn what_it_cannot_let_go_is_found_out_before_anything_gets_a_name() {
    let Some(image) = Image::new() else { return };
    let before = Snapshot::of(&image.dir());
    let refused = |line: &str, words: &str| {
        image.install(line).exits(1).says(words);
        Snapshot::of(&image.dir()).assert_same_as(&before);
    };
    let strip = "-s --strip-program=/bin/true";
    refused("f ext4/dir/f", "install: cannot remove 'ext4/dir/f': Operation not permitted");
    refused("-b f ext4/dir/f", "install: cannot backup 'ext4/dir/f': Operation not permitted");
    refused(&format!("{strip} f ext4/dir/f"), "install: cannot remove 'ext4/dir/f': Operation not permitted");
    refused(&format!("{strip} g ext4/dir/g"), "install: cannot create regular file 'ext4/dir/g': Operation not permitted");
    refused("--all-or-nothing g ext4/dir/g", "install: cannot create regular file 'ext4/dir/g': Operation not permitted");
}

#[test]
fn a_free_name_in_it_is_given_whatever_else_there_is() {
    let Some(image) = Image::new() else { return };
    image.install("f g ext4/dir").exits(1).says("cannot remove 'ext4/dir/f': Operation not permitted");
    // With so few descriptors, files elsewhere get temporary names.
    let few = install(&image.scratch, "h i ext4/dir").within(&image.namespace).limited(libc::RLIMIT_NOFILE, 24);
    few.run().exits(0).is_quiet();
    let mut names: Vec<_> = std::fs::read_dir(image.dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["f", "g", "h", "i"]);
    assert_eq!(std::fs::read(image.dir().join("i")).unwrap(), b"new");
}
