//! What is said about what was done: collected here, printed by somebody else.

use std::ffi::OsStr;
use std::path::Path;

use swapbin::{Copied, DirectoryError, InstallError, InstallFile, Installed, MadeDirectory};

use super::invocation::Verbosity;
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
    said: Vec<Said>,
    failed: bool,
    cancelled: bool,
}

impl<'a> Telling<'a> {
    pub fn new(voice: &'a Voice, verbosity: Verbosity) -> Telling<'a> {
        Telling { voice, verbosity, said: Vec::new(), failed: false, cancelled: false }
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
        match &made.outcome {
            Ok(()) => {}
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
        match &made.outcome {
            Ok(()) => return true,
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
        match outcome {
            Installed::New { replaced, backup, copied } if self.verbosity >= Verbosity::Names => {
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
        self.said.push(Said::Complaint(complaint));
        self.failed = true;
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
            | Attribute(_)
            | Times(_)
            | RunStrip(_)
            | Strip
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
        Attribute(error) => voice.cannot_keep_attributes(dest, error),
        Times(error) => voice.cannot_set_times(dest, error),
        RunStrip(error) => [voice.cannot_run(program.unwrap_or_default(), error), voice.strip_failed()].concat(),
        Strip => voice.strip_failed(),
        Replace(error) => voice.cannot_remove(dest, error),
        Refused(obstacle) => voice.refused(dest, &format!("it {obstacle}")),
        InDoubt(error) => voice.in_doubt(dest, error),
        NotTakenBack(error) => voice.not_taken_back(dest, error),
        other => voice.refused(dest, &format!("{other:?}")),
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
        let mut telling = Telling::new(&voice, verbosity);
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
        let new =
            |replaced, backup: Option<&str>| Installed::New { replaced, backup: backup.map(Into::into), copied: Copied::Kernel };
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
