//! `-D`: the leading directories of the destination, or all of the target directory.

use crate::trial::{Suite, Tree};

fn some(tree: &Tree) {
    tree.file("a", "new");
    tree.file("b", "also new");
    tree.file("file", "a file");
    tree.directory("dir");
    tree.link("to_dir", "dir");
    tree.link("dangling", "nowhere");
    tree.link("loop", "loop");
    tree.directory("setgid").mode(0o2755);
}

#[test]
fn create_leading() {
    let mut suite = Suite::new("create_leading");
    suite.tree(some);
    for mask in [0o022, 0, 0o077, 0o777] {
        suite.case("-D a one/two/d").umask(mask);
        suite.case("-D -t one/two a").umask(mask);
    }
    for name in [
        "d",
        "./d",
        "one/d",
        "one/two/three/d",
        "one//two/d",
        "one/./d",
        "one/../d",
        "one/two/../d",
        "one/",
        "one/two/",
        "dir",
        "dir/",
        "to_dir",
        "to_dir/d",
        "to_dir/new/d",
        "dangling",
        "dangling/d",
        "loop/d",
        "file/d",
        "file/x/d",
        "file/",
        "setgid/new/d",
        "''",
        "dir/..",
        "one/.",
        "one/..",
    ] {
        let name = if name == "''" { "" } else { name };
        suite.case("-D a").word(name);
        suite.case("-Dv a").word(name);
        suite.case("-DT a").word(name);
        suite.case("-Dv a -t").word(name);
        suite.case("-D a b -t").word(name);
        suite.case("-Dv missing").word(name);
    }
    suite.case("-D a b one");
    suite.case("-D a b one/two/");
    suite.case("-D a b dir");
    suite.case("-Dm600 a one/two/d");
    suite.case("-D -m 2777 a one/two/d");
    suite.case("-D -t one missing a");
    suite.case("-D -t one missing");
    suite.case("-D dir one/d");
    suite.case("-Dt one");
    suite.case("-D a");
    suite.case("-D");
    suite.case("-D a one/d -o 1 -g 2").by_root();
    suite.case("-D a one/d -o nosuchuser");
    suite.case("-D -t one a -o nosuchuser");
    suite.case("-D -t one -m x a");
    suite.case("-D -t one -t two a");
    suite.case("-D -T -t one a");
    suite.case("-Dvb a one/d");
    suite.case("-Dvb -t one a b");
    suite.case("-D a").word("new dir/it's");
    suite.case("-Dv a").word("new dir/it's");
    suite.case("-Dv a -t").word("new dir/it's");
    suite.case("-D a").word(format!("{}/d", "x".repeat(256)));
    suite.case("-D a").word(format!("{}/d", "x".repeat(255)));
    suite.case("-D a").word(format!("{}d", "deep/".repeat(100)));
    suite.case("-D /dev/null one/d");
    suite.case("-D ./a one/d");
    // With -D the source is still looked up where the call was made.
    suite.case("-D dir/../a one/two/three/d");
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.directory("locked").mode(0o555);
        tree.directory("blind").mode(0o300);
        tree.directory("hidden").mode(0o600);
        tree.directory("dir/theirs").owner(0, 0);
    });
    for name in
        ["locked/new/d", "locked/d", "blind/d", "blind/new/d", "hidden/d", "hidden/new/d", "dir/theirs/d", "dir/theirs/new/d"]
    {
        suite.case("-D a").word(name).by_user_after_root();
        suite.case("-Dv a -t").word(name).by_user_after_root();
    }
    suite.run();
}
