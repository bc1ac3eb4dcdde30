//! More files than descriptors, and threads that cannot be had.

use super::install;
use crate::support::{Outcome, Scratch};

const FILES: usize = 4000;

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("src");
    for at in 0..FILES {
        scratch.file(format!("src/f{at}"), format!("{at}"));
    }
    scratch.directory("dst");
    scratch.file("dst/f7", "old");
    scratch
}

fn names() -> Vec<String> {
    (0..FILES).map(|at| format!("src/f{at}")).collect()
}

fn assert_installed(scratch: &Scratch, outcome: &Outcome) {
    outcome.exits(0).is_quiet();
    for at in 0..FILES {
        assert_eq!(scratch.read(format!("dst/f{at}")), at.to_string().into_bytes());
    }
    scratch.assert_no_litter();
}

#[test]
fn four_thousand_files_need_no_more_than_64_descriptors() {
    let scratch = tree();
    let outcome = install(&scratch, "-t dst").args(names()).limited(libc::RLIMIT_NOFILE, 64).run();
    assert_installed(&scratch, &outcome);
}

#[test]
fn a_failing_file_costs_none_of_the_others() {
    let scratch = tree();
    scratch.directory("dst/f3000");
    let outcome = install(&scratch, "-t dst").args(names()).limited(libc::RLIMIT_NOFILE, 64).run();
    outcome.exits(1).says("cannot overwrite directory 'dst/f3000' with non-directory 'src/f3000'");
    assert_eq!(outcome.error_text().lines().count(), 1);
    assert_eq!((scratch.read("dst/f2999"), scratch.read("dst/f3001")), (b"2999".to_vec(), b"3001".to_vec()));
    scratch.assert_no_litter();
}

#[test]
fn all_or_nothing_holds_for_more_files_than_descriptors() {
    let scratch = tree();
    scratch.directory("dst/f3000");
    let before = scratch.snapshot();
    let line = "--all-or-nothing -t dst";
    install(&scratch, line).args(names()).limited(libc::RLIMIT_NOFILE, 64).run().exits(1);
    assert_eq!(scratch.snapshot(), before);
}

#[test]
fn without_threads_it_goes_on_alone() {
    let scratch = tree();
    let outcome = install(&scratch, "-t dst").args(names()).denying(&[libc::SYS_clone, libc::SYS_clone3], libc::EAGAIN).run();
    assert_installed(&scratch, &outcome);
}
