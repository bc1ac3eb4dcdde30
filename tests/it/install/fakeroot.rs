//! Under fakeroot(1), as package builds run it: an ordinary user gives files away, and fakeroot remembers what it remembers of
//! GNU install's files.

use crate::support::{Outcome, Scratch, require_program, swapbin_as_ordinary_user};

/// The program as install(1), in words of the shell: `$1` is swapbin, `./install` a link to it.
const OURS: [&str; 4] =
    ["$1 install", "$1 install --durability none", "../install --durability=none", "../install --all-or-nothing"];

const GNU: &str = "/usr/bin/install";

/// What is made, and what `stat` shows of it.
const EVERY_KIND: &str = r#"
    echo new >a; echo other >b0
    $I -o root -g root -m 4755 a b; stat -c "%n %u %g %a" b
    $I -o daemon -g daemon -m 4755 a b; stat -c "%n %u %g %a" b
    $I a b; stat -c "%n %u %g %a" b
    mkdir d; $I -o 7 -g 8 -m 2711 a b0 d; stat -c "%n %u %g %a" d/*
    $I -d -o bin -g 3 -m 2750 e/f; stat -c "%n %u %g %a" e e/f
    $I -b -S .bak -o 9 a b; stat -c "%n %u %g %a" b b.bak
    $I -s --strip-program=/bin/true -o 5 -m 600 a s; stat -c "%n %u %g %a" s
    $I -C -o 5 -g 0 -m 600 a s; stat -c "%n %u %g %a" s
    $I -D -o 5 -m 640 a x/y/z; stat -c "%n %u %g %a" x x/y x/y/z
    ! $I -s --strip-program=/bin/false -o 5 -m 4711 a q 2>/dev/null; $I a q; stat -c "%n %u %g %a" q"#;

/// fakeroot goes by inode numbers, and the filesystem gives those of removed files to new ones.
const INODES_AGAIN: &str = r#"
    echo new >a
    for n in 1 2 3 4 5 6 7 8; do
        $I -o daemon -g bin -m 4755 a b; $I -m 644 a b; $I -m 640 a c$n; touch t$n; mkdir d$n
        $I -o 9 -m 4755 a b; $I -b -m 644 a b; rm b~; touch u$n
    done
    stat -c "%n %u %g %a" *"#;

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.directory("his").of_ordinary_user();
    scratch
}

/// A script under one or more fakeroots, in a directory of its own, with `$I` for the command.
#[track_caller]
fn run(scratch: &Scratch, install: &str, script: &str) -> Option<Outcome> {
    require_program("fakeroot")?;
    let words = format!(
        r#"cd his; [ -e install ] || ln -s "$1" install; rm -rf here; mkdir here; cd here; export I="{install}"; {script}"#
    );
    Some(swapbin_as_ordinary_user(scratch).under(["sh", "-ec", &words, "sh"]).run())
}

#[track_caller]
fn assert_as_gnu(script: &str) {
    let scratch = tree();
    let script = format!("exec fakeroot sh -ec '{script}' sh \"$@\"");
    let Some(gnu) = run(&scratch, GNU, &script) else { return };
    gnu.exits(0);
    assert!(gnu.output_text().lines().count() >= 15, "{gnu}");
    for install in OURS {
        let ours = run(&scratch, install, &script).expect("it was there just now");
        ours.exits(0);
        assert_eq!(ours.output_text(), gnu.output_text(), "{install}\n{ours}");
        scratch.assert_no_litter();
    }
}

#[test]
fn owners_and_modes_are_remembered_as_those_of_gnu_install() {
    assert_as_gnu(EVERY_KIND);
}

#[test]
fn nothing_is_remembered_of_files_that_are_gone() {
    assert_as_gnu(INODES_AGAIN);
}

#[test]
fn what_is_remembered_is_saved_and_read_again() {
    let scratch = tree();
    let script = r#"echo new >a; mkdir d
        fakeroot -s ../state sh -ec "$I -o daemon -g bin -m 4755 a b; $I -o 7 -m 600 a d" sh "$@"
        fakeroot -i ../state -s ../state sh -ec "stat -c \"%n %u %g %a\" b d/a; $I -o 9 -m 2755 a d" sh "$@"
        fakeroot -i ../state stat -c "%n %u %g %a" b d/a
        find . -type f -user 0"#;
    // fakeroot sleeps while its daemon saves, so not all of them.
    for install in [OURS[2], GNU] {
        let Some(outcome) = run(&scratch, install, script) else { return };
        outcome.exits(0);
        let wanted = "b 1 2 4755\nd/a 7 0 600\nb 1 2 4755\nd/a 9 0 2755\n";
        assert_eq!(outcome.output_text(), wanted, "{install}: and nothing was really given to root\n{outcome}");
    }
}
