//! The order of calls.

use super::{NAMES, Set};
use crate::support::{Call, Scratch, failpoints_available, require_program, run, swapbin};

const CALLS: &str = "fsync,fdatasync,syncfs,renameat,renameat2,linkat,write";

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
    let entries = place(&calls, 0, "write", &["/txn/", "{\\\"entry\\\""]);
    let commit = place(&calls, entries, "write", &["/txn/", "{\\\"commit\\\""]);
    let last_link = calls.iter().rposition(|call| call.name == "linkat").unwrap();
    assert!(last_link < entries, "names are made before their directories are synced");
    // Where the filesystem allows it, and nobody else has much to write, one call is for everything of it.
    let between = &calls[entries..commit];
    let of_set = |call: &Call| call.arguments.contains(set.scratch.path("").to_str().unwrap());
    let whole = between.iter().any(|call| call.name == "syncfs" && of_set(call));
    let by_itself = |call: &&Call| !whole || !of_set(call);
    let file = |call: &&Call| call.name == "fsync" && (call.arguments.contains("/#") || call.arguments.contains(".swapbin.b"));
    let synced = calls[..commit].iter().filter(file).filter(by_itself).count();
    assert_eq!(synced, if whole { 2 } else { NAMES.len() }, "every new file: {calls:#?}");
    for directory in ["/a>", "/b>", "/txn>", "/dev/shm"] {
        assert!(
            between.iter().any(|call| call.name == "fsync" && call.arguments.contains(directory))
                || (whole && directory != "/dev/shm"),
            "{directory}: {between:#?}"
        );
    }
    let journal = place(&calls, commit, "fdatasync", &["/txn/"]);
    let rename = place(&calls, 0, "renameat", &[".swapbin.b"]);
    assert!(commit < journal && journal < rename);
    let last_rename = calls.iter().rposition(|call| call.arguments.contains("\".swapbin.b")).unwrap();
    let between = &calls[rename..=last_rename];
    assert_eq!(between.len(), NAMES.len(), "nothing but renames between the first and the last: {between:#?}");
    for directory in ["/a>", "/b>", "tree>"] {
        place(&calls, last_rename, "fsync", &[directory]);
    }
}

#[test]
fn where_others_have_much_to_write_each_file_is_synced_by_itself() {
    if !failpoints_available() {
        return;
    }
    let set = Set::new();
    let Some((outcome, calls)) = set.run().keeping().failpoint("quiet", &libc::EBUSY.to_string()).strace(CALLS) else { return };
    outcome.exits(0);
    assert!(calls.iter().all(|call| call.name != "syncfs"), "{calls:#?}");
    let commit = place(&calls, 0, "write", &["/txn/", "{\\\"commit\\\""]);
    let file = |call: &&Call| call.name == "fsync" && (call.arguments.contains("/#") || call.arguments.contains(".swapbin.b"));
    assert_eq!(calls[..commit].iter().filter(file).count(), NAMES.len(), "{calls:#?}");
    for directory in ["/a>", "/b>", "tree>", "/txn>"] {
        place(&calls[..commit], 0, "fsync", &[directory]);
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
