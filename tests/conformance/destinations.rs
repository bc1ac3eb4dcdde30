//! What stands at the destination.

use crate::trial::{Suite, Tree, expected};

fn many(tree: &Tree) {
    tree.file("a", "new");
    tree.file("d", "old");
    tree.file("read-only", "old").mode(0o444);
    tree.file("closed", "old").mode(0);
    tree.file("special", "old").mode(0o7777);
    tree.file("empty", "");
    tree.hard_link("hard", "d");
    tree.hard_link("hard_to_a", "a");
    tree.directory("dir");
    tree.file("full/x", "x");
    tree.directory("full/a");
    tree.link("to_d", "d");
    tree.link("to_a", "a");
    tree.link("to_to_a", "to_a");
    tree.link("dangling", "nowhere");
    tree.link("loop", "loop");
    tree.link("to_dir", "dir");
    tree.link("to_loop", "loop");
    tree.link("into_missing", "missing/x");
    tree.link("into_file", "d/x");
    tree.link("dir_self", ".");
    tree.fifo("fifo");
    tree.socket("socket");
}

#[test]
fn destinations() {
    let mut suite = Suite::new("destinations");
    suite.tree(many);
    for name in [
        "d",
        "x",
        "read-only",
        "closed",
        "special",
        "empty",
        "hard",
        "hard_to_a",
        "dir",
        "dir/",
        "dir//",
        "dir/.",
        "dir/..",
        "full",
        "full/",
        "full/a",
        "full/a/",
        "to_d",
        "to_d/",
        "to_a",
        "to_to_a",
        "dangling",
        "dangling/",
        "loop",
        "loop/",
        "to_dir",
        "to_dir/",
        "to_dir/.",
        "to_loop",
        "into_missing",
        "into_file",
        "dir_self",
        "dir_self/",
        "dir_self/d",
        "fifo",
        "fifo/",
        "socket",
        "socket/",
        "x/",
        "x//",
        "x/.",
        "x/y",
        "x/y/",
        "d/",
        "d/.",
        "d/x",
        "d/x/",
        "a",
        "./a",
        ".//a",
        "dir/../a",
        "a/",
        "a/.",
        ".",
        "./",
        "''",
        "loop/x",
        "dangling/x",
        "to_d/x",
        "fifo/x",
        "missing/",
        "missing/../d",
    ] {
        let name = if name == "''" { "" } else { name };
        suite.case("a").word(name);
        suite.case("-T a").word(name);
        suite.case("-v a").word(name);
        let case = suite.case("to_a").word(name);
        // GNU removes the link that it was about to read through.
        if ["to_a", "dir/..", "dir_self", "dir_self/", ".", "./"].contains(&name) {
            case.safer(expected().stderr_mentioning(&["to_a"]).untouched("to_a"));
        }
    }
    suite.case("hard d");
    suite.case("d hard");
    suite.case("hard_to_a a");
    suite.case("-v a hard_to_a");
    suite.case("to_to_a to_a").safer(expected().stderr_mentioning(&["to_a"]).untouched("to_a"));
    suite.case("to_a to_to_a");
    suite.case("dangling x");
    suite.case("dangling dangling");
    suite.case("loop loop");
    suite.case("-T dir dir");
    suite.case("closed closed");
    suite.case("fifo fifo");
    suite.case("socket x");
    suite.case("a a a").having(|tree| drop(tree.directory("other")));
    names(&mut suite);
    rights(&mut suite);
    attributes(&mut suite);
    suite.run();
}

fn names(suite: &mut Suite) {
    let long = "x".repeat(255);
    let existing = long.clone();
    suite.tree(move |tree| {
        tree.file("a", "new");
        tree.file("long", "source").mode(0o600);
        tree.file(&existing, "old");
        tree.directory("dir");
        tree.link("in the way", "y".repeat(200));
    });
    suite.case("a").word(&long);
    suite.case("-v").word(&long).words("dir");
    suite.case("").word(&long).words("d");
    suite.case("a").word("y".repeat(255));
    suite.case("a").word("y".repeat(256));
    suite.case("a b").word("y".repeat(256));
    suite.case("").word("y".repeat(256)).words("d");
    suite.case("a").word(format!("{}/d", "y".repeat(256)));
    suite.case("a").word(format!("{}d", "dir/../".repeat(500)));
    suite.case("a").word(format!("{}d", "dir/../".repeat(600)));
    suite.case("-T a").word("in the way");
    suite.case("a").word("\u{1f600}".repeat(63));
}

fn rights(suite: &mut Suite) {
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("locked/d", "old");
        tree.directory("locked/dir");
        tree.directory("locked").mode(0o555);
        tree.file("blind/d", "old");
        tree.directory("blind").mode(0o333);
        tree.file("hidden/d", "old");
        tree.directory("hidden").mode(0o600);
        tree.file("closed/d", "old");
        tree.directory("closed").mode(0);
        tree.directory("theirs").owner(0, 0).mode(0o755);
        tree.file("sticky/theirs", "old").owner(0, 0).mode(0o666);
        tree.file("sticky/ours", "old");
        tree.directory("sticky").owner(0, 0).mode(0o1777);
        tree.file("shared/theirs", "old").owner(0, 0).mode(0o600);
        tree.directory("shared").owner(0, 65534).mode(0o775);
        tree.file("theirs_here", "old").owner(0, 0).mode(0o600);
        tree.file("setgid/d", "old");
        tree.directory("setgid").owner(65534, 1).mode(0o2755);
    });
    for name in [
        "locked/d",
        "locked/x",
        "locked",
        "locked/dir",
        "locked/missing/d",
        "blind/d",
        "blind/x",
        "blind",
        "hidden/d",
        "hidden/x",
        "hidden",
        "closed/d",
        "closed",
        "closed/x/y",
        "theirs/x",
        "sticky/theirs",
        "sticky/ours",
        "sticky/x",
        "shared/theirs",
        "shared/x",
        "theirs_here",
        "setgid/d",
        "setgid/x",
    ] {
        suite.case("a").word(name).by_user_after_root();
        suite.case("-v a").word(name).by_user_after_root();
        suite.case("-b a").word(name).by_user_after_root();
        suite.case("-C a").word(name).by_user_after_root();
        suite.case("-m 600 -t").word(name).word("a").by_user_after_root();
    }
}

fn attributes(suite: &mut Suite) {
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("d", "old");
        tree.attribute("a", "user.source", b"1");
        tree.attribute("d", "user.destination", b"1");
    });
    suite.case("a d");
    suite.case("a x");
    suite.case("-p a d");
    suite.case("-b a d");
    suite.case("a d").by_root().having(|tree| {
        // cap_net_raw=ep, version 2 (capability.h).
        let capability = [0x0200_0001_u32, 1 << 13, 0, 0, 0].map(u32::to_le_bytes).concat();
        tree.attribute("a", "security.capability", &capability);
        tree.attribute("d", "security.capability", &capability);
    });
}
