//! `-m`, `--mode`.

use crate::trial::{Suite, Tree};

fn some(tree: &Tree) {
    tree.file("a", "new").mode(0o6741);
    tree.file("d", "old").mode(0o1640);
    tree.directory("dir");
}

#[test]
fn mode() {
    let mut suite = Suite::new("mode");
    suite.tree(some);
    for mode in [
        // Octal.
        "0",
        "00",
        "7",
        "07",
        "44",
        "644",
        "0644",
        "00644",
        "000000644",
        "755",
        "1000",
        "2000",
        "4000",
        "7777",
        "07777",
        "10000",
        "17777",
        "77777",
        "8",
        "648",
        "0x1ff",
        "-1",
        "+1",
        "=1",
        "+644",
        "-644",
        "=644",
        "+4000",
        "=7777",
        "=10000",
        " 644",
        "644 ",
        "6 4",
        "644,",
        ",644",
        "644,u+x",
        // Symbolic, from nothing, and the umask has no say.
        "+w",
        "+x",
        "+r",
        "+rwx",
        "+s",
        "+t",
        "+X",
        "-w",
        "-x",
        "=",
        "=r",
        "=rw",
        "=rwx",
        "=X",
        "=s",
        "a+r",
        "a=rx",
        "u=rwx",
        "u=rwx,g=rx,o=",
        "u=rwX",
        "u=rw,go=r",
        "u+rw,g+r",
        "u=rw,g=u",
        "u=rw,go=u",
        "u=rwx,g=u-w",
        "u=rwx,g=u,g-w",
        "ug=rw,o=g",
        "o=rwx,u=o",
        "g=o",
        "u=g",
        "a=u",
        "u=rwx,a=u",
        "u=rwx,=u",
        "u=rwx,+u",
        "u=rws",
        "g=rxs",
        "ug+s",
        "u+s",
        "g+s",
        "o+s",
        "a+s",
        "+st",
        "o+t",
        "u+t",
        "a+t",
        "u=t",
        "=t",
        "u=rwxs,g=rxs,o=rxt",
        "a+rwxXst",
        "u+x+r",
        "u+x-x",
        "u=rwx-w+s",
        "u=r=w",
        "ugo=r",
        "oug=r",
        "uuu=r",
        "a=r,a+X",
        "a=r,u+x,a+X",
        "u+x,go+X",
        "aou+r",
        "u+",
        "u-",
        "u=",
        "a=rwx,o-rwx",
        "a=rwx,-w",
        "u=rwx,g=rwx,o=rwx,-x",
        "u+4",
        "u=644",
        "g+s,u+rwx",
        "u=rwx,u+g",
        "u+u",
        "+ugo",
        "=u,=g",
        // No mode at all.
        "''",
        ",",
        "u",
        "r",
        "rwx",
        "u=rwx,",
        ",u=rwx",
        "u=rwx,,g=r",
        "u=q",
        "x+r",
        "z=r",
        "u rwx",
        "u=r w",
        "u+rg",
        "u=ug",
        "u=gr",
        "++",
        "+-",
        "a",
        "-",
        "u*r",
        "rwxr-xr-x",
        "it's",
        "a b",
        "\u{e9}",
        "u=r\n",
        "&+w",
        "u=rwx;",
        "0o644",
        "u:r",
        "=-",
        "=+w",
    ] {
        suite.case("a d -m").word(if mode == "''" { "" } else { mode });
    }
    for line in [
        "-m600 a d",
        "-m 600 a absent",
        "-m 600 a dir",
        "--mode=600 a d",
        "--mode 600 a d",
        "--mo=600 a d",
        "--m=600 a d",
        "-m 600 -m 640 a d",
        "-m x -m 640 a d",
        "-m 640 -m x a d",
        "-vm600 a d",
        "-Dm600 a new/d",
        "-m=600 a d",
        "-m = a d",
        "-m 644 missing d",
        "-m x missing d",
        "-m x a",
        "-m x",
        "-m '' a d dir",
        "a d -m",
        "a d --mode",
        "-m x -t dir a",
        "-m x -t nowhere a",
        "-m -x a d",
        "-m -- a d",
        "-m 0 a d dir",
    ] {
        suite.case(line);
    }
    for mask in [0o000, 0o077, 0o777] {
        for mode in ["644", "+w", "a+x", "u=rwX", "=rw", "-w", "g+s", "u=rwx,g=u,o=g"] {
            suite.case("a d -m").word(mode).umask(mask);
        }
    }
    // The set-id bits for a group the user is not in: the kernel clears them, and nobody complains.
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.directory("theirs").owner(65534, 0).mode(0o2777);
        tree.directory("default");
    });
    suite.case("-m 2755 a theirs").by_user_after_root();
    suite.case("-m 6755 a theirs").by_user_after_root();
    suite.case("-m 6755 a theirs").by_root();
    suite.case("-d -m 2755 theirs/new").by_user_after_root();
    suite.run();
}
