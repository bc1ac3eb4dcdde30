//! The filesystems that are supported, with sources on the same and on another one.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use crate::support::{Namespace, Scratch, require_filesystem, require_mounts, swapbin};

/// Something mounted at `mounted`, with an old `app` and a `here` to take from.
struct Mounted {
    scratch: Scratch,
    namespace: Namespace,
}

impl Mounted {
    fn new(mount: impl FnOnce(&Namespace, &Scratch, &std::path::Path)) -> Mounted {
        let scratch = Scratch::new();
        scratch.file_of("elsewhere", b'e', 3_000_000);
        let at = scratch.directory("mounted");
        let namespace = Namespace::new();
        mount(&namespace, &scratch, &at);
        let mounted = Mounted { scratch, namespace };
        fs::write(mounted.path("app"), "old").unwrap();
        fs::set_permissions(mounted.path("app"), PermissionsExt::from_mode(0o750)).unwrap();
        fs::write(mounted.path("here"), vec![b'h'; 3_000_000]).unwrap();
        mounted
    }

    fn path(&self, name: &str) -> PathBuf {
        self.namespace.path(self.scratch.path("mounted")).join(name)
    }

    /// From here and from elsewhere, over an old file and as a new one, with and without a name on the way.
    #[track_caller]
    fn serves(&self) {
        for (source, byte) in [("elsewhere", b'e'), ("mounted/here", b'h')] {
            for (target, mode) in [("app", 0o750), ("another", 0o755)] {
                for named in [false, true] {
                    let run = swapbin(&self.scratch).from(source).to(format!("mounted/{target}")).arg("--force");
                    let run = if named { run.without_tmpfile(libc::EOPNOTSUPP) } else { run };
                    let outcome = run.within(&self.namespace).run();
                    outcome.exits(0);
                    assert!(fs::read(self.path(target)).unwrap() == vec![byte; 3_000_000], "{source} to {target}");
                    assert_eq!(fs::metadata(self.path(target)).unwrap().mode() & 0o7777, mode, "{source} to {target}");
                    assert_eq!(outcome.error_text(), "");
                }
                fs::remove_file(self.path("another")).ok();
            }
        }
        let names = fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let litter: Vec<String> = names.filter(|name| name.starts_with(".swapbin")).collect();
        assert_eq!(litter, Vec::<String>::new());
    }
}

#[track_caller]
fn serves_image(kind: &str, mebibytes: u64) {
    if require_filesystem(kind) {
        Mounted::new(|namespace, scratch, at| namespace.image(scratch, kind, mebibytes, at)).serves();
    }
}

#[test]
fn ext4_is_served() {
    serves_image("ext4", 64);
}

#[test]
fn ext2_is_served() {
    serves_image("ext2", 64);
}

#[test]
fn xfs_is_served() {
    serves_image("xfs", 320);
}

#[test]
fn btrfs_is_served() {
    serves_image("btrfs", 160);
}

#[test]
fn tmpfs_is_served() {
    if require_mounts() {
        Mounted::new(|namespace, _, at| namespace.tmpfs("size=64m", at)).serves();
    }
}

#[test]
fn overlay_is_served() {
    if require_mounts() {
        Mounted::new(|namespace, scratch, at| {
            let lower = scratch.tools().join("lower");
            fs::create_dir(&lower).unwrap();
            namespace.overlay(scratch, &lower, "", at);
        })
        .serves();
    }
}

#[test]
fn a_file_of_the_lower_layer_is_replaced_in_the_upper_one() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    scratch.file("new", "new");
    let (lower, at) = (scratch.directory("lower"), scratch.directory("mounted"));
    scratch.file("lower/app", "old").mode(0o700);
    let namespace = Namespace::new();
    namespace.overlay(&scratch, &lower, "", &at);
    swapbin(&scratch).from("new").to("mounted/app").within(&namespace).run().exits(0);
    assert_eq!(fs::read(namespace.path(at.join("app"))).unwrap(), b"new");
    assert_eq!(fs::metadata(namespace.path(at.join("app"))).unwrap().mode() & 0o777, 0o700);
    assert_eq!(scratch.read("lower/app"), b"old");
}

#[test]
fn a_volatile_overlay_is_warned_of_and_another_one_is_not() {
    if !require_mounts() {
        return;
    }
    for (options, warns) in [("", false), (",volatile", true)] {
        let scratch = Scratch::new();
        scratch.file("new", "new");
        let (lower, at) = (scratch.directory("lower"), scratch.directory("mounted"));
        let namespace = Namespace::new();
        namespace.overlay(&scratch, &lower, options, &at);
        let outcome = swapbin(&scratch).from("new").to("mounted/app").within(&namespace).run();
        outcome.exits(0);
        assert_eq!(outcome.error_text().contains("warning: ") && outcome.error_text().contains("volatile"), warns, "{outcome}");
    }
}

#[test]
fn shared_memory_and_the_disk_are_served_from_each_other() {
    let (disk, memory) = (Scratch::new(), Scratch::on("/dev/shm"));
    for (from, to) in [(&disk, &memory), (&memory, &disk)] {
        let source = from.file_of("new", b'n', 2_000_000);
        to.file("app", "old").mode(0o700);
        swapbin(to).from(&source).to("app").run().exits(0);
        assert!(to.read("app") == vec![b'n'; 2_000_000]);
        to.assert_no_litter();
    }
}
