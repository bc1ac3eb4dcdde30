//! Processes that somebody made up: /proc says of them what he wants, and root does not believe it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{
    Fixture, NOBODY, Outcome, Process, Scratch, Step, before_exec, require_mounts, require_program, require_root, sha256, swapbin,
};

/// A program of root's that was at `bin/tool` and is deleted, and a process of nobody's, said to run it.
struct Planted {
    scratch: Scratch,
    tool: PathBuf,
    evil: PathBuf,
    process: Process,
}

/// `then` is what nobody does in his own mount namespace, where his directory `$2` is mounted on `$1`.
fn planted(then: &str) -> Option<Planted> {
    if !require_root() || !require_mounts() {
        return None;
    }
    require_program("unshare")?;
    let scratch = Scratch::new();
    scratch.directory("bin");
    scratch.directory("nobodys").owner(NOBODY, NOBODY);
    let tool = scratch.program("bin/tool", "good").to_path_buf();
    let evil = scratch.program("nobodys/tool", "evil").owner(NOBODY, NOBODY).to_path_buf();
    let script = format!("mount --bind \"$2\" \"$1\" && {then}");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]);
    command.args([scratch.path("bin"), scratch.path("nobodys")]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    before_exec(&mut command, vec![Step::Become(NOBODY)]);
    let mut process = Process::spawn_group(&mut command);
    let mut ready = String::new();
    BufReader::new(process.pipes().stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n", "nobody may make user namespaces here, and his program runs");
    Some(Planted { scratch, tool, evil, process })
}

impl Planted {
    fn rescue(&self, words: &[&str]) -> Outcome {
        swapbin(&self.scratch).arg("rescue").args(words).run()
    }

    /// Both are deleted: nothing but the process has anything.
    fn delete(&self) -> String {
        let digest = sha256(fs::read(&self.evil).unwrap());
        fs::remove_file(&self.evil).unwrap();
        digest
    }

    #[track_caller]
    fn is_never_used_unasked(&self) {
        let digest = self.delete();
        // As the kernel has it, root sees a process that runs his tool.
        fs::remove_file(&self.tool).unwrap();
        self.rescue(&["bin/tool"]).exits(4).says("may have planted it").says(&format!("--sha256 {digest}"));
        assert!(!self.tool.exists(), "nothing is put at the path");
        self.rescue(&["--name", "tool"]).exits(4);
        self.rescue(&["bin/tool", "--sha256", &digest]).exits(4);
        let pid = self.pid_of_list();
        self.rescue(&["bin/tool", "--pid", &pid]).exits(4);
        self.rescue(&["--pid", &pid]).exits(4);
        assert!(!self.tool.exists(), "nothing is put at the path");

        self.rescue(&["bin/tool", "--pid", &pid, "--sha256", &digest, "--to", "looked-at", "--allow-shared-path"]).exits(0);
        assert_eq!(Fixture::version_of(self.scratch.path("looked-at")), "evil");
    }

    /// The process that the list has for the tool, which it does not trust.
    #[track_caller]
    fn pid_of_list(&self) -> String {
        let object = self.rescue(&["--list", "--json"]).exits(0).json();
        let is_it = |file: &&serde_json::Value| file["path"] == self.tool.to_str().unwrap();
        let file = object["files"].as_array().unwrap().iter().find(is_it).expect("it is in the list").clone();
        assert_eq!((&file["trusted"], &file["state"]), (&false.into(), &"deleted".into()), "{file}");
        assert!(file["distrust"].is_string(), "{file}");
        file["processes"][0]["pid"].to_string()
    }
}

#[test]
fn a_file_of_terabytes_that_is_not_trusted_is_not_read() {
    let Some(planted) = planted("exec 7<\"$1/tool\" && echo ready && exec cat >/dev/null") else { return };
    fs::File::options().write(true).open(&planted.evil).unwrap().set_len(4 << 40).unwrap();
    fs::remove_file(&planted.evil).unwrap();
    let real = Fixture::sleeping(&planted.tool);
    fs::remove_file(&planted.tool).unwrap();
    planted.rescue(&["bin/tool"]).exits(0);
    assert_eq!(Fixture::version_of(&planted.tool), "good");
    fs::remove_file(&planted.tool).unwrap();
    drop(real);
    for words in [&["bin/tool"][..], &["--name", "tool"]] {
        planted.rescue(words).exits(4).says("may have planted it");
    }
}

#[test]
fn a_program_bound_over_roots_in_a_private_mount_is_never_used_unasked() {
    let Some(planted) = planted("exec \"$1/tool\" sleep") else { return };
    planted.is_never_used_unasked();
}

#[test]
fn nor_one_that_was_started_outside_through_the_private_mount() {
    // The process itself is in the machine's mount namespace; only the mount it was started from is not.
    let Some(mut planted) = planted("echo ready && exec cat >/dev/null") else { return };
    let inside = planted.process.pid().as_raw_nonzero();
    let through = format!("/proc/{inside}/root{}", planted.tool.display());
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" sleep", &through]).stdin(Stdio::piped()).stdout(Stdio::piped());
    before_exec(&mut command, vec![Step::Become(NOBODY)]);
    let mut started = Process::spawn_group(&mut command);
    let mut ready = String::new();
    BufReader::new(started.pipes().stdout.take().unwrap()).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    let pid = started.pid().as_raw_nonzero();
    assert_eq!(namespace(&format!("{pid}")), namespace("self"), "it is where everybody is");
    // What belongs to nobody, root would not take in any case: what belongs to root is the harder one.
    std::os::unix::fs::chown(&planted.evil, Some(0), Some(0)).unwrap();
    planted.delete();
    fs::remove_file(&planted.tool).unwrap();
    assert_eq!(fs::read_link(format!("/proc/{pid}/exe")).unwrap(), deleted(&planted.tool));
    planted.rescue(&["bin/tool"]).exits(4).says("mounts of another user's making");
    planted.process.kill();
    started.kill();
}

#[test]
fn nor_one_of_roots_own_that_somebody_mounted_under_another_name() {
    let Some(planted) = planted("exec \"$1/tool\" sleep") else { return };
    // It belongs to root, and is not the tool all the same.
    std::os::unix::fs::chown(&planted.evil, Some(0), Some(0)).unwrap();
    planted.is_never_used_unasked();
}

#[test]
fn a_file_that_belongs_to_somebody_else_than_its_directory_is_not_used_unasked_either() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    scratch.directory("bin");
    let tool = scratch.program("bin/tool", "evil").owner(NOBODY, NOBODY);
    let digest = sha256(fs::read(&tool).unwrap());
    let running = Fixture::sleeping(&tool);
    fs::remove_file(&tool).unwrap();
    let pid = running.pid().as_raw_nonzero().to_string();
    let rescue = |words: &[&str]| swapbin(&scratch).args(["rescue", "bin/tool"]).args(words).run();
    rescue(&[]).exits(4).says(&format!("belongs to uid {NOBODY}, not to uid 0"));
    rescue(&["--pid", &pid, "--sha256", &"0".repeat(64)]).exits(7);
    assert!(!tool.exists());
    rescue(&["--pid", &pid, "--sha256", &digest]).exits(0);
    assert!(tool.exists());
}

#[test]
fn a_file_that_belongs_to_whom_a_record_says_is_used() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    scratch.directory("bin");
    let (old, new) = (scratch.program("old", "zero"), scratch.program("new", "one"));
    fs::copy(&old, scratch.path("bin/tool")).unwrap();
    // A swap that keeps what was there is recorded, with whom the new file belongs to.
    swapbin(&scratch).from(&new).to("bin/tool").args(["-o", "65534", "-g", "65534"]).keeping().run().exits(0);
    let tool = scratch.path("bin/tool");
    let _running = Fixture::sleeping(&tool);
    fs::remove_file(&tool).unwrap();
    swapbin(&scratch).args(["rescue", "bin/tool"]).run().exits(0);
    assert_eq!(Fixture::version_of(&tool), "one");
}

fn namespace(process: &str) -> PathBuf {
    fs::read_link(format!("/proc/{process}/ns/mnt")).unwrap()
}

fn deleted(path: &Path) -> PathBuf {
    PathBuf::from(format!("{} (deleted)", path.display()))
}
