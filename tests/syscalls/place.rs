//! Where one case happens: directories of its own on one mount or two, gone when it is over.

use std::ffi::OsString;
use std::os::unix::fs::chown;
use std::path::PathBuf;

use crate::fault::Fault;
use crate::job::Job;
use crate::run::{undisturbed, with_fault};
use crate::state::{ATTRIBUTE, State};
use crate::support::{Scratch, program_under_test, sha256, try_set_attribute};

/// More than a page, so that a partial file can be told from an empty one.
const SIZE: usize = 20_000;

pub struct Place {
    scratch: Scratch,
    /// On another mount, for jobs that name it.
    other: Option<Scratch>,
}

/// A command line, ready to be run.
pub struct Command {
    pub environment: Vec<(String, String)>,
    pub words: Vec<OsString>,
    pub input: Option<PathBuf>,
}

impl Place {
    /// Directories for one case, arranged.
    fn of(job: &Job) -> Place {
        let everything = [job.past, &[job.command], job.again].concat().concat();
        let other = everything.contains("{other}").then(|| Scratch::on("/dev/shm"));
        let place = Place { scratch: Scratch::new(), other };
        (job.arrange)(&place);
        place
    }

    /// The same, with the past the job needs.
    pub fn prepared(job: &Job, peer: Option<&PathBuf>) -> Place {
        let place = Place::of(job);
        for line in job.past {
            let mut command = place.command(line, peer);
            match command.environment.iter().position(|(name, _)| name == "KILLED_AT") {
                // What it leaves is what the job is about.
                Some(at) => {
                    let fault = Fault::kill(&command.environment.remove(at).1);
                    drop(with_fault(&place, job, &command, &fault));
                }
                None => drop(undisturbed(&place, job, &command)),
            }
        }
        place
    }

    /// The tree; the working directory of the program.
    pub fn root(&self) -> PathBuf {
        self.scratch.root()
    }

    /// A file beside the tree, which nobody judges.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.scratch.tools().join(name)
    }

    pub fn home(&self) -> PathBuf {
        self.scratch.home()
    }

    /// Where the program keeps its state, unless a command line says otherwise.
    pub fn state_dir(&self) -> PathBuf {
        self.scratch.state(None)
    }

    /// A file as it is before the job: mode 0750, somebody's if root can give it away, with an attribute.
    pub fn old(&self, name: &str) {
        let path = self.file(name, b'o', 0o750);
        if rustix::process::geteuid().is_root() {
            chown(&path, Some(1), Some(1)).expect("chown in the scratch directory");
        }
        // Not every filesystem has them.
        let _ = try_set_attribute(&path, ATTRIBUTE, b"yes");
    }

    /// A file to be installed; no two are alike.
    pub fn new_file(&self, name: &str) {
        self.file(name, name.bytes().last().expect("a name"), 0o644);
    }

    /// A file that is current when it is installed from `of`.
    pub fn current(&self, name: &str, of: &str) {
        std::fs::copy(self.path(of), self.path(name)).expect("a copy in the scratch directory");
    }

    /// A symbolic link.
    pub fn link(&self, name: &str, to: &str) {
        std::os::unix::fs::symlink(to, self.path(name)).expect("a link in the scratch directory");
    }

    pub fn directory(&self, name: &str) {
        std::fs::create_dir_all(self.path(name)).expect("a directory in the scratch directory");
    }

    fn file(&self, name: &str, byte: u8, mode: u32) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        std::fs::write(&path, vec![byte; SIZE]).expect("a file in the scratch directory");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("chmod in the scratch directory");
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root().join(self.filled_in(name))
    }

    fn filled_in(&self, word: &str) -> String {
        let other = self.other.as_ref().map(|other| other.root().display().to_string()).unwrap_or_default();
        let word = word.replace("{other}", &other).replace("{state}", &self.state_dir().display().to_string());
        match word.strip_prefix("{sha256:").and_then(|word| word.strip_suffix('}')) {
            Some(name) => sha256(std::fs::read(self.root().join(name)).expect("a file with a digest")),
            None => word,
        }
    }

    /// What a line of a job says. `peer` is run in place of `swapbin install`.
    pub fn command(&self, line: &str, peer: Option<&PathBuf>) -> Command {
        let mut command = Command { environment: Vec::new(), words: Vec::new(), input: None };
        for word in line.split_whitespace() {
            let filled = self.filled_in(word);
            match (command.words.is_empty(), filled.split_once('='), filled.strip_prefix('<')) {
                (true, Some((name, value)), _) if !name.starts_with('-') => {
                    command.environment.push((name.into(), value.into()));
                }
                (_, _, Some(file)) => command.input = Some(self.root().join(file)),
                (true, _, _) => match peer.filter(|_| word == "install") {
                    Some(peer) => command.words.push(peer.into()),
                    None => command.words.extend([program_under_test().into(), filled.into()]),
                },
                _ => command.words.push(filled.into()),
            }
        }
        command
    }

    /// Everything that is judged.
    pub fn state(&self) -> State {
        let mut state = State::default();
        state.add(&self.scratch.root(), "");
        if let Some(other) = &self.other {
            state.add(&other.root(), "{other}/");
        }
        state
    }

    /// Where the files are.
    pub fn trees(&self) -> Vec<PathBuf> {
        [Some(&self.scratch), self.other.as_ref()].into_iter().flatten().map(|scratch| scratch.root()).collect()
    }

    /// Where the job works.
    pub fn roots(&self) -> Vec<PathBuf> {
        self.trees().into_iter().chain([self.state_dir()]).collect()
    }
}
