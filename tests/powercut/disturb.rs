//! Runs a command while the filesystem is made to commit at bad moments.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::filesystem::Filesystem;
use super::stepper;
use super::sys;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    None,
    /// Another process forces commits every few milliseconds.
    Beside,
    /// After each system call that may change something the program waits, and a commit is forced.
    Steps,
    /// The power went once already, and goes again while `recover` goes step by step.
    Recovery,
}

impl Disturbance {
    pub const ALL: [Disturbance; 4] = [Disturbance::None, Disturbance::Beside, Disturbance::Steps, Disturbance::Recovery];

    pub fn name(self) -> &'static str {
        match self {
            Disturbance::None => "undisturbed",
            Disturbance::Beside => "beside",
            Disturbance::Steps => "steps",
            Disturbance::Recovery => "recovery",
        }
    }

    pub fn named(name: &str) -> Option<Disturbance> {
        Disturbance::ALL.into_iter().find(|disturbance| disturbance.name() == name)
    }
}

/// Files on which commits are forced, one of each disk.
pub struct Neighbours {
    pub filesystem: Filesystem,
    pub paths: Vec<PathBuf>,
}

impl Neighbours {
    /// # Errors
    /// Of open(2).
    pub fn open(&self) -> io::Result<Vec<File>> {
        self.paths.iter().map(File::open).collect()
    }
}

/// What is done after each system call; it is told whether that was a rename.
pub type Step<'a> = &'a mut dyn FnMut(bool) -> io::Result<()>;

/// Runs the command, with its words going to `words`.
///
/// # Errors
/// It could not be run, or the disturbance failed.
pub fn run(
    command: &[String],
    environment: [(&str, Option<&str>); 2],
    words: &File,
    step: Option<Step<'_>>,
) -> io::Result<ExitStatus> {
    let mut child = Command::new(&command[0]);
    child.args(&command[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(words.try_clone()?);
    child.env_remove("SWAPBIN_DURABILITY");
    for (name, value) in environment {
        match value {
            Some(value) => child.env(name, value),
            None => child.env_remove(name),
        };
    }
    sys::die_with_parent(&mut child);
    match step {
        None => child.status(),
        Some(step) => stepper::run(&mut child, step),
    }
}

/// The process that forces commits. It ends with this value, or with the thread that holds it.
pub struct Committer(Child);

impl Committer {
    /// Starts it; it has committed once when this returns.
    ///
    /// # Errors
    /// It could not be started, or not commit.
    pub fn start(neighbours: &Neighbours) -> io::Result<Committer> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--committer").arg(neighbours.filesystem.name()).args(&neighbours.paths);
        let child = sys::die_with_parent(&mut command).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut committer = Committer(child);
        let mut ready = [0];
        committer.0.stdout.as_mut().expect("a pipe").read_exact(&mut ready)?;
        Ok(committer)
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What that process does.
///
/// # Errors
/// A commit failed.
pub fn commit_forever(neighbours: &Neighbours) -> io::Result<()> {
    let files = neighbours.open()?;
    let mut told = false;
    loop {
        files.iter().try_for_each(|file| neighbours.filesystem.commit(file))?;
        if !told {
            io::stdout().write_all(b"!")?;
            io::stdout().flush()?;
            told = true;
        }
        // No synchronisation: the pause is the disturbance's rhythm.
        std::thread::sleep(Duration::from_millis(1));
    }
}
