//! SIGKILL at every step, and at any moment.

use std::time::Instant;

use rustix::process::Signal;

use super::{BOTH, SIZE, STEPS, Stage, Tree};
use crate::support::{Random, failpoints_available, swapbin};

#[test]
fn a_run_killed_at_any_step_leaves_the_old_file_or_the_new_one() {
    if !failpoints_available() {
        return;
    }
    for stage in BOTH {
        for step in STEPS {
            let tree = Tree::new();
            tree.swap(stage).failpoint(step, "abort").run().is_killed_by(Signal::KILL);
            assert_eq!(tree.is_replaced(), step == "sync-dir", "{stage:?}, killed at {step}");
        }
    }
}

#[test]
fn a_killed_run_leaves_one_recognisable_file_at_most_and_the_next_run_removes_it() {
    if !failpoints_available() {
        return;
    }
    for stage in BOTH {
        for step in STEPS {
            let tree = Tree::new();
            tree.swap(stage).failpoint(step, "abort").run().is_killed_by(Signal::KILL);
            let has_name = match stage {
                // Between the link and the rename.
                Stage::Anonymous => step == "rename",
                Stage::Named => step != "stage" && step != "sync-dir",
            };
            assert_eq!(tree.count_left(), usize::from(has_name), "{stage:?}, killed at {step}");
            let outcome = swapbin(&tree.scratch).from("newer").to("app").arg("-v").run();
            outcome.exits(0);
            assert_eq!(outcome.error_text().contains("left by a run that was killed"), has_name, "{outcome}");
            assert!(tree.scratch.read("app") == vec![b'r'; SIZE]);
            tree.scratch.assert_no_litter();
        }
    }
}

#[test]
fn a_new_target_of_a_killed_run_is_there_whole_or_not_at_all() {
    if !failpoints_available() {
        return;
    }
    for stage in BOTH {
        for step in STEPS {
            let tree = Tree::new();
            let run = swapbin(&tree.scratch).from("new").to("another").failpoint(step, "abort");
            let run = if stage == Stage::Named { run.without_tmpfile(libc::EISDIR) } else { run };
            run.run().is_killed_by(Signal::KILL);
            match step {
                "sync-dir" => assert!(tree.scratch.read("another") == vec![b'n'; SIZE]),
                _ => assert!(!tree.scratch.path("another").exists(), "{stage:?}, killed at {step}"),
            }
        }
    }
}

#[test]
fn a_run_killed_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let tree = Tree::new();
    let mut random = Random::new();
    // How long a whole run takes here, so that the moments cover all of it.
    let took = tree.swap(Stage::Anonymous).arg("--force").run().took;
    let (mut killed, mut left) = (0, 0);
    for round in 0..100_u32 {
        let source = ["new", "newer"][round as usize % 2];
        let run = swapbin(&tree.scratch).from(source).to("app").arg("--force");
        let run = if round % 4 < 2 { run } else { run.without_tmpfile(libc::EOPNOTSUPP) };
        let mut running = run.spawn();
        let (started, moment) = (Instant::now(), took.mul_f64(random.up_to_one()));
        while started.elapsed() < moment {
            std::hint::spin_loop();
        }
        running.signal(Signal::KILL);
        killed += u32::from(running.wait().signal.is_some());
        let app = tree.scratch.read("app");
        let whole = [b'n', b'r'].into_iter().any(|byte| app == vec![byte; SIZE]);
        assert!(whole, "round {round} of seed {}: a torn file of {} bytes", random.seed(), app.len());
        assert_eq!(tree.scratch.snapshot().entry("app").mode, 0o750, "round {round} of seed {}", random.seed());
        left = left.max(tree.scratch.litter().len());
    }
    assert!(killed > 10, "{killed} of 100 runs were killed: the moments were too late");
    eprintln!("{killed} of 100 runs were killed, and {left} files lay there at most");
    tree.swap(Stage::Anonymous).arg("--force").run().exits(0);
    tree.scratch.assert_no_litter();
}
