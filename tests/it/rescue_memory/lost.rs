//! A file that only a process still has, and what was made again of it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::claims::Claims;
use crate::support::{Process, Scratch, Step, before_exec, ordinary_uid};

const LIMIT: Duration = Duration::from_secs(60);

/// A command that runs as this user.
pub fn command(program: &Path, words: &[&OsStr], uid: u32) -> Command {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A backtrace maps the whole file, and then everything is exact.
    command.env("RUST_BACKTRACE", "0");
    if rustix::process::geteuid().is_root() && uid != 0 {
        before_exec(&mut command, vec![Step::Become(uid)]);
    }
    command
}

/// What a program prints that ends well.
#[track_caller]
pub fn output(program: &Path, words: &[&OsStr], uid: u32) -> String {
    let (ok, out, error) = outcome(program, words, uid);
    assert!(ok, "{} {words:?}: {out}{error}", program.display());
    out
}

/// Whether it ended well, and both its outputs.
pub fn outcome(program: &Path, words: &[&OsStr], uid: u32) -> (bool, String, String) {
    let mut process = Process::spawn(command(program, words, uid).stdin(Stdio::null()));
    let (mut out, mut error) = (String::new(), String::new());
    let pipes = process.pipes();
    pipes.stdout.take().expect("a pipe was asked for").read_to_string(&mut out).expect("text");
    pipes.stderr.take().expect("a pipe was asked for").read_to_string(&mut error).expect("text");
    let status = process.wait(LIMIT).expect("it ends by itself");
    (status.success(), out, error)
}

/// A process that has said `ready`.
pub struct Running {
    process: Process,
    /// What it said before.
    pub said: String,
}

impl Running {
    #[track_caller]
    pub fn start(program: &Path, words: &[&OsStr], uid: u32) -> Running {
        let mut process = Process::spawn_group(&mut command(program, words, uid));
        let mut lines = BufReader::new(process.pipes().stdout.take().expect("a pipe was asked for")).lines();
        let mut said = String::new();
        loop {
            match lines.next() {
                Some(Ok(line)) if line == "ready" => return Running { process, said },
                Some(Ok(line)) => said.push_str(&format!("{line}\n")),
                _ => panic!("{} {words:?} did not become ready: {said}", program.display()),
            }
        }
    }

    pub fn pid(&self) -> String {
        self.process.pid().as_raw_nonzero().to_string()
    }

    #[track_caller]
    pub fn assert_alive(&mut self) {
        assert!(self.process.is_alive(), "the process goes on");
    }
}

/// Has a user make a file again that a process has; what is claimed of it, or what was said against it.
pub fn rebuild(scratch: &Scratch, pid: &str, name: &str, to: &Path, uid: u32) -> Result<Claims, String> {
    let tool = scratch.tool(Path::new(env!("CARGO_BIN_EXE_swapbin-fixture")));
    let words = [OsStr::new("rebuild"), pid.as_ref(), name.as_ref(), to.as_os_str()];
    let (ok, out, error) = outcome(&tool, &words, uid);
    if ok { Ok(Claims::parse(&out)) } else { Err(error) }
}

/// A directory that user may write to.
pub fn place(scratch: &Scratch, uid: u32) -> PathBuf {
    let made = scratch.directory("made");
    if rustix::process::geteuid().is_root() { made.owner(uid, uid).to_path_buf() } else { made.to_path_buf() }
}

/// What was made again of a file that is gone.
pub struct Remade {
    pub original: Vec<u8>,
    pub bytes: Vec<u8>,
    pub claims: Claims,
}

/// Runs or loads a file (`program` with `words`, of which one may be the file itself), deletes it, makes it again out of the
/// memory of that process as an ordinary user, and demands that what was made says the same, that the process goes on, and
/// that all that is claimed is true.
#[track_caller]
pub fn lose_and_remake(scratch: &Scratch, program: &Path, words: &[&OsStr], file: &Path) -> Remade {
    lose_and_remake_as(scratch, program, words, file, ordinary_uid())
}

#[track_caller]
pub fn lose_and_remake_as(scratch: &Scratch, program: &Path, words: &[&OsStr], file: &Path, uid: u32) -> Remade {
    let original = fs::read(file).expect("the fixture");
    let mut running = Running::start(program, words, uid);
    fs::remove_file(file).expect("it is there");
    let name = file.file_name().and_then(OsStr::to_str).expect("a name of a test is UTF-8");
    let path = place(scratch, uid).join(name);
    let claims = rebuild(scratch, &running.pid(), &format!("/{name}"), &path, uid).unwrap_or_else(|error| panic!("{error}"));
    running.assert_alive();

    let moved = |word: &Path| if word == file { path.clone() } else { word.to_owned() };
    let again: Vec<PathBuf> = words.iter().map(|word| moved(Path::new(word))).chain([PathBuf::from("once")]).collect();
    let again: Vec<&OsStr> = again.iter().map(|word| word.as_os_str()).collect();
    assert_eq!(output(&moved(program), &again, uid), running.said, "what was made again says the same");
    let bytes = fs::read(&path).expect("what was made");
    claims.assert_true(&original, &bytes);
    Remade { original, bytes, claims }
}
