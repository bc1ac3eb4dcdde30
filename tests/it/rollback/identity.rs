//! Only what was kept comes back.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::{kept, replace, rollback, tree};
use crate::support::{NOBODY, require_root, swapbin};

#[test]
fn a_kept_version_that_was_changed_is_not_brought_back() {
    let scratch = tree();
    // A batch records a digest: other bytes of the same size are found out.
    let run = swapbin(&scratch).from("two").to("app").from("two").to("other").keeping();
    run.run().exits(0);
    let version = kept(&scratch).pop().unwrap();
    for (content, mode) in [("One", 0o750), ("longer", 0o750), ("one", 0o755), ("one", 0o4750)] {
        std::fs::write(&version, content).unwrap();
        std::fs::set_permissions(&version, PermissionsExt::from_mode(mode)).unwrap();
        let before = scratch.snapshot();
        let outcome = rollback(&scratch, &["--last"]);
        outcome.exits(4).says("is not the version of").says("hint: ");
        scratch.snapshot().assert_same_as(&before);
    }
    std::fs::write(&version, "one").unwrap();
    std::fs::set_permissions(&version, PermissionsExt::from_mode(0o750)).unwrap();
    rollback(&scratch, &["--last"]).exits(0);
    assert_eq!(scratch.read("app"), b"one");
}

#[test]
fn another_file_under_the_kept_name_is_not_brought_back() {
    let scratch = tree();
    replace(&scratch, "two");
    let version = kept(&scratch).pop().unwrap();
    std::fs::rename(scratch.path("three"), &version).unwrap();
    let before = scratch.snapshot();
    let outcome = rollback(&scratch, &["--last"]);
    outcome.exits(4).says("hint: ");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_setuid_version_is_kept_where_nobody_else_can_run_it_and_comes_back_setuid() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("app", "one").owner(NOBODY, NOBODY).mode(0o4755);
    swapbin(&scratch).from("two").to("app").args(["--mode", "0755"]).keeping().run().exits(0);
    let version = kept(&scratch).into_iter().next().unwrap();
    let directory = std::fs::symlink_metadata(&version).unwrap();
    assert!(directory.is_dir(), "{}", version.display());
    assert_eq!((directory.mode() & 0o7777, directory.uid()), (0o700, 0));
    assert_eq!(std::fs::metadata(scratch.path("app")).unwrap().mode() & 0o7777, 0o755);

    rollback(&scratch, &["app"]).exits(0);
    let app = std::fs::metadata(scratch.path("app")).unwrap();
    assert_eq!((scratch.read("app"), app.mode() & 0o7777, app.uid()), (b"one".to_vec(), 0o4755, NOBODY));
    assert!(!version.exists(), "its directory is gone");
    scratch.assert_no_litter();
}

#[test]
fn a_setuid_version_that_gets_a_mode_of_others_is_not_brought_back() {
    let scratch = tree();
    scratch.file("app", "one").mode(0o4755);
    swapbin(&scratch).from("two").to("app").args(["--mode", "0755"]).keeping().run().exits(0);
    let version = kept(&scratch).into_iter().next().unwrap().join("file");
    std::fs::set_permissions(&version, PermissionsExt::from_mode(0o6755)).unwrap();
    rollback(&scratch, &["--last"]).exits(4);
    assert_eq!(scratch.read("app"), b"two");
}

#[test]
fn of_one_file_too_a_version_that_was_changed_is_named_with_what_differs_and_no_older_one_is_taken_for_it() {
    let scratch = tree();
    // A batch records a digest.
    let keep = |source: &str| {
        let run = swapbin(&scratch).from(source).to("app").from("two").to("other").args(["--keep", "2"]).keeping();
        run.run().exits(0);
    };
    keep("two");
    let older = kept(&scratch);
    keep("three");
    let newest = kept(&scratch).into_iter().find(|path| !older.contains(path)).unwrap();
    for (content, mode, differs) in
        [("Two", 0o750, "another content"), ("longer", 0o750, "another size"), ("two", 0o755, "another mode")]
    {
        std::fs::write(&newest, content).unwrap();
        std::fs::set_permissions(&newest, PermissionsExt::from_mode(mode)).unwrap();
        let before = scratch.snapshot();
        for words in [&["app"][..], &["app", "--dry-run"]] {
            let outcome = rollback(&scratch, words);
            outcome.exits(4).says(&format!("'{}' is not the version of", newest.display())).says(differs).says("hint: ");
        }
        scratch.snapshot().assert_same_as(&before);
    }
    let object = rollback(&scratch, &["app", "--json"]).exits(4).json();
    assert_eq!(object["error"]["kind"], "untrusted");
}

#[test]
fn another_file_by_the_name_of_the_kept_one_is_no_reason_to_say_that_nothing_is_kept() {
    let scratch = tree();
    replace(&scratch, "two");
    let version = kept(&scratch).pop().unwrap();
    std::fs::rename(scratch.path("three"), &version).unwrap();
    rollback(&scratch, &["app"]).exits(4).says(&format!("'{}' is not", version.display())).says("it is another file");
    // Once that is gone, nothing is kept.
    std::fs::remove_file(&version).unwrap();
    rollback(&scratch, &["app"]).exits(7).says("no earlier version");
}
