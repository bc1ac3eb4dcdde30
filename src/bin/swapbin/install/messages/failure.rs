//! What is said when a file cannot be installed.

use std::ffi::OsStr;
use std::io;

use super::Voice;

impl Voice {
    /// The source, or the destination, cannot be looked at.
    pub fn cannot_stat(&self, path: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot stat {}", path, error)
    }

    pub fn omitting_directory(&self, source: &OsStr) -> Vec<u8> {
        self.line("omitting directory {}", &[self.name(source)])
    }

    pub fn same_file(&self, source: &OsStr, dest: &OsStr) -> Vec<u8> {
        self.line("{} and {} are the same file", &[self.name(source), self.name(dest)])
    }

    /// An earlier source of the same call is there under that name.
    pub fn just_created(&self, dest: &OsStr, source: &OsStr) -> Vec<u8> {
        self.line("will not overwrite just-created {} with {}", &[self.name(dest), self.name(source)])
    }

    /// coreutils 9.1 does not name the source.
    pub fn dest_is_directory(&self, dest: &OsStr, source: &OsStr) -> Vec<u8> {
        self.line("cannot overwrite directory {} with non-directory {}", &[self.name(dest), self.name(source)])
    }

    /// The source has the name that the backup of `dest` would get. Two spaces, as coreutils has them.
    pub fn backup_is_source(&self, dest: &OsStr, source: &OsStr) -> Vec<u8> {
        self.line("backing up {} might destroy source;  {} not copied", &[self.name(dest), self.name(source)])
    }

    pub fn cannot_back_up(&self, dest: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot backup {}", dest, error)
    }

    pub fn cannot_open_source(&self, source: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot open {} for reading", source, error)
    }

    /// The source was replaced between the first look at it and its opening.
    pub fn source_replaced(&self, source: &OsStr) -> Vec<u8> {
        self.line("skipping file {}, as it was replaced while being copied", &[self.name(source)])
    }

    pub fn cannot_read(&self, source: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("error reading {}", source, error)
    }

    pub fn cannot_write(&self, dest: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("error writing {}", dest, error)
    }

    pub fn cannot_create_file(&self, dest: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot create regular file {}", dest, error)
    }

    /// What stands there could not be replaced: coreutils removes it first.
    pub fn cannot_remove(&self, dest: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot remove {}", dest, error)
    }

    pub fn cannot_create_directory(&self, directory: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot create directory {}", directory, error)
    }

    /// With `-d`, where coreutils use the quotes of the locale.
    pub fn cannot_make_directory(&self, directory: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("cannot create directory {}", &[self.word(directory)], error)
    }

    /// The directory of `-D -t` could not be opened after it was made.
    pub fn cannot_open(&self, directory: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot open {}", directory, error)
    }

    pub fn cannot_change_owner(&self, dest: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot change ownership of {}", dest, error)
    }

    pub fn cannot_change_mode(&self, dest: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot change permissions of {}", dest, error)
    }

    /// With `-d`.
    pub fn cannot_change_owner_and_mode(&self, directory: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("cannot change owner and permissions of {}", &[self.word(directory)], error)
    }

    /// With `-d`.
    pub fn cannot_change_directory_mode(&self, directory: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("cannot change permissions of {}", &[self.word(directory)], error)
    }

    pub fn cannot_set_times(&self, dest: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot set timestamps for {}", dest, error)
    }

    /// There can be no process for the strip program.
    pub fn cannot_fork(&self, error: &io::Error) -> Vec<u8> {
        self.line_with("fork system call failed", &[], error)
    }

    /// Followed by [`Voice::strip_failed`].
    pub fn cannot_run(&self, program: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot run {}", program, error)
    }

    /// Ours.
    pub fn unfit_after_strip(&self, dest: &OsStr, why: &str) -> Vec<u8> {
        self.line("will not install {}: what the strip program left {}", &[self.name(dest), why.into()])
    }

    pub fn strip_failed(&self) -> Vec<u8> {
        self.line("strip process terminated abnormally", &[])
    }

    /// Standard output took not all of it. The files are installed, the exit code is 1. The reason is known only if it is the
    /// last of it that was not taken.
    pub fn cannot_print(&self, error: Option<&io::Error>) -> Vec<u8> {
        match error {
            Some(error) => self.line_with("write error", &[], error),
            None => self.line("write error", &[]),
        }
    }

    /// Ours: something there must not be replaced; `why` says what it is, as in "it is a mount point".
    pub fn refused(&self, dest: &OsStr, why: &str) -> Vec<u8> {
        self.line("will not replace {}: {}", &[self.name(dest), why.into()])
    }

    /// Ours: an extended attribute of the old file cannot be kept.
    pub fn cannot_keep_attributes(&self, dest: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot keep the attributes of {}", dest, error)
    }

    /// Ours: a file that should not be in place may be; with `--all-or-nothing`, because of another one.
    pub fn not_taken_back(&self, dest: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("cannot take back what was done to {}", dest, error)
    }

    /// Ours.
    pub fn cannot_handle_signals(&self, error: &io::Error) -> Vec<u8> {
        self.line_with("cannot handle signals", &[], error)
    }

    /// Ours: a file is in place, but whether it survives a power cut is not known.
    pub fn in_doubt(&self, dest: &OsStr, error: &io::Error) -> Vec<u8> {
        self.about("installed {}, but it may not survive a power cut: cannot sync its directory", dest, error)
    }

    fn about(&self, template: &str, path: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with(template, &[self.name(path)], error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::quote::Charset;

    #[test]
    fn failures_are_worded_as_coreutils_words_them() {
        let voice = Voice::new("install".as_ref(), Charset::Utf8);
        let absent = io::Error::from_raw_os_error(2);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(text(voice.cannot_stat("a b".as_ref(), &absent)), "install: cannot stat 'a b': No such file or directory\n");
        assert_eq!(text(voice.same_file("a".as_ref(), "./a".as_ref())), "install: 'a' and './a' are the same file\n");
        let backup = text(voice.backup_is_source("d".as_ref(), "d~".as_ref()));
        assert_eq!(backup, "install: backing up 'd' might destroy source;  'd~' not copied\n");
        let created = text(voice.just_created("t/f".as_ref(), "y/f".as_ref()));
        assert_eq!(created, "install: will not overwrite just-created 't/f' with 'y/f'\n");
    }
}
