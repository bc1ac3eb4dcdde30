//! More files than descriptors, and threads that cannot be had.

use super::install;
use crate::support::{Call, Outcome, Scratch, require_program};

const FILES: usize = 4000;

fn tree() -> Scratch {
    tree_of(FILES)
}

fn tree_of(files: usize) -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("src");
    for at in 0..files {
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

/// The least memory that the program starts with differs from build to build, so that every amount above it is tried.
#[test]
fn with_little_memory_it_does_all_or_says_why_and_never_breaks_down() {
    let names: Vec<_> = names().into_iter().take(60).collect();
    for resource in [libc::RLIMIT_AS, libc::RLIMIT_DATA] {
        let mut done = 0;
        let started = |kilobytes: u64| {
            let scratch = Scratch::new();
            install(&scratch, "--version").limited(resource, kilobytes << 10).run().code == Some(0)
        };
        let least = (1..).map(|step| step * 512).find(|kilobytes| started(*kilobytes)).unwrap();
        for kilobytes in (1..=8).map(|step| least + step * 512) {
            let scratch = tree_of(60);
            let outcome = install(&scratch, "-t dst").args(&names).limited(resource, kilobytes << 10).run();
            assert!(scratch.litter().is_empty(), "{kilobytes} KiB: {outcome}");
            assert!(!outcome.error_text().contains("panicked"), "{kilobytes} KiB: {outcome}");
            done += usize::from(outcome.code == Some(0));
        }
        assert!(done > 4, "{done} of 8 had enough");
    }
}

#[test]
fn a_call_gets_as_many_descriptors_as_it_has_files_but_a_strip_program_does_not() {
    let scratch = tree();
    let asked = |outcome: Option<(Outcome, Vec<Call>)>| {
        let sets = |call: &Call| call.arguments.contains("RLIMIT_NOFILE, {") && !call.arguments.contains("rlim_cur=256");
        outcome.map(|(outcome, calls)| (outcome.exits(0), calls.iter().filter(|call| sets(call)).count()).1)
    };
    let soft = |line: &str| {
        let shell = ["sh", "-c", "ulimit -Sn 256 && exec \"$@\"", "sh"];
        install(&scratch, line).args(names().into_iter().take(200)).under(shell).strace("prlimit64")
    };
    let Some(count) = asked(soft("-t dst")) else { return };
    assert_eq!(count, 1, "the limit is raised");
    let Some(strip) = require_program("true") else { return };
    assert_eq!(asked(soft(&format!("-s --strip-program={} -t dst", strip.display()))), Some(0), "the limit is as it was");
}

#[test]
fn a_directory_is_listed_once_for_the_numbers_of_all_backups() {
    let scratch = tree();
    let words: Vec<String> = names().into_iter().take(20).collect();
    install(&scratch, "-t dst").args(&words).run().exits(0);
    let numbered = install(&scratch, "--backup=numbered -t dst").args(&words);
    let Some((outcome, calls)) = numbered.strace("getdents64") else { return };
    outcome.exits(0);
    let listed = calls.iter().filter(|call| call.arguments.contains("/dst>")).count();
    assert_eq!(listed, 2, "one call for the names and one for their end\n{calls:#?}");
    for at in 0..20 {
        assert!(scratch.path(format!("dst/f{at}.~1~")).exists(), "{at}");
    }
}
