//! What a crash leaves of a batch, and `swapbin recover`, which makes all of it new or all of it old.

mod authority;
mod decision;
mod doubt;
mod reboot;
mod together;

use std::path::Path;

use crate::support::{Outcome, Scratch, Swapbin, failpoints_available, is_kept, swapbin};

/// Two programs in two directories and one that is new, each with what is to replace it.
struct Tree {
    scratch: Scratch,
}

/// Targets, and what they are before and afterwards.
const FILES: [(&str, Option<&str>, &str); 3] =
    [("bin/app", Some("old app"), "new app"), ("lib/lib", Some("old lib"), "new lib"), ("bin/tool", None, "new tool")];

impl Tree {
    fn new() -> Tree {
        let scratch = Scratch::new();
        for name in ["bin", "lib", "from"] {
            scratch.directory(name);
        }
        for (target, old, new) in FILES {
            scratch.file(format!("from/{}", leaf(target)), new).mode(0o755);
            if let Some(old) = old {
                scratch.file(target, old).mode(0o755);
            }
        }
        Tree { scratch }
    }

    /// Killed at a failpoint; `None`, loudly, where there are none.
    fn killed_at(place: &str) -> Option<Tree> {
        let tree = failpoints_available().then(Tree::new)?;
        tree.batch().failpoint(place, "abort").run().is_killed_by(rustix::process::Signal::KILL);
        Some(tree)
    }

    /// One that changes all of them.
    fn batch(&self) -> Swapbin<'_> {
        let run = swapbin(&self.scratch).keeping();
        FILES.iter().fold(run, |run, (target, ..)| run.from(format!("from/{}", leaf(target))).to(target))
    }

    fn content(&self, target: &str) -> Option<String> {
        std::fs::read_to_string(self.scratch.path(target)).ok()
    }

    fn recover(&self, words: &[&str]) -> Outcome {
        swapbin(&self.scratch).arg("recover").args(words).run()
    }

    /// The name of the only transaction that is left over.
    #[track_caller]
    fn txid(&self) -> String {
        let object = self.recover(&["--list", "--json"]).json();
        let all = object["transactions"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{object:#}");
        all[0]["txid"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn assert_old(&self) {
        for (target, old, _) in FILES {
            assert_eq!(self.content(target).as_deref(), old, "{target}");
        }
        self.scratch.assert_no_litter();
    }

    #[track_caller]
    fn assert_new(&self) {
        for (target, _, new) in FILES {
            assert_eq!(self.scratch.read(target), new.as_bytes(), "{target}");
        }
        self.scratch.assert_no_litter();
    }

    /// Nothing but the targets and what they come from: not even kept versions.
    #[track_caller]
    fn assert_keeps_nothing(&self) {
        let now = self.scratch.snapshot();
        assert_eq!(now.names().filter(|name| is_kept(name)).collect::<Vec<_>>(), Vec::<&Path>::new());
    }
}

fn leaf(target: &str) -> &str {
    target.rsplit('/').next().unwrap_or(target)
}

#[test]
fn what_was_killed_before_it_was_decided_is_taken_back() {
    // At the first two there is no journal yet.
    for (place, words) in [
        ("stage", "nothing is left over"),
        ("seal", "nothing is left over"),
        ("sync", "took back transaction"),
        ("sync-prepared", "took back transaction"),
        ("commit-record", "took back transaction"),
    ] {
        let Some(tree) = Tree::killed_at(place) else { return };
        tree.recover(&[]).exits(0).prints(words);
        tree.assert_old();
        tree.assert_keeps_nothing();
        tree.recover(&[]).exits(0).prints("nothing is left over");
        tree.assert_old();
    }
}

#[test]
fn what_was_killed_after_it_was_decided_is_finished() {
    for place in ["rename", "sync-dir", "close"] {
        let Some(tree) = Tree::killed_at(place) else { return };
        tree.recover(&[]).exits(0).prints("finished transaction");
        tree.assert_new();
        tree.recover(&[]).exits(0).prints("nothing is left over");
        tree.assert_new();
        // It is a change like any other, and can be taken back.
        swapbin(&tree.scratch).args(["rollback", "--last"]).run().exits(0);
        tree.assert_old();
    }
}

#[test]
fn a_recovery_that_is_killed_itself_goes_on_in_the_next_one() {
    for place in ["recover", "recover-sync", "close"] {
        let Some(tree) = Tree::killed_at("rename") else { return };
        let run = swapbin(&tree.scratch).arg("recover").failpoint(place, "abort").run();
        run.is_killed_by(rustix::process::Signal::KILL);
        tree.recover(&[]).exits(0).prints("finished transaction");
        tree.assert_new();
    }
}

#[test]
fn a_later_run_on_one_of_the_files_recovers_first() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    tree.scratch.file("other", "other").mode(0o755);
    swapbin(&tree.scratch).from("from/lib").to("other").run().exits(0);
    assert_eq!(tree.scratch.read("bin/app"), b"old app", "a run that concerns none of the files leaves them");
    let outcome = swapbin(&tree.scratch).from("from/app").to("bin/app").run();
    outcome.exits(0).prints("unchanged").says("finished transaction");
    tree.assert_new();
}

#[test]
fn what_is_recovered_on_the_way_is_a_note_and_in_the_object() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    let run = swapbin(&tree.scratch).from("from/lib").to("lib/lib").arg("--json").run();
    run.exits(0).says("note: finished transaction ");
    let warnings = run.json()["warnings"].clone();
    assert_eq!((warnings.as_array().unwrap().len(), &warnings[0]["kind"]), (1, &"recovered".into()), "{warnings}");
}

#[test]
fn a_check_warns_of_what_has_to_be_settled_first_and_counts_no_name_of_ours() {
    let Some(tree) = Tree::killed_at("rename") else { return };
    let before = tree.scratch.snapshot();
    for (option, code) in [("--check", 10), ("--dry-run", 0)] {
        let warnings = |run: &Outcome| -> Vec<String> {
            let object = run.exits(code).json();
            object["warnings"].as_array().unwrap().iter().map(|warning| warning["kind"].to_string()).collect()
        };
        let one = swapbin(&tree.scratch).from("from/lib").to("lib/lib").args([option, "--json"]).run();
        assert_eq!(warnings(&one), ["\"unfinished\""], "{option}");
        one.says("belongs to the unfinished transaction");
        let all = tree.batch().args([option, "--json"]).run();
        assert_eq!(warnings(&all), ["\"unfinished\""; 3], "{option}");
    }
    tree.scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_check_warns_also_where_the_file_is_new_already() {
    let Some(tree) = Tree::killed_at("rename@3") else { return };
    let (target, ..) = FILES.into_iter().find(|(target, _, new)| tree.content(target).as_deref() == Some(new)).unwrap();
    let outcome = swapbin(&tree.scratch).from(format!("from/{}", leaf(target))).to(target).arg("--check").run();
    outcome.exits(0).prints("unchanged").says("belongs to the unfinished transaction");
}

#[test]
fn a_list_changes_nothing_and_says_what_would_be_done() {
    for (place, word, outcome) in
        [("commit-record", "would take back", "would-take-back"), ("rename", "would finish", "would-finish")]
    {
        let Some(tree) = Tree::killed_at(place) else { return };
        let (before, state) = (tree.scratch.snapshot(), journals(&tree));
        tree.recover(&["--list"]).exits(0).prints(word);
        let object = tree.recover(&["--list", "--json"]).exits(0).json();
        assert_eq!(object["transactions"][0]["outcome"], outcome);
        tree.scratch.snapshot().assert_same_as(&before);
        assert_eq!(journals(&tree), state);
    }
}

/// Names and contents.
fn journals(tree: &Tree) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let entries = std::fs::read_dir(tree.scratch.state(None).join("txn")).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name(), std::fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn with_nothing_left_over_there_is_nothing_to_do_even_without_a_state_directory() {
    let scratch = Scratch::new();
    let missing = scratch.path("missing");
    for words in [vec!["recover"], vec!["recover", "--list"], vec!["history"], vec!["prune"]] {
        swapbin(&scratch).args(words).env("SWAPBIN_STATE_DIR", &missing).run().exits(0);
    }
    assert!(!missing.exists(), "looking makes no directory");
    let object = swapbin(&scratch).args(["recover", "--json"]).run().exits(0).json();
    assert_eq!((&object["ok"], object["transactions"].as_array().unwrap().len()), (&true.into(), 0));
}

#[test]
fn a_run_that_is_still_at_work_is_waited_for() {
    if !failpoints_available() {
        return;
    }
    let tree = Tree::new();
    let mut running = tree.batch().failpoint("commit-sync", "pause").spawn();
    running.wait_until_paused();
    tree.recover(&[]).exits(75).prints("still at work");
    tree.recover(&["--list"]).exits(75);
    let txid = tree.txid();
    for decision in ["--forward", "--back", "--abandon"] {
        tree.recover(&[decision, &txid]).exits(75).says("hint: ");
    }
    running.signal(rustix::process::Signal::CONT);
    running.wait().exits(0);
    tree.assert_new();
}
