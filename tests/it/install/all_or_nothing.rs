//! `--all-or-nothing`: what was renamed before one file failed is as it was, on every filesystem.

use super::install;
use crate::support::{Scratch, Swapbin, failpoints_available};

/// Two files to install over old ones with backups; a directory has the name of the third.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("dir");
    for name in ["a", "b", "z"] {
        scratch.file(name, "new");
    }
    scratch.file("dir/a", "old").mode(0o600);
    scratch.file("dir/a~", "older").mode(0o640);
    scratch.file("dir/b", "old");
    scratch.file("dir/z", "old");
    // Its backup cannot be made, and only the attempt tells.
    scratch.directory("dir/z~");
    scratch
}

/// As on a filesystem where two names cannot change places: any use of renameat2(2) with flags fails.
fn without_exchange(run: Swapbin<'_>, errno: i32) -> Swapbin<'_> {
    run.denying(&[libc::SYS_renameat2], errno)
}

#[test]
fn an_earlier_backup_is_there_again_also_where_names_cannot_change_places() {
    for errno in [libc::EINVAL, libc::ENOSYS] {
        let scratch = tree();
        let before = scratch.snapshot();
        let run = || without_exchange(install(&scratch, "--all-or-nothing -S ~ a b z dir"), errno);
        run().env("VERSION_CONTROL", "simple").run().exits(1).says("'dir/z'");
        assert_eq!(scratch.snapshot(), before);

        std::fs::remove_dir(scratch.path("dir/z~")).unwrap();
        run().run().exits(0).is_quiet();
        let read = |name: &str| String::from_utf8(scratch.read(name)).unwrap();
        assert_eq!([read("dir/a"), read("dir/a~"), read("dir/b~"), read("dir/z~")], ["new", "old", "old", "old"]);
        scratch.assert_no_litter();
    }
}

#[test]
fn an_earlier_backup_is_there_again_also_where_there_are_no_links() {
    let scratch = tree();
    let before = scratch.snapshot();
    let run = || install(&scratch, "--all-or-nothing -b a b z dir").denying(&[libc::SYS_renameat2], libc::EINVAL);
    // An anonymous stage gets its name by a link, too.
    run().denying(&[libc::SYS_linkat], libc::EPERM).run().exits(1).says("'dir/z'");
    assert_eq!(scratch.snapshot(), before);
}

#[test]
fn an_earlier_backup_that_is_a_name_of_the_old_file_stays_one() {
    let scratch = tree();
    std::fs::remove_file(scratch.path("dir/a~")).unwrap();
    std::fs::hard_link(scratch.path("dir/a"), scratch.path("dir/a~")).unwrap();
    let before = scratch.snapshot();
    without_exchange(install(&scratch, "--all-or-nothing -b a b z dir"), libc::EINVAL).run().exits(1);
    assert_eq!(scratch.snapshot(), before);
    scratch.assert_no_litter();
}

#[test]
fn directories_that_were_made_for_nothing_are_removed_again() {
    let scratch = Scratch::new();
    scratch.file("a", "new");
    scratch.directory("there");
    let before = scratch.snapshot();
    for line in [
        "--all-or-nothing -D missing new/one/two/a",
        "--all-or-nothing -D -t new/one a missing",
        "--all-or-nothing -D -t there/one/../two a missing",
        "--all-or-nothing -D a a/one/two",
    ] {
        install(&scratch, line).run().exits(1);
        assert_eq!(scratch.snapshot(), before, "{line}");
    }
    // As GNU install, which leaves them.
    install(&scratch, "-D -t new/one a missing").run().exits(1);
    assert_eq!(scratch.read("new/one/a"), b"new");
}

#[test]
fn directories_that_others_use_by_then_or_that_were_there_stay() {
    if !failpoints_available() {
        return;
    }
    let scratch = Scratch::new();
    scratch.file("a", "new");
    scratch.directory("there");
    let mut running = install(&scratch, "--all-or-nothing -D -t there/one/two a missing").failpoint("stage", "pause").spawn();
    running.wait_until_paused();
    scratch.file("there/one/somebody's", "file");
    running.signal(rustix::process::Signal::CONT);
    running.wait().exits(1);
    assert!(!scratch.path("there/one/two").exists());
    assert_eq!(scratch.read("there/one/somebody's"), b"file");
}
