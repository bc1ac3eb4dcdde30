//! What was changed and what is kept of it: `swapbin history`, `swapbin prune`.

mod damaged;

use std::path::PathBuf;

use crate::support::{Outcome, Scratch, failpoints_available, is_kept, require_root, swapbin};

fn tree() -> Scratch {
    let scratch = Scratch::new();
    for name in ["app", "lib"] {
        scratch.file(name, "old").mode(0o755);
    }
    for name in ["one", "two"] {
        scratch.file(name, name).mode(0o755);
    }
    scratch
}

/// A batch, and afterwards another version of the one file.
fn changed() -> Scratch {
    let scratch = tree();
    let run = swapbin(&scratch).from("one").to("app").from("one").to("lib").from("one").to("tool");
    run.args(["--keep", "9"]).keeping().run().exits(0);
    swapbin(&scratch).from("two").to("app").args(["--keep", "9"]).keeping().run().exits(0);
    scratch
}

fn run(scratch: &Scratch, words: &[&str]) -> Outcome {
    swapbin(scratch).args(words).run()
}

fn kept(scratch: &Scratch) -> Vec<PathBuf> {
    scratch.snapshot().names().filter(|name| is_kept(name)).map(|name| scratch.path(name)).collect()
}

/// Command and file of each line.
fn lines(outcome: &Outcome) -> Vec<(String, String)> {
    let text = outcome.exits(0).output_text();
    let line = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), 5, "{outcome}");
        assert!(cells[0].len() == 20 && cells[0].ends_with('Z') && cells[1].len() == 20, "{outcome}");
        assert!(cells[4] == "-" || std::path::Path::new(cells[4]).is_file(), "{outcome}");
        (cells[2].to_owned(), cells[3].rsplit('/').next().unwrap().to_owned())
    };
    text.lines().map(line).collect()
}

#[test]
fn a_clock_that_is_set_back_does_not_make_a_change_an_earlier_one() {
    let Some(compiler) = crate::support::require_program("cc") else { return };
    let scratch = tree();
    let clock = scratch.path("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/clock.c");
    crate::support::run(std::process::Command::new(compiler).args(["-shared", "-fPIC", "-o"]).arg(&clock).arg(source));
    let deploy = |source: &str, ahead: &str| {
        let run = swapbin(&scratch).from(source).to("app").keeping().env("LD_PRELOAD", &clock).env("CLOCK_AHEAD", ahead);
        run.run().exits(0);
    };
    deploy("one", "100000000");
    deploy("two", "0");
    assert_eq!(kept(&scratch).len(), 1);
    let newest = run(&scratch, &["history", "app"]).exits(0).output_text();
    assert!(newest.lines().next().unwrap().split('\t').nth(4).unwrap() != "-", "{newest}");
    run(&scratch, &["rollback", "app"]).exits(0);
    assert_eq!(scratch.read("app"), b"one");
}

#[test]
fn changes_are_listed_newest_first_with_what_is_kept() {
    let scratch = changed();
    let pair = |(command, file): &(&str, &str)| (command.to_string(), file.to_string());
    let all: Vec<_> = [("swap", "app"), ("apply", "app"), ("apply", "lib"), ("apply", "tool")].iter().map(pair).collect();
    assert_eq!(lines(&run(&scratch, &["history"])), all);
    assert_eq!(lines(&run(&scratch, &["history", "app"])), all[..2]);
    assert_eq!(lines(&run(&scratch, &["history", "tool"])), all[3..]);
    assert_eq!(lines(&run(&scratch, &["history", "one"])), []);
    run(&scratch, &["rollback", "app"]).exits(0);
    assert_eq!(lines(&run(&scratch, &["history", "app"]))[0], pair(&("rollback", "app")));
}

#[test]
fn who_asks_for_the_history_of_what_is_gone_or_a_directory_is_answered() {
    let scratch = tree();
    scratch.directory("gone");
    scratch.file("gone/app", "old");
    swapbin(&scratch).from("one").to("gone/app").keeping().run().exits(0);
    std::fs::remove_dir_all(scratch.path("gone")).unwrap();
    assert_eq!(run(&scratch, &["history", "gone/app"]).exits(0).output_text().lines().count(), 1);
    for path in ["/nope/x", "app/below", "gone"] {
        run(&scratch, &["history", path]).exits(0).is_quiet();
    }
    for name in ["srv", "stage"] {
        scratch.directory(name);
        scratch.file(format!("{name}/version"), name);
    }
    run(&scratch, &["history", "srv"]).exits(0).is_quiet();
    swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "srv", "--exchange"]).run().exits(0);
    for path in ["srv", "srv/"] {
        run(&scratch, &["history", path]).exits(0).prints("/srv\t");
    }
}

#[test]
fn a_terminal_gets_a_table() {
    let scratch = changed();
    let Some(script) = crate::support::require_program("script") else { return };
    let program = crate::support::program_under_test();
    let command = format!("{} history app", program.display());
    let mut script = std::process::Command::new(script);
    script.args(["-qec", &command, "/dev/null"]).env("SWAPBIN_STATE_DIR", scratch.state(None)).current_dir(scratch.root());
    let output = crate::support::output_of(&mut script).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("WHEN ") && text.lines().count() == 3 && !text.contains('\t'), "{text}");
}

#[test]
fn the_object_holds_sizes_and_kept_versions() {
    let scratch = changed();
    let object = run(&scratch, &["history", "--json"]).exits(0).json();
    let changes = object["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!((&changes[0]["command"], &changes[1]["command"]), (&"swap".into(), &"apply".into()));
    let files = changes[1]["files"].as_array().unwrap();
    assert_eq!((&files[0]["old_size"], &files[0]["new_size"], &files[2]["old_size"]), (&3.into(), &3.into(), &().into()));
    assert_eq!(std::fs::read(files[0]["kept"].as_str().unwrap()).unwrap(), b"old");
    assert_eq!(files[2]["kept"], serde_json::Value::Null);
}

#[test]
fn names_that_are_no_text_are_told_in_base64_too() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = tree();
    let directory = std::ffi::OsStr::from_bytes(b"d\xff");
    scratch.directory(directory);
    let target = PathBuf::from(directory).join("app");
    scratch.file(&target, "old");
    let object = swapbin(&scratch).from("one").to(&target).arg("--json").keeping().run().exits(0).json();
    assert!(object["kept_b64"].is_string() && object["path_b64"].is_string(), "{object:#}");
    let object = run(&scratch, &["history", "--json"]).exits(0).json();
    let file = &object["changes"][0]["files"][0];
    assert!(file["kept_b64"].is_string() && file["path_b64"].is_string(), "{object:#}");
    run(&scratch, &["history"]).prints(r"/d\xff/app'");
}

#[test]
fn prune_removes_all_but_the_newest_so_many_and_says_of_what() {
    let scratch = changed();
    assert_eq!(kept(&scratch).len(), 3);
    let outcome = run(&scratch, &["prune"]);
    outcome.exits(0).prints("removed kept versions of").prints("/app'");
    assert!(!outcome.output_text().contains("/lib'"), "{outcome}");
    let left: Vec<_> = kept(&scratch).iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert_eq!(left.len(), 2);
    assert!(left.contains(&b"one".to_vec()) && left.contains(&b"old".to_vec()), "the newest of each file");
    run(&scratch, &["rollback", "app"]).exits(0);
    assert_eq!(scratch.read("app"), b"one");

    let object = run(&scratch, &["prune", "--keep", "0", "--json"]).exits(0).json();
    assert_eq!(object["removed"].as_array().unwrap().len(), 2);
    assert_eq!(kept(&scratch), Vec::<PathBuf>::new());
    run(&scratch, &["prune", "--keep", "0"]).exits(0).prints("nothing to remove");
}

#[test]
fn prune_removes_only_what_is_ours() {
    let scratch = changed();
    // Another state directory's, one that looks like ours, and one of ours that somebody has replaced.
    scratch.file(".swapbin~deadbeef000000000000.0", "another's");
    scratch.file(".swapbin~00c0ffee000000000000.0", "of no record");
    let replaced = kept(&scratch).into_iter().find(|path| path.is_file() && std::fs::read(path).unwrap() == b"one").unwrap();
    let other = scratch.file("other", "somebody's");
    std::fs::rename(&other, &replaced).unwrap();
    run(&scratch, &["prune", "--keep", "0"]).exits(1);
    let mut left: Vec<_> = kept(&scratch).iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    left.sort();
    assert_eq!(left, ["another's", "of no record", "somebody's"]);
}

#[test]
fn prune_says_what_it_cannot_remove() {
    let scratch = changed();
    let meddled = kept(&scratch).remove(0);
    std::fs::write(&meddled, "another tool's").unwrap();
    let outcome = run(&scratch, &["prune", "--keep", "0"]);
    let stays = format!("{}' stays: it is not what was kept: ", meddled.display());
    outcome.exits(1).says(&stays).prints("removed kept versions");
    assert_eq!(kept(&scratch), std::slice::from_ref(&meddled));
    let object = run(&scratch, &["prune", "--keep", "0", "--json"]).exits(1).json();
    assert_eq!((&object["ok"], &object["left"][0]["path"]), (&false.into(), &meddled.to_str().into()));
    assert!(object["left"][0]["reason"].as_str().unwrap().starts_with("it is not what was kept: "), "{object}");
}

#[test]
fn prune_says_it_again_as_long_as_it_is_there_however_many_changes_came_after() {
    let scratch = changed();
    let meddled = kept(&scratch).remove(0);
    std::fs::write(&meddled, "another tool's").unwrap();
    // More than are left in the history when nothing is kept.
    for _ in 0..101 {
        for source in ["one", "two"] {
            swapbin(&scratch).from(source).to("lib").from(source).to("tool").args(["--keep", "0"]).run().exits(0);
        }
    }
    for _ in 0..2 {
        run(&scratch, &["prune", "--keep", "0"]).exits(1).says(&format!("{}' stays", meddled.display()));
    }
    std::fs::remove_file(&meddled).unwrap();
    run(&scratch, &["prune", "--keep", "0"]).exits(0);
}

#[test]
fn prune_removes_the_directory_of_a_setuid_version_too() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    scratch.file("app", "old").mode(0o4755);
    swapbin(&scratch).from("one").to("app").args(["--mode", "0755"]).keeping().run().exits(0);
    assert!(kept(&scratch)[0].is_dir());
    run(&scratch, &["prune", "--keep", "0"]).exits(0);
    assert_eq!(kept(&scratch), Vec::<PathBuf>::new());
}

/// A setuid file of which so many versions before are kept, each in a directory of its own.
fn setuid(versions: u32) -> Scratch {
    let scratch = tree();
    scratch.file("app", "old").mode(0o4755);
    for version in 0..versions {
        scratch.file("new", version.to_string());
        swapbin(&scratch).from("new").to("app").args(["--mode", "4755", "--keep", "9"]).keeping().run().exits(0);
    }
    assert_eq!(kept(&scratch).iter().filter(|kept| kept.is_dir()).count(), versions as usize);
    scratch
}

#[test]
fn the_emptied_directory_of_a_setuid_version_goes_with_the_next_prune() {
    if !require_root() || !failpoints_available() {
        return;
    }
    for ends in ["abort", "5"] {
        let scratch = setuid(1);
        let prune = || swapbin(&scratch).args(["prune", "--keep", "0"]);
        match ends {
            "abort" => prune().failpoint("room", ends).run().is_killed_by(rustix::process::Signal::KILL),
            _ => prune().failpoint("room", ends).run().exits(1).says("stays"),
        };
        assert!(std::fs::read_dir(kept(&scratch).remove(0)).unwrap().next().is_none());
        prune().failpoint("room", "5").run().exits(1).says("stays: it cannot be removed: input/output error");
        prune().run().exits(0).prints("removed kept versions");
        assert_eq!(kept(&scratch), Vec::<PathBuf>::new());
        prune().run().exits(0).prints("nothing to remove");
    }
}

#[test]
fn prune_waits_for_a_run_that_has_just_emptied_such_a_directory() {
    if !require_root() || !failpoints_available() {
        return;
    }
    let scratch = tree();
    scratch.directory("srv");
    scratch.file("srv/tool", "1").mode(0o4755);
    scratch.directory("stage");
    scratch.file("stage/version", "2");
    swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "srv", "--exchange"]).run().exits(0);
    let room = kept(&scratch).remove(0);
    let mut rollback = swapbin(&scratch).args(["rollback", "srv"]).failpoint("published", "pause").spawn();
    rollback.wait_until_paused();
    assert!(std::fs::read_dir(&room).unwrap().next().is_none());
    run(&scratch, &["prune", "--keep", "0", "--wait", "0"]).exits(75).says("another run");
    rollback.signal(rustix::process::Signal::CONT);
    rollback.wait().exits(0);
    assert!(scratch.path("srv/tool").exists() && !room.exists());
}

#[test]
fn the_emptied_directory_of_a_setuid_version_is_no_version_that_another_one_goes_for() {
    if !require_root() {
        return;
    }
    let scratch = setuid(2);
    let newest = kept(&scratch).into_iter().max().unwrap();
    std::fs::remove_file(newest.join("file")).unwrap();
    swapbin(&scratch).from("one").to("app").args(["--mode", "4755", "--keep", "2"]).keeping().run().exits(0);
    assert!(!newest.exists());
    let mut left: Vec<_> = kept(&scratch).iter().map(|kept| std::fs::read(kept.join("file")).unwrap()).collect();
    left.sort();
    assert_eq!(left, [b"1".to_vec(), b"old".to_vec()]);
}

#[test]
fn prune_waits_for_a_run_at_the_same_file_and_not_for_one_at_others() {
    if !failpoints_available() {
        return;
    }
    let scratch = changed();
    let before = kept(&scratch);
    let mut rollback = swapbin(&scratch).args(["rollback", "app"]).failpoint("rename@1", "pause").spawn();
    rollback.wait_until_paused();
    let now = kept(&scratch);
    run(&scratch, &["prune", "--keep", "0", "--wait", "0"]).exits(75).says("another run");
    let failed = run(&scratch, &["prune", "--keep", "0", "--wait", "0", "--json"]).exits(75).json();
    assert_eq!((&failed["removed"], kept(&scratch)), (&serde_json::json!([]), now));
    let lib = swapbin(&scratch).from("two").to("lib").args(["--keep", "9"]).keeping();
    lib.run().exits(0);
    let prune = swapbin(&scratch).args(["prune", "--keep", "0"]).spawn();
    rollback.signal(rustix::process::Signal::CONT);
    rollback.wait().exits(0);
    prune.wait().exits(0);
    assert_eq!(scratch.read("app"), b"one");
    assert!(kept(&scratch).is_empty() && !before.is_empty());
}

#[test]
fn prune_first_settles_what_was_broken_off_for_that_may_need_what_is_kept() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    scratch.directory("srv");
    scratch.file("srv/version", "1");
    scratch.directory("stage");
    scratch.file("stage/version", "2");
    swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "srv", "--exchange"]).run().exits(0);
    let rollback = swapbin(&scratch).args(["rollback", "srv"]).failpoint("rename@1", "abort").run();
    rollback.is_killed_by(rustix::process::Signal::KILL);
    run(&scratch, &["prune", "--keep", "0"]).exits(0);
    assert_eq!(scratch.read("srv/version"), b"1");
    assert!(kept(&scratch).is_empty());
    scratch.assert_no_litter();
    run(&scratch, &["recover"]).exits(0).prints("nothing is left over");
}
