//! One command, with or without strace around it.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use crate::errnos;
use crate::fault::Fault;
use crate::job::{Job, Threads, Without};
use crate::place::{Command, Place};
use crate::support::{Filter, Jump, Process, Step, before_exec};

/// Far more than any run takes; one that is longer hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// The calls that are looked at, strace(1): those with paths, those with descriptors, and those that make names and threads.
pub const LOOKED_AT: &str = "%file,%desc,getrandom,clone,clone3,fork,vfork,sync,exit_group";

/// How a run ended; `None` if it was still there after the limit.
pub struct Ended {
    pub status: Option<ExitStatus>,
    pub stdout: String,
    pub stderr: String,
    /// What strace wrote.
    pub log: String,
}

impl Ended {
    pub fn code(&self) -> Option<i32> {
        self.status.and_then(|status| status.code())
    }

    pub fn signal(&self) -> Option<i32> {
        // What a shell makes of the signal its command ended by.
        const KILLED: i32 = 128 + libc::SIGKILL;
        self.status.and_then(|status| status.signal().or((status.code() == Some(KILLED)).then_some(libc::SIGKILL)))
    }
}

/// Runs it as it is.
pub fn undisturbed(place: &Place, job: &Job, command: &Command) -> Ended {
    run(place, &[], command, job.without)
}

/// Runs it and writes down its calls.
pub fn traced(place: &Place, job: &Job, command: &Command, fault: Option<&Fault>) -> Ended {
    let mut words: Vec<String> = ["-y", "-s", "256", "-e"].map(String::from).into();
    words.push(format!("trace={LOOKED_AT}"));
    words.extend(injections(job, fault));
    run(place, &strace(place, job, &words), command, job.without)
}

/// Runs it with a fault.
pub fn with_fault(place: &Place, job: &Job, command: &Command, fault: &Fault) -> Ended {
    // With the names that change, and paths, where it matters which call of several it is.
    let more = if errnos::loses_bytes(fault) { ",rename,renameat,renameat2" } else { "" };
    let mut words = vec!["-y".into(), "-e".into(), format!("trace=clone3,{}{more}", fault.syscalls().join(","))];
    words.extend(injections(job, Some(fault)));
    // Lets all other calls pass without a stop. Not where a signal is injected, which is lost then (strace 6.1), nor where a
    // filter of ours answers first, so that the count of calls is another one.
    if !fault.kills() && job.without.is_empty() {
        words.push("--seccomp-bpf".into());
    }
    run(place, &strace(place, job, &words), command, job.without)
}

fn injections(job: &Job, fault: Option<&Fault>) -> Vec<String> {
    let mut expressions = fault.map(Fault::expressions).unwrap_or_default();
    // Which thread syncs which file is luck, and strace counts the calls of each thread for itself. swapbin goes on without.
    if job.threads == Threads::Refused && fault.is_none_or(|fault| !fault.syscalls().contains(&"clone3")) {
        expressions.push("inject=clone3:error=EAGAIN".into());
    }
    expressions.into_iter().flat_map(|expression| ["-e".into(), expression]).collect()
}

fn strace(place: &Place, job: &Job, words: &[String]) -> Vec<OsString> {
    let log = place.beside("strace.log").into_os_string();
    // How many processes there are is luck. strace is not the first of its own: that one no signal ends.
    const ALONE: [&str; 7] = ["unshare", "--fork", "--pid", "--mount-proc", "sh", "-c", "\"$@\"; exit $?"];
    let alone = if job.looks_at_processes { &ALONE[..] } else { &[] };
    let alone = alone.iter().chain(job.looks_at_processes.then_some(&"sh")).map(OsString::from);
    let begin = ["strace", "-f", "-qq", "-e", "signal=none"].map(OsString::from);
    alone.chain(begin).chain(words.iter().map(OsString::from)).chain(["-o".into(), log]).collect()
}

fn run(place: &Place, wrapper: &[OsString], command: &Command, without: &[Without]) -> Ended {
    let words: Vec<&OsString> = wrapper.iter().chain(&command.words).collect();
    let mut process = std::process::Command::new(words[0]);
    process.args(&words[1..]);
    process.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    process.env("HOME", place.home()).env("LC_ALL", "C").env("SWAPBIN_STATE_DIR", place.state_dir());
    process.envs(command.environment.iter().map(|(name, value)| (name, value)));
    let [mut stdout, mut stderr] = [(); 2].map(|()| tempfile::tempfile().expect("a file for the output"));
    let copy = |file: &File| Stdio::from(file.try_clone().expect("a second descriptor"));
    process.stdout(copy(&stdout)).stderr(copy(&stderr));
    process.stdin(match &command.input {
        Some(path) => Stdio::from(File::open(path).expect("a file for standard input")),
        None => Stdio::null(),
    });
    let root = CString::new(place.root().as_os_str().as_bytes()).expect("a path has no NUL");
    let mut steps = vec![Step::Directory(root)];
    steps.extend(without.iter().map(|without| Step::Deny(without.filter())));
    before_exec(&mut process, steps);
    let mut process = Process::spawn_group(&mut process);
    let status = process.wait(LIMIT);
    process.kill();
    let log = if wrapper.is_empty() { String::new() } else { text_of(File::open(place.beside("strace.log")).ok().as_mut()) };
    let ended = Ended { status, stdout: text_of(Some(&mut stdout)), stderr: text_of(Some(&mut stderr)), log };
    assert!(!ended.stderr.contains("strace: "), "strace complains: {}", ended.stderr);
    ended
}

fn text_of(file: Option<&mut File>) -> String {
    let mut bytes = Vec::new();
    if let Some(file) = file {
        file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("what was written can be read");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Without {
    fn filter(self) -> Filter {
        // O_TMPFILE holds O_DIRECTORY as well, open(2).
        const TMPFILE_ALONE: u32 = (libc::O_TMPFILE & !libc::O_DIRECTORY) as u32;
        match self {
            Without::Tmpfile => Filter::of_argument(libc::SYS_openat, 2, Jump::Bits, TMPFILE_ALONE, libc::EOPNOTSUPP),
            Without::Exchange => Filter::of_argument(libc::SYS_renameat2, 4, Jump::Bits, libc::RENAME_EXCHANGE, libc::EINVAL),
            Without::HardLinks => Filter::of_argument(libc::SYS_linkat, 4, Jump::Equal, 0, libc::EPERM),
            Without::KernelCopy => Filter::new(&[libc::SYS_copy_file_range], libc::ENOSYS),
        }
    }
}
