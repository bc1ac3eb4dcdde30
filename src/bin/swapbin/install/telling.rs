//! What is said about what was done: collected here, printed by somebody else.

use std::ffi::OsStr;
use std::path::Path;

use swapbin::{Copied, DirectoryError, InstallError, InstallFile, Installed, LabelError, MadeDirectory};

use super::invocation::{Context, Verbosity};
use super::messages::Voice;

/// Text for one of the two streams, in the order in which it is to be printed.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// For standard output.
    News(Vec<u8>),
    /// For standard error.
    Complaint(Vec<u8>),
}

/// The lines for both streams, and whether anything failed.
pub struct Telling<'a> {
    voice: &'a Voice,
    verbosity: Verbosity,
    context: &'a Context,
    said: Vec<Said>,
    failed: bool,
    cancelled: bool,
}

impl<'a> Telling<'a> {
    /// What is said about labels depends on which ones were wanted.
    pub fn new(voice: &'a Voice, verbosity: Verbosity, context: &'a Context) -> Telling<'a> {
        Telling { voice, verbosity, context, said: Vec::new(), failed: false, cancelled: false }
    }

    /// All of it.
    pub fn said(&self) -> &[Said] {
        &self.said
    }

    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Whether something was not done because a signal came.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// A directory of `-d`.
    pub fn directory(&mut self, made: &MadeDirectory, path: &OsStr) {
        self.created(made);
        let voice = self.voice;
        for (unlabelled, error) in &made.unlabelled {
            self.complain(match error {
                LabelError::Policy(error) => voice.no_labels(error),
                LabelError::LookUp(error) | LabelError::Set { source: error, .. } if unlabelled.as_os_str() == path => {
                    voice.cannot_restore_label(path, error)
                }
                error => directory_label(voice, unlabelled.as_os_str(), error),
            });
        }
        match &made.outcome {
            Ok(()) => {}
            Err(DirectoryError::Label { path, source }) => self.fail(voice.cannot_set_context(path.as_os_str(), source)),
            Err(DirectoryError::Create { path, source }) => self.fail(voice.cannot_make_directory(path.as_os_str(), source)),
            Err(DirectoryError::Mode(error)) => self.fail(voice.cannot_change_directory_mode(path, error)),
            Err(DirectoryError::OwnerAndMode(error)) => self.fail(voice.cannot_change_owner_and_mode(path, error)),
            Err(error) => self.not_done(error, path),
        }
    }

    /// The directory of `-D -t`, made and gone again, or without a name.
    pub fn unusable(&mut self, path: &Path, error: &std::io::Error) {
        self.fail(self.voice.cannot_open(path.as_os_str(), error));
    }

    /// The leading directories of `-D`; says whether files can go there.
    pub fn leading(&mut self, made: &MadeDirectory, path: &Path) -> bool {
        self.created(made);
        for (unlabelled, error) in &made.unlabelled {
            self.complain(directory_label(self.voice, unlabelled.as_os_str(), error));
        }
        match &made.outcome {
            Ok(()) => return true,
            Err(DirectoryError::Label { path, source }) => {
                self.fail(self.voice.cannot_set_context(path.as_os_str(), source));
            }
            Err(DirectoryError::Create { path, source }) => {
                self.fail(self.voice.cannot_create_directory(path.as_os_str(), source));
            }
            Err(error) => self.not_done(error, path.as_os_str()),
        }
        matches!(made.outcome, Err(DirectoryError::InDoubt(_)))
    }

    fn created(&mut self, made: &MadeDirectory) {
        if self.verbosity >= Verbosity::Names {
            made.created.iter().for_each(|path| self.tell(self.voice.creating_directory(path.as_os_str())));
        }
    }

    fn not_done(&mut self, error: &DirectoryError, path: &OsStr) {
        match error {
            DirectoryError::InDoubt(error) => self.fail(self.voice.in_doubt(path, error)),
            _ => (self.failed, self.cancelled) = (true, true),
        }
    }

    /// A file. `program` is the one that strips it.
    pub fn file(&mut self, outcome: &Installed, file: &InstallFile, program: Option<&OsStr>) {
        let (source, dest) = (file.source.as_os_str(), file.target.as_os_str());
        let voice = self.voice;
        if let Installed::New { unlabelled: Some(error), .. } = outcome {
            self.complain(file_label(voice, self.context, error, source, dest));
        }
        match outcome {
            Installed::New { replaced, backup, copied, .. } if self.verbosity >= Verbosity::Names => {
                if *replaced && backup.is_none() {
                    self.tell(voice.removed(dest));
                }
                self.tell(voice.installed(source, dest, backup.as_ref().map(|path| path.as_os_str())));
                if self.verbosity >= Verbosity::Copying {
                    self.tell(copied_line(voice, *copied));
                }
            }
            Installed::New { .. } | Installed::Current => {}
            Installed::HeldBack => self.failed = true,
            Installed::Failed(InstallError::Cancelled) => (self.failed, self.cancelled) = (true, true),
            Installed::Failed(error) => {
                if self.verbosity >= Verbosity::Names && is_late(error) {
                    self.tell(voice.installed(source, dest, None));
                }
                self.fail(complaint(voice, error, source, dest, program));
            }
        }
    }

    fn tell(&mut self, news: Vec<u8>) {
        match self.said.last_mut() {
            Some(Said::News(more)) => more.extend(news),
            _ => self.said.push(Said::News(news)),
        }
    }

    fn fail(&mut self, complaint: Vec<u8>) {
        self.complain(complaint);
        self.failed = true;
    }

    /// Nothing fails by it.
    fn complain(&mut self, complaint: Vec<u8>) {
        self.said.push(Said::Complaint(complaint));
    }
}

/// Whether install(1) has said already what it is about to do when this happens.
fn is_late(error: &InstallError) -> bool {
    use InstallError::*;
    matches!(
        error,
        OpenSource(_)
            | ReadSource(_)
            | SourceReplaced
            | Create(_)
            | Write(_)
            | Owner(_)
            | Mode(_)
            | Label(_)
            | Attribute(_)
            | Times(_)
            | RunStrip(_)
            | Strip
            | Stripped(_)
            | InDoubt(_)
    )
}

fn complaint(voice: &Voice, error: &InstallError, source: &OsStr, dest: &OsStr, program: Option<&OsStr>) -> Vec<u8> {
    use InstallError::*;
    match error {
        StatSource(error) => voice.cannot_stat(source, error),
        SourceIsDirectory => voice.omitting_directory(source),
        OpenSource(error) => voice.cannot_open_source(source, error),
        ReadSource(error) => voice.cannot_read(source, error),
        SourceReplaced => voice.source_replaced(source),
        StatTarget(error) => voice.cannot_stat(dest, error),
        TargetIsDirectory => voice.dest_is_directory(dest, source),
        SameFile => voice.same_file(source, dest),
        JustCreated => voice.just_created(dest, source),
        BackupIsSource { .. } => voice.backup_is_source(dest, source),
        BackUp(error) => voice.cannot_back_up(dest, error),
        Create(error) => voice.cannot_create_file(dest, error),
        Write(error) => voice.cannot_write(dest, error),
        Owner(error) => voice.cannot_change_owner(dest, error),
        Mode(error) => voice.cannot_change_mode(dest, error),
        Label(error) => voice.cannot_set_context(dest, error),
        Attribute(error) => voice.cannot_keep_attributes(dest, error),
        Times(error) => voice.cannot_set_times(dest, error),
        RunStrip(error) if is_of_fork(error) => voice.cannot_fork(error),
        RunStrip(error) => [voice.cannot_run(program.unwrap_or_default(), error), voice.strip_failed()].concat(),
        Strip => voice.strip_failed(),
        Stripped(why) => voice.unfit_after_strip(dest, why),
        Replace(error) => voice.cannot_remove(dest, error),
        Refused(obstacle) => voice.refused(dest, &format!("it {obstacle}")),
        InDoubt(error) => voice.in_doubt(dest, error),
        NotTakenBack(error) => voice.not_taken_back(dest, error),
        other => voice.refused(dest, &format!("{other:?}")),
    }
}

/// Whether no process could be made, fork(2); what else goes wrong is about the program, execve(2).
fn is_of_fork(error: &std::io::Error) -> bool {
    matches!(rustix::io::Errno::from_io_error(error), Some(rustix::io::Errno::AGAIN | rustix::io::Errno::NOMEM))
}

/// Why a file that is in place does not have its label. Only what install(1) does without being asked is called a warning.
fn file_label(voice: &Voice, context: &Context, error: &LabelError, source: &OsStr, dest: &OsStr) -> Vec<u8> {
    match (context, error) {
        (_, LabelError::Policy(error)) => voice.no_labels(error),
        (_, LabelError::ReadSource(error)) => voice.cannot_read_label(source, error),
        (Context::Usual, LabelError::LookUp(error)) => voice.no_label_for(dest, error),
        (Context::Usual, LabelError::Set { label, source }) => voice.cannot_set_label(dest, label, source),
        (Context::OfSource, LabelError::Set { label, source }) => voice.cannot_use_context(label, source),
        (_, LabelError::LookUp(error) | LabelError::Set { source: error, .. }) => voice.cannot_choose_label(dest, error),
        (_, other) => voice.refused(dest, &format!("{other:?}")),
    }
}

/// The same of a directory that was missing.
fn directory_label(voice: &Voice, path: &OsStr, error: &LabelError) -> Vec<u8> {
    match error {
        LabelError::Policy(error) => voice.no_labels(error),
        LabelError::LookUp(error) | LabelError::Set { source: error, .. } => voice.cannot_choose_directory_label(path, error),
        other => voice.refused(path, &format!("{other:?}")),
    }
}

/// How the bytes got there, in the words that cp(1) has for it.
fn copied_line(voice: &Voice, copied: Copied) -> Vec<u8> {
    match copied {
        Copied::Reflink => voice.copied("unknown", "yes", "unknown"),
        Copied::Kernel => voice.copied("yes", "unsupported", "no"),
        Copied::Sparse => voice.copied("yes", "unsupported", "SEEK_HOLE"),
        Copied::Stream => voice.copied("avoided", "unsupported", "no"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::quote::Charset;

    fn told(outcome: Installed, verbosity: Verbosity) -> (String, String, bool) {
        let voice = Voice::new("install".as_ref(), Charset::Ascii);
        let mut telling = Telling::new(&voice, verbosity, &Context::Usual);
        telling.file(&outcome, &InstallFile { source: "a".into(), target: "d".into() }, Some("st".as_ref()));
        let (mut news, mut complaints) = (String::new(), String::new());
        for said in telling.said() {
            match said {
                Said::News(text) => news += str::from_utf8(text).unwrap(),
                Said::Complaint(text) => complaints += str::from_utf8(text).unwrap(),
            }
        }
        (news, complaints, telling.has_failed())
    }

    #[test]
    fn what_was_replaced_is_told_unless_it_was_kept() {
        let new = |replaced, backup: Option<&str>| Installed::New {
            replaced,
            backup: backup.map(Into::into),
            copied: Copied::Kernel,
            unlabelled: None,
        };
        let news = |outcome, verbosity| told(outcome, verbosity).0;
        assert_eq!(news(new(true, None), Verbosity::Names), "removed 'd'\n'a' -> 'd'\n");
        assert_eq!(news(new(true, Some("d~")), Verbosity::Names), "'a' -> 'd' (backup: 'd~')\n");
        assert_eq!(news(new(false, None), Verbosity::Silent), "");
        let copied = "'a' -> 'd'\ncopy offload: yes, reflink: unsupported, sparse detection: no\n";
        assert_eq!(news(new(false, None), Verbosity::Copying), copied);
        assert_eq!(told(Installed::Current, Verbosity::Names), (String::new(), String::new(), false));
    }

    #[test]
    fn a_program_that_cannot_run_is_two_complaints() {
        let failed = Installed::Failed(InstallError::RunStrip(std::io::Error::from_raw_os_error(2)));
        let words = "install: cannot run 'st': No such file or directory\ninstall: strip process terminated abnormally\n";
        assert_eq!(told(failed, Verbosity::Silent), (String::new(), words.into(), true));
        assert_eq!(told(Installed::HeldBack, Verbosity::Names), (String::new(), String::new(), true));
    }
}
