//! Several files on the command line.

use std::os::unix::fs::PermissionsExt;

use super::{assert_both_are_new, tree};
use crate::support::{Scratch, sha256, swapbin};

fn mode(scratch: &Scratch, name: &str) -> u32 {
    std::fs::metadata(scratch.path(name)).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_group_begins_at_a_source_after_a_target() {
    let scratch = tree();
    let outcome = swapbin(&scratch).from("new-app").to("app").from("new-lib").to("lib").run();
    outcome.exits(0).prints("2 files in place");
    assert_both_are_new(&scratch);
}

#[test]
fn an_option_inside_a_group_is_for_that_file() {
    let scratch = tree();
    let run = swapbin(&scratch).from("new-app").args(["--mode", "0711"]).to("app").args(["--sha256", &sha256("new app")]);
    run.from("new-lib").to("lib").run().exits(0);
    assert_both_are_new(&scratch);
    assert_eq!((mode(&scratch, "app"), mode(&scratch, "lib")), (0o711, 0o755));
}

#[test]
fn an_option_before_all_groups_is_for_those_that_do_not_say_otherwise() {
    let scratch = tree();
    let run = swapbin(&scratch).args(["-m", "0700"]).from("new-app").to("app").from("new-lib").to("lib");
    run.args(["--mode=0750"]).run().exits(0);
    assert_eq!((mode(&scratch, "app"), mode(&scratch, "lib")), (0o700, 0o750));
}

#[test]
fn an_option_of_the_run_may_stand_anywhere() {
    for at in 0..3 {
        let scratch = tree();
        let before = scratch.snapshot();
        let mut words = vec![vec!["--from", "new-app", "--to", "app"], vec!["--from", "new-lib", "--to", "lib"]];
        words.insert(at, vec!["--check", "--json"]);
        let object = swapbin(&scratch).args(words.concat()).run().exits(10).json();
        assert_eq!(object["swaps"].as_array().unwrap().len(), 2);
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn mirrors_stay_mirrors() {
    let scratch = tree();
    let digest = sha256("new app");
    let run = swapbin(&scratch).from("missing").from("new-app").to("app").args(["--sha256", &digest]);
    run.from("new-lib").to("lib").run().exits(0);
    assert_both_are_new(&scratch);

    scratch.file("app", "old app");
    let target_first = swapbin(&scratch).to("app").from("missing").from("new-app").args(["--sha256", &digest]);
    target_first.run().exits(0);
    assert_eq!(scratch.read("app"), b"new app");
}

#[test]
fn a_source_behind_a_whole_file_is_another_file_that_lacks_its_target() {
    let scratch = tree();
    let before = scratch.snapshot();
    swapbin(&scratch).from("new-app").to("app").from("new-lib").run().exits(2).says("--to").says("group 2 of 2");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_mistake_in_one_group_touches_nothing_and_says_which() {
    let scratch = tree();
    let before = scratch.snapshot();
    let groups = ["--from", "new-app", "--to", "app", "--from", "new-lib", "--to", "lib"];
    let mistakes: [(&[&str], &str); 6] = [
        (&["--to", "other"], "group 2 of 2"),
        (&["--mode", "0700", "--mode", "0711"], "group 2 of 2"),
        (&["--from", "new-app"], "group 3 of 3"),
        (&["--bogus"], "group 2 of 2"),
        (&["--mode", "u+q"], "u+q"),
        (&["extra"], "extra"),
    ];
    for (mistake, words) in mistakes {
        let outcome = swapbin(&scratch).args(groups).args(mistake).run();
        outcome.exits(2).says("error: ").says(words);
        assert_eq!(outcome.output_text(), "", "{outcome}");
        scratch.snapshot().assert_same_as(&before);
    }
    swapbin(&scratch).args(groups).args(["--json", "--json"]).run().exits(2).says("multiple times");
}

#[test]
fn what_cannot_be_in_one_batch_is_refused() {
    let scratch = tree();
    let before = scratch.snapshot();
    let run = |words: &[&str]| swapbin(&scratch).args(words).stdin("new").run();
    run(&["--from", "new-app", "--to", "app", "--from", "new-lib", "--to", "./app"])
        .exits(2)
        .says("target of two files")
        .says("hint: ");
    run(&["--from", "-", "--to", "app", "--from", "-", "--to", "lib"]).exits(2).says("standard input").says("hint: ");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn files_may_be_called_like_commands() {
    let scratch = tree();
    scratch.file("apply", "new app");
    swapbin(&scratch).from("apply").to("app").run().exits(0);
    swapbin(&scratch).from("app").to("apply").args(["--force"]).run().exits(0);
    assert_eq!(scratch.read("app"), b"new app");
}
