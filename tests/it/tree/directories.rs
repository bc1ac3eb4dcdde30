//! Directories that are there: also by a link, inside the root.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::{put, puts, trees};
use crate::support::Scratch;

#[test]
fn a_directory_that_is_there_keeps_mode_and_owner() {
    let scratch = trees();
    fs::set_permissions(scratch.path("root/usr/bin"), PermissionsExt::from_mode(0o2711)).unwrap();
    puts(&scratch, &[]);
    assert_eq!(fs::metadata(scratch.path("root/usr/bin")).unwrap().mode() & 0o7777, 0o2711);
}

#[test]
fn a_link_to_a_directory_is_gone_through_and_stays() {
    let scratch = trees();
    scratch.directory("stage/lib/modules");
    scratch.file("stage/lib/module.ko", "module");
    scratch.file("stage/lib/modules/deep.ko", "deep");
    for text in ["usr/lib", "/usr/lib", "./usr/../usr/lib/", "/also"] {
        let link = scratch.path("root/lib");
        let _ = fs::remove_file(&link);
        let _ = fs::remove_file(scratch.path("root/usr/lib/module.ko"));
        let _ = fs::remove_dir_all(scratch.path("root/usr/lib/modules"));
        let _ = fs::remove_file(scratch.path("root/also"));
        scratch.link("root/lib", text);
        scratch.link("root/also", "usr/lib");
        puts(&scratch, &[]);
        assert_eq!(fs::read_link(&link).unwrap().to_str(), Some(text));
        assert_eq!(scratch.read("root/usr/lib/module.ko"), b"module", "{text}");
        assert_eq!(scratch.read("root/usr/lib/modules/deep.ko"), b"deep", "{text}");
    }
}

#[test]
fn a_link_out_of_the_root_is_refused_and_nothing_is_changed() {
    for text in ["../elsewhere", "../../../../../../../../tmp", "usr/../../elsewhere"] {
        let scratch = trees();
        scratch.directory("elsewhere");
        scratch.directory("stage/lib");
        scratch.file("stage/lib/module.ko", "module");
        scratch.link("root/lib", text);
        let before = scratch.snapshot();
        put(&scratch).run().exits(9).says("leads out of the tree");
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn an_absolute_link_stays_inside_the_root() {
    let scratch = trees();
    scratch.directory("stage/lib");
    scratch.file("stage/lib/module.ko", "module");
    scratch.link("root/lib", scratch.path("elsewhere"));
    scratch.directory("elsewhere");
    put(&scratch).run().exits(9).says("does not exist");
    assert_eq!(fs::read_dir(scratch.path("elsewhere")).unwrap().count(), 0);
}

#[test]
fn two_names_that_come_to_be_one_are_refused() {
    let scratch = trees();
    scratch.directory("stage/lib");
    scratch.file("stage/lib/libapp.so.1.2", "another library");
    scratch.link("root/lib", "usr/lib");
    let before = scratch.snapshot();
    put(&scratch).run().exits(2).says("libapp.so.1.2");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_link_in_the_place_of_a_staged_file_or_link_is_replaced_itself() {
    let scratch = trees();
    scratch.file("elsewhere", "elsewhere");
    for name in ["app", "link"] {
        let _ = fs::remove_file(scratch.path(format!("root/usr/bin/{name}")));
        scratch.link(format!("root/usr/bin/{name}"), "../../../elsewhere");
    }
    scratch.link("stage/usr/bin/link", "app");
    puts(&scratch, &[]);
    assert_eq!((scratch.read("elsewhere"), scratch.read("root/usr/bin/link")), (b"elsewhere".to_vec(), b"new app".to_vec()));
    assert!(fs::symlink_metadata(scratch.path("root/usr/bin/app")).unwrap().is_file());
}

#[test]
fn a_root_on_another_filesystem_is_filled_there() {
    let (stage, root) = (trees(), Scratch::on("/dev/shm"));
    root.directory("usr/bin");
    let run = crate::support::swapbin(&stage).args(["apply", "--tree", "stage", "--to"]).arg(root.root());
    run.run().exits(0);
    assert_eq!(root.read("usr/share/app/icon"), b"icon");
    root.assert_no_litter();
}
