//! `-C`, `--compare`.

use crate::trial::{Suite, Tree, expected};

fn same(tree: &Tree) {
    tree.file("a", "same");
    tree.file("d", "same").mode(0o755);
}

#[test]
fn compare() {
    let mut suite = Suite::new("compare");
    matches(&mut suite);
    content(&mut suite);
    kinds(&mut suite);
    owners(&mut suite);
    conflicts(&mut suite);
    suite.run();
}

fn matches(suite: &mut Suite) {
    suite.tree(same);
    suite.case("-C a d");
    suite.case("--compare a d");
    suite.case("--comp a d");
    suite.case("-Cv a d");
    suite.case("-C a absent");
    suite.case("-C -m 755 a d");
    suite.case("-C -m a=rx,u+w a d");
    suite.case("-C -m 644 a d");
    suite.case("-C -m 644 -m 755 a d");
    suite.case("-CD a new/d");
    suite.case("-CD a d");
    suite.case("-CT a d");
    suite.case("-C a a");
    suite.case("-C a d absent");
    suite.case("-Cd dir d");
    suite.case("-Cb a d");
    for mode in ["0", "600", "711", "775", "777", "1755", "2755", "4755", "7777", "1000"] {
        let bits = u32::from_str_radix(mode, 8).expect("an octal number");
        suite.case("-C a d").having(move |tree| drop(tree.file("d", "same").mode(bits)));
        suite.case("-C a d").having(move |tree| drop(tree.file("a", "same").mode(bits))).by_root();
        suite.case("-C a d -m").word(mode);
        suite.case("-C a d -m").word(mode).having(move |tree| drop(tree.file("d", "same").mode(bits)));
    }
    suite.tree(|tree| {
        tree.file("a", "same").mode(0o600);
        tree.file("d", "same").mode(0o755);
        tree.times("a", (1_300_000_000, 5), (1_300_000_000, 5));
        tree.times("d", (1_200_000_000, 5), (1_200_000_000, 5));
    });
    suite.case("-C a d");
    suite.case("-C a .");
    suite.case("-C a d -m u+s");
    // The mode of the source is of no interest.
    suite.tree(|tree| {
        tree.file("src/a", "same").mode(0o600);
        tree.file("src/b", "other");
        tree.file("dir/a", "same").mode(0o755);
        tree.file("dir/b", "o t h").mode(0o755);
    });
    suite.case("-C src/a dir");
    suite.case("-Cv src/a src/b dir");
    suite.case("-C -t dir src/a src/b");
}

fn content(suite: &mut Suite) {
    for (name, old, new) in [
        ("the last byte", "aaaa", "aaab"),
        ("the first byte", "baaa", "aaaa"),
        ("longer", "aaaa", "aaa"),
        ("shorter", "aaa", "aaaa"),
        ("empty", "", "a"),
        ("emptied", "a", ""),
        ("both empty", "", ""),
    ] {
        suite.tree(move |tree| {
            tree.file("a", new);
            tree.file("d", old).mode(0o755);
        });
        suite.case("-C a d").env("WHAT_DIFFERS", name);
    }
    for place in [0_usize, 4095, 4096, 32_767, 32_768, 99_999] {
        suite.tree(move |tree| {
            let mut bytes = vec![7; 100_000];
            tree.file("a", &bytes);
            bytes[place] = 8;
            tree.file("d", &bytes).mode(0o755);
        });
        suite.case("-Cv a d");
    }
    suite.tree(|tree| {
        tree.file("a", vec![7; 1 << 20]);
        tree.file("d", vec![7; 1 << 20]).mode(0o755);
    });
    suite.case("-Cv a d");
}

fn kinds(suite: &mut Suite) {
    suite.tree(|tree| {
        same(tree);
        tree.link("to_a", "a");
        tree.link("to_d", "d");
        tree.link("dangling", "nowhere");
        tree.hard_link("hard", "d");
        tree.fifo("fifo");
        tree.directory("dir");
        tree.file("unreadable", "same").mode(0o311);
        tree.link("loop", "loop");
    });
    suite.case("-C to_a d");
    suite.case("-C a to_d");
    suite.case("-C a dangling");
    suite.case("-C a hard");
    suite.case("-C d hard");
    suite.case("-C a fifo");
    suite.case("-C dir d");
    suite.case("-C a dir");
    suite.case("-C missing d");
    suite.case("-C loop d");
    suite.case("-CT a to_d");
    suite.case("-Cv /dev/null d");
    suite.case("-Cv /dev/stdin d").stdin("same").by_root();
    suite.case("-C fifo d").feeding("fifo", b"same");
    suite.case("-C -m 311 a unreadable");
    suite.case("-C a unreadable");
    suite.case("-C unreadable d").by_root();
    suite.case("-C unreadable d").by_user().safer(expected().untouched("d").untouched("hard"));
    suite.tree(|tree| {
        tree.file("a", "same");
        tree.file("d", "same").mode(0o755);
        tree.attribute("d", "user.kept", b"when nothing is done");
    });
    suite.case("-C a d");
    suite.case("-C -m 644 a d");
    suite.tree(|tree| {
        tree.file("a", "same");
        tree.file("dir/d", "same").mode(0o755);
        tree.directory("dir").mode(0o555);
    });
    suite.case("-C a dir/d");
    suite.case("-C -m 644 a dir/d");
    suite.tree(|tree| {
        tree.file("a", "same");
        tree.file("d", "same").mode(0o755).owner(0, 0);
    });
    // 9.1 sets the mode all the same, which is not allowed here; 9.1 only does so with another owner asked for.
    suite.case("-C a d").by_user_after_root();
}

fn owners(suite: &mut Suite) {
    for (uid, gid) in [(0, 0), (1, 0), (0, 1), (1, 1), (65534, 65534)] {
        suite.tree(move |tree| {
            tree.file("a", "same").owner(3, 3);
            tree.file("d", "same").owner(uid, gid).mode(0o755);
        });
        suite.case("-C a d").by_root();
        suite.case("-C -o 1 a d").by_root();
        suite.case("-C -g 1 a d").by_root();
        suite.case("-C -o 1 -g 1 a d").by_root();
        suite.case("-C -o nobody -g nogroup a d").by_root();
        suite.case("-C a d").by_user_after_root();
        suite.case("-C -o 65534 -g 65534 a d").by_user_after_root();
    }
}

fn conflicts(suite: &mut Suite) {
    suite.tree(same);
    suite.case("-Cs a d");
    suite.case("-C --strip-program=x a d");
    suite.case("-C --preserve-context a d");
    suite.case("-Csp a d").newer_than_9_1(expected().stderr(
        "install: options --compare (-C) and --strip are mutually exclusive\nTry 'install --help' for more information.\n",
    ));
    suite.case("-Cp a absent").newer_than_9_1(
        expected()
            .exit(0)
            .stderr("")
            .is("absent", "file 0755 of {user}, 1 links, \"same\", written long ago, read long ago, new"),
    );
}
