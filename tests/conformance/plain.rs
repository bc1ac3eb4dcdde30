//! One source, one destination, no option.

use crate::trial::{Suite, Tree};

fn old_and_new(tree: &Tree) {
    tree.file("a", "new");
    tree.file("d", "old").mode(0o600);
    tree.directory("dir");
}

#[test]
fn plain() {
    let mut suite = Suite::new("plain");
    suite.tree(old_and_new);
    suite.case("a x");
    suite.case("a d");
    suite.case("a dir");
    suite.case("a dir/x");
    suite.case("a missing/x");
    suite.case("./a ./d");
    suite.case("-c a d");
    suite.case("a dir/../d");
    for mask in [0o000, 0o077, 0o777] {
        suite.case("a x").umask(mask);
        suite.case("a d").umask(mask);
    }
    suite.run();
}
