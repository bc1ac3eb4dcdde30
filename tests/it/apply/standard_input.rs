//! A manifest from standard input.

use super::{BOTH, assert_both_are_new, tree};
use crate::support::swapbin;

#[test]
fn its_paths_are_relative_to_the_working_directory() {
    let scratch = tree();
    swapbin(&scratch).args(["apply", "-"]).stdin(BOTH).run().exits(0);
    assert_both_are_new(&scratch);
}

#[test]
fn it_is_named_in_what_is_wrong_with_it() {
    let scratch = tree();
    let before = scratch.snapshot();
    let run = |manifest: &str| swapbin(&scratch).args(["apply", "-"]).stdin(manifest).run();
    run("\n  x = 1\n").exits(2).says("error: standard input:2:3: unknown key 'x'");
    run("").exits(2).says("error: standard input:1:1: ");
    run("[[swap]]\nfrom = '-'\nto = 'app'\n").exits(2).says("standard input:2:8: standard input is this manifest");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_file_called_like_it_is_a_file_with_its_directory() {
    let scratch = tree();
    scratch.file("-", BOTH);
    swapbin(&scratch).args(["apply", "./-"]).run().exits(0);
    assert_both_are_new(&scratch);
}

#[test]
fn a_pipe_may_be_the_source_of_one_file() {
    let scratch = tree();
    scratch.file("deploy.toml", BOTH.replace("'new-app'", "'-'"));
    swapbin(&scratch).args(["apply", "deploy.toml"]).stdin("new app").run().exits(0);
    assert_both_are_new(&scratch);
}
