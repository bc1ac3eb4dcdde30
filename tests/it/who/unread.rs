//! Which processes could not be read, and why.

use serde_json::{Value, json};

use super::pid_of;
use crate::support::{Fixture, NOBODY, Outcome, Scratch, failpoints_available, require_mounts, require_root, swapbin};

/// What is said of a process that could not be read.
fn of(object: &Value, process: &Fixture) -> Value {
    let all = object["unreadable_processes"].as_array().expect("a list");
    assert_eq!(object["unreadable"].as_u64(), Some(all.len() as u64));
    all.iter().find(|one| one["pid"] == pid_of(process)).cloned().unwrap_or_default()
}

#[test]
fn the_object_has_all_with_their_users_and_the_reason_and_root_reads_them() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    let running = Fixture::sleeping(scratch.program("app", "one"));
    for words in [&["who", "app", "--json"][..], &["stale", "--json"]] {
        let object = swapbin(&scratch).args(words).as_user(NOBODY).run().json();
        let pid = pid_of(&running);
        let said = json!({ "pid": pid, "uid": 0, "user": "root", "command": "app", "reason": "permission denied" });
        assert_eq!(of(&object, &running), said);
        assert_eq!(of(&swapbin(&scratch).args(words).run().json(), &running), Value::Null);
    }
}

#[test]
fn words_only_count_them_and_with_verbose_name_ten_for_each_reason() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let _running: Vec<Fixture> = (0..11).map(|_| Fixture::sleeping(&app)).collect();
    let short = swapbin(&scratch).args(["who", "app"]).as_user(NOBODY).run();
    short.exits(11).says("processes could not be read");
    assert!(!short.error_text().contains("permission denied"), "{short}");
    let long = swapbin(&scratch).args(["who", "app", "-v"]).as_user(NOBODY).run();
    let lines: Vec<String> =
        long.error_text().lines().filter_map(|line| line.strip_prefix("permission denied: ")).map(str::to_owned).collect();
    assert_eq!((lines.len(), lines[0].split(", ").count()), (1, 10), "{long}");
    let (_, more) = lines[0].rsplit_once(" and ").expect("there are more");
    assert!(more.strip_suffix(" more").is_some_and(|more| more.parse::<u32>().is_ok_and(|more| more > 0)), "{long}");
}

/// The only process there is cannot be read: swapbin itself, which finds that out first.
fn alone(scratch: &Scratch, words: &[&str]) -> Outcome {
    let run = swapbin(scratch).args(words).failpoint("proc-look", &libc::EIO.to_string());
    run.under(["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]).run()
}

#[test]
fn one_process_is_one_and_any_reason_is_told() {
    if !failpoints_available() || !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    scratch.program("app", "one");
    let outcome = alone(&scratch, &["who", "app", "-v"]);
    outcome.exits(11).says("warning: 1 process could not be read\n").says("input/output error: 1 (swapbin)\n");
    let object = alone(&scratch, &["stale", "--json"]).exits(11).json();
    let one = &object["unreadable_processes"][0];
    assert_eq!((&object["unreadable"], &one["pid"], &one["reason"]), (&1.into(), &1.into(), &"input/output error".into()));
}
