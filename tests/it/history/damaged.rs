//! Records of the history that are not as they were written.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::{kept, run, tree};
use crate::support::{NOBODY, Scratch, require_root, swapbin};

/// Three changes: two of one file, and a batch of both, the newest. Their records, the newest first.
fn changed() -> (Scratch, Vec<PathBuf>) {
    let scratch = tree();
    let keep = ["--keep", "9"];
    swapbin(&scratch).from("one").to("app").args(keep).keeping().run().exits(0);
    swapbin(&scratch).from("two").to("app").args(keep).keeping().run().exits(0);
    swapbin(&scratch).args(keep).from("one").to("app").from("one").to("lib").keeping().run().exits(0);
    let mut records: Vec<PathBuf> =
        fs::read_dir(scratch.state(None).join("history")).unwrap().map(|entry| entry.unwrap().path()).collect();
    records.sort();
    records.reverse();
    assert_eq!(records.len(), 3);
    (scratch, records)
}

type Damage = fn(&Path);

/// Cut off somewhere, or with one byte flipped, or taken by something else.
const DAMAGES: [(&str, Damage); 6] = [
    ("cut in the header", |record| fs::write(record, &fs::read(record).unwrap()[..20]).unwrap()),
    ("cut in an entry", |record| {
        let bytes = fs::read(record).unwrap();
        let header = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        fs::write(record, &bytes[..header + 50]).unwrap();
    }),
    ("a byte of the header flipped", |record| flip(record, |_| 40)),
    ("a byte of the last record flipped", |record| flip(record, |bytes| bytes.iter().rposition(|byte| *byte == b'}').unwrap())),
    ("a directory", |record| {
        fs::remove_file(record).unwrap();
        fs::create_dir(record).unwrap();
    }),
    ("a link", |record| {
        fs::remove_file(record).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", record).unwrap();
    }),
];

fn flip(record: &Path, at: fn(&[u8]) -> usize) {
    let mut bytes = fs::read(record).unwrap();
    let at = at(&bytes);
    bytes[at] ^= 1;
    fs::write(record, bytes).unwrap();
}

fn name(record: &Path) -> &str {
    record.file_name().unwrap().to_str().unwrap()
}

#[test]
fn a_damaged_record_is_named_with_what_to_do_and_the_others_are_used() {
    for (what, damage) in DAMAGES {
        let (scratch, records) = changed();
        // The one in the middle.
        damage(&records[1]);
        let before = (kept(&scratch).len(), fs::symlink_metadata(&records[1]).unwrap().len());
        let said = format!("warning: the record '{}' cannot be used: ", records[1].display());
        let outcome = run(&scratch, &["history"]);
        outcome
            .exits(0)
            .says(&said)
            .says("put it back from a backup, or remove it")
            .says(&format!(".swapbin~{}.N", name(&records[1])));
        assert_eq!(outcome.output_text().lines().count(), 3, "{what}");
        let object = run(&scratch, &["history", "--json"]).exits(0).json();
        assert_eq!(object["damaged"][0]["path"], records[1].to_str().unwrap(), "{what}");
        assert_eq!(object["changes"].as_array().unwrap().len(), 2, "{what}");
        run(&scratch, &["rollback", "app", "--dry-run"]).exits(0).says(&said);
        run(&scratch, &["rollback", "--last"]).exits(0).says(&said);
        assert_eq!((scratch.read("app"), scratch.read("lib")), (b"two".to_vec(), b"old".to_vec()), "{what}");
        run(&scratch, &["prune", "--keep", "0"]).exits(0).says(&said);
        let object = run(&scratch, &["prune", "--json"]).exits(0).json();
        assert_eq!(object["damaged"][0]["txid"], name(&records[1]), "{what}");
        assert_eq!((kept(&scratch).len(), fs::symlink_metadata(&records[1]).unwrap().len()), (1, before.1), "{what}: it stays");
    }
}

#[test]
fn where_the_newest_record_is_damaged_nobody_takes_an_older_change_for_the_last() {
    for (what, damage) in DAMAGES {
        let (scratch, records) = changed();
        damage(&records[0]);
        let before = scratch.snapshot();
        for words in [&["rollback", "--last"][..], &["rollback", "--last", "-n"], &["rollback", "--txn", name(&records[0])]] {
            let outcome = run(&scratch, words);
            outcome.exits(4).says(&format!("the record '{}' cannot be used", records[0].display())).says("hint: ");
        }
        scratch.snapshot().assert_same_as(&before);
        // What is asked for by name is known.
        run(&scratch, &["rollback", "--txn", name(&records[1])]).exits(0);
        assert_eq!(scratch.read("app"), b"one", "{what}");
    }
}

#[test]
fn a_file_of_which_nothing_is_found_has_nothing_kept_only_if_every_record_can_be_read() {
    for (what, damage) in DAMAGES {
        let (scratch, records) = changed();
        run(&scratch, &["rollback", "tool"]).exits(7).says("no earlier version of ");
        let before = kept(&scratch).len();
        // The only one that tells of it.
        damage(&records[0]);
        for words in [&["rollback", "lib", "-q"][..], &["rollback", "lib"], &["rollback", "lib", "-n"]] {
            let outcome = run(&scratch, words);
            outcome.exits(4).says(&format!("error: the record '{}' cannot be used: ", records[0].display())).says("hint: ");
        }
        assert_eq!((kept(&scratch).len(), scratch.read("lib")), (before, b"one".to_vec()), "{what}");
    }
}

#[test]
fn as_root_a_record_of_another_user_or_that_others_may_write_to_is_not_obeyed() {
    if !require_root() {
        return;
    }
    let (scratch, records) = changed();
    chown(&records[0], Some(NOBODY), None).unwrap();
    fs::set_permissions(&records[2], fs::Permissions::from_mode(0o666)).unwrap();
    let object = run(&scratch, &["history", "--json"]).exits(0).json();
    let damaged: Vec<&str> = object["damaged"].as_array().unwrap().iter().map(|one| one["txid"].as_str().unwrap()).collect();
    assert_eq!(damaged, [name(&records[0]), name(&records[2])]);
    run(&scratch, &["rollback", "--last"]).exits(4).says("it belongs to somebody else, or others may write to it");
}

#[test]
fn a_swap_that_was_killed_before_it_wrote_anything_down_is_no_damage() {
    let (scratch, records) = changed();
    let unwritten = records[0].with_file_name(format!("{}ffffffffffff", &name(&records[0])[..8]));
    fs::write(&unwritten, "").unwrap();
    let outcome = run(&scratch, &["history", "--json"]);
    assert_eq!(outcome.exits(0).json()["damaged"], serde_json::json!([]));
    run(&scratch, &["rollback", "--last"]).exits(0);
}
