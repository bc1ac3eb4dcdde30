//! A directory that is built anew and exchanged at one moment: `--exchange`.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::process::Signal;

use super::content;
use crate::support::{
    Entry, Namespace, Scratch, Swapbin, attribute, failpoints_available, is_kept, require_filesystem, require_mounts,
    require_program, require_root, set_attribute, status_of, swapbin,
};

/// An application's directory, and what is to be laid over it.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    for directory in ["app/lib", "app/data/deep", "stage/lib", "stage/new"] {
        scratch.directory(directory);
    }
    scratch.file("app/version", "1").mode(0o640);
    scratch.file("app/lib/one", "1");
    scratch.file("app/lib/old", "old");
    scratch.file("app/data/deep/kept", "kept").mode(0o600);
    scratch.link("app/current", "data/deep");
    scratch.file("stage/version", "2");
    scratch.file("stage/lib/one", "2");
    scratch.file("stage/new/file", "new");
    scratch
}

fn exchange(scratch: &Scratch) -> Swapbin<'_> {
    swapbin(scratch).args(["apply", "--tree", "stage", "--to", "app", "--exchange"])
}

fn inode(scratch: &Scratch) -> u64 {
    fs::metadata(scratch.path("app")).unwrap().ino()
}

fn kept(scratch: &Scratch) -> usize {
    fs::read_dir(scratch.root()).unwrap().filter(|entry| is_kept(&entry.as_ref().unwrap().path())).count()
}

#[test]
fn the_directory_is_another_one_with_what_is_staged_and_what_was_there() {
    let scratch = tree();
    let old = inode(&scratch);
    fs::set_permissions(scratch.path("app"), PermissionsExt::from_mode(0o750)).unwrap();
    set_attribute(scratch.path("app/data/deep/kept"), "user.note", b"kept");
    let before = content(&scratch, "app");
    exchange(&scratch).run().exits(0).prints("replaced").prints("transaction ");
    assert_ne!(inode(&scratch), old);
    let mut expected = before;
    for (name, facts) in content(&scratch, "stage").into_iter().filter(|(name, _)| !["", "lib"].contains(&name.to_str().unwrap()))
    {
        expected.insert(name, facts);
    }
    assert_eq!(content(&scratch, "app"), expected);
    assert_eq!(attribute(scratch.path("app/data/deep/kept"), "user.note").as_deref(), Some(&b"kept"[..]));
    assert_eq!(kept(&scratch), 1);
    scratch.assert_no_litter();
}

#[test]
fn what_stays_keeps_owner_times_and_what_goes_goes() {
    if !require_root() {
        return;
    }
    let scratch = tree();
    std::os::unix::fs::chown(scratch.path("app/data/deep/kept"), Some(1234), Some(1235)).unwrap();
    let before = fs::metadata(scratch.path("app/data/deep/kept")).unwrap();
    exchange(&scratch).args(["--delete", "lib"]).run().exits(0).prints("removed");
    let after = fs::metadata(scratch.path("app/data/deep/kept")).unwrap();
    assert_eq!((after.uid(), after.gid(), after.mtime_nsec()), (1234, 1235, before.mtime_nsec()));
    assert!(!scratch.path("app/lib/old").exists());
    assert_eq!(scratch.read("app/lib/one"), b"2");
}

#[test]
fn a_second_run_leaves_the_directory_alone() {
    let scratch = tree();
    exchange(&scratch).run().exits(0);
    let before = scratch.snapshot();
    exchange(&scratch).run().exits(0).prints("3 files unchanged");
    exchange(&scratch).arg("--check").run().exits(0);
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn whoever_opens_the_directory_never_sees_a_mix() {
    let scratch = tree();
    let (stop, seen) = (AtomicBool::new(false), AtomicUsize::new(0));
    let app = scratch.path("app");
    let read = |dir: &File, name: &str| {
        let fd = rustix::fs::openat(dir.as_fd(), name, rustix::fs::OFlags::RDONLY, rustix::fs::Mode::empty()).unwrap();
        let mut text = String::new();
        File::from(fd).read_to_string(&mut text).unwrap();
        text
    };
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut versions = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let dir = File::open(&app).expect("the directory is never absent");
                let pair = (read(&dir, "version"), read(&dir, "lib/one"));
                assert_eq!(pair.0, pair.1, "a mix");
                versions.push(pair.0);
                seen.fetch_add(1, Ordering::Relaxed);
            }
            versions.dedup();
            versions
        });
        for version in ["2", "3", "4", "5"] {
            scratch.file("stage/version", version);
            scratch.file("stage/lib/one", version);
            // Whoever has the old directory open goes on reading it.
            exchange(&scratch).args(["--keep", "9"]).run().exits(0);
        }
        let after = seen.load(Ordering::Relaxed);
        while seen.load(Ordering::Relaxed) < after + 2 && !watch.is_finished() {
            thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
        let versions = watch.join().expect("the reader");
        assert_eq!(versions.last().map(String::as_str), Some("5"), "{versions:?}");
    });
    assert_eq!(kept(&scratch), 4);
}

#[test]
fn a_rollback_exchanges_back_and_forward_again() {
    let scratch = tree();
    let (old, before) = (inode(&scratch), content(&scratch, "app"));
    exchange(&scratch).run().exits(0);
    let (new, after) = (inode(&scratch), content(&scratch, "app"));
    for _ in 0..2 {
        swapbin(&scratch).args(["rollback", "app"]).run().exits(0);
        assert_eq!((inode(&scratch), content(&scratch, "app")), (old, before.clone()));
        swapbin(&scratch).args(["rollback", "app"]).run().exits(0);
        assert_eq!((inode(&scratch), content(&scratch, "app")), (new, after.clone()));
        assert_eq!(kept(&scratch), 1);
    }
    scratch.assert_no_litter();
}

#[test]
fn setuid_files_of_the_old_directory_cannot_be_reached() {
    let scratch = tree();
    scratch.file("app/lib/su", "su").mode(0o4755);
    exchange(&scratch).run().exits(0);
    let names: Vec<_> = scratch.snapshot().names().filter(|name| is_kept(name)).map(|name| scratch.path(name)).collect();
    assert_eq!(Entry::of(&names[0]).mode, 0o700, "{names:?}");
    swapbin(&scratch).args(["rollback", "app"]).run().exits(0);
    swapbin(&scratch).args(["rollback", "app"]).run().exits(0);
    assert_eq!((scratch.read("app/version"), kept(&scratch)), (b"2".to_vec(), 1));
}

#[test]
fn prune_removes_the_old_directory() {
    let scratch = tree();
    exchange(&scratch).run().exits(0);
    swapbin(&scratch).args(["prune", "--keep", "0"]).run().exits(0);
    assert_eq!((kept(&scratch), scratch.read("app/version")), (0, b"2".to_vec()));
}

#[test]
fn a_process_that_may_write_below_it_is_named() {
    let scratch = tree();
    let before = scratch.snapshot();
    let open = OpenOptions::new().append(true).open(scratch.path("app/lib/old")).unwrap();
    exchange(&scratch).run().exits(9).says(&format!("process {} has", std::process::id())).says("app/lib/old");
    scratch.snapshot().assert_same_as(&before);
    drop(open);
    exchange(&scratch).run().exits(0);
}

#[test]
fn what_somebody_wrote_meanwhile_brings_the_old_directory_back() {
    if !failpoints_available() {
        return;
    }
    for place in ["sync-prepared@1", "commit-record", "published"] {
        for write in ["content", "name"] {
            let scratch = tree();
            let old = inode(&scratch);
            let mut running = exchange(&scratch).failpoint(place, "pause").spawn();
            running.wait_until_paused();
            // After the exchange the old one is the one that is kept.
            let names: Vec<_> = fs::read_dir(scratch.root()).unwrap().map(|entry| entry.unwrap().path()).collect();
            let path = names.into_iter().find(|path| fs::metadata(path).unwrap().ino() == old).expect("the old directory");
            let file = if write == "content" { path.join("data/deep/kept") } else { path.join("data/deep/fresh") };
            fs::write(&file, "written meanwhile").unwrap();
            running.signal(Signal::CONT);
            running.wait().exits(75);
            assert_eq!(inode(&scratch), old, "{place}, {write}");
            let name = file.file_name().unwrap().to_str().unwrap();
            assert_eq!(scratch.read(format!("app/data/deep/{name}")), b"written meanwhile");
            assert_eq!((scratch.read("app/version"), kept(&scratch)), (b"1".to_vec(), 0), "{place}, {write}");
            scratch.assert_no_litter();
        }
    }
}

#[test]
fn a_failure_at_any_step_leaves_the_directory_as_it_was() {
    if !failpoints_available() {
        return;
    }
    for place in ["stage@2", "write@3", "seal@3", "link@2", "sync", "sync-prepared", "commit-record", "commit-sync", "rename"] {
        let scratch = tree();
        let before = scratch.snapshot();
        let outcome = exchange(&scratch).failpoint(place, &libc::ENOSPC.to_string()).run();
        assert!([1, 9].contains(&outcome.code.unwrap_or_default()), "{place}: {outcome}");
        scratch.snapshot().assert_same_as(&before);
    }
}

#[test]
fn killed_anywhere_and_recovered_it_is_the_old_directory_or_the_new_one() {
    if !failpoints_available() {
        return;
    }
    let places = [
        ("stage@2", false),
        ("sync", false),
        ("sync-prepared", false),
        ("commit-record", false),
        ("commit-sync", true),
        ("rename", true),
        ("exchanged", true),
        ("published", true),
        ("sync-dir", true),
        ("close", true),
    ];
    for (place, committed) in places {
        for keep in ["0", "1"] {
            let scratch = tree();
            let before = scratch.snapshot();
            exchange(&scratch).args(["--keep", keep]).failpoint(place, "abort").run().is_killed_by(Signal::KILL);
            for _ in 0..2 {
                swapbin(&scratch).arg("recover").run().exits(0);
                scratch.assert_no_litter();
                match committed {
                    true => {
                        assert_eq!((scratch.read("app/version"), scratch.read("app/lib/one")), (b"2".to_vec(), b"2".to_vec()));
                        assert_eq!(kept(&scratch).to_string(), keep, "{place}");
                    }
                    false => scratch.snapshot().assert_same_as(&before),
                }
            }
        }
    }
}

#[test]
fn a_recovery_told_to_go_back_brings_the_old_directory_back() {
    if !failpoints_available() {
        return;
    }
    for place in ["rename", "exchanged", "published"] {
        let scratch = tree();
        let (old, before) = (inode(&scratch), content(&scratch, "app"));
        exchange(&scratch).failpoint(place, "abort").run().is_killed_by(Signal::KILL);
        let txid = fs::read_dir(scratch.state(None).join("txn")).unwrap().next().unwrap().unwrap().file_name();
        swapbin(&scratch).args(["recover", "--back"]).arg(txid).run().exits(0);
        assert_eq!((inode(&scratch), content(&scratch, "app"), kept(&scratch)), (old, before, 0), "{place}");
        scratch.assert_no_litter();
    }
}

#[test]
fn a_directory_that_is_or_holds_a_mount_point_is_refused() {
    if !require_mounts() {
        return;
    }
    for (at, why) in
        [("app", "is a mount point"), ("app/data/deep", "holds the mount point"), ("app/lib/old", "holds the mount point")]
    {
        let scratch = tree();
        let namespace = Namespace::new();
        match at {
            "app/lib/old" => namespace.bind(&scratch.path("app/version"), &scratch.path(at)),
            _ => namespace.bind(&scratch.path("app/data"), &scratch.path(at)),
        }
        let before = scratch.snapshot();
        let outcome = exchange(&scratch).within(&namespace).run();
        // What is overwritten in place is a file.
        outcome.exits(9).says(why).says("hint: ").says("umount").never_mentions("--in-place");
        scratch.snapshot().assert_same_as(&before);
    }
    let scratch = tree();
    let run = swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "/", "--exchange"]).run();
    run.exits(9).says("'/' is a mount point").says("name a directory in it").never_mentions("--in-place");
}

#[test]
fn a_dry_run_says_what_the_directory_is_made_from() {
    let scratch = tree();
    let outcome = exchange(&scratch).arg("--dry-run").run();
    outcome.exits(0).prints(&format!("would replace '{}' from 'stage'", scratch.path("app").display()));
    let link = ["apply", "--tree", "stage", "--to", ".", "--generation-link", "current", "--dry-run"];
    swapbin(&scratch).args(link).run().exits(0).prints("current'").never_mentions("from ''");
}

#[test]
fn a_directory_that_is_or_holds_a_subvolume_is_refused() {
    if !require_mounts() || !require_filesystem("btrfs") || require_program("btrfs").is_none() {
        return;
    }
    for at in ["app", "app/data/deep"] {
        let (scratch, namespace) = (tree(), Namespace::new());
        scratch.directory("disk");
        namespace.image(&scratch, "btrfs", 128, &scratch.path("disk"));
        let host = |words: &[&str]| {
            let mut command = std::process::Command::new(words[0]);
            command.args(&words[1..]).env("DISK", scratch.path("disk")).stdout(std::process::Stdio::null());
            namespace.host(&mut command);
            assert!(status_of(&mut command).unwrap().success(), "{words:?}");
        };
        host(&[
            "sh",
            "-ec",
            &format!(
                "cd $DISK; mkdir -p $(dirname {at}); btrfs -q subvolume create {at}; mkdir -p app/data; echo 1 >app/version"
            ),
        ]);
        let run = swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "disk/app", "--exchange"]).within(&namespace);
        run.run().exits(9).says("subvolume");
        host(&["sh", "-ec", "cd $DISK; grep -qx 1 app/version; ! ls -d .swapbin* 2>/dev/null"]);
    }
}

#[test]
fn everything_not_staged_goes_where_the_whole_directory_is_the_scope() {
    let scratch = tree();
    exchange(&scratch).args(["--delete", "."]).run().exits(0);
    let (app, stage) = (content(&scratch, "app"), content(&scratch, "stage"));
    assert_eq!(app.keys().collect::<Vec<_>>(), stage.keys().collect::<Vec<_>>());
}

#[test]
fn a_dry_run_tells_of_the_directory_and_changes_nothing() {
    let scratch = tree();
    let before = scratch.snapshot();
    let report = exchange(&scratch).args(["--dry-run", "--json"]).run().exits(0).json();
    assert_eq!((&report["action"], report["swaps"].as_array().unwrap().len()), (&"would-install".into(), 5));
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_directory_with_the_state_directory_in_it_is_refused() {
    let scratch = tree();
    let before = scratch.snapshot();
    fs::create_dir(scratch.path("app/state")).unwrap();
    fs::set_permissions(scratch.path("app/state"), PermissionsExt::from_mode(0o700)).unwrap();
    let run = exchange(&scratch).env("SWAPBIN_STATE_DIR", scratch.path("app/state"));
    run.run().exits(9).says("holds the staging tree or the state directory");
    fs::remove_dir(scratch.path("app/state")).unwrap();
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn a_directory_of_a_lower_layer_of_an_overlay_is_refused() {
    if !require_mounts() {
        return;
    }
    let (scratch, layers) = (tree(), Scratch::on("/dev/shm"));
    let namespace = Namespace::new();
    scratch.directory("lower");
    fs::rename(scratch.path("app"), scratch.path("lower/app")).unwrap();
    scratch.directory("merged");
    namespace.overlay(&layers, &scratch.path("lower"), "", &scratch.path("merged"));
    let run = swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "merged/app", "--exchange"]).within(&namespace);
    run.run().exits(9).says("lower layer of an overlay");
    assert_eq!(scratch.read("lower/app/version"), b"1");
}

#[test]
fn a_rollback_that_is_killed_leaves_no_empty_place_of_a_kept_directory_with_setuid_files() {
    if !failpoints_available() {
        return;
    }
    for place in ["commit-record", "rename@1", "published", "sync-dir", "close", "close-sync", "close-sync@2"] {
        let scratch = Scratch::new();
        scratch.directory("app");
        scratch.file("app/su", "old").mode(0o4755);
        scratch.directory("stage");
        scratch.file("stage/plain", "new");
        swapbin(&scratch).args(["apply", "--tree", "stage", "--to", "app", "--exchange", "--delete", "."]).run().exits(0);
        let kept = || -> Vec<_> {
            let names = fs::read_dir(scratch.root()).unwrap().map(|entry| entry.unwrap().path());
            names.filter(|path| is_kept(path)).collect()
        };
        assert!(kept()[0].join("file/su").exists(), "in a directory that only its owner may enter");
        swapbin(&scratch).args(["rollback", "app"]).failpoint(place, "abort").run().is_killed_by(Signal::KILL);
        swapbin(&scratch).arg("recover").run().exits(0);
        let is_back = scratch.path("app/su").exists();
        assert_eq!(is_back, place != "commit-record", "{place}");
        let [one] = &kept()[..] else { panic!("{place}: {:?}", kept()) };
        assert!(fs::read_dir(one).unwrap().count() > 0, "{place}: {} is empty", one.display());
        swapbin(&scratch).args(["rollback", "app"]).run().exits(0);
        assert_eq!(scratch.path("app/su").exists(), !is_back, "{place}");
    }
}

/// Of names that the staging tree does not have: only the directory above them is touched.
#[test]
fn a_change_that_was_broken_off_below_the_directory_is_finished_first() {
    if !failpoints_available() {
        return;
    }
    let scratch = tree();
    let break_off = |content: &str| {
        scratch.file("two", content);
        let broken = swapbin(&scratch).from("two").to("app/lib/old").from("two").to("app/data/deep/kept");
        broken.keeping().failpoint("rename@2", "abort").run().is_killed_by(Signal::KILL);
    };
    let is_finished = |content: &str| {
        swapbin(&scratch).arg("recover").run().exits(0);
        scratch.assert_no_litter();
        for name in ["lib/old", "data/deep/kept"] {
            let found = fs::read_dir(scratch.root()).unwrap().map(|entry| entry.unwrap().path().join(name));
            let has = found.filter(|path| fs::read(path).is_ok_and(|bytes| bytes == content.as_bytes())).count();
            assert!(has > 0, "{name} is nowhere {content}");
        }
    };
    break_off("2");
    exchange(&scratch).run().exits(0).says("finished transaction");
    is_finished("2");
    break_off("3");
    swapbin(&scratch).args(["rollback", "app"]).run().exits(0).says("finished transaction");
    is_finished("3");
}

/// A copy would be neither.
#[test]
fn a_directory_with_an_immutable_or_an_append_only_file_is_not_exchanged() {
    if !require_root() {
        return;
    }
    for (flag, words) in [("i", "is immutable"), ("a", "is append-only")] {
        let scratch = tree();
        let path = scratch.path("app/data/deep/kept");
        let set = |sign: char| status_of(std::process::Command::new("chattr").arg(format!("{sign}{flag}")).arg(&path)).unwrap();
        if !set('+').success() {
            eprintln!("skipped: no such flags here");
            return;
        }
        let before = inode(&scratch);
        let outcome = exchange(&scratch).run();
        assert!(set('-').success());
        outcome.exits(9).says("deep/kept").says(words);
        assert_eq!(inode(&scratch), before);
        scratch.assert_no_litter();
        exchange(&scratch).run().exits(0);
    }
}
