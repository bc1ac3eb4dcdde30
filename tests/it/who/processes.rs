//! Processes that end, that others take the number of, that share, that are hidden.

use std::fs;

use super::{said, uses, ways};
use crate::support::{
    Fixture, NOBODY, Namespace, Scratch, number_given_away, program_under_test, require_mounts, require_program, swapbin,
};

#[test]
fn a_process_that_got_the_number_of_another_is_not_taken_for_it() {
    for (words, nobody) in [(["who", "app"], 10), (["stale", "app"], 0)] {
        let scratch = Scratch::new();
        // The first one that is looked at is the shell; both that have the number run a deleted program of that name.
        let Some((code, said)) = number_given_away(&scratch, "proc-look@2", &words) else { return };
        assert!(code == Some(nobody) && !said.contains("/app"), "{words:?}: {code:?} {said}");
    }
}

#[test]
fn a_process_whose_first_thread_has_ended_uses_what_the_others_use() {
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let data = scratch.file("data", "bytes");
    let running = Fixture::start(&app, &["leave", data.to_str().unwrap()]);
    assert!(fs::read_link(format!("/proc/{}/exe", running.pid().as_raw_nonzero())).is_err(), "its first thread has ended");
    assert_eq!(ways(&uses(&scratch, "data", &running)), said(&[("maps", "current")]));
    fs::remove_file(&app).unwrap();
    fs::remove_file(&data).unwrap();
    let found = uses(&scratch, "app", &running);
    assert_eq!((ways(&found), &found[0]["command"]), (said(&[("executes", "deleted")]), &"app".into()));
    assert_eq!(ways(&uses(&scratch, "data", &running)), said(&[("maps", "deleted")]));
    let pid = running.pid().as_raw_nonzero().to_string();
    swapbin(&scratch).args(["stale", "--pid", &pid]).run().exits(10).prints("/app").prints("/data");
    running.finish();
}

#[test]
fn both_of_two_processes_with_the_same_descriptors_have_a_file_open() {
    let scratch = Scratch::new();
    let tool = scratch.program("tool", "one");
    let (file, other) = (scratch.file("file", "1"), scratch.file("other", "2"));
    let _sharing = Fixture::start(&tool, &["share", file.to_str().unwrap(), other.to_str().unwrap()]);
    let object = swapbin(&scratch).args(["who", "file", "--json"]).run().exits(0).json();
    let all = object["uses"].as_array().unwrap();
    assert_eq!((all.len(), ways(all)), (2, said(&[("open", "current"); 2])));
    assert_eq!(all[0]["ways"], all[1]["ways"]);
}

#[test]
fn where_the_processes_of_others_are_hidden_nobody_is_not_known() {
    if !require_mounts() {
        return;
    }
    let scratch = Scratch::new();
    let app = scratch.program("app", "one");
    let _running = Fixture::sleeping(&app);
    let namespace = Namespace::new();
    for (options, hidden) in [("hidepid=2", true), ("hidepid=ptraceable", true), ("hidepid=1", false), ("hidepid=0", false)] {
        namespace.proc(options);
        for words in [["who", "app", "--json"], ["stale", "app", "--json"]] {
            let outcome = swapbin(&scratch).args(words).within(&namespace).as_user(NOBODY).run();
            let object = outcome.exits(11).json();
            assert_eq!(object["hidden"], hidden, "{options}");
            // What is hidden cannot be counted; what is only closed is.
            assert_eq!(object["unreadable"] == 0, hidden, "{options}");
            let said = if hidden { "/proc hides the processes of other users" } else { "could not be read" };
            outcome.says(said).says("as root");
        }
        if options == "hidepid=2" {
            let outcome = swapbin(&scratch).args(["who", "app", "--json"]).within(&namespace).run();
            assert_eq!(outcome.exits(0).json()["hidden"], false, "root sees all");
        }
    }
}

#[test]
fn where_the_first_process_is_ones_own_others_may_be_hidden_all_the_same() {
    let Some(sleep) = require_program("sleep").filter(|_| require_mounts()) else { return };
    let scratch = Scratch::new();
    scratch.file("app", fs::read(sleep).unwrap()).mode(0o755);
    let state = scratch.state(Some(NOBODY));
    // A container: process 1 is swapbin itself, as nobody, and process 2 is of root.
    let script = "./app 1000 <&- >&- 2>&- & until [ \"$(readlink /proc/$!/exe)\" = \"$PWD/app\" ]; do :; done
        mount -t proc -o \"$0\" none /proc; exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"";
    for (options, hidden) in [("hidepid=2", true), ("hidepid=2,gid=65534", false), ("hidepid=1", false)] {
        let run = swapbin(&scratch).args(["who", "app", "--json", "--state-dir", state.to_str().unwrap()]);
        let apart = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script, options];
        let object = run.program(scratch.tool(&program_under_test())).under(apart).run().exits(11).json();
        // Who is not hidden is counted.
        assert_eq!((&object["hidden"], object["unreadable"].as_u64()), (&hidden.into(), Some(u64::from(!hidden))), "{options}");
    }
}
