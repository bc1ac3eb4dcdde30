//! The order of calls.

use super::{NAMES, Set};
use crate::support::{Call, Scratch, require_program, run, swapbin};

const CALLS: &str = "fsync,syncfs,renameat,renameat2,linkat,write";

fn place(calls: &[Call], from: usize, name: &str, words: &[&str]) -> usize {
    let fits = |call: &Call| call.name == name && call.succeeded() && words.iter().all(|word| call.arguments.contains(word));
    let found = calls.iter().skip(from).position(fits);
    found.map(|at| at + from).unwrap_or_else(|| panic!("no {name}({words:?}) from {from} on in {calls:#?}"))
}

#[test]
fn everything_is_on_the_disk_before_commit_and_commit_before_the_first_rename() {
    let set = Set::new();
    let Some((outcome, calls)) = set.run().keeping().strace(CALLS) else { return };
    outcome.exits(0);
    let commit = place(&calls, 0, "write", &["/txn/", "{\\\"entry\\\""]);
    let synced = calls[..commit]
        .iter()
        .filter(|call| call.name == "fsync" && (call.arguments.contains("/#") || call.arguments.contains(".swapbin.b")))
        .count();
    assert_eq!(synced, NAMES.len(), "every new file: {calls:#?}");
    for directory in ["/a>", "/b>", "tree>"] {
        place(&calls[..commit], 0, "fsync", &[directory]);
    }
    let last_link = calls.iter().rposition(|call| call.name == "linkat").unwrap();
    let first_sync = place(&calls, last_link, "fsync", &["/a>"]);
    assert!(last_link < first_sync && first_sync < commit, "names are made before their directories are synced");
    let journal = place(&calls, commit, "fsync", &["/txn/"]);
    let rename = place(&calls, 0, "renameat", &[".swapbin.b"]);
    assert!(commit < journal && journal < rename);
    place(&calls, journal, "fsync", &["/txn>"]);
    let last_rename = calls.iter().rposition(|call| call.arguments.contains("\".swapbin.b")).unwrap();
    let between = &calls[rename..=last_rename];
    assert_eq!(between.len(), NAMES.len(), "nothing but renames between the first and the last: {between:#?}");
    for directory in ["/a>", "/b>", "tree>"] {
        place(&calls, last_rename, "fsync", &[directory]);
    }
}

#[test]
fn a_library_is_renamed_before_the_program_that_needs_it_and_that_before_what_needs_it() {
    let Some(cc) = require_program("cc") else { return };
    let scratch = Scratch::new();
    scratch.file("base.c", "int base(void) { return 1; }");
    scratch.file("upper.c", "int base(void); int upper(void) { return base(); }");
    scratch.file("main.c", "int upper(void); int main(void) { return upper() - 1; }");
    let compile = |arguments: &[&str]| {
        run(std::process::Command::new(&cc).args(arguments).current_dir(scratch.root()));
    };
    compile(&["-shared", "-fPIC", "-Wl,-soname,libbase.so.1", "-o", "libbase.so.1.2", "base.c"]);
    compile(&["-shared", "-fPIC", "-o", "libupper.so", "upper.c", "./libbase.so.1.2"]);
    compile(&["-o", "main", "main.c", "-L.", "-lupper", "-Wl,--unresolved-symbols=ignore-in-shared-libs"]);
    scratch.directory("to");
    let files = ["main", "main.c", "libupper.so", "libbase.so.1.2"];
    let run = files.iter().fold(swapbin(&scratch), |run, name| run.from(name).to(format!("to/{name}")));
    let Some((outcome, calls)) = run.strace("renameat,renameat2") else { return };
    outcome.exits(0);
    let at = |name: &str| place_of(&calls, name);
    assert!(at("libbase.so.1.2") < at("libupper.so") && at("libupper.so") < at("main"), "{calls:#?}");
}

fn place_of(calls: &[Call], name: &str) -> usize {
    let to = format!(", \"{name}\"");
    calls.iter().position(|call| call.arguments.contains(&to)).unwrap_or_else(|| panic!("{name} in {calls:#?}"))
}
