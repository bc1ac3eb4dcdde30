//! Little to live on: few descriptors, no /proc, no streams, no environment, others at the same work.

use super::install;
use crate::support::{NOBODY, Namespace, Scratch, require_mounts, swapbin};

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("dir").mode(0o777);
    for name in ["a", "b", "c"] {
        scratch.file(name, "new");
        scratch.file(format!("dir/{name}"), "old").mode(0o600);
    }
    scratch
}

#[track_caller]
fn assert_installed(scratch: &Scratch) {
    for name in ["a", "b", "c"] {
        assert_eq!(scratch.read(format!("dir/{name}")), b"new");
        assert_eq!(scratch.snapshot().entry(format!("dir/{name}")).mode, 0o640);
    }
    scratch.assert_no_litter();
}

#[test]
fn eight_descriptors_are_enough_for_several_files() {
    let names: Vec<String> = (0..12).map(|at| format!("f{at}")).collect();
    for options in ["", "-b", "-p --all-or-nothing"] {
        let scratch = tree();
        names.iter().for_each(|name| drop(scratch.file(name, "new")));
        let run = install(&scratch, &format!("{options} -m 640 -t dir a b c")).args(&names);
        run.limited(libc::RLIMIT_NOFILE, 8).run().exits(0).is_quiet();
        assert_installed(&scratch);
        assert!(names.iter().all(|name| scratch.read(format!("dir/{name}")) == b"new"));
    }
}

#[test]
fn it_needs_no_proc() {
    if !require_mounts() {
        return;
    }
    let namespace = Namespace::new();
    namespace.hide_proc();
    for options in ["", "-b", "-p --all-or-nothing", "-s --strip-program=/bin/true", "-D"] {
        for user in [0, NOBODY] {
            let scratch = tree();
            let line = if options == "-D" { "-D -m 640 -t dir a b c".to_owned() } else { format!("{options} -m 640 a b c dir") };
            install(&scratch, &line).as_user(user).within(&namespace).run().exits(0).is_quiet();
            assert_installed(&scratch);
        }
    }
}

#[test]
fn it_needs_no_environment_and_no_streams() {
    let scratch = tree();
    let closed = r#"exec env -i "$@" <&- >&- 2>&-"#;
    let run = install(&scratch, "-m 640 a b c dir").under(["sh", "-c", closed, "sh"]);
    run.run().exits(0).is_quiet();
    assert_installed(&scratch);
    // What is said goes nowhere, and least of all into a file that got the number of a stream.
    let run = install(&scratch, "-v -m 640 missing a b c dir").under(["sh", "-c", closed, "sh"]);
    run.run().exits(1).is_quiet();
    assert_installed(&scratch);
}

#[test]
fn many_at_the_same_work_are_not_in_each_others_way() {
    for line in ["-D -m 640 a new/deep/er/a", "-b -m 640 a dir/a", "-d new/deep/er", "--backup=numbered -m 640 a dir/b"] {
        let scratch = tree();
        for _ in 0..5 {
            let running: Vec<_> = (0..8).map(|_| swapbin(&scratch).arg("install").args(line.split(' ')).spawn()).collect();
            for run in running {
                run.wait().exits(0).is_quiet();
            }
            scratch.assert_no_litter();
        }
    }
}
