//! What is installed.

use crate::trial::{Suite, bytes, expected};

#[test]
fn sources() {
    let mut suite = Suite::new("sources");
    suite.tree(|tree| {
        tree.file("a", "new").mode(0o7777);
        tree.file("empty", "");
        tree.file("big", vec![b'x'; 3_000_001]);
        tree.file("zeros", vec![0; 1_000_000]);
        tree.file("binary", [0, 255, 10, 13, 0]);
        tree.file("d", "old");
        tree.directory("dir");
        tree.directory("full/sub");
        tree.link("to_a", "a");
        tree.link("to_to_a", "to_a");
        tree.link("to_dir", "dir");
        tree.link("dangling", "nowhere");
        tree.link("loop", "loop");
        tree.hard_link("hard", "a");
        tree.fifo("fifo");
        tree.socket("socket");
    });
    for source in [
        "a",
        "./a",
        "dir/../a",
        "empty",
        "big",
        "zeros",
        "binary",
        "dir",
        "dir/",
        "full",
        "to_a",
        "to_to_a",
        "to_dir",
        "to_dir/",
        "dangling",
        "loop",
        "hard",
        "socket",
        "missing",
        "missing/x",
        "missing/",
        "a/",
        "a/.",
        "a/x",
        "''",
        ".",
        "..",
        "/",
        "/dev/null",
        "/proc/self/nonexistent",
        "/dev/full/x",
        "loop/x",
        "to_a/",
    ] {
        let source = if source == "''" { "" } else { source };
        let case = suite.case("").word(source).words("d");
        if source == "socket" {
            case.safer(expected().untouched("d"));
        }
        suite.case("-v").word(source).words("new");
        suite.case("").word(source).words("dir");
        suite.case("-b -t dir").word(source);
        let case = suite.case("-T").word(source).words("to_a");
        match source {
            // GNU removes the link that it was about to read through.
            "to_a" | "to_to_a" => {
                case.safer(expected().stderr_mentioning(&["to_a"]).untouched("to_a"));
            }
            "socket" => {
                case.safer(expected().untouched("to_a"));
            }
            _ => {}
        }
    }
    streams(&mut suite);
    holes(&mut suite);
    rights(&mut suite);
    names(&mut suite);
    suite.run();
}

fn streams(suite: &mut Suite) {
    // A pipe that root made cannot be opened again by another user.
    suite.case("/dev/stdin d").stdin("through a pipe").by_user_after_root().safer(expected().untouched("d"));
    suite.case("fifo d").feeding("fifo", b"through a fifo");
    suite.case("-v fifo new").feeding("fifo", b"through a fifo");
    suite.case("fifo dir").feeding("fifo", b"through a fifo");
    suite.case("fifo a new").feeding("fifo", b"");
    suite.case("fifo d").feeding("fifo", b"");
    suite.case("/dev/stdin d").stdin("through a pipe").by_root();
    suite.case("-v /dev/stdin new").stdin("through a pipe").by_root();
    suite.case("/dev/stdin dir").stdin("through a pipe").whatever_it_says().by_root();
    suite.case("/dev/stdin d").stdin(vec![b'y'; 300_000]).by_root();
    suite.case("/dev/stdin d");
    suite.case("/dev/fd/0 d").stdin("through a pipe").by_root();
    suite.case("/proc/self/fd/0 d").stdin("through a pipe").by_root();
    suite.case("/dev/stdin d").stdin_closed();
    suite.case("- d").stdin("no file is meant");
    suite.case("/proc/version d");
    suite.case("/proc/sys/kernel/ostype d");
    suite.case("-p /proc/sys/kernel/ostype d").by_root();
    suite.case("/sys/kernel/mm/transparent_hugepage/enabled d");
    suite.case("/proc/self/mem d").safer(expected().untouched("d"));
    suite.case("/proc/self/mem new").safer(expected().absent("new"));
}

fn holes(suite: &mut Suite) {
    suite.tree(|tree| {
        for (name, at, text) in
            [("hole_first", 4_000_000, "end"), ("hole_last", 0, "begin"), ("hole_within", 2_000_000, "middle")]
        {
            let file = std::fs::File::options().write(true).open(tree.file(name, "")).expect("a file just made");
            std::os::unix::fs::FileExt::write_all_at(&file, text.as_bytes(), at).expect("a file can be written");
            file.set_len(5_000_000).expect("a file can be extended");
        }
        let file = std::fs::File::options().write(true).open(tree.file("only_a_hole", "")).expect("a file just made");
        file.set_len(3_000_000).expect("a file can be extended");
    });
    for name in ["hole_first", "hole_last", "hole_within", "only_a_hole"] {
        suite.case("").word(name).words("d");
    }
}

fn rights(suite: &mut Suite) {
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("unreadable", "secret").mode(0);
        tree.file("write-only", "secret").mode(0o222);
        tree.file("theirs", "secret").owner(0, 0).mode(0o600);
        tree.file("closed/a", "new");
        tree.directory("closed").mode(0);
        tree.file("hidden/a", "new");
        tree.directory("hidden").mode(0o600);
        tree.file("blind/a", "new");
        tree.directory("blind").mode(0o311);
        tree.file("d", "old");
        tree.directory("dir");
    });
    for name in ["unreadable", "write-only", "theirs"] {
        suite.case("").word(name).words("d").by_user_after_root().safer(expected().untouched("d"));
        suite.case("").word(name).words("new").by_user_after_root();
        suite.case("-b").word(name).words("d").by_user_after_root();
        suite.case("a d").word(name).words("dir").by_user_after_root();
        suite.case("").word(name).words("d").by_root();
    }
    for name in ["closed/a", "hidden/a", "blind/a", "closed", "hidden/missing", "closed/missing"] {
        suite.case("").word(name).words("d").by_user_after_root();
        suite.case("-v a").word(name).words("dir").by_user_after_root();
    }
}

fn names(suite: &mut Suite) {
    suite.tree(|tree| {
        tree.directory("dir");
        tree.file("new\nline", "1");
        tree.file(bytes(b"\xff\xfe"), "2");
        tree.file("caf\u{e9}", "3");
        tree.file("two words", "4");
        tree.file("-dash", "5");
        tree.file("...", "6");
        tree.file("~", "7");
        tree.file("$HOME", "8");
        tree.file("*", "9");
        tree.file("a\\b", "10");
        tree.file("dir2/x", "11");
    });
    suite.case("dir -t").word("dir");
    suite
        .case("-t dir")
        .word("new\nline")
        .word(bytes(b"\xff\xfe"))
        .word("caf\u{e9}")
        .word("two words")
        .words("... ~ $HOME *")
        .word("a\\b")
        .words("-- -dash");
    suite
        .case("-v -t dir")
        .word("new\nline")
        .word(bytes(b"\xff\xfe"))
        .word("caf\u{e9}")
        .word("two words")
        .words("... ~ $HOME *")
        .word("a\\b")
        .words("-- -dash");
    suite.case("dir2//x dir");
    suite.case("-v dir2///x dir/");
    suite.case("-v ./dir2/./x dir/.");
    suite.case("-v dir2/x/ dir");
}
