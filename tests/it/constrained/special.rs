//! Sources whose size does not say how much there is to read.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::Tree;
use crate::support::swapbin;

#[test]
fn a_file_of_proc_that_says_it_is_empty_is_read_whole() {
    let tree = Tree::of_caller();
    for source in ["/proc/version", "/proc/filesystems", "/proc/kallsyms"] {
        let Ok(bytes) = fs::read(source) else { continue };
        assert_eq!(fs::metadata(source).unwrap().size(), 0, "{source}");
        swapbin(&tree.scratch).from(source).to("his/app").run().exits(0);
        assert!(tree.scratch.read("his/app") == bytes, "{source}");
        swapbin(&tree.scratch).from(source).to("his/app").run().exits(0).prints("unchanged");
    }
}

#[test]
fn a_file_of_sys_that_says_more_than_it_has_is_read_to_its_end() {
    let source = "/sys/kernel/fscaps";
    let Ok(bytes) = fs::read(source) else { return };
    let tree = Tree::of_caller();
    assert!(fs::metadata(source).unwrap().size() > bytes.len() as u64);
    swapbin(&tree.scratch).from(source).to("his/app").run().exits(0);
    assert_eq!(tree.scratch.read("his/app"), bytes);
}

#[test]
fn a_file_of_sys_that_says_more_than_it_has_and_has_nothing_is_empty() {
    // The devices of an interrupt line that none uses.
    let lines = fs::read_dir("/sys/kernel/irq").into_iter().flatten().flatten().map(|line| line.path().join("actions"));
    let Some(source) = lines.into_iter().find(|file| fs::read(file).is_ok_and(|bytes| bytes.is_empty())) else { return };
    let tree = Tree::of_caller();
    assert!(fs::metadata(&source).unwrap().size() > 0);
    swapbin(&tree.scratch).from(&source).to("his/app").run().exits(5).says("is empty");
    assert_eq!(tree.scratch.read("his/app"), b"old");
    tree.scratch.assert_no_litter();
}

#[test]
fn standard_input_is_taken_from_where_it_stands() {
    use std::io::{Read, Seek, SeekFrom};
    let tree = Tree::of_caller();
    let path = tree.scratch.file("input", "header and body");
    // The descriptor a child inherits keeps its place in the file.
    let run = swapbin(&tree.scratch).from("-").to("his/app").under([
        "sh",
        "-c",
        "dd bs=7 count=1 of=/dev/null 2>&1; exec \"$@\"",
        "sh",
    ]);
    let outcome = run.stdin_file(&path).run();
    outcome.exits(0);
    assert_eq!(tree.scratch.read("his/app"), b"and body");
    let mut file = fs::File::open(&path).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "header and body");
}
