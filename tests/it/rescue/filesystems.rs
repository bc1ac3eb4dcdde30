//! The same on every filesystem that programs live on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Fixture, Namespace, Outcome, Scratch, require_filesystem, require_library, require_mounts, swapbin};

/// A filesystem mounted at `mnt` of the tree, which only the test sees.
struct Mounted {
    scratch: Scratch,
    namespace: Namespace,
}

impl Mounted {
    fn new(mount: impl FnOnce(&Scratch, &Namespace, &Path)) -> Mounted {
        let scratch = Scratch::new();
        let at = scratch.directory("mnt");
        let namespace = Namespace::new();
        mount(&scratch, &namespace, &at);
        Mounted { scratch, namespace }
    }

    fn image(kind: &str) -> Option<Mounted> {
        // xfs wants 300 MiB at least; the image is sparse.
        let mount = |scratch: &Scratch, namespace: &Namespace, at: &Path| namespace.image(scratch, kind, 320, at);
        require_filesystem(kind).then(|| Mounted::new(mount))
    }

    fn tmpfs() -> Option<Mounted> {
        require_mounts().then(|| Mounted::new(|_, namespace, at| namespace.tmpfs("size=64m", at)))
    }

    /// The lower layer is `tools/lower`.
    fn overlay() -> Option<Mounted> {
        let mount = |scratch: &Scratch, namespace: &Namespace, at: &Path| {
            fs::create_dir(scratch.tools().join("lower")).unwrap();
            namespace.overlay(scratch, &scratch.tools().join("lower"), "", at);
        };
        require_mounts().then(|| Mounted::new(mount))
    }

    /// A path on the filesystem, as this test process reaches it.
    fn outside(&self, name: &str) -> PathBuf {
        self.namespace.path(self.inside(name))
    }

    fn inside(&self, name: &str) -> PathBuf {
        self.scratch.path("mnt").join(name)
    }

    /// Copies a file there, to be executed.
    fn put(&self, from: &Path, name: &str) {
        let mut copy = Command::new("cp");
        copy.args([from, &self.inside(name)]);
        self.namespace.host(&mut copy);
        crate::support::run(&mut copy);
    }

    fn start(&self, program: &str, words: &[&str]) -> Fixture {
        let mut command = Command::new(self.inside(program));
        command.args(words);
        self.namespace.host(&mut command);
        Fixture::start_by(&mut command)
    }

    fn rescue(&self, words: &[&str]) -> Outcome {
        swapbin(&self.scratch).arg("rescue").args(words).within(&self.namespace).run()
    }
}

/// A program, a library and an open file are deleted, and each is brought back as it was.
fn all_come_back(mounted: &Mounted) {
    let program = mounted.scratch.program("program", "one");
    let library = fs::canonicalize(require_library("libm.so.6").unwrap()).unwrap();
    mounted.put(&program, "app");
    mounted.put(&library, "libcopy.so");
    mounted.put(&mounted.scratch.file_of("plain", 7, 200_000), "data");
    let mut command = Command::new(mounted.inside("app"));
    command.args(["hold", mounted.inside("data").to_str().unwrap()]).env("LD_PRELOAD", mounted.inside("libcopy.so"));
    mounted.namespace.host(&mut command);
    let running = Fixture::start_by(&mut command);
    let names = ["app", "libcopy.so", "data"];
    let before = names.map(|name| fs::read(mounted.outside(name)).unwrap());
    for name in names {
        fs::remove_file(mounted.outside(name)).unwrap();
        assert!(!mounted.outside(name).exists());
    }
    for (name, compared) in [("app", true.into()), ("libcopy.so", true.into()), ("data", serde_json::Value::Null)] {
        let object = mounted.rescue(&[&format!("mnt/{name}"), "--json"]).exits(0).json();
        assert_eq!(object["compared"], compared, "{name}: {object}");
        assert_eq!(object["warnings"], serde_json::json!([]), "{name}");
    }
    let after = names.map(|name| fs::read(mounted.outside(name)).unwrap());
    assert!(before == after, "every byte is the same");
    assert_eq!(fs::metadata(mounted.outside("app")).unwrap().mode() & 0o7777, 0o755);
    assert_eq!(running.finish(), format!("sum={}\n", 7 * 200_000));
    mounted.scratch.assert_no_litter();
}

#[test]
fn ext4() {
    Mounted::image("ext4").inspect(all_come_back);
}

#[test]
fn xfs() {
    Mounted::image("xfs").inspect(all_come_back);
}

#[test]
fn btrfs() {
    Mounted::image("btrfs").inspect(all_come_back);
}

#[test]
fn tmpfs() {
    Mounted::tmpfs().inspect(all_come_back);
}

#[test]
fn overlay() {
    Mounted::overlay().inspect(all_come_back);
}

#[test]
fn a_file_of_a_lower_layer_comes_back_too() {
    let Some(mounted) = Mounted::overlay() else { return };
    let program = mounted.scratch.program("program", "one");
    fs::copy(program, mounted.scratch.tools().join("lower/app")).unwrap();
    let _running = mounted.start("app", &["sleep"]);
    // The lower file keeps its link; the name is gone all the same.
    fs::remove_file(mounted.outside("app")).unwrap();
    mounted.rescue(&["mnt/app"]).exits(0);
    assert!(fs::read(mounted.outside("app")).unwrap().ends_with(b"one             "));
}

#[test]
fn where_blocks_can_be_shared_nothing_is_copied() {
    for kind in ["btrfs", "xfs"] {
        let Some(mounted) = Mounted::image(kind) else { continue };
        let program = mounted.scratch.program("program", "one");
        mounted.put(&program, "app");
        let _running = mounted.start("app", &["sleep"]);
        fs::remove_file(mounted.outside("app")).unwrap();
        let run = swapbin(&mounted.scratch).args(["rescue", "mnt/app"]).within(&mounted.namespace);
        let Some((outcome, calls)) = run.strace("ioctl,copy_file_range,sendfile,write") else { return };
        outcome.exits(0);
        let made = |what: &str| calls.iter().any(|call| format!("{call:?}").contains(what));
        assert!(made("FICLONE") && !made("copy_file_range"), "{kind}: {calls:?}");
    }
}

#[test]
fn on_an_overlay_what_is_no_longer_what_runs_is_not_put_in_its_place() {
    let Some(mounted) = Mounted::overlay() else { return };
    let library = fs::canonicalize(require_library("libm.so.6").unwrap()).unwrap();
    let program = mounted.scratch.program("program", "one");
    mounted.put(&program, "app");
    fs::copy(library, mounted.scratch.tools().join("lower/libcopy.so")).unwrap();
    let mut command = Command::new(mounted.inside("app"));
    command.arg("sleep").env("LD_PRELOAD", mounted.inside("libcopy.so"));
    mounted.namespace.host(&mut command);
    let running = Fixture::start_by(&mut command);

    // Written to in place, the file is copied up: the process goes on with the lower one.
    let at = mounted.outside("libcopy.so");
    let mut bytes = fs::read(&at).unwrap();
    let code = bytes.len() / 4;
    bytes[code..code * 2].fill(0x90);
    fs::write(&at, &bytes).unwrap();
    fs::remove_file(&at).unwrap();
    mounted.rescue(&["mnt/libcopy.so"]).exits(4).says("is not what process");
    assert!(!at.exists());

    // Who names the digest of just these bytes gets them, and is told.
    let digest = crate::support::sha256(&bytes);
    mounted.rescue(&["mnt/libcopy.so", "--sha256", &digest]).exits(0).says("not what process");
    assert!(fs::read(&at).unwrap() == bytes);
    running.finish();
}
