//! One run of one program on a tree of its own, and what was seen.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::case::{Case, Input, Output};
use super::facts::{Before, Lines, open_up};
use super::tree::Tree;
use crate::support::{Namespace, Outcome, swapbin};

/// The language of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    C,
    Utf8,
}

impl Locale {
    pub fn name(self) -> &'static str {
        match self {
            Locale::C => "C",
            Locale::Utf8 => "C.UTF-8",
        }
    }
}

/// The circumstances in which both programs are run.
#[derive(Clone, Copy)]
pub struct Circumstances {
    pub locale: Locale,
    /// `None`: as the process itself.
    pub user: Option<u32>,
}

/// A program and how it is started.
#[derive(Clone, Debug)]
pub struct Program {
    pub path: PathBuf,
    pub called: Option<&'static str>,
    /// `install`, where the program has subcommands.
    pub subcommand: Option<&'static str>,
}

/// All that two runs are compared in.
#[derive(Clone)]
pub struct Seen {
    pub locale: Locale,
    /// uid and gid of the run.
    pub owner: String,
    pub before: Lines,
    pub ending: String,
    pub stdout: String,
    pub stderr: String,
    pub tree: Lines,
    /// The directories in which no name came or went.
    pub still: BTreeSet<String>,
}

/// Runs it.
pub fn run(case: &Case, program: &Program, circumstances: Circumstances) -> Seen {
    let tree = Tree::new(circumstances.user);
    case.arrange.iter().for_each(|arrange| arrange(&tree));
    let root = tree.scratch().root();
    let before = Before::of(&root);
    let outcome = start(case, program, circumstances, &tree);
    let after = before.after(&root);
    open_up(&root);
    let owner = match circumstances.user {
        Some(user) => format!("{user}:{user}"),
        None => format!("{}:{}", rustix::process::geteuid(), rustix::process::getegid()),
    };
    Seen {
        locale: circumstances.locale,
        owner,
        before: before.lines.clone(),
        ending: match (outcome.code, outcome.signal) {
            (Some(code), _) => format!("exit code {code}"),
            (None, signal) => format!("signal {}", signal.unwrap_or(0)),
        },
        stdout: text(case, &outcome.stdout),
        stderr: text(case, &outcome.stderr),
        tree: after.lines,
        still: after.still,
    }
}

fn start(case: &Case, program: &Program, circumstances: Circumstances, tree: &Tree) -> Outcome {
    let mut command = swapbin(tree.scratch()).program(&program.path).umask(case.umask);
    command = command.env("LC_ALL", circumstances.locale.name());
    for (name, value) in &case.environment {
        command = command.env(name, value);
    }
    if let Some(name) = program.called {
        command = command.called(name);
    }
    command = command.args(program.subcommand).args(&case.words);
    command = match &case.input {
        Input::Nothing => command,
        Input::Closed => command.stdin_closed(),
        Input::Bytes(bytes) => command.stdin(bytes.clone()),
    };
    command = match case.output {
        Output::Captured => command,
        Output::Closed => command.stdout_closed(),
        Output::Broken => command.stdout_broken(),
        Output::Full => command.stdout_full(),
    };
    if let Some(signal) = case.ignored {
        command = command.ignoring(signal);
    }
    if let Some(user) = circumstances.user {
        command = command.as_user(user);
    }
    let namespace = case.mounts.map(|mount| {
        let namespace = Namespace::new();
        mount(&namespace, tree);
        namespace
    });
    if let Some(namespace) = &namespace {
        command = command.within(namespace);
    }
    match case.fed {
        None => command.run(),
        Some((fifo, bytes)) => feeding(&tree.scratch().path(fifo), bytes, || command.run()),
    }
}

/// Writes into a fifo as soon as somebody reads it, while `work` is done.
fn feeding(fifo: &Path, bytes: &'static [u8], work: impl FnOnce() -> Outcome) -> Outcome {
    let path = fifo.to_owned();
    let writer = std::thread::spawn(move || {
        let mut fifo = File::options().write(true).open(path).expect("a fifo can be opened");
        // Whoever reads may stop reading.
        let _ = fifo.write_all(bytes);
    });
    // Held until the end, so that a writer nobody read from does not wait for ever.
    let outcome = work();
    let _reader = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(fifo);
    writer.join().expect("a writer does not fail");
    outcome
}

/// The text, or that there is one.
fn text(case: &Case, bytes: &[u8]) -> String {
    match (case.text_compared, bytes) {
        (false, [_, ..]) => String::from("(something)"),
        // Bytes that are no text must not become equal to others.
        _ => std::str::from_utf8(bytes).map_or_else(|_| bytes.escape_ascii().to_string(), str::to_owned),
    }
}

impl Seen {
    /// What a run that failed has lost; a case in which the oracle does so must be marked.
    pub fn losses(&self) -> impl Iterator<Item = String> {
        let gone = self.before.keys().filter(|name| self.ending != "exit code 0" && !self.tree.contains_key(*name));
        gone.map(|name| format!("the oracle loses {name}: this case needs a mark"))
    }

    /// In what the other one is not this.
    pub fn differences(&self, other: &Seen) -> Vec<String> {
        let mut found = Vec::new();
        for (what, wanted, seen) in [
            ("ended with", &self.ending, &other.ending),
            ("stdout", &self.stdout, &other.stdout),
            ("stderr", &self.stderr, &other.stderr),
        ] {
            if wanted != seen && !(what == "stderr" && is_newer_wording(wanted, seen)) {
                found.push(format!("{what}\n  wanted {wanted:?}\n  seen   {seen:?}"));
            }
        }
        let names: BTreeSet<&String> = self.tree.keys().chain(other.tree.keys()).collect();
        for name in names {
            let (wanted, seen) = (self.tree.get(name), other.tree.get(name));
            if wanted != seen {
                let shown = |line: Option<&String>| line.map_or("nothing", String::as_str).to_owned();
                found.push(format!("{name}\n  wanted {}\n  seen   {}", shown(wanted), shown(seen)));
            }
        }
        // Where there was nothing to do, nothing was to be tried.
        if self.ending == "exit code 0" {
            let stirred = self.still.iter().filter(|name| other.tree.contains_key(*name) && !other.still.contains(*name));
            found.extend(stirred.map(|name| format!("{name}\n  wanted still\n  seen   names came or went")));
        }
        found
    }
}

/// Whether the one is the other in the words of coreutils after 9.1, which also name the file that is no directory. It is too
/// many cases to mark them one by one; `no_target_directory.rs` has the marks that spell the words out.
fn is_newer_wording(old: &str, new: &str) -> bool {
    let mut lines = old.lines().zip(new.lines());
    old.lines().count() == new.lines().count()
        && lines.all(|(old, new)| {
            let names_it = || new.strip_prefix(old).is_some_and(|rest| rest.starts_with([' ']) && rest.len() > 1);
            old == new || (old.ends_with(" with non-directory") && names_it())
        })
}
