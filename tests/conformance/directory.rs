//! `-d`, `--directory`.

use crate::trial::{Suite, Tree, expected};

fn some(tree: &Tree) {
    tree.file("file", "a file");
    tree.directory("dir").mode(0o700);
    tree.file("dir/x", "x");
    tree.link("to_dir", "dir");
    tree.link("dangling", "nowhere");
    tree.link("to_file", "file");
    tree.link("loop", "loop");
    tree.directory("open").mode(0o777);
    tree.directory("setgid").mode(0o2755);
    tree.directory("setuid").mode(0o4755);
    tree.directory("sticky").mode(0o1777);
    tree.fifo("fifo");
}

#[test]
fn directory() {
    let mut suite = Suite::new("directory");
    suite.tree(some);
    plain(&mut suite);
    modes(&mut suite);
    owners(&mut suite);
    others(&mut suite);
    suite.run();
}

fn plain(suite: &mut Suite) {
    for mask in [0o022, 0, 0o077, 0o777] {
        suite.case("-d new").umask(mask);
        suite.case("-d one/two/three").umask(mask);
        suite.case("-d -m 2711 one/two").umask(mask);
    }
    for name in [
        "dir",
        "dir/",
        "dir//",
        "dir/.",
        "dir/..",
        ".",
        "..",
        "./dir",
        "to_dir",
        "to_dir/",
        "to_dir/new",
        "to_dir/x",
        "dangling",
        "dangling/",
        "dangling/new",
        "loop",
        "loop/new",
        "file",
        "file/",
        "file/new",
        "to_file",
        "to_file/new",
        "fifo",
        "''",
        "new/",
        "new//",
        "new/.",
        "new/..",
        "new/../other",
        "new//deep",
        "new/./deep",
        "dir/new/deep/",
        "setgid",
        "setuid",
        "sticky",
        "setgid/new",
        "setgid/new/deep",
        "setuid/new",
        "sticky/new",
        "open/new/deep",
        "/",
    ] {
        if name != "/" && !name.starts_with("..") {
            suite.case("-d").word(if name == "''" { "" } else { name });
            suite.case("-vd").word(if name == "''" { "" } else { name });
        }
    }
    suite.case("--directory new");
    suite.case("--dir new");
    suite.case("-d one two three");
    suite.case("-vd one/two one/three one");
    suite.case("-d one file two");
    suite.case("-d file dangling dir/x/y two");
    suite.case("-vd one one one");
    suite.case("-d -v one -- -two");
    suite.case("one -d two");
    suite.case("-d");
    suite.case("-Dd one/two");
    suite.case("-cd one");
    suite.case("-d").word("a b").word("it's");
    suite.case("-vd").word("a b").word("it's").word("new\nline");
    suite.case("-d").word("x".repeat(255));
    let long = "x".repeat(256);
    let words = format!("install: cannot create directory ‘{long}’: File name too long\n");
    suite.case("-vd").word(long).newer_than_9_1(expected().stderr(words));
    suite.case("-d").word(format!("{}/deep", "x".repeat(256)));
    suite.case("-d").word("deep/".repeat(60));
    suite.case("-d").word("deep/".repeat(700));
}

fn modes(suite: &mut Suite) {
    for mode in [
        "755",
        "00755",
        "0755",
        "000755",
        "700",
        "0",
        "00000",
        "1777",
        "2755",
        "4755",
        "6755",
        "02755",
        "7777",
        "07777",
        "u=rwx",
        "a+rwX",
        "+X",
        "u=rwX,go=rX",
        "g+s",
        "g-s",
        "u+s",
        "+t",
        "a=",
        "u=rwx,g=u",
        "g=u",
        "o=g",
        "a-x",
        "=rwx",
        "=rwxs",
        "ug=rwx,o=t",
        "-s",
        "u-s",
        "=755",
        "+2755",
        "-2000",
        "10000",
        "x",
        "''",
        "u=rwx,",
        ",",
        "755,u+s",
        "u",
        "u+",
        "a+w,a-x+r",
        "rwx",
        "+rwxXst",
        "ugo+rwxs",
    ] {
        let mode = if mode == "''" { "" } else { mode };
        suite.case("new/deep dir setgid setuid sticky -d -m").word(mode);
        suite.case("setgid/new/deep -d -m").word(mode);
    }
    suite.case("-d setgid setuid sticky dir");
    suite.case("-d -m 755 -m 700 new");
    suite.case("-dm700 new");
}

fn owners(suite: &mut Suite) {
    for owner in ["-o 1", "-g 2", "-o 1 -g 2", "-o daemon -g bin", "-o 1 -m 4755", "-g 2 -m 2755", "-o 1 -m 00755"] {
        suite.case("-d new/deep dir setgid setuid to_dir").words(owner).by_root();
    }
    suite.case("-d -o root new").by_user();
    suite.case("-d -o root dir").by_user();
    suite.case("-d -g root new/deep").by_user();
    suite.case("-vd -o root new").by_user();
    suite.case("-d -o nosuchuser new");
    suite.case("-d -g nosuchgroup new");
    suite.case("-d -o 65534 -g 65534 new dir").by_user();
    suite.tree(|tree| {
        tree.directory("theirs").owner(0, 0).mode(0o755);
        tree.directory("open").owner(0, 0).mode(0o777);
        tree.directory("locked").mode(0o555);
        tree.directory("hidden").mode(0o600);
        tree.directory("blind").mode(0o300);
    });
    for name in
        ["theirs", "open/new", "hidden/new", "blind/new", "blind/new/deep", "locked/new/deep", "open", "locked", "theirs/"]
    {
        suite.case("-d").word(name).by_user_after_root();
        suite.case("-v -m 700 -d").word(name).by_user_after_root();
    }
    // 9.1 says why it cannot change the mode of what it could not make.
    for name in ["locked/new", "theirs/new"] {
        let words = || expected().stderr(format!("install: cannot create directory ‘{name}’: Permission denied\n"));
        suite.case("-d").word(name).by_user_after_root().newer_than_9_1(words());
        suite.case("-v -m 700 -d").word(name).by_user_after_root().newer_than_9_1(words());
    }
    let both = "install: cannot create directory ‘locked/new’: Permission denied\n\
                install: cannot create directory ‘theirs/new’: Permission denied\n";
    suite.case("-d locked/new fine theirs/new").by_user_after_root().newer_than_9_1(expected().stderr(both));
}

fn others(suite: &mut Suite) {
    suite.tree(some);
    suite.case("-d -s new");
    suite.case("-d -t dir new");
    suite.case("-d -T new");
    suite.case("-d -T one two three");
    suite.case("-d -tT new");
    suite.case("-d -p new");
    suite.case("-d -b new dir");
    suite.case("-d -C new");
    suite.case("-d -Z new dir");
    suite.case("-d --context=x new dir");
    suite.case("-d --preserve-context new dir");
    suite.case("-d --strip-program=x new");
    suite.case("-d -m").word("x").word("new");
    suite.tree(|tree| {
        tree.directory("default").mode(0o755);
        // user::rwx, group::---, mask and others none: inherited by what is made inside.
        let entry = |tag: u16, permissions: u16| [tag.to_le_bytes(), permissions.to_le_bytes(), [0xff; 2], [0xff; 2]].concat();
        let acl = [2_u32.to_le_bytes().to_vec(), entry(1, 7), entry(4, 0), entry(32, 0)].concat();
        tree.attribute("default", "system.posix_acl_default", &acl);
        tree.file("a", "new");
    });
    suite.case("-d default/new/deep");
    suite.case("-d default/new/deep -m 2775");
    suite.case("a default/a");
    suite.case("-D a default/new/a");
}
