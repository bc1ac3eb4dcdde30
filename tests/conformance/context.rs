//! `-Z`, `--context`, `--preserve-context` on a kernel without SELinux.

use crate::trial::{Suite, Tree};

fn some(tree: &Tree) {
    tree.file("a", "new");
    tree.file("d", "old");
    tree.directory("dir");
}

#[test]
fn context() {
    if std::path::Path::new("/sys/fs/selinux/enforce").exists() {
        // What is said there depends on the policy of the machine.
        println!("SKIPPED: context: this kernel has SELinux");
        return;
    }
    let mut suite = Suite::new("context");
    suite.tree(some);
    for line in [
        "-Z a d",
        "-Z a x",
        "-ZZ a d",
        "--context a d",
        "--context=x a d",
        "--context= a d",
        "--context x a d",
        "--cont a d",
        "--con=x a d",
        "--preserve-context a d",
        "--preserve-c a d",
        "--preserve-context=x a d",
        "-Z --preserve-context a d",
        "--preserve-context -Z a d",
        "--context=x --preserve-context a d",
        "--preserve-context --context=x a d",
        "--preserve-context --preserve-context a d",
        "--context=x --context=y a d",
        "-Z missing d",
        "--context=x missing d",
        "--context=x",
        "--preserve-context",
        "-Zd new",
        "--context=x -d new",
        "-ZD a new/d",
        "-Zv a d",
        "--context=x -v a d",
        "-Zx a d",
        "-Z=x a d",
        "--preserve-context -m x a d",
        "--context=x -C a d",
        "--context=x --help",
        "--context=system_u:object_r:bin_t:s0 a d",
        "--context=x --bad a d",
        "--bad --context=x a d",
        "-Z dir d",
        "--context=x -t dir a",
        "-t dir --preserve-context a",
    ] {
        let case = suite.case(line);
        if line.ends_with("help") {
            case.whatever_it_says();
        }
    }
    suite.run();
}
