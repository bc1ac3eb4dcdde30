//! `-g`, `--group` and `-o`, `--owner`.

use crate::trial::{Suite, Tree, expected};

fn some(tree: &Tree) {
    tree.file("a", "new");
    tree.file("d", "old").mode(0o600);
    tree.directory("dir");
}

#[test]
fn group_owner() {
    let mut suite = Suite::new("group_owner");
    suite.tree(some);
    by_root(&mut suite);
    numbers(&mut suite);
    by_an_ordinary_user(&mut suite);
    suite.run();
}

fn by_root(suite: &mut Suite) {
    for line in [
        "-o 1 a d",
        "-g 2 a d",
        "-o 1 -g 2 a d",
        "-o daemon -g bin a d",
        "-o1 -g2 a d",
        "--owner=1 --group=2 a d",
        "--ow=1 --gr=2 a d",
        "-o daemon -g bin a absent",
        "-o daemon -g bin a dir",
        "-o 1 -m 6755 a d",
        "-g 2 -m 2711 a d",
        "-o 1 -o 2 -g 3 -g 4 a d",
        "-D -o 1 -g 2 a new/d",
        "-b -o 1 a d",
        "-p -o 1 a d",
        "-v -o 1 a d",
        "-o root -g root a d",
        "-o nobody a d",
        "-g nogroup a d",
        "-m 0 -o 1 -g 2 a d",
        "-o 1 a d dir",
    ] {
        suite.case(line).by_root();
    }
    suite.tree(|tree| {
        tree.file("a", "new").owner(5, 6).mode(0o6777);
        tree.file("d", "old").owner(7, 8);
        tree.directory("setgid").owner(0, 9).mode(0o2755);
    });
    // Neither the source's owner nor that of the replaced file.
    suite.case("a d").by_root();
    suite.case("a setgid").by_root();
    suite.case("a setgid -g 3").by_root();
    suite.case("-D a setgid/new/d").by_root();
    suite.case("a d").by_user_after_root();
}

fn numbers(suite: &mut Suite) {
    suite.tree(some);
    for id in [
        "0",
        "1",
        "65534",
        "00",
        "010",
        "08",
        "0x10",
        "0X1f",
        "0b11",
        "+1",
        "-1",
        " 1",
        "1 ",
        "''",
        "1k",
        "1x",
        "0x",
        "4294967294",
        "4294967295",
        "4294967296",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "nosuchname",
        "root:root",
        "1:1",
        "root ",
        "Root",
        "it's",
        "a b",
        "\u{e9}",
        "1.",
        "1e1",
    ] {
        let id = if id == "''" { "" } else { id };
        suite.case("a d -o").word(id).by_root();
        suite.case("a d -g").word(id).by_root();
    }
    suite.case("-o").word("a\nb").words("a d");
    suite.case("-o nosuchname missing d");
    suite.case("-o nosuchname -g nosuchname a d");
    suite.case("-o nosuchname -m x a d");
    suite.case("-g nosuchname -m x a d");
    suite.case("-o nosuchname a");
    suite.case("-o nosuchname -D a new/d");
    suite.case("-o nosuchname -o 1 missing d");
    suite.case("-o '' missing d");
    suite.case("-g '' a d");
}

fn by_an_ordinary_user(suite: &mut Suite) {
    suite.case("-o 65534 a d").by_user();
    suite.case("-g 65534 a d").by_user();
    suite.case("-o nobody -g nogroup -m 6755 a d").by_user();
    suite.case("-o root a d").by_user().safer(expected().untouched("d"));
    suite.case("-g root a d").by_user().safer(expected().untouched("d"));
    suite.case("-o 1 -g 65534 a d").by_user().safer(expected().untouched("d"));
    suite.case("-o root a absent").by_user().safer(expected().absent("absent"));
    suite.case("-o root -b a d").by_user().safer(expected().untouched("d").absent("d~"));
    suite.case("-o root a dir").by_user().safer(expected().absent("dir/a"));
    suite.case("-o root missing d").by_user();
    suite.case("-o root a locked/d").by_user().having(|tree| drop(tree.directory("locked").mode(0o555)));
    suite.case("-o root -D a new/d").by_user().safer(expected().absent("new/d"));
}
