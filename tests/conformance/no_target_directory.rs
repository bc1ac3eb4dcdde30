//! `-T`, `--no-target-directory`.

use crate::trial::{Suite, expected};

#[test]
fn no_target_directory() {
    let mut suite = Suite::new("no_target_directory");
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("b", "new too");
        tree.file("d", "old");
        tree.directory("dir");
        tree.file("full/x", "x");
        tree.link("to_dir", "dir");
        tree.link("to_d", "d");
        tree.link("dangling", "nowhere");
    });
    for line in [
        "-T a d",
        "-T a x",
        "-T a dir/.",
        "-T a to_dir",
        "-T a to_dir/",
        "-T a to_d",
        "-T a dangling",
        "-T a dangling/",
        "-T a d/",
        "-T a x/",
        "-T dir d",
        "-T dir full",
        "-T dir x",
        "-T",
        "-T a",
        "-T a b dir",
        "-T a b",
        "-T a b d x",
        "-T missing d",
        "-T missing dir",
        "-T a a",
        "-T a .",
        "-T a ..",
        "-T a ''",
        "-T '' d",
        "--no-target-directory a d",
        "--no-t a d",
        "--no a d",
        "--n a dir",
        "--no-target-directory=x a d",
        "-Tv a d",
        "-Tv a dir",
        "-Tb a d",
        "-TT a d",
        "-DT a dir",
        "-DT a new/d",
        "-DT a new/",
        "-T -d a b c",
        "-T a missing/d",
        "-T missing missing/d",
        "-Tv a to_dir",
        "-TC a dir",
        "-Tb a to_dir",
        "-Tb a full",
    ] {
        suite.case(line);
    }
    // The later versions name the source as well. Elsewhere the harness lets either wording pass.
    for (line, dest) in [("-T a dir", "dir"), ("-T a dir/", "dir/"), ("-T a full", "full"), ("-Tbv a dir", "dir")] {
        let words = format!("install: cannot overwrite directory '{dest}' with non-directory 'a'\n");
        suite.case(line).newer_than_9_1(expected().stderr(words));
    }
    suite.run();
}
