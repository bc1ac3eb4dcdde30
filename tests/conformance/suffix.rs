//! `-S`, `--suffix`, SIMPLE_BACKUP_SUFFIX.

use crate::trial::{Suite, Tree};

fn old_and_new(tree: &Tree) {
    tree.file("a", "new");
    tree.file("d", "old").mode(0o600);
    tree.directory("dir");
}

#[test]
fn suffix() {
    let mut suite = Suite::new("suffix");
    suite.tree(old_and_new);
    suite.case("-S .bak a d");
    suite.case("-S.bak a d");
    suite.case("-S=x a d");
    suite.case("-S= a d");
    suite.case("--suffix=.bak a d");
    suite.case("--suffix .bak a d");
    suite.case("--su=.bak a d");
    suite.case("-vS .bak a d");
    suite.case("-S .one -S .two a d");
    suite.case("-S .bak a absent");
    suite.case("-S .bak --backup=numbered a d");
    suite.case("-S .bak --backup=none a d");
    suite.case("-S .bak a d").env("VERSION_CONTROL", "numbered");
    suite.case("-S .bak a d").env("VERSION_CONTROL", "none");
    suite.case("-S .bak a d").env("VERSION_CONTROL", "bad");
    for suffix in ["''", "/", "x/y", "/x", "x/", ".", "..", "~", "a b", "'", "\n", "\u{e9}"] {
        let suffix = if suffix == "''" { "" } else { suffix };
        suite.case("-v a d -S").word(suffix);
        suite.case("-bv a d").env("SIMPLE_BACKUP_SUFFIX", suffix);
    }
    suite.case("-b a d").env("SIMPLE_BACKUP_SUFFIX", ".env");
    suite.case("a d").env("SIMPLE_BACKUP_SUFFIX", ".env");
    suite.case("-S .bak a d").env("SIMPLE_BACKUP_SUFFIX", ".env");
    suite.case("--suffix= a d").env("SIMPLE_BACKUP_SUFFIX", ".env");
    suite.case("-S").word("x".repeat(254)).word("a").word("d");
    suite.case("-v -S").word("x".repeat(255)).word("a").word("d");
    suite.tree(|tree| {
        old_and_new(tree);
        tree.file("d.~1~", "older");
    });
    suite.case("-S .bak a d");
    suite.case("-S .bak --backup=simple a d");
    suite.case("-S .bak --backup=existing a d");
    suite.tree(|tree| {
        tree.file("d", "old");
        tree.file("d.bak", "new");
    });
    suite.case("-S .bak d.bak d");
    suite.case("-b d.bak d").env("SIMPLE_BACKUP_SUFFIX", ".bak");
    suite.case("-b d.bak d");
    suite.run();
}
