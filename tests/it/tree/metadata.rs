//! Mode, times, attributes and owners of what is put in place.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::time::{Duration, SystemTime};

use super::{put, puts, trees};
use crate::support::{ACL, DEFAULT_ACL, acl, attribute, require_root, set_attribute};

const LONG_AGO: i64 = 1_000_000_000;

fn set_time(path: impl AsRef<std::path::Path>) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(LONG_AGO as u64);
    fs::File::open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn mode_times_and_attributes_are_those_of_the_staging_tree() {
    let scratch = trees();
    let files = ["usr/bin/app", "usr/share/app/README"];
    for file in files {
        let path = scratch.path(format!("stage/{file}"));
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        set_attribute(&path, "user.note", b"staged");
        set_time(&path);
    }
    set_attribute(scratch.path("root/usr/bin/app"), "user.old", b"replaced");
    puts(&scratch, &[]);
    for file in files {
        let path = scratch.path(format!("root/{file}"));
        let facts = fs::metadata(&path).unwrap();
        assert_eq!((facts.mode() & 0o7777, facts.mtime()), (0o640, LONG_AGO), "{file}");
        assert_eq!(attribute(&path, "user.note").as_deref(), Some(&b"staged"[..]), "{file}");
        assert_eq!(attribute(&path, "user.old"), None, "{file}");
    }
}

#[test]
fn a_new_directory_has_the_mode_times_and_attributes_of_the_staged_one() {
    let scratch = trees();
    let (top, inner) = ("usr/share/app", "usr/share/app/icons");
    fs::set_permissions(scratch.path(format!("stage/{inner}")), PermissionsExt::from_mode(0o1750)).unwrap();
    for directory in [inner, top] {
        set_attribute(scratch.path(format!("stage/{directory}")), "user.note", b"staged");
        set_time(scratch.path(format!("stage/{directory}")));
    }
    puts(&scratch, &[]);
    for (directory, mode) in [(top, 0o755), (inner, 0o1750)] {
        let path = scratch.path(format!("root/{directory}"));
        let facts = fs::metadata(&path).unwrap();
        assert_eq!((facts.mode() & 0o7777, facts.mtime()), (mode, LONG_AGO), "{directory}");
        assert_eq!(attribute(&path, "user.note").as_deref(), Some(&b"staged"[..]), "{directory}");
    }
}

#[test]
fn root_lends_its_rights_to_nobody_who_only_staged_a_file() {
    if !require_root() {
        return;
    }
    let scratch = trees();
    let staged = scratch.path("stage/usr/bin/app");
    lchown(&staged, Some(crate::support::NOBODY), None).unwrap();
    for mode in [0o4755, 0o2755] {
        fs::set_permissions(&staged, PermissionsExt::from_mode(mode)).unwrap();
        let before = scratch.snapshot();
        put(&scratch).run().exits(5).says("usr/bin/app' has setuid").says("hint: ");
        put(&scratch).arg("--dry-run").run().exits(5);
        scratch.snapshot().assert_same_as(&before);
    }
    puts(&scratch, &["-o", "root"]);
    let facts = fs::metadata(scratch.path("root/usr/bin/app")).unwrap();
    assert_eq!((facts.uid(), facts.mode() & 0o7777), (0, 0o2755));
}

#[test]
fn what_a_new_directory_would_inherit_is_not_its_own() {
    let scratch = trees();
    // The owner, somebody else, the group, the mask, others.
    let list = acl(7, (1234, 7), 5, 7, 5);
    set_attribute(scratch.path("root/usr/share"), DEFAULT_ACL, &list);
    puts(&scratch, &[]);
    for name in ["app", "app/icons", "app/icons/app.svg"] {
        let path = scratch.path(format!("root/usr/share/{name}"));
        assert_eq!((attribute(&path, ACL), attribute(&path, DEFAULT_ACL)), (None, None), "{name}");
    }
    set_attribute(scratch.path("stage/usr/bin/app"), ACL, &list);
    puts(&scratch, &[]).prints("1 file in place");
    assert_eq!(attribute(scratch.path("root/usr/bin/app"), ACL), Some(list));
}

#[test]
fn a_file_whose_mode_or_time_or_attribute_differs_is_replaced() {
    let scratch = trees();
    puts(&scratch, &[]);
    let staged = scratch.path("stage/usr/bin/app");
    let inode = || fs::metadata(scratch.path("root/usr/bin/app")).unwrap().ino();
    let mut before = inode();
    for change in ["mode", "time", "attribute"] {
        match change {
            "mode" => fs::set_permissions(&staged, PermissionsExt::from_mode(0o711)).unwrap(),
            "time" => set_time(&staged),
            _ => set_attribute(&staged, "user.note", b"staged"),
        }
        puts(&scratch, &[]).prints("1 file in place");
        assert_ne!(inode(), before, "{change}");
        before = inode();
    }
}

/// Owner and group of a replaced file, a new link, and everything in a new directory.
fn owners(scratch: &crate::support::Scratch) -> Vec<(u32, u32)> {
    let names = ["bin/app", "lib/libapp.so.1", "share/app", "share/app/icons/app.svg", "share/app/icon"];
    let facts = names.map(|name| fs::symlink_metadata(scratch.path(format!("root/usr/{name}"))).unwrap());
    facts.iter().map(|facts| (facts.uid(), facts.gid())).collect()
}

fn give_everything_to(scratch: &crate::support::Scratch, id: u32) {
    let names: Vec<_> =
        scratch.snapshot().names().filter(|name| name.starts_with("stage")).map(|name| scratch.path(name)).collect();
    for path in names {
        lchown(path, Some(id), Some(id)).unwrap();
    }
}

#[test]
fn as_root_everything_is_roots_unless_owners_are_kept_or_said() {
    if !require_root() {
        return;
    }
    for (words, expected) in [
        (&[][..], (0, 0)),
        (&["--keep-owner"][..], (1234, 1234)),
        (&["-o", "77", "-g", "78"][..], (77, 78)),
        (&["--keep-owner", "-g", "78"][..], (1234, 78)),
    ] {
        let scratch = trees();
        give_everything_to(&scratch, 1234);
        puts(&scratch, words);
        assert_eq!(owners(&scratch), vec![expected; 5], "{words:?}");
        // The directories may be another user's now.
        puts(&scratch, &[words, &["--allow-shared-path"]].concat()).prints("6 files unchanged");
    }
}

#[test]
fn setuid_of_the_staging_tree_stays_and_is_said() {
    if !require_root() {
        return;
    }
    let scratch = trees();
    give_everything_to(&scratch, 1234);
    for name in ["usr/bin/app", "usr/share/app/README"] {
        fs::set_permissions(scratch.path(format!("stage/{name}")), PermissionsExt::from_mode(0o4755)).unwrap();
    }
    let outcome = put(&scratch).args(["-o", "root"]).run();
    outcome.exits(0).says("takes over mode 4755");
    for name in ["usr/bin/app", "usr/share/app/README"] {
        let facts = fs::metadata(scratch.path(format!("root/{name}"))).unwrap();
        assert_eq!((facts.mode() & 0o7777, facts.uid()), (0o4755, 0), "{name}");
    }
}
