//! Which processes use a file, and in which version: `swapbin who`.

mod in_use;
mod kept;
mod privileges;
mod processes;
mod records;
mod unread;

use std::fs;

use serde_json::Value;

use crate::support::{Fixture, NOBODY, Outcome, Scratch, require_mounts, require_root, swapbin};

pub fn pid_of(process: &Fixture) -> u64 {
    process.pid().as_raw_nonzero().get().unsigned_abs().into()
}

fn who(scratch: &Scratch, words: &[&str]) -> Outcome {
    swapbin(scratch).arg("who").args(words).run()
}

/// The uses of a process.
fn uses(scratch: &Scratch, path: &str, process: &Fixture) -> Vec<Value> {
    let object = who(scratch, &[path, "--json"]).json();
    of_process(&object["uses"], process)
}

pub fn of_process(uses: &Value, process: &Fixture) -> Vec<Value> {
    let pid = pid_of(process);
    uses.as_array().expect("a list").iter().filter(|one| one["pid"] == pid).cloned().collect()
}

/// How each use is, and of which version.
fn ways(uses: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let of_use = |one: &Value| {
        let ways = one["ways"].as_array().expect("a list").clone();
        let version = text(&one["version"]);
        ways.into_iter().map(move |way| (text(&way["how"]), version.clone())).collect::<Vec<_>>()
    };
    uses.iter().flat_map(of_use).collect()
}

fn said(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(how, version)| ((*how).to_owned(), (*version).to_owned())).collect()
}

#[test]
fn a_program_is_current_then_replaced_then_deleted() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let old = Fixture::sleeping(&app);
    assert_eq!(ways(&uses(&scratch, "app", &old)), said(&[("executes", "current")]));

    let new = scratch.program("new", "two");
    swapbin(&scratch).from(&new).to(&app).run().exits(0);
    let young = Fixture::sleeping(&app);
    assert_eq!(ways(&uses(&scratch, "app", &old)), said(&[("executes", "replaced")]));
    assert_eq!(ways(&uses(&scratch, "app", &young)), said(&[("executes", "current")]));

    fs::remove_file(&app).unwrap();
    for process in [&old, &young] {
        assert_eq!(ways(&uses(&scratch, "app", process)), said(&[("executes", "deleted")]));
    }
}

#[test]
fn a_mapping_without_a_descriptor_and_a_descriptor_are_seen_with_what_they_may_do() {
    let scratch = Scratch::new();
    let tool = scratch.program("tool", "one");
    let data = scratch.file("data", "bytes");
    let data = data.to_str().unwrap();
    let (maps, holds) = (Fixture::start(&tool, &["map", data]), Fixture::start(&tool, &["hold", data]));
    assert_eq!(ways(&uses(&scratch, data, &maps)), said(&[("maps", "current")]));
    let open = uses(&scratch, data, &holds);
    assert_eq!((&open[0]["ways"][0]["how"], &open[0]["ways"][0]["mode"]), (&"open".into(), &"r".into()));
    fs::remove_file(data).unwrap();
    assert_eq!(ways(&uses(&scratch, data, &maps)), said(&[("maps", "deleted")]));
    assert_eq!(ways(&uses(&scratch, data, &holds)), said(&[("open", "deleted")]));
}

#[test]
fn a_hard_link_is_the_file_and_a_decoy_is_not() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    fs::hard_link(&app, scratch.path("link")).unwrap();
    let by_link = Fixture::sleeping(scratch.path("link"));
    assert_eq!(ways(&uses(&scratch, "app", &by_link)), said(&[("executes", "current")]));

    // Called as a deleted "app" would be, and another file.
    let decoy = scratch.program("app (deleted)", "decoy");
    let other = Fixture::sleeping(&decoy);
    assert_eq!(uses(&scratch, "app", &other), Vec::<Value>::new());
    assert_eq!(ways(&uses(&scratch, "app (deleted)", &other)), said(&[("executes", "current")]));
    fs::remove_file(&app).unwrap();
    assert_eq!(uses(&scratch, "app", &other), Vec::<Value>::new());
}

#[test]
fn names_with_control_bytes_are_found_and_cannot_write_to_a_terminal() {
    let scratch = Scratch::new();
    let name = "a\n\x1b[31mb";
    let app = scratch.program(name, "one");
    let running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();
    assert_eq!(ways(&uses(&scratch, name, &running)), said(&[("executes", "deleted")]));
    let text = who(&scratch, &[name]).exits(0).output_text();
    assert_eq!((text.lines().count(), text.contains('\x1b')), (1, false), "{text:?}");
    assert_eq!(text.lines().next().unwrap().split('\t').count(), 8, "{text:?}");
}

#[test]
fn what_is_gone_with_its_directory_may_still_be_asked_for() {
    let scratch = Scratch::new();
    let dir = scratch.directory("opt");
    let app = scratch.program("opt/app", "one");
    let running = Fixture::sleeping(&app);
    fs::remove_dir_all(&dir).unwrap();
    assert_eq!(ways(&uses(&scratch, app.to_str().unwrap(), &running)), said(&[("executes", "deleted")]));
}

#[test]
fn a_directory_and_a_missing_operand_are_refused_before_anything_is_looked_at() {
    let scratch = Scratch::new();
    scratch.directory("dir");
    who(&scratch, &["dir"]).exits(2).says("is a directory");
    who(&scratch, &[]).exits(2);
}

#[test]
fn nobody_is_ten_and_nobody_among_some_unreadable_is_eleven() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    // A pid namespace of its own, where there is nobody else.
    let alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let outcome = swapbin(&scratch).args(["who", "app", "--json"]).under(alone).run();
    assert_eq!(outcome.exits(10).json()["uses"], Value::Array(Vec::new()));

    let _running = Fixture::sleeping(&app);
    let outcome = swapbin(&scratch).args(["who", "app"]).as_user(NOBODY).run();
    outcome.exits(11).says("could not be read").says("as root");
    assert_eq!(outcome.output_text(), "");
}

#[test]
fn threads_of_the_kernel_are_nobody_an_ordinary_user_misses() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    scratch.program("app", "one");
    let (mut threads, mut programs) = (0, 0);
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        // Of a thread of the kernel, and of a process that has ended, this is empty.
        match fs::read(entry.path().join("cmdline")) {
            Ok(line) if line.is_empty() => threads += 1,
            Ok(_) => programs += 1,
            Err(_) => {}
        }
    }
    let object = swapbin(&scratch).args(["who", "app", "--json"]).as_user(NOBODY).run().json();
    let unread = object["unreadable"].as_u64().expect("a number");
    // Others start and end processes meanwhile.
    assert!(unread <= programs + threads / 2, "{unread} unread of {programs} programs, {threads} threads of the kernel");
}

#[test]
fn a_swap_says_who_still_uses_the_old_version_only_where_somebody_asks() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let new = scratch.program("new", "two");
    let running = Fixture::sleeping(&app);
    let object = swapbin(&scratch).from(&new).to(&app).arg("--json").run().exits(0).json();
    assert_eq!(object["in_use_by"], serde_json::json!([{ "pid": pid_of(&running), "comm": "app" }]));
    let object = swapbin(&scratch).from(&new).to(&app).arg("--json").run().exits(0).json();
    assert_eq!((&object["action"], &object["in_use_by"]), (&"unchanged".into(), &Value::Null));

    running.finish();
    let third = scratch.program("third", "three");
    swapbin(&scratch).from(&third).to(&app).arg("-v").run().exits(0).says("nobody uses an old version of");
    let _young = Fixture::sleeping(&app);
    swapbin(&scratch).from(&new).to(&app).arg("-v").run().exits(0).says("is still used by");
    if let Some((outcome, calls)) = swapbin(&scratch).from(&third).to(&app).strace("openat,newfstatat,readlinkat") {
        outcome.exits(0);
        // The runtime looks at the stack of its own process.
        let of_others = |call: &String| call.contains("openat") && call.contains("maps") && !call.contains("self/maps");
        let scanned: Vec<String> = calls.iter().map(|call| format!("{call:?}")).filter(of_others).collect();
        assert_eq!(scanned, Vec::<String>::new(), "nothing is scanned");
    }
}

#[test]
fn watching_ends_when_nobody_is_left() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let running = Fixture::sleeping(&app);
    let pid = pid_of(&running).to_string();
    let mut watching = swapbin(&scratch).args(["who", "app", "--watch"]).spawn();
    watching.close_stdin();
    assert!(watching.is_alive());
    running.finish();
    let outcome = watching.wait();
    // Whoever started first: it either saw the process and then nobody, or nobody at once.
    assert!(outcome.output_text().lines().all(|line| line.is_empty() || line.starts_with(&pid)));
    let code = outcome.code.expect("it ends by itself");
    assert!([10, 11].contains(&code), "{code}");
}
