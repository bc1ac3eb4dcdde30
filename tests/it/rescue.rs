//! Files that only a process still has, brought back: `swapbin rescue`.

mod alone;
mod content;
mod filesystems;
mod names;
mod planted;
mod privileges;
mod processes;
mod rollback;
mod story;
mod versions;

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::support::{Entry, Fixture, NOBODY, Outcome, Scratch, failpoints_available, require_root, swapbin};

fn rescue(scratch: &Scratch, words: &[&str]) -> Outcome {
    swapbin(scratch).arg("rescue").args(words).run()
}

fn pid_of(process: &Fixture) -> String {
    process.pid().as_raw_nonzero().to_string()
}

#[test]
fn a_deleted_program_that_runs_is_brought_back_by_its_path() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one").mode(0o750);
    let (before, modified) = (Entry::of(&app), fs::metadata(&app).unwrap().modified().unwrap());
    let mut running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();

    rescue(&scratch, &["app"]).exits(0).prints("rescued").prints("/exe'");

    let now = Entry::of(&app);
    assert_eq!((&now.kind, now.mode, now.uid, now.gid), (&before.kind, 0o750, before.uid, before.gid));
    assert_eq!(Fixture::version_of(&app), "one");
    assert_eq!(fs::metadata(&app).unwrap().modified().unwrap(), modified, "it is the file it was");
    assert!(running.is_alive());
    scratch.assert_no_litter();
}

#[test]
fn what_is_there_already_is_said_and_what_is_another_file_is_kept_from_harm() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let _running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();
    rescue(&scratch, &["app"]).exits(0);
    let inode = fs::metadata(&app).unwrap().ino();
    rescue(&scratch, &["app"]).exits(0).prints("is there already");
    assert_eq!(fs::metadata(&app).unwrap().ino(), inode);

    fs::remove_file(&app).unwrap();
    scratch.program("app", "two");
    rescue(&scratch, &["app"]).exits(9).says("is there, with another content").says("--replace");
    assert_eq!(Fixture::version_of(&app), "two");

    let object = rescue(&scratch, &["app", "--replace", "--json"]).exits(0).json();
    assert_eq!(Fixture::version_of(&app), "one");
    assert_eq!(Fixture::version_of(object["kept"].as_str().unwrap()), "two", "the present one is kept");
    swapbin(&scratch).args(["rollback", "app"]).run().exits(0);
    assert_eq!(Fixture::version_of(&app), "two");
}

#[test]
fn where_no_process_has_it_there_is_nothing_to_bring_back() {
    let scratch = Scratch::new();
    rescue(&scratch, &["app"]).exits(7).says("no process has").says("hint: ");
    let object = rescue(&scratch, &["app", "--json"]).exits(7).json();
    assert_eq!((&object["ok"], &object["error"]["kind"]), (&false.into(), &"unavailable".into()));
    rescue(&scratch, &["--pid", "4194305"]).exits(7);
    assert!(!scratch.path("app").exists());
}

#[test]
fn a_dry_run_says_what_would_come_back_and_writes_nothing() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let _running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();
    rescue(&scratch, &["app", "-n"]).exits(0).prints("would rescue");
    assert!(!app.exists());
}

#[test]
fn the_list_has_each_file_once_with_all_who_have_it() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let running = [(); 3].map(|()| Fixture::sleeping(&app));
    let inode = fs::metadata(&app).unwrap().ino();
    fs::remove_file(&app).unwrap();
    let object = rescue(&scratch, &["--list", "--json"]).exits(0).json();
    let ours = |file: &&serde_json::Value| file["path"] == app.to_str().unwrap();
    let found: Vec<_> = object["files"].as_array().unwrap().iter().filter(ours).collect();
    assert_eq!(found.len(), 1, "{object}");
    assert_eq!((&found[0]["ino"], &found[0]["state"], &found[0]["source"]), (&inode.into(), &"deleted".into(), &"exe".into()));
    let pids: Vec<String> = found[0]["processes"].as_array().unwrap().iter().map(|one| one["pid"].to_string()).collect();
    assert!(running.iter().all(|process| pids.contains(&pid_of(process))), "{pids:?}");
    assert!(rescue(&scratch, &["--list"]).exits(0).output_text().lines().any(|line| line.ends_with(app.to_str().unwrap())));
}

#[test]
fn a_file_of_a_process_is_named_by_its_descriptor() {
    let scratch = Scratch::new();
    let video = scratch.file("video", vec![7; 300_000]).mode(0o640);
    let content = Entry::of(&video).kind;
    let reader = scratch.program("reader", "one");
    let holding = Fixture::start(&reader, &["hold", video.to_str().unwrap()]);
    fs::remove_file(&video).unwrap();

    rescue(&scratch, &["--pid", &pid_of(&holding), "--fd", "3", "--to", "copy"]).exits(0);
    assert_eq!(Entry::of(scratch.path("copy")).kind, content);
    rescue(&scratch, &["video"]).exits(0);
    assert_eq!((Entry::of(&video).kind, Entry::of(&video).mode), (content, 0o640));
    // It reads on from where it was.
    assert_eq!(holding.finish(), format!("sum={}\n", 7 * 300_000));
}

#[test]
fn what_the_process_has_not_is_said_apart_from_a_process_that_cannot_be_looked_at() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let running = Fixture::sleeping(&app);
    let pid = &pid_of(&running);
    let run = |words: &[&str]| rescue(&scratch, &[&["--pid", pid], words].concat());
    let list = format!("swapbin rescue --list --pid {pid}");
    run(&["--map", "missing"]).exits(7).says(&format!("process {pid} has nothing mapped that is called 'missing'")).says(&list);
    run(&["--fd", "99"]).exits(7).says(&format!("process {pid} has no descriptor 99 open")).says(&list);
    run(&["--fd", "0"]).exits(7).says(&format!("descriptor 0 of process {pid} is no regular file"));
    run(&["app"]).exits(7).says(&format!("process {pid} has no deleted or replaced")).says(&list);
    let kind = run(&["--fd", "99", "--json"]).exits(7).json()["error"]["kind"].clone();
    assert_eq!(kind, "unavailable");

    rescue(&scratch, &["--pid", "4194305", "--fd", "99"]).exits(7).says("there is no process 4194305");
    rescue(&scratch, &["--pid", "4194305", "app"]).exits(7).says("there is no process 4194305");
    // The first thread of the kernel.
    if std::process::id() != 2 && fs::read("/proc/2/cmdline").is_ok_and(|line| line.is_empty()) {
        rescue(&scratch, &["--pid", "2"]).exits(7).says("process 2 runs no program");
    }
    if require_root() {
        let run = swapbin(&scratch).as_user(NOBODY).args(["rescue", "--pid", pid, "--fd", "99"]).run();
        run.exits(7).says(&format!("process {pid} may not be looked at: permission denied")).says("run this as root");
    }
}

#[test]
fn root_is_not_told_to_run_it_as_root() {
    if !require_root() || !failpoints_available() {
        return;
    }
    let scratch = Scratch::new();
    let own = std::process::id().to_string();
    let run = |words: &[&str]| swapbin(&scratch).arg("rescue").args(words.iter().copied()).failpoint("rescue-look", "13").run();
    let all = run(&["app"]);
    all.exits(7).says("could not be looked at").says("hint: see what there is: swapbin rescue --list");
    let one = run(&["--pid", &own, "app"]);
    one.exits(7).says(&format!("process {own} may not be looked at"));
    for outcome in [all, one] {
        assert!(!outcome.error_text().contains("as root"), "{outcome}");
    }
}

#[test]
fn the_list_may_be_of_one_process() {
    let scratch = Scratch::new();
    let (one, two) = (scratch.program("one", "one"), scratch.program("two", "two"));
    let running = [Fixture::sleeping(&one), Fixture::sleeping(&two)];
    for path in [&one, &two] {
        fs::remove_file(path).unwrap();
    }
    let object = rescue(&scratch, &["--list", "--json", "--pid", &pid_of(&running[0])]).exits(0).json();
    let paths: Vec<_> = object["files"].as_array().unwrap().iter().map(|file| file["path"].clone()).collect();
    assert_eq!(paths, [one.to_str().unwrap()]);
    rescue(&scratch, &["--list", "--pid", "4194305"]).exits(7).says("there is no process 4194305");
    rescue(&scratch, &["--list", "--pid", &pid_of(&running[0]), "--fd", "1"]).exits(2);
}
