//! Lines as makefiles and packaging scripts have them.

use crate::trial::{Suite, Tree};

fn build_tree(tree: &Tree) {
    tree.directory("src");
    tree.file("src/prog", "program").mode(0o755);
    tree.file("src/lib.so.1", "library");
    tree.link("src/lib.so", "lib.so.1");
    tree.directory("man");
    for page in ["man/page.1", "man/page.2", "man/page.8"] {
        tree.file(page, page);
    }
    tree.file("README", "text");
    tree.directory("dest");
    tree.file("dest/prog", "old").mode(0o600);
    tree.file("dest/page.1", "old").mode(0o444);
    tree.link("dest/lib.so", "elsewhere");
}

#[test]
fn makefiles() {
    let mut suite = Suite::new("makefiles");
    suite.tree(build_tree);
    for line in [
        // autoconf: INSTALL='install -c', INSTALL_DATA='install -c -m 644'.
        "-c src/prog dest",
        "-c -m 644 README dest",
        "-c -m 644 README dest/README",
        "-c -m 755 src/prog dest/prog",
        "-c -m 644 man/page.1 man/page.2 man/page.8 dest",
        "-c -m 0644 ./man/page.1 dest/",
        // automake, with its leading dot and slash.
        "-c -m 644 ./README ./man/page.1 dest/.",
        "-c -d dest/a/b",
        // libtool.
        "-c -m 644 src/lib.so.1 dest/lib.so.1T",
        "-c src/lib.so dest/lib.so",
        // By hand.
        "-m644 -Dt out/share/doc README man/page.1",
        "-Dm644 README out/share/doc/README",
        "-Dm0755 -t out/bin src/prog",
        "-Dpm 0644 README -t out/doc",
        "-d -m0755 a b c",
        "-dm755 out/bin out/share/man/man1",
        "-m 0755 -d dest dest dest",
        "-d dest/ dest/. ./dest/new/",
        "-v -p -m 0644 -- man/page.1 man/page.2 dest",
        "-pm644 src/lib.so.1 dest",
        "-p -m 644 src/lib.so dest/lib.so",
        "-m u=rwx,go=rx src/prog dest",
        "-m a+rX,u+w README dest/README",
        "-m u=rw,go=r,a-s README dest/README",
        "--mode=644 --target-directory=dest README --verbose man/page.1",
        "-c -s --strip-program=true -m 755 src/prog dest/prog",
        "-m 600 /dev/null dest/empty",
        "-m 644 /dev/null dest/prog",
        "-b -S .orig -m 644 README dest/prog",
        "-C -m 755 src/prog dest/prog",
        "-CD -m 755 src/prog out/bin/prog",
        "-m 755 src/prog dest/prog dest/page.1",
        "-m 755 src/prog nowhere/bin",
        "-m 755 src/prog nowhere/bin/",
    ] {
        suite.case(line);
        suite.case(line).umask(0o077);
    }
    for line in [
        "-c -o root -g root -m 755 src/prog dest",
        "-m 644 -o root README dest/README",
        "-m644 -o0 -g0 -Dt out/doc README",
        "-d -m 2775 -o root -g bin out/spool",
        "-o root -g bin -m 2755 src/prog dest/prog",
    ] {
        suite.case(line).by_root();
    }
    suite.run();
}
