//! Many small files, which several threads stage.

use rustix::process::Signal;

use super::{content, put, puts};
use crate::support::{Scratch, failpoints_available, swapbin};

const FILES: usize = 200;

/// Every tenth file is current, every other one is new, the rest replace something; among them one that is staged by itself.
fn trees() -> Scratch {
    let scratch = Scratch::new();
    for at in 0..FILES {
        let name = format!("d{}/{at:03}", at / 50);
        for top in ["stage", "root"] {
            scratch.directory(format!("{top}/d{}", at / 50));
        }
        let size = if at == 77 { 2 << 20 } else { 3000 + at };
        scratch.file(format!("stage/{name}"), "n".repeat(size)).mode(0o755);
        match at {
            at if at % 10 == 0 => drop(scratch.file(format!("root/{name}"), "n".repeat(size)).mode(0o755)),
            at if at % 2 == 0 => {}
            _ => drop(scratch.file(format!("root/{name}"), "old").mode(0o750)),
        }
        if at % 10 == 0 {
            let times = std::fs::metadata(scratch.path(format!("stage/{name}"))).unwrap().modified().unwrap();
            let file = std::fs::File::options().write(true).open(scratch.path(format!("root/{name}"))).unwrap();
            file.set_modified(times).unwrap();
        }
    }
    scratch
}

#[test]
fn many_small_files_are_put_in_place_and_brought_back_as_one() {
    let scratch = trees();
    let before = content(&scratch, "root");
    let said = puts(&scratch, &[]).output_text();
    assert_eq!(said.lines().filter(|line| line.starts_with("unchanged")).count(), FILES / 10, "{said}");
    assert_eq!(content(&scratch, "root"), content(&scratch, "stage"));
    let again = scratch.snapshot();
    puts(&scratch, &[]).prints("200 files unchanged");
    scratch.snapshot().assert_same_as(&again);
    swapbin(&scratch).args(["rollback", "--last"]).run().exits(0);
    assert_eq!(content(&scratch, "root"), before);
}

#[test]
fn many_small_files_are_reported_in_their_order_each_with_its_own_digest() {
    let scratch = trees();
    let report = put(&scratch).args(["--json"]).run().exits(0).json();
    let swaps = report["swaps"].as_array().unwrap();
    let targets: Vec<&str> = swaps.iter().map(|swap| swap["to"].as_str().unwrap()).collect();
    assert_eq!(targets.len(), FILES);
    assert!(targets.is_sorted(), "{targets:?}");
    for (swap, target) in swaps.iter().zip(targets) {
        let action = if target.ends_with('0') { "unchanged" } else { "installed" };
        assert_eq!(swap["action"], action, "{target}");
        if action == "installed" {
            let bytes = std::fs::read(target).unwrap();
            assert_eq!(swap["installed"]["sha256"], crate::support::sha256(&bytes), "{target}");
            assert_eq!(swap["kept"].is_string(), !swap["previous"].is_null(), "{target}");
        }
    }
}

#[test]
fn one_failure_among_many_small_files_leaves_everything_as_it_was() {
    if !failpoints_available() {
        return;
    }
    for place in ["stage@90", "write@10", "seal@177", "link@33", "link@150", "rename@111"] {
        let scratch = trees();
        let before = scratch.snapshot();
        put(&scratch).failpoint(place, &libc::EIO.to_string()).run().exits(1);
        scratch.snapshot().assert_same_as(&before);
        scratch.assert_no_litter();
    }
}

#[test]
fn a_run_killed_among_many_small_files_is_recovered_as_a_whole() {
    if !failpoints_available() {
        return;
    }
    for (place, forward) in [("seal@90", false), ("link@33", false), ("link@150", false), ("rename@111", true)] {
        let scratch = trees();
        let before = content(&scratch, "root");
        put(&scratch).failpoint(place, "abort").run().is_killed_by(Signal::KILL);
        swapbin(&scratch).args(["recover"]).run().exits(0);
        let wanted = if forward { content(&scratch, "stage") } else { before };
        assert_eq!(content(&scratch, "root"), wanted, "{place}");
        scratch.assert_no_litter();
    }
}
