//! A staging tree as one change: name by name, as a directory that is exchanged, as a new release.

use crate::campaign::try_at_every_call;
use crate::job::Job;
use crate::place::Place;

/// A tree with a file that is replaced, one that stays, and one that goes; and a staging tree that has a directory, a file and a
/// link more.
fn tree(place: &Place) {
    ["root/app/d", "root/app/gone", "stage/d", "stage/made"].iter().for_each(|name| place.directory(name));
    ["root/app/d/a", "root/app/d/stays", "root/app/gone/x"].iter().for_each(|name| place.old(name));
    ["stage/d/a", "stage/made/b"].iter().for_each(|name| place.new_file(name));
    place.link("stage/link", "d/a");
}

const NAMES: &str = "apply --tree stage --to root/app --delete gone";

#[test]
fn a_tree_is_put_in_place_name_by_name() {
    try_at_every_call(&Job {
        name: "a tree is put in place name by name",
        arrange: tree,
        command: NAMES,
        changes: &[
            ("root/app/d/a", "stage/d/a"),
            ("root/app/d/.swapbin~#.1", "root/app/d/a"),
            ("root/app/link", "stage/link"),
            ("root/app/made", "stage/made"),
            ("root/app/made/b", "stage/made/b"),
            ("root/app/gone/x", ""),
            ("root/app/gone/.swapbin~#.3", "root/app/gone/x"),
        ],
        recover: Some("recover"),
        again: &[NAMES],
        ..Job::default()
    });
}

const EXCHANGE: &str = "apply --tree stage --to root/app --exchange --delete gone";

#[test]
fn a_directory_is_exchanged() {
    try_at_every_call(&Job {
        name: "a directory is exchanged",
        arrange: tree,
        looks_at_processes: true,
        command: EXCHANGE,
        changes: &[
            ("root/app/d/a", "stage/d/a"),
            ("root/app/link", "stage/link"),
            ("root/app/made", "stage/made"),
            ("root/app/made/b", "stage/made/b"),
            ("root/app/gone/x", ""),
            ("root/.swapbin~#.0", "root/app"),
            ("root/.swapbin~#.0/d", "root/app/d"),
            ("root/.swapbin~#.0/d/a", "root/app/d/a"),
            ("root/.swapbin~#.0/d/stays", "root/app/d/stays"),
            ("root/.swapbin~#.0/gone", "root/app/gone"),
            ("root/.swapbin~#.0/gone/x", "root/app/gone/x"),
        ],
        recover: Some("recover"),
        again: &[EXCHANGE],
        ..Job::default()
    });
}

#[test]
fn an_exchanged_directory_is_brought_back() {
    try_at_every_call(&Job {
        name: "an exchanged directory is brought back",
        arrange: |place| {
            ["root/app", "stage"].iter().for_each(|name| place.directory(name));
            place.old("root/app/a");
            place.new_file("stage/a");
        },
        past: &["apply --tree stage --to root/app --exchange"],
        command: "rollback root/app",
        changes: &[("root/app/a", "root/.swapbin~#.0/a"), ("root/.swapbin~#.0/a", "root/app/a")],
        recover: Some("recover"),
        ..Job::default()
    });
}

const RELEASE: &str = "apply --tree stage --to releases --generation-link current";

#[test]
fn a_release_is_made_and_the_link_to_it_is_replaced() {
    try_at_every_call(&Job {
        name: "a release is made and the link to it is replaced",
        arrange: |place| {
            ["releases/one", "stage"].iter().for_each(|name| place.directory(name));
            ["releases/one/a", "releases/one/stays"].iter().for_each(|name| place.old(name));
            place.new_file("stage/a");
            place.link("current", "releases/one");
            place.link("expected", "releases/0123456789abcdef0123");
        },
        looks_at_processes: true,
        command: RELEASE,
        changes: &[
            ("current", "expected"),
            (".swapbin~#.1", "current"),
            ("releases/#", "releases/one"),
            ("releases/#/a", "stage/a"),
            ("releases/#/stays", "releases/one/stays"),
        ],
        recover: Some("recover"),
        again: &[RELEASE],
        ..Job::default()
    });
}
