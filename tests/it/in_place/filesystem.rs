//! Every filesystem with leases.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::support::{Fixture, Namespace, Scratch, require_filesystem, require_mounts, swapbin};

#[track_caller]
fn serves(mount: impl FnOnce(&Namespace, &Scratch, &Path)) {
    let scratch = Scratch::new();
    scratch.file_of("new", b'n', 3_000_000);
    let at = scratch.directory("mounted");
    let namespace = Namespace::new();
    mount(&namespace, &scratch, &at);
    let path = |name: &str| namespace.path(&at).join(name);
    let reader = scratch.program("reader", "one");
    for (source, size) in [("new", 3_000_000), ("mounted/here", 1_000_000)] {
        std::fs::write(path("here"), vec![b'n'; 1_000_000]).unwrap();
        std::fs::write(path("app"), vec![b'o'; 2_000_000]).unwrap();
        std::fs::hard_link(path("app"), path("other")).unwrap();
        let inode = std::fs::metadata(path("app")).unwrap().ino();
        let run = || swapbin(&scratch).from(source).to("mounted/app").arg("--in-place").keeping().within(&namespace).run();
        let mapped = Fixture::start(&reader, &["map", path("app").to_str().unwrap()]);
        run().exits(3).says("(reader) maps it");
        assert_eq!(mapped.finish(), format!("sum={}\n", u64::from(b'o') * 2_000_000));
        run().exits(0);
        for name in ["app", "other"] {
            assert!(std::fs::read(path(name)).unwrap() == vec![b'n'; size], "{source}");
            assert_eq!(std::fs::metadata(path(name)).unwrap().ino(), inode);
        }
        swapbin(&scratch).args(["rollback", "mounted/app"]).within(&namespace).run().exits(0);
        assert!(std::fs::read(path("other")).unwrap() == vec![b'o'; 2_000_000]);
        std::fs::remove_file(path("app")).unwrap();
        std::fs::remove_file(path("other")).unwrap();
    }
}

#[test]
fn ext4() {
    if require_filesystem("ext4") {
        serves(|namespace, scratch, at| namespace.image(scratch, "ext4", 64, at));
    }
}

#[test]
fn xfs() {
    if require_filesystem("xfs") {
        serves(|namespace, scratch, at| namespace.image(scratch, "xfs", 300, at));
    }
}

#[test]
fn btrfs() {
    if require_filesystem("btrfs") {
        serves(|namespace, scratch, at| namespace.image(scratch, "btrfs", 128, at));
    }
}

#[test]
fn tmpfs() {
    if require_mounts() {
        serves(|namespace, _, at| namespace.tmpfs("size=32m", at));
    }
}
