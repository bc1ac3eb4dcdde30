//! What a manifest says is what the flags say.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::{BOTH, apply, assert_both_are_new, tree};
use crate::support::{Reply, Server, sha256, swapbin};

#[test]
fn every_file_of_a_manifest_is_put_in_place() {
    let scratch = tree();
    apply(&scratch, BOTH).exits(0);
    assert_both_are_new(&scratch);
}

#[test]
fn paths_are_relative_to_the_manifest_wherever_it_is_applied() {
    let scratch = tree();
    scratch.directory("elsewhere");
    scratch.directory("release");
    scratch.file("release/deploy.toml", BOTH.replace("to = '", "to = '../"));
    scratch.file("release/new-app", "new app");
    scratch.file("release/new-lib", "new lib");
    std::fs::remove_file(scratch.path("new-app")).unwrap();
    for manifest in [scratch.path("release/deploy.toml"), "elsewhere/../release/deploy.toml".into()] {
        scratch.file("app", "old app");
        swapbin(&scratch).arg("apply").arg(manifest).run().exits(0);
        assert_both_are_new(&scratch);
    }
}

#[test]
fn a_token_file_and_a_certificate_file_are_relative_to_the_manifest_too() {
    let scratch = tree();
    let server = Server::answering(Reply::ok("new app"));
    let address = server.url("/app");
    scratch.directory("release");
    scratch.file("release/token", "hunter2\n");
    let swap = |more: &str| format!("[[swap]]\nfrom = '{address}'\nto = '../app'\nsha256 = '{}'\n{more}\n", sha256("new app"));
    scratch.file("release/deploy.toml", swap("token-file = 'token'"));
    swapbin(&scratch).args(["apply", "release/deploy.toml"]).run().exits(0).never_mentions("hunter2");
    assert_eq!(scratch.read("app"), b"new app");
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer hunter2"));

    scratch.file("app", "old app");
    scratch.file("release/deploy.toml", swap("cacert = 'missing.pem'"));
    let outcome = swapbin(&scratch).args(["apply", "release/deploy.toml"]).run();
    outcome.exits(2).says("release/missing.pem");
}

#[test]
fn a_target_with_a_slash_takes_the_name_from_the_source() {
    let scratch = tree();
    scratch.directory("bin");
    apply(&scratch, "[[swap]]\nfrom='new-app'\nto='bin/'\n[[swap]]\nfrom='new-lib'\nto='bin/'\n").exits(0);
    assert_eq!((scratch.read("bin/new-app"), scratch.read("bin/new-lib")), (b"new app".to_vec(), b"new lib".to_vec()));
}

#[test]
fn several_sources_are_mirrors() {
    let scratch = tree();
    let digest = sha256("new app");
    apply(&scratch, format!("[[swap]]\nfrom = ['missing', 'new-lib', 'new-app']\nsha256 = '{digest}'\nto = 'app'\n")).exits(0);
    assert_eq!(scratch.read("app"), b"new app");
}

#[test]
fn what_the_defaults_say_holds_for_files_that_say_nothing() {
    let scratch = tree();
    let mode = |name: &str| std::fs::metadata(scratch.path(name)).unwrap().mode() & 0o7777;
    let manifest = format!("[defaults]\nmode = '0700'\nforce = true\n{BOTH}mode = 'g+rx'\nforce = false\n");
    apply(&scratch, &manifest).exits(0);
    assert_eq!((mode("app"), mode("lib")), (0o700, 0o755));

    let inode = |name: &str| std::fs::metadata(scratch.path(name)).unwrap().ino();
    let before = (inode("app"), inode("lib"));
    apply(&scratch, &manifest).exits(0);
    assert_ne!(inode("app"), before.0, "forced by default");
    assert_eq!(inode("lib"), before.1, "not forced, and current");
}

#[test]
fn a_files_own_token_takes_the_place_of_the_default_one_however_it_is_named() {
    let scratch = tree();
    let server = Server::answering(Reply::ok("new app"));
    scratch.file("token", "own\n");
    let (address, digest) = (server.url("/app"), sha256("new app"));
    let swap = format!("[[swap]]\nfrom = '{address}'\nto = 'app'\nsha256 = '{digest}'\ntoken-file = 'token'\n");
    apply(&scratch, format!("[defaults]\ntoken-env = 'SWAPBIN_TEST_NO_SUCH_VARIABLE'\n{swap}")).exits(0);
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer own"));
}

#[test]
fn numbers_may_stand_where_the_flags_take_a_number() {
    let scratch = tree();
    let more = "max-filesize = 7\nmax-time = 0.5\nconnect-timeout = 3\nretry = 0\nkeep = 0\nowner = 0\ngroup = '0'\n";
    let owned = if rustix::process::geteuid().is_root() { more } else { more.split("owner").next().unwrap() };
    apply(&scratch, format!("wait = 0\n{BOTH}{owned}")).exits(0);
    assert_both_are_new(&scratch);
    apply(&scratch, format!("{BOTH}force = true\nmax-filesize = 6\n")).exits(5).says("larger than 6 bytes");
    apply(&scratch, format!("{BOTH}force = true\nmax-filesize = '1K'\n")).exits(0);
}

#[test]
fn a_mode_of_a_target_that_is_a_link_is_the_files_or_the_links_own() {
    let scratch = tree();
    scratch.link("link", "app");
    apply(&scratch, "[[swap]]\nfrom='new-app'\nto='link'\nmode='0711'\n").exits(0);
    assert_eq!(scratch.read("app"), b"new app");
    assert_eq!(std::fs::metadata(scratch.path("app")).unwrap().permissions().mode() & 0o7777, 0o711);
    apply(&scratch, "[[swap]]\nfrom='new-lib'\nto='link'\nno-dereference=true\n").exits(0);
    assert_eq!((scratch.read("app"), scratch.read("link")), (b"new app".to_vec(), b"new lib".to_vec()));
    assert!(std::fs::symlink_metadata(scratch.path("link")).unwrap().is_file());
}
