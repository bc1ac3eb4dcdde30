//! A static build where there is nothing else: no libraries, no shell, no accounts, no state directory, no /tmp.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Fixture, Namespace, Outcome, Process, Scratch, require_mounts, require_program, static_build};

/// A directory with swapbin, /proc and a program that runs and is deleted.
struct Alone {
    scratch: Scratch,
    namespace: Namespace,
    running: Fixture,
}

impl Alone {
    fn new(build: &Path) -> Alone {
        let scratch = Scratch::new();
        for directory in ["root", "root/proc", "root/bin"] {
            scratch.directory(directory);
        }
        fs::copy(build, scratch.path("root/swapbin")).unwrap();
        let namespace = Namespace::new();
        namespace.bind(Path::new("/proc"), &scratch.path("root/proc"));
        let app = scratch.program("root/bin/app", "one");
        let mut command = Command::new(&*app);
        namespace.host(command.arg("sleep"));
        let running = Fixture::start_by(&mut command);
        fs::remove_file(&app).unwrap();
        Alone { scratch, namespace, running }
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let mut command = Command::new("chroot");
        command
            .arg(self.scratch.path("root"))
            .arg("/swapbin")
            .args(words)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.namespace.host(&mut command);
        Outcome::of(Process::spawn(&mut command))
    }
}

fn alone() -> Option<Alone> {
    if !require_mounts() || require_program("chroot").is_none() {
        return None;
    }
    Some(Alone::new(&static_build()?))
}

#[test]
fn a_deleted_program_is_brought_back_with_nothing_but_proc() {
    let Some(alone) = alone() else { return };
    alone.run(&["rescue", "--list"]).exits(0).prints("/bin/app");
    alone.run(&["rescue", "/bin/app"]).exits(0).prints("rescued '/bin/app'");
    assert_eq!(Fixture::version_of(alone.scratch.path("root/bin/app")), "one");
    alone.run(&["rescue", "/bin/app"]).exits(0).prints("is there already");
    let pid = alone.running.pid().as_raw_nonzero().to_string();
    alone.run(&["rescue", "--pid", &pid, "--to", "/bin/copy"]).exits(0);
    assert_eq!(Fixture::version_of(alone.scratch.path("root/bin/copy")), "one");
}

#[test]
fn a_state_directory_that_cannot_be_used_is_said_and_no_obstacle() {
    let Some(alone) = alone() else { return };
    let run = alone.run(&["rescue", "/bin/app", "--state-dir", "/proc/self/mem"]);
    run.exits(0).says("cannot use the state directory");
    assert_eq!(Fixture::version_of(alone.scratch.path("root/bin/app")), "one");
}

#[test]
fn accounts_are_those_of_etc_or_numbers() {
    let Some(alone) = alone() else { return };
    let install = |user: &str| alone.run(&["--from", "/swapbin", "--to", "/bin/owned", "-o", user, "--keep", "0"]);
    install("somebody").exits(2).says("unknown user");
    install("4711").exits(0);
    let owner = || fs::metadata(alone.scratch.path("root/bin/owned")).unwrap().uid();
    assert_eq!(owner(), 4711);
    fs::write(alone.scratch.directory("root/etc").join("passwd"), "somebody:x:4712:4712::/:/bin/sh\n").unwrap();
    install("somebody").exits(0);
    assert_eq!(owner(), 4712);
    alone.run(&["who", "/bin/app"]);
}
