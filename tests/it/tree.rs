//! A staging tree as one change: `swapbin apply --tree`.

mod delete;
mod delete_through_links;
mod directories;
mod exchange;
mod failing;
mod generation_link;
mod many;
mod metadata;
mod names_of_one_file;
mod neighbours;
mod refusals;
mod rollback;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::support::{Kind, Outcome, Scratch, Swapbin, is_kept, ordinary_uid, swapbin, swapbin_as_ordinary_user};

/// A staging tree with a program, a library behind a link, and a directory that is new; and a root that has an older program.
pub fn trees() -> Scratch {
    let scratch = Scratch::new();
    for directory in
        ["stage/usr/bin", "stage/usr/lib", "stage/usr/share/app/icons", "root/usr/bin", "root/usr/lib", "root/usr/share"]
    {
        scratch.directory(directory);
    }
    scratch.file("stage/usr/bin/app", "new app").mode(0o755);
    scratch.file("stage/usr/lib/libapp.so.1.2", "new library");
    scratch.link("stage/usr/lib/libapp.so.1", "libapp.so.1.2");
    scratch.file("stage/usr/share/app/icons/app.svg", "icon");
    scratch.file("stage/usr/share/app/README", "read");
    scratch.link("stage/usr/share/app/icon", "icons/app.svg");
    scratch.file("root/usr/bin/app", "old app").mode(0o755);
    scratch.file("root/usr/bin/other", "other").mode(0o755);
    scratch
}

/// A run that puts the staging tree in the root.
pub fn put(scratch: &Scratch) -> Swapbin<'_> {
    swapbin(scratch).args(["apply", "--tree", "stage", "--to", "root"])
}

#[track_caller]
pub fn puts(scratch: &Scratch, words: &[&str]) -> Outcome {
    let outcome = put(scratch).args(words).run();
    outcome.exits(0);
    scratch.assert_no_litter();
    outcome
}

/// What is below a directory: kind, mode and content by name. Kept versions are left out.
pub fn content(scratch: &Scratch, below: &str) -> BTreeMap<PathBuf, (Kind, u32)> {
    let snapshot = scratch.snapshot();
    let names = snapshot.names().filter(|name| !name.components().any(|part| is_kept(part.as_os_str().as_ref())));
    let facts = |name: &std::path::Path| {
        let entry = snapshot.entry(name);
        (name.strip_prefix(below).unwrap().to_owned(), (entry.kind.clone(), entry.mode))
    };
    names.filter(|name| name.starts_with(below)).map(facts).collect()
}

#[test]
fn files_links_and_new_directories_go_to_the_same_place() {
    let scratch = trees();
    puts(&scratch, &[]).prints("installed").prints("replaced").prints("transaction ");
    let (stage, root) = (content(&scratch, "stage"), content(&scratch, "root"));
    for (name, facts) in &stage {
        assert_eq!(root.get(name), Some(facts), "{}", name.display());
    }
    assert_eq!(root.len(), stage.len() + 1, "and what was there is there: {root:?}");
    assert_eq!(scratch.read("root/usr/lib/libapp.so.1"), b"new library");
    assert_eq!(scratch.read("root/usr/share/app/icon"), b"icon");
    assert_eq!(scratch.read("root/usr/bin/other"), b"other");
}

#[test]
fn a_second_run_changes_nothing_not_even_an_inode() {
    let scratch = trees();
    puts(&scratch, &[]);
    let before = scratch.snapshot();
    puts(&scratch, &[]).prints("6 files unchanged");
    scratch.snapshot().assert_same_as(&before);
    put(&scratch).arg("--check").run().exits(0);
}

#[test]
fn only_what_differs_is_replaced() {
    let scratch = trees();
    puts(&scratch, &[]);
    let before = scratch.snapshot();
    scratch.file("stage/usr/lib/libapp.so.1.2", "newer library");
    put(&scratch).arg("--check").run().exits(10);
    puts(&scratch, &[]).prints("1 file in place, 5 unchanged");
    let after = scratch.snapshot();
    assert_ne!(after.entry("root/usr/lib/libapp.so.1.2"), before.entry("root/usr/lib/libapp.so.1.2"));
    assert_eq!(after.entry("root/usr/bin/app"), before.entry("root/usr/bin/app"));
}

#[test]
fn a_dry_run_says_everything_and_changes_nothing() {
    let scratch = trees();
    scratch.file("root/usr/lib/old", "old");
    let before = scratch.snapshot();
    let run = put(&scratch).args(["--delete", "usr/lib", "--dry-run", "--json"]).run();
    let swaps = run.exits(0).json()["swaps"].clone();
    let actions: Vec<_> = swaps.as_array().unwrap().iter().map(|swap| swap["action"].as_str().unwrap().to_owned()).collect();
    assert_eq!(actions.iter().filter(|action| *action == "would-install").count(), 8, "{actions:?}");
    assert_eq!(actions.last().unwrap(), "would-remove");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn the_report_has_every_file_also_those_in_new_directories() {
    let scratch = trees();
    let report = put(&scratch).arg("--json").run().exits(0).json();
    let icon = report["swaps"].as_array().unwrap().iter().find(|swap| swap["to"].as_str().unwrap().ends_with("app.svg")).unwrap();
    assert_eq!((&icon["action"], &icon["installed"]["size"]), (&"installed".into(), &4.into()));
    assert!(icon["installed"]["sha256"].is_string(), "{icon}");
}

#[test]
fn an_ordinary_user_changes_directories_of_his_own_in_every_way() {
    let scratch = trees();
    if rustix::process::geteuid().is_root() {
        let paths: Vec<_> = scratch.snapshot().names().map(|name| scratch.path(name)).collect();
        paths.iter().for_each(|path| std::os::unix::fs::lchown(path, Some(ordinary_uid()), Some(ordinary_uid())).unwrap());
    }
    let run = |words: &[&str]| swapbin_as_ordinary_user(&scratch).args(words).run();
    let apply = ["apply", "--tree", "stage", "--to", "root"];
    let before = content(&scratch, "root");
    run(&apply).exits(0);
    let after = content(&scratch, "root");
    run(&["rollback", "--last"]).exits(0);
    assert_eq!(content(&scratch, "root"), before);
    run(&[&apply[..], &["--exchange"]].concat()).exits(0);
    assert_eq!(content(&scratch, "root"), after);
    run(&["rollback", "root"]).exits(0);
    assert_eq!(content(&scratch, "root"), before);
    scratch.assert_no_litter();
}

#[test]
fn a_tree_of_many_files_needs_no_more_descriptors_than_there_are() {
    let scratch = Scratch::new();
    scratch.directory("root/there");
    for at in 0..120 {
        scratch.directory(format!("stage/new/{}", at % 10));
        scratch.file(format!("stage/new/{}/{at}", at % 10), format!("{at}"));
        scratch.directory("stage/there");
        scratch.file(format!("stage/there/{at}"), format!("{at}"));
    }
    put(&scratch).limited(libc::RLIMIT_NOFILE, 64).run().exits(0);
    assert_eq!(content(&scratch, "root"), content(&scratch, "stage"));
    scratch.assert_no_litter();
}
