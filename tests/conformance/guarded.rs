//! Destinations that the kernel, or we, do not let go of: mount points, immutable files, devices.

use std::fs::File;

use rustix::fs::ioctl_getflags;

use crate::support::{Namespace, Scratch, require_mounts, require_root};
use crate::trial::{Suite, Tree, expected};

fn some(tree: &Tree) {
    tree.file("a", "new");
    tree.file("same", "new").mode(0o755);
    tree.file("d", "old").mode(0o755);
    tree.file("dir/d", "old");
    tree.directory("empty");
}

#[test]
fn devices() {
    let mut suite = Suite::new("devices");
    suite.tree(|tree| {
        some(tree);
        tree.null_device("null");
        tree.link("to_null", "null");
        tree.null_device("dir/a");
    });
    let refused = || expected().exit(1).stdout("").stderr_mentioning(&["null"]).untouched("null");
    suite.case("a null").by_root().safer(refused());
    suite.case("-T a null").by_root().safer(refused());
    suite.case("-C a null").by_root().safer(refused());
    suite.case("-b a null").by_root().safer(refused().absent("null~"));
    suite.case("-p d null").by_root().safer(refused());
    let refused = || expected().exit(1).stderr_mentioning(&["dir/a"]).untouched("dir/a");
    suite.case("a dir").by_root().safer(refused());
    suite.case("a d same dir").by_root().safer(refused());
    suite.case("-t dir a").by_root().safer(refused());
    suite.case("-D a dir/a").by_root().safer(refused());
    suite.case("a to_null").by_root();
    suite.case("null d").by_root();
    suite.case("null null").by_root();
    suite.case("null empty").by_root();
    suite.case("missing null").by_root();
    suite.case("empty null").by_root();
    suite.case("-d null").by_root();
    suite.run();
}

#[test]
fn immutable() {
    if !require_root() || !has_flags() {
        return;
    }
    let mut suite = Suite::new("immutable");
    suite.tree(|tree| {
        some(tree);
        tree.immutable("d");
        tree.immutable("same");
        tree.immutable("empty");
    });
    let refused = || expected().exit(1).stdout("").stderr_mentioning(&["d", "immutable"]).untouched("d");
    suite.case("a d").by_root().safer(refused());
    suite.case("-b a d").by_root().safer(refused().absent("d~"));
    suite.case("-C a d").by_root().safer(refused());
    suite.case("-T a d").by_root().safer(refused());
    suite.case("a empty").by_root().safer(expected().exit(1).stderr_mentioning(&["empty", "immutable"]));
    let words = "install: cannot create directory ‘empty/new’: Operation not permitted\n";
    suite.case("-d empty/new").by_root().newer_than_9_1(expected().stderr(words));
    suite.case("-D a empty/new/x").by_root();
    // Nothing is to be done, and nothing is tried.
    let nothing = || expected().exit(0).stdout("").stderr("").untouched("same");
    suite.case("-C a same").by_root().newer_than_9_1(nothing());
    suite.case("-Cv a same").by_root().newer_than_9_1(nothing());
    suite.case("-C -o 0 -g 0 a same").by_root().newer_than_9_1(nothing());
    suite.run();
}

/// Whether the filesystem of the scratch trees knows immutable files.
fn has_flags() -> bool {
    let scratch = Scratch::new();
    let known = ioctl_getflags(File::open(scratch.root()).expect("a directory just made")).is_ok();
    if !known {
        println!("SKIPPED: immutable: a filesystem without flags");
    }
    known
}

#[test]
fn mounts() {
    if !require_mounts() {
        return;
    }
    let mut suite = Suite::new("mounts");
    suite.tree(some);
    let on_d = |namespace: &Namespace, tree: &Tree| {
        let path = |name| tree.scratch().path(name);
        namespace.bind(&path("same"), &path("d"));
        namespace.bind(&path("same"), &path("dir/d"));
    };
    let read_only = |namespace: &Namespace, tree: &Tree| {
        let dir = tree.scratch().path("dir");
        namespace.bind_read_only(&dir, &dir);
    };
    let refused = || expected().exit(1).stdout("").stderr_mentioning(&["d", "mount point"]).untouched("d");
    suite.case("a d").by_root().mounting(on_d).safer(refused());
    suite.case("-b a d").by_root().mounting(on_d).safer(refused().absent("d~"));
    suite.case("-C a d").by_root().mounting(on_d);
    suite.case("-T a d").by_root().mounting(on_d).safer(refused());
    // `d` and `dir/d` are one file mounted twice.
    suite.case("a d dir").by_root().mounting(on_d);
    suite.case("d same").by_root().mounting(on_d);
    suite.case("a dir/d").by_root().mounting(read_only);
    suite.case("a dir/x").by_root().mounting(read_only);
    suite.case("-b a dir/d").by_root().mounting(read_only);
    let words = "install: cannot create directory ‘dir/x’: Read-only file system\n";
    suite.case("-d dir/x").by_root().mounting(read_only).newer_than_9_1(expected().stderr(words));
    suite.case("-d dir").by_root().mounting(read_only);
    suite.case("-D a dir/x/y").by_root().mounting(read_only);
    suite.case("-C a dir/d").by_root().mounting(read_only);
    suite.case("dir/d x").by_root().mounting(read_only);
    suite.run();
}
