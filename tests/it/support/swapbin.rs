//! The command under test, as a sentence: `swapbin(&scratch).from("new").to("app").run().exits(0)`.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::namespace::Namespace;
use super::outcome::Outcome;
use super::process::{Process, parts};
use super::scratch::Scratch;
use super::skip::require_program;
use super::sys::{Filter, Jump, Step, before_exec};
use super::trace::{Call, parse};

/// A run of the program under test, with this tree as its working directory.
pub fn swapbin(scratch: &Scratch) -> Swapbin<'_> {
    Swapbin {
        scratch,
        program: None,
        called: None,
        arguments: Vec::new(),
        environment: BTreeMap::new(),
        wrapper: Vec::new(),
        input: Input::Nothing,
        output: Output::Captured,
        namespace: None,
        steps: Vec::new(),
        user: None,
        denied: Vec::new(),
        measured: false,
        keeps: false,
        limit: Duration::from_secs(30),
    }
}

enum Input {
    Nothing,
    Closed,
    Bytes(Vec<u8>),
    File(File),
    Open,
}

enum Output {
    Captured,
    Closed,
    Broken,
    Full,
}

/// What to run and how. Relative names are names in the tree.
#[must_use = "nothing happens before run(), spawn() or strace()"]
pub struct Swapbin<'s> {
    scratch: &'s Scratch,
    program: Option<PathBuf>,
    called: Option<OsString>,
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    wrapper: Vec<OsString>,
    input: Input,
    output: Output,
    namespace: Option<Step>,
    steps: Vec<Step>,
    user: Option<u32>,
    denied: Vec<Filter>,
    measured: bool,
    keeps: bool,
    limit: Duration,
}

impl Swapbin<'_> {
    /// `--from SOURCE`
    pub fn from(self, source: impl AsRef<OsStr>) -> Self {
        self.arg("--from").arg(source)
    }

    /// `--to TARGET`
    pub fn to(self, target: impl AsRef<OsStr>) -> Self {
        self.arg("--to").arg(target)
    }

    /// As without the harness: the version that is replaced is kept. Else a run is told to keep none.
    pub fn keeping(mut self) -> Self {
        self.keeps = true;
        self
    }

    /// Another program, which the user of the run can reach.
    #[allow(dead_code, reason = "a word of the conformance tests")]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// This word as its `argv[0]`; not under a wrapper.
    #[allow(dead_code, reason = "a word of the conformance tests")]
    pub fn called(mut self, name: impl AsRef<OsStr>) -> Self {
        self.called = Some(name.as_ref().to_owned());
        self
    }

    /// One more argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// More arguments.
    pub fn args(self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        arguments.into_iter().fold(self, |this, argument| this.arg(argument))
    }

    /// One variable in an environment that otherwise has `PATH`, `HOME`, `LC_ALL` and `SWAPBIN_STATE_DIR` only.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// A failpoint; ask `failpoints_available()` first.
    pub fn failpoint(self, place: &str, action: &str) -> Self {
        self.env("SWAPBIN_FAILPOINT", format!("{place}={action}"))
    }

    /// These bytes on standard input, through a pipe.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Bytes(bytes.into());
        self
    }

    /// No standard input at all.
    #[allow(dead_code, reason = "a word of the conformance tests")]
    pub fn stdin_closed(mut self) -> Self {
        self.input = Input::Closed;
        self
    }

    /// This file as standard input.
    pub fn stdin_file(mut self, path: impl AsRef<Path>) -> Self {
        self.input = Input::File(File::open(path).expect("a file for standard input"));
        self
    }

    /// A pipe as standard input that stays open as long as the `Running` keeps its end.
    pub fn stdin_open(mut self) -> Self {
        self.input = Input::Open;
        self
    }

    /// No standard output at all.
    pub fn stdout_closed(mut self) -> Self {
        self.output = Output::Closed;
        self
    }

    /// A pipe that nobody reads as standard output.
    pub fn stdout_broken(mut self) -> Self {
        self.output = Output::Broken;
        self
    }

    /// A standard output to which every write fails with ENOSPC.
    pub fn stdout_full(mut self) -> Self {
        self.output = Output::Full;
        self
    }

    /// Under another program, which gets the command as its last arguments. A second one goes around the first.
    pub fn under(mut self, wrapper: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.wrapper.splice(0..0, wrapper.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// As an ordinary user with this number as uid and gid and no other group; needs root.
    #[expect(clippy::wrong_self_convention, reason = "a word of the sentence, no conversion")]
    pub fn as_user(mut self, user: u32) -> Self {
        self.user = Some(user);
        self
    }

    /// In a mount namespace.
    pub fn within(mut self, namespace: &Namespace) -> Self {
        self.namespace = Some(namespace.entrance());
        self
    }

    /// With these system calls (`libc::SYS_...`) answering this errno.
    pub fn denying(mut self, syscalls: &[libc::c_long], errno: i32) -> Self {
        self.denied.push(Filter::new(syscalls, errno));
        self
    }

    /// As on a kernel or filesystem that has no files without a name.
    pub fn without_tmpfile(mut self, errno: i32) -> Self {
        // O_TMPFILE holds O_DIRECTORY, with which directories are opened, too.
        let tmpfile_alone = (libc::O_TMPFILE & !libc::O_DIRECTORY) as u32;
        self.denied.push(Filter::of_argument(libc::SYS_openat, 2, Jump::Bits, tmpfile_alone, errno));
        self
    }

    /// As on a kernel before 6.10 for an ordinary user: a descriptor alone cannot be linked, only its name in /proc.
    pub fn without_link_of_descriptors(mut self) -> Self {
        self.denied.push(Filter::of_argument(libc::SYS_linkat, 4, Jump::Bits, libc::AT_EMPTY_PATH as u32, libc::ENOENT));
        self
    }

    /// With one request of ioctl(2) answering this errno.
    pub fn without_ioctl(mut self, request: u32, errno: i32) -> Self {
        self.denied.push(Filter::of_argument(libc::SYS_ioctl, 1, Jump::Equal, request, errno));
        self
    }

    /// As on a filesystem that grants no leases, or not to this caller.
    pub fn without_lease(mut self, errno: i32) -> Self {
        self.denied.push(Filter::of_argument(libc::SYS_fcntl, 1, Jump::Equal, libc::F_SETLEASE as u32, errno));
        self
    }

    /// With a resource limit (`libc::RLIMIT_...`).
    pub fn limited(mut self, resource: libc::__rlimit_resource_t, value: u64) -> Self {
        self.steps.push(Step::Limit(resource, value));
        self
    }

    /// With this umask.
    #[allow(dead_code, reason = "a word of the conformance tests")]
    pub fn umask(mut self, mask: u32) -> Self {
        self.steps.push(Step::Umask(mask));
        self
    }

    /// With a signal ignored from the start.
    pub fn ignoring(mut self, signal: Signal) -> Self {
        self.steps.push(Step::Ignore(signal.as_raw()));
        self
    }

    /// Measures its peak memory.
    pub fn measured(mut self) -> Self {
        self.measured = true;
        self
    }

    /// Another limit than 30 seconds, after which the run is killed and the test fails.
    pub fn within_time(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Outcome {
        let mut running = self.spawn();
        running.close_stdin();
        running.wait()
    }

    /// Runs it under strace; `None`, loudly, without strace. `calls` is what `strace -e trace=` takes.
    #[track_caller]
    pub fn strace(self, calls: &str) -> Option<(Outcome, Vec<Call>)> {
        let strace = require_program("strace")?;
        let log = fresh_report(self.scratch, "strace.log");
        let trace = format!("trace={calls}");
        let words: Vec<&OsStr> = vec![
            strace.as_os_str(),
            "-f".as_ref(),
            "-y".as_ref(),
            "-qq".as_ref(),
            "-s".as_ref(),
            "128".as_ref(),
            "-e".as_ref(),
            "signal=none".as_ref(),
            "-e".as_ref(),
            trace.as_ref(),
            "-o".as_ref(),
            log.as_os_str(),
        ];
        let outcome = self.under(words).run();
        let log = std::fs::read_to_string(log).unwrap_or_else(|error| panic!("no log of strace ({error}):\n{outcome}"));
        Some((outcome, parse(&log)))
    }

    /// Starts it.
    #[track_caller]
    pub fn spawn(self) -> Running {
        let program = match (self.program, self.user) {
            (Some(program), _) => program,
            (None, Some(_)) => self.scratch.tool(&program_under_test()),
            (None, None) => program_under_test(),
        };
        let report = self.measured.then(|| fresh_report(self.scratch, "memory"));
        let mut words: Vec<OsString> = self.wrapper;
        if let Some(report) = &report {
            let fixture = self.scratch.tool(Path::new(env!("CARGO_BIN_EXE_swapbin-fixture")));
            words.extend([fixture.into(), "measure".into(), report.into()]);
        }
        let has_wrapper = !words.is_empty();
        words.push(program.into());
        // Before the first file: for all of them.
        if self.arguments.iter().any(|word| word == "--from") && !self.keeps {
            words.extend(["--keep".into(), "0".into()]);
        }
        words.extend(self.arguments);

        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        if let Some(name) = &self.called {
            assert!(!has_wrapper, "a wrapper gets its own name");
            command.arg0(name);
        }
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.scratch.home()).env("LC_ALL", "C");
        command.env("SWAPBIN_STATE_DIR", self.scratch.state(self.user)).envs(&self.environment);
        let stdin_closed = matches!(self.input, Input::Closed);
        let (stdin, bytes) = match self.input {
            Input::Nothing | Input::Closed => (Stdio::null(), None),
            Input::Bytes(bytes) => (Stdio::piped(), Some(bytes)),
            Input::File(file) => (Stdio::from(file), None),
            Input::Open => (Stdio::piped(), None),
        };
        // Files, not pipes: nothing to drain, and a process that outlives the run cannot hold the test up.
        let [stdout, stderr] = [(); 2].map(|()| tempfile::tempfile().expect("a file for the output"));
        command.stdin(stdin).stderr(stderr.try_clone().expect("a second descriptor"));
        command.stdout(match self.output {
            Output::Captured => Stdio::from(stdout.try_clone().expect("a second descriptor")),
            Output::Closed => Stdio::null(),
            Output::Broken => Stdio::from(std::io::pipe().expect("a pipe").1),
            Output::Full => Stdio::from(File::options().write(true).open("/dev/full").expect("/dev/full")),
        });

        let mut steps: Vec<Step> = self.namespace.into_iter().collect();
        let directory = CString::new(self.scratch.root().as_os_str().as_bytes()).expect("a path has no NUL");
        steps.push(Step::Directory(directory));
        steps.extend(self.steps);
        if stdin_closed {
            steps.push(Step::Close(libc::STDIN_FILENO));
        }
        if matches!(self.output, Output::Closed) {
            steps.push(Step::Close(libc::STDOUT_FILENO));
        }
        steps.extend(self.user.map(Step::Become));
        steps.extend(self.denied.into_iter().map(Step::Deny));
        before_exec(&mut command, steps);

        let text = format!("{command:?}");
        let started = Instant::now();
        let mut process = if has_wrapper { Process::spawn_group(&mut command) } else { Process::spawn(&mut command) };
        let mut stdin = process.pipes().stdin.take();
        if let Some(bytes) = bytes {
            let mut pipe = stdin.take().expect("a pipe was asked for");
            // Ends with the child at the latest, which closes the other end; what it did not read is no error.
            std::thread::spawn(move || pipe.write_all(&bytes));
        }
        Running { process, stdin, stdout, stderr, report, text, started, limit: self.limit }
    }
}

/// The program under test: `SWAPBIN_UNDER_TEST`, or what cargo built along with the tests.
pub fn program_under_test() -> PathBuf {
    let program = std::env::var_os("SWAPBIN_UNDER_TEST").unwrap_or_else(|| env!("CARGO_BIN_EXE_swapbin").into());
    std::fs::canonicalize(&program).unwrap_or_else(|error| panic!("the program under test, {program:?}: {error}"))
}

/// An empty file that a wrapper may write as any user.
fn fresh_report(scratch: &Scratch, name: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let report = scratch.tools().join(name);
    std::fs::write(&report, b"").expect("a file for the report");
    std::fs::set_permissions(&report, PermissionsExt::from_mode(0o666)).expect("chmod of the report");
    report
}

/// A run that has not ended; killed when dropped.
pub struct Running {
    process: Process,
    stdin: Option<ChildStdin>,
    stdout: File,
    stderr: File,
    report: Option<PathBuf>,
    text: String,
    started: Instant,
    limit: Duration,
}

impl Running {
    /// Its process, or the wrapper's.
    pub fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// Sends a signal.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Whether it has not ended.
    pub fn is_alive(&mut self) -> bool {
        self.process.is_alive()
    }

    /// Writes to its standard input, which must be `stdin_open()`.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("an open standard input").write_all(bytes).expect("somebody reads");
    }

    /// Ends its standard input.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits until it has stopped itself, as a failpoint's `pause` does.
    #[track_caller]
    pub fn wait_until_paused(&mut self) {
        self.wait_until("it stops itself", |this| this.state() == Some('T'));
    }

    /// Waits until something holds, while the run lasts and within its limit.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, mut holds: impl FnMut(&mut Running) -> bool) {
        while !holds(self) {
            if !self.process.is_alive() {
                panic!("it ended before {what}:\n{}", self.outcome_of_the_end());
            }
            if self.started.elapsed() > self.limit {
                self.process.kill();
                let limit = self.limit;
                panic!("{limit:?} passed before {what}:\n{}", self.outcome_of_the_end());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until it has ended, with whatever it was given to wait for still open.
    #[track_caller]
    pub fn wait_until_ended_by_itself(&mut self) {
        let left = self.limit.saturating_sub(self.started.elapsed());
        assert!(self.process.wait(left).is_some(), "it still waits for something: {}", self.text);
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        let left = self.limit.saturating_sub(self.started.elapsed());
        if self.process.wait(left).is_none() {
            self.process.kill();
            let limit = self.limit;
            panic!("killed after {limit:?}:\n{}", self.outcome_of_the_end());
        }
        self.outcome_of_the_end()
    }

    /// The state letter of /proc/PID/stat.
    fn state(&self) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid().as_raw_nonzero())).ok()?;
        stat.rsplit_once(')')?.1.trim_start().chars().next()
    }

    fn outcome_of_the_end(&mut self) -> Outcome {
        let took = self.started.elapsed();
        let status = self.process.wait(Duration::ZERO).expect("it has ended");
        let (code, signal) = parts(status);
        let peak_memory = self.report.as_ref().map(|report| {
            let kibibytes = std::fs::read_to_string(report).expect("the report of the measuring program");
            kibibytes.parse::<u64>().map_or(0, |kibibytes| kibibytes * 1024)
        });
        let (stdout, stderr) = (all_of(&mut self.stdout), all_of(&mut self.stderr));
        Outcome { command: self.text.clone(), code, signal, stdout, stderr, took, peak_memory }
    }
}

fn all_of(file: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).expect("the output can be read from its beginning");
    file.read_to_end(&mut bytes).expect("the output can be read");
    bytes
}
