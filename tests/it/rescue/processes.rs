//! Processes that end, that others take the number of, that are somewhere else.

use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::support::{
    Fixture, NOBODY, Namespace, Scratch, Step, before_exec, failpoints_available, number_given_away, require_mounts,
    require_program, require_root, require_yama, swapbin, swapbin_as_ordinary_user,
};

/// A program that runs twice and is deleted.
fn twice(scratch: &Scratch) -> [Fixture; 2] {
    let app = scratch.program("app", "one");
    let running = [Fixture::sleeping(&app), Fixture::sleeping(&app)];
    fs::remove_file(&app).unwrap();
    running
}

fn end(process: Fixture) {
    process.finish();
}

#[test]
fn a_process_that_ends_before_the_file_is_opened_gives_way_to_the_next() {
    if !failpoints_available() {
        return;
    }
    let scratch = Scratch::new();
    let [first, second] = twice(&scratch);
    let mut run = swapbin(&scratch).args(["rescue", "app", "--json"]).failpoint("rescue-open@1", "pause").spawn();
    run.wait_until_paused();
    let second_pid = second.pid().as_raw_nonzero().get();
    let (ends, stays) = if first.pid().as_raw_nonzero().get() < second_pid { (first, second) } else { (second, first) };
    end(ends);
    run.signal(Signal::CONT);
    let object = run.wait().exits(0).json();
    assert_eq!(object["source"]["from"], format!("/proc/{}/exe", stays.pid().as_raw_nonzero()));
    assert_eq!(Fixture::version_of(scratch.path("app")), "one");
}

#[test]
fn the_last_one_that_ends_is_said() {
    if !failpoints_available() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();
    let mut run = swapbin(&scratch).args(["rescue", "app"]).failpoint("rescue-open", "pause").spawn();
    run.wait_until_paused();
    end(running);
    run.signal(Signal::CONT);
    run.wait().exits(7).says("can no longer be opened by any process that had it");
    assert!(!app.exists());
    scratch.assert_no_litter();
}

#[test]
fn a_process_that_ends_in_the_middle_of_the_copy_does_no_harm() {
    if !failpoints_available() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let before = fs::read(&app).unwrap();
    let running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();
    let mut run = swapbin(&scratch).args(["rescue", "app"]).failpoint("rescue-copy", "pause").spawn();
    run.wait_until_paused();
    end(running);
    run.signal(Signal::CONT);
    // The file is open, and stays whole; what cannot be done any more is to compare.
    run.wait().exits(0).says("could not be compared");
    assert!(fs::read(&app).unwrap() == before);
}

#[test]
fn a_process_that_got_the_number_of_another_is_not_taken_for_it() {
    let scratch = Scratch::new();
    let Some((code, said)) = number_given_away(&scratch, "rescue-open", &["rescue", "app"]) else { return };
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("can no longer be opened by any process that had it"), "{said}");
    assert!(!scratch.path("app").exists());
}

#[test]
fn a_process_in_a_pid_namespace_of_its_own_is_found_by_the_number_it_has_here() {
    if !require_mounts() || require_program("unshare").is_none() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--kill-child"]).arg(&*app).arg("sleep");
    let _running = Fixture::start_by(&mut command);
    fs::remove_file(&app).unwrap();
    swapbin(&scratch).args(["rescue", "app"]).run().exits(0);
    assert_eq!(Fixture::version_of(&app), "one");
}

#[test]
fn a_service_in_a_mount_namespace_of_its_own_is_believed_where_the_directory_is_the_same() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let namespace = Namespace::new();
    namespace.tmpfs("size=1m", &scratch.directory("private"));
    let mut command = Command::new(&*app);
    namespace.host(command.arg("sleep"));
    let _running = Fixture::start_by(&mut command);
    fs::remove_file(&app).unwrap();
    swapbin(&scratch).args(["rescue", "app"]).run().exits(0);
    assert_eq!(Fixture::version_of(&app), "one");
}

#[test]
fn a_path_in_a_container_is_another_path() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    scratch.directory("bin");
    let namespace = Namespace::new();
    namespace.tmpfs("size=64m", &scratch.path("bin"));
    let program = scratch.program("program", "its own");
    let inside = scratch.path("bin/app");
    fs::copy(&program, namespace.path(&inside)).unwrap();
    let mut command = Command::new(&inside);
    namespace.host(command.arg("sleep"));
    let running = Fixture::start_by(&mut command);
    fs::remove_file(namespace.path(&inside)).unwrap();
    // Here nothing of that name was ever there.
    swapbin(&scratch).args(["rescue", "bin/app"]).run().exits(7);
    assert!(!inside.exists());
    // It can be had all the same, by who says so; or from inside.
    let pid = running.pid().as_raw_nonzero().to_string();
    swapbin(&scratch).args(["rescue", "--pid", &pid, "--to", "copy"]).run().exits(0);
    assert_eq!(Fixture::version_of(scratch.path("copy")), "its own");
    swapbin(&scratch).args(["rescue", "bin/app"]).within(&namespace).run().exits(0);
    assert!(namespace.path(&inside).exists());
}

#[test]
fn nothing_of_the_process_is_changed() {
    let scratch = Scratch::new();
    let video = scratch.file_of("video", 7, 1 << 20);
    let reader = scratch.program("reader", "one");
    let holding = Fixture::start(&reader, &["hold", video.to_str().unwrap()]);
    fs::remove_file(&video).unwrap();
    let about = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", holding.pid().as_raw_nonzero())).unwrap();
    let facts = || {
        let status = about("status");
        let traced = status.lines().find(|line| line.starts_with("TracerPid")).unwrap().to_owned();
        (about("fdinfo/3"), about("maps"), traced)
    };
    let before = facts();
    let run = swapbin(&scratch).args(["rescue", "video"]);
    let Some((outcome, calls)) = run.strace("ptrace,kill,tgkill,pidfd_send_signal,process_vm_writev,openat") else { return };
    outcome.exits(0);
    assert_eq!(facts(), before);
    let touched = |name: &str| calls.iter().any(|call| format!("{call:?}").contains(name));
    assert!(!touched("ptrace") && !touched("kill") && !touched("process_vm_writev"), "{calls:?}");
    assert_eq!(holding.finish(), format!("sum={}\n", 7 << 20));
}

#[test]
fn a_process_whose_first_thread_has_ended_still_has_its_files() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let data = scratch.file_of("data", 7, 100_000);
    let bytes = fs::read(&data).unwrap();
    let running = Fixture::start(&app, &["leave", data.to_str().unwrap()]);
    let pid = running.pid().as_raw_nonzero().to_string();
    assert!(fs::read_link(format!("/proc/{pid}/exe")).is_err(), "its first thread has ended");
    fs::remove_file(&app).unwrap();
    fs::remove_file(&data).unwrap();

    let object = swapbin(&scratch).args(["rescue", "--list", "--pid", &pid, "--json"]).run().exits(0).json();
    let paths: Vec<_> = object["files"].as_array().unwrap().iter().map(|file| file["path"].clone()).collect();
    assert_eq!(paths, [app.to_str().unwrap(), data.to_str().unwrap()]);
    let object = swapbin(&scratch).args(["rescue", "app", "--json"]).run().exits(0).json();
    assert_eq!(Fixture::version_of(&app), "one");
    assert_eq!(
        (&object["rescued"]["processes"][0]["pid"], &object["compared"]),
        (&pid.parse::<u32>().unwrap().into(), &true.into())
    );
    let link = object["rescued"]["processes"][0]["link"].as_str().unwrap();
    assert!(fs::metadata(link).is_ok(), "{link} can be opened by whoever reads it");
    if require_root() {
        // By the link of the mapping, which a thread has only under its own number.
        swapbin(&scratch).args(["rescue", "data"]).run().exits(0).prints("/map_files/");
        assert!(fs::read(&data).unwrap() == bytes);
        fs::remove_file(&data).unwrap();
    }
    swapbin(&scratch).args(["rescue", "--pid", &pid, "--exe", "--to", "copy"]).run().exits(0);
    assert_eq!(Fixture::version_of(scratch.path("copy")), "one");
    running.finish();
}

/// A process that shares its descriptors with another one, in which descriptor 3 is what was `lost`, and to be `other` when it is
/// fed.
fn sharing(scratch: &Scratch) -> (Fixture, String) {
    let reader = scratch.program("reader", "one");
    let (lost, other) = (scratch.file("lost", "the lost file"), scratch.file("other", "another file"));
    let sharing = Fixture::start(&reader, &["share", lost.to_str().unwrap(), other.to_str().unwrap()]);
    fs::remove_file(&lost).unwrap();
    let pid = sharing.pid().as_raw_nonzero().to_string();
    (sharing, pid)
}

fn exchange(sharing: &mut Fixture, pid: &str) {
    sharing.feed(b"x");
    while !fs::read_link(format!("/proc/{pid}/fd/3")).unwrap().ends_with("other") {
        std::thread::yield_now();
    }
}

#[test]
fn a_descriptor_that_changes_while_it_is_looked_at_tells_of_one_file_only() {
    if !failpoints_available() {
        return;
    }
    for (place, said) in [("rescue-look", "has no deleted or replaced"), ("rescue-open", "can no longer be opened")] {
        let scratch = Scratch::new();
        let (mut sharing, pid) = sharing(&scratch);
        let mut run = swapbin(&scratch).args(["rescue", "lost", "--pid", &pid]).failpoint(place, "pause").spawn();
        run.wait_until_paused();
        exchange(&mut sharing, &pid);
        run.signal(Signal::CONT);
        run.wait().exits(7).says(said);
        assert!(!scratch.path("lost").exists(), "not the other file under the name of the lost one");
    }
}

#[test]
fn two_processes_with_the_same_descriptors_have_the_same_file() {
    let scratch = Scratch::new();
    let (mut sharing, pid) = sharing(&scratch);
    let object = swapbin(&scratch).args(["rescue", "lost", "--json", "-n"]).run().exits(0).json();
    let processes = object["rescued"]["processes"].as_array().unwrap();
    assert_eq!(processes.len(), 2, "{object}");
    let pids: Vec<String> = processes.iter().map(|process| process["pid"].to_string()).collect();
    assert!(pids.contains(&pid));
    exchange(&mut sharing, &pid);
    swapbin(&scratch).args(["rescue", "lost"]).run().exits(7);
}

#[test]
fn processes_that_are_hidden_from_a_user_are_spoken_of() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let _running = Fixture::sleeping(&app);
    fs::remove_file(&app).unwrap();
    let namespace = Namespace::new();
    namespace.proc("hidepid=2");
    let as_nobody = |words: &[&str]| swapbin(&scratch).args(words).within(&namespace).as_user(NOBODY).run();
    let hides = "/proc hides the processes of other users";
    as_nobody(&["rescue", "app"]).exits(7).says(hides).says("run this as root");
    let list = as_nobody(&["rescue", "--list", "--json"]);
    assert_eq!((&list.exits(0).json()["hidden"], list.error_text().contains(hides)), (&true.into(), true));
    // Root sees all, and needs no such word.
    let list = swapbin(&scratch).args(["rescue", "--list", "--json"]).within(&namespace).run();
    assert_eq!(list.exits(0).json()["hidden"], false);
    swapbin(&scratch).args(["rescue", "app"]).within(&namespace).run().exits(0);
}

/// Yama restricts who may trace, and so read memory, and not who may look.
#[test]
fn where_yama_forbids_to_read_memory_that_is_said_and_files_are_had_all_the_same() {
    let Some(scope) = require_yama() else { return };
    let scratch = Scratch::new();
    let app = scratch.program("app", "one").of_ordinary_user();
    let out = scratch.directory("out").of_ordinary_user();
    let mut command = Command::new(&*app);
    command.arg("sleep");
    if require_root() {
        before_exec(&mut command, vec![Step::Become(NOBODY)]);
    }
    let running = Fixture::start_by(&mut command);
    fs::remove_file(&app).unwrap();
    let pid = running.pid().as_raw_nonzero().to_string();
    let run = |words: &[&str]| {
        let to = out.join("app");
        swapbin_as_ordinary_user(&scratch).args(["rescue", "--pid", &pid, "--to", to.to_str().unwrap()]).args(words).run()
    };
    run(&["--from-memory"]).exits(7).says(&format!("kernel.yama.ptrace_scope is {scope}"));
    run(&[]).exits(0).says("could not be compared");
}
