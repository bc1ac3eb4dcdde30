//! Whose manifests root obeys.

use super::{BOTH, assert_both_are_new, tree};
use crate::support::{NOBODY, require_root, swapbin};

#[test]
fn root_does_not_obey_a_manifest_that_others_may_change() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    let manifest = scratch.file("deploy.toml", BOTH);
    let cases = [(0o644, NOBODY, 0), (0o666, 0, 0), (0o664, 0, NOBODY)];
    for (mode, uid, gid) in cases {
        manifest.clone().mode(mode).owner(uid, gid);
        let before = scratch.snapshot();
        let outcome = swapbin(&scratch).args(["apply", "deploy.toml"]).run();
        outcome.exits(2).says("'deploy.toml' may be changed by other users").says("hint: ");
        scratch.snapshot().assert_same_as(&before);
    }
    swapbin(&scratch).args(["apply", "deploy.toml", "--allow-shared-path"]).run().exits(0);
    assert_both_are_new(&scratch);
}

#[test]
fn root_does_not_obey_a_manifest_whose_place_others_may_take() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("deploy.toml", BOTH);
    let manifest = scratch.path("deploy.toml");
    scratch.directory("his").owner(NOBODY, NOBODY);
    scratch.directory("shared").mode(0o1777);
    std::os::unix::fs::symlink(&manifest, scratch.path("shared/deploy.toml")).unwrap();
    std::os::unix::fs::lchown(scratch.path("shared/deploy.toml"), Some(NOBODY), None).unwrap();
    std::os::unix::fs::symlink(&manifest, scratch.path("his/deploy.toml")).unwrap();
    for path in ["his/deploy.toml", "shared/deploy.toml"] {
        let before = scratch.snapshot();
        let outcome = swapbin(&scratch).args(["apply", path]).run();
        outcome.exits(2).says(&format!("manifest '{path}' cannot be trusted: ")).says("hint: ");
        scratch.snapshot().assert_same_as(&before);
    }
    swapbin(&scratch).args(["apply", "missing.toml"]).run().exits(2).says("no such file");
}

#[test]
fn the_mode_of_what_is_no_file_is_not_to_be_changed() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    let pipe = scratch.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o666.into(), 0).unwrap();
    std::fs::set_permissions(&pipe, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    // Held open at both ends, so that nobody waits for a writer.
    let _open = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    swapbin(&scratch).args(["apply", "pipe"]).run().exits(2).says("swapbin apply -").never_mentions("chmod");
}

#[test]
fn a_manifest_cannot_excuse_itself() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("deploy.toml", format!("[defaults]\nallow-shared-path = true\n{BOTH}")).mode(0o666);
    swapbin(&scratch).args(["apply", "deploy.toml"]).run().exits(2).says("may be changed by other users");
}

#[test]
fn what_the_group_root_may_write_is_roots() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("deploy.toml", BOTH).mode(0o664);
    swapbin(&scratch).args(["apply", "deploy.toml"]).run().exits(0);
    assert_both_are_new(&scratch);
}

#[test]
fn an_ordinary_user_obeys_whom_he_likes() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("his").owner(NOBODY, NOBODY);
    scratch.file("deploy.toml", "[[swap]]\nfrom = 'new-app'\nto = 'his/app'\n").mode(0o666);
    swapbin(&scratch).args(["apply", "deploy.toml"]).as_user(NOBODY).run().exits(0);
    assert_eq!(scratch.read("his/app"), b"new app");
}

#[test]
fn the_way_to_a_target_is_trusted_where_the_flag_or_the_manifest_says_so() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.directory("his").owner(NOBODY, NOBODY);
    let manifest = "[[swap]]\nfrom = 'new-app'\nto = 'his/app'\n";
    let apply = |manifest: &str, flags: &[&str]| {
        scratch.file("deploy.toml", manifest);
        swapbin(&scratch).args(["apply", "deploy.toml"]).args(flags).run()
    };
    apply(manifest, &[]).exits(9).says("his");
    apply(manifest, &["--allow-shared-path"]).exits(0);
    apply(&format!("{manifest}force = true\nallow-shared-path = true\n"), &[]).exits(0).prints("replaced");
}
