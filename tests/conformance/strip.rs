//! `-s`, `--strip`, `--strip-program`.

use rustix::process::Signal;

use crate::trial::{Suite, Tree, expected};

fn some(tree: &Tree) {
    tree.file("a", "new\n");
    tree.file("b", "new too\n");
    tree.file("d", "old\n").mode(0o640);
    tree.directory("dir");
    tree.script("appends", "echo stripped >>\"$1\"");
    tree.script("renames", "echo replaced >\"$1.new\" && chmod 4711 \"$1.new\" && mv -f \"$1.new\" \"$1\"");
    tree.script("fails", "exit 3");
    tree.script("ruins", "echo ruined >\"$1\"; exit 1");
    tree.script("removes", "rm -f \"$1\"");
    tree.script("dies", "kill -SEGV $$");
    tree.script("dies-quietly", "kill -TERM $$");
    tree.script("talks", "echo out; echo err >&2; stat -c '%a %u %h %F' \"$1\"; echo $#; umask");
    tree.script("chmods", "chmod 7777 \"$1\"");
    tree.script("reads", "cat");
    tree.script("locks", "chmod 0 \"$1\"");
    tree.script("links", "mv \"$1\" kept && ln -s kept \"$1\"");
    tree.script("empties", ": >\"$1\"");
    tree.script("spec ial", "echo stripped >>\"$1\"");
    tree.script("touches", "touch -d @7 \"$1\"");
    tree.script("pipes", "sh -c 'kill -PIPE $$'; echo $?");
    tree.script("bin/strip", "echo by the strip in PATH >>\"$1\"");
    tree.file("no-program", "echo stripped >>\"$1\"\n").mode(0o644);
    tree.file("no-interpreter", "#!/nowhere/sh\n").mode(0o755);
    tree.file("no-format", "\0\0\0\0").mode(0o755);
}

#[test]
fn strip() {
    let mut suite = Suite::new("strip");
    suite.tree(some);
    good(&mut suite);
    bad(&mut suite);
    arguments(&mut suite);
    names_with_a_dash(&mut suite);
    suite.run();
}

fn good(suite: &mut Suite) {
    for program in ["appends", "renames", "chmods", "empties", "touches", "talks"] {
        suite.case("-s a d --strip-program").word(format!("./{program}"));
        suite.case("-s a absent --strip-program").word(format!("./{program}"));
        suite.case("-svb -m 2711 a d --strip-program").word(format!("./{program}"));
        suite.case("-sp a d --strip-program").word(format!("./{program}"));
        suite.case("-s a b dir --strip-program").word(format!("./{program}"));
        suite.case("-sD a new/d --strip-program").word(format!("./{program}")).umask(0o077);
    }
    suite.case("-s --strip-program=./appends -o 1 -g 2 -m 6755 a d").by_root();
    suite.case("-s --strip-program=./renames -o 1 -g 2 -m 6755 a d").by_root();
    suite.case("-s --strip-program").word("./spec ial").words("a d");
    suite.case("-s --strip-program=./reads a d").stdin("text on standard input\n");
    suite.case("-s --strip-program=./pipes a d");
    suite.case("-s --strip-program=./pipes a d").ignoring(Signal::PIPE);
    suite.case("-s a d").env("PATH", "bin:/usr/bin:/bin");
    suite.case("-s --strip-program=strip a d").env("PATH", "bin:/usr/bin:/bin");
    suite.case("-s --strip-program=appends a d").env("PATH", ".:/usr/bin:/bin");
    suite.case("-s --strip-program=appends a d").env("PATH", ":/usr/bin:/bin");
    suite.case("-s a dash -T --strip-program=./appends");
    suite.case("-s --strip-program=./appends a -- -d");
    suite.case("-s --strip-program=./appends -t dir -- a");
    suite.case("-s --strip-program=./appends a").word("new\nname");
}

fn bad(suite: &mut Suite) {
    for program in ["./fails", "./ruins", "./dies", "./dies-quietly"] {
        suite.case("-s a d --strip-program").word(program).safer(expected().untouched("d"));
        suite.case("-s a absent --strip-program").word(program);
        suite.case("-sb a d --strip-program").word(program).safer(expected().untouched("d").absent("d~"));
        suite.case("-s a b dir --strip-program").word(program);
        suite.case("-sD a new/d --strip-program").word(program);
    }
    for program in ["nosuchprogram", "./nosuchprogram", "./no-program", "./no-interpreter", "./dir", "a/b", "''"] {
        let program = if program == "''" { "" } else { program };
        suite.case("-s a d --strip-program").word(program).safer(expected().untouched("d"));
        suite.case("-s a absent --strip-program").word(program);
    }
    suite.case("-s a d").env("PATH", "/nowhere").safer(expected().untouched("d"));
    suite.case("-s a absent").env("PATH", "/nowhere");
    suite.case("-s missing d --strip-program=./appends");
    suite.case("-s a a --strip-program=./appends");
    suite.case("-s dir d --strip-program=./appends");
    suite.case("-s --strip-program=./locks a d");
    suite.case("-s a missing b dir --strip-program=./appends");
}

/// 9.1 takes a name that begins with a dash for an option of the strip program; later versions put `./` before it.
fn names_with_a_dash(suite: &mut Suite) {
    suite.tree(|tree| {
        tree.file("a", "new\n");
        tree.file("-a", "new\n");
        tree.directory("dir");
        tree.script("shows", "case $1 in -*) echo an option >&2;; esac");
    });
    let name = || expected().stderr("");
    suite.case("-s --strip-program=./shows a dir/-d");
    suite.case("-s --strip-program=./shows a -- -d").newer_than_9_1(name());
    suite.case("-s --strip-program=./shows -- a -d").newer_than_9_1(name());
    suite.case("-s --strip-program=./shows -t . a -- dir");
    suite.case("-s --strip-program=./shows -- -a dir");
}

fn arguments(suite: &mut Suite) {
    suite.case("--strip-program=./appends a d");
    suite.case("--strip-program=nosuchprogram a d");
    suite.case("--strip-program a d");
    suite.case("--strip-p=./appends --strip a d");
    suite.case("--strip-p ./appends -s a d");
    suite.case("-s --strip-program=./fails --strip-program=./appends a d");
    suite.case("--strip=x a d");
    suite.case("-s --strip-program");
    suite.case("-s a");
    suite.case("-sd new");
    suite.case("-s");
    suite.case("-sC a d");
    suite.case("--strip-program=x -Cs a d");
    suite.case("--strip-program=x -d new");
    suite.case("--strip-program=x a d -m x");
    suite.case("--strip-program=x a d -o nosuchuser");
}
