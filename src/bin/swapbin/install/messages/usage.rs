//! What is said about the command line.

use std::ffi::OsStr;
use std::io;

use super::Voice;
use crate::install::getopt::Misuse;

impl Voice {
    /// The line below most of these.
    pub fn try_help(&self) -> Vec<u8> {
        [b"Try '", &self.name[..], b" --help' for more information.\n"].concat()
    }

    /// What glibc's getopt says; its quotes are plain ones in every locale, and bytes stay as they are.
    pub fn misuse(&self, misuse: &Misuse) -> Vec<u8> {
        use std::os::unix::ffi::OsStrExt;
        let raw = |text: &OsStr| text.as_bytes().to_vec();
        match misuse {
            Misuse::Unrecognized { given } => self.line("unrecognized option '--{}'", &[raw(given)]),
            Misuse::Ambiguous { given, names } => {
                let names: String = names.iter().map(|name| format!(" '--{name}'")).collect();
                self.line("option '--{}' is ambiguous; possibilities:{}", &[raw(given), names.into()])
            }
            Misuse::ValueMissing { name } => self.line("option '--{}' requires an argument", &[(*name).into()]),
            Misuse::ValueUnwanted { name } => self.line("option '--{}' doesn't allow an argument", &[(*name).into()]),
            Misuse::InvalidLetter { letter } => self.line("invalid option -- '{}'", &[vec![*letter]]),
            Misuse::LetterValueMissing { letter } => self.line("option requires an argument -- '{}'", &[vec![*letter]]),
        }
    }

    /// A value that is none of those listed, or abbreviates several; `valid` has a row for each meaning.
    pub fn bad_value(&self, ambiguous: bool, value: &OsStr, option: &str, valid: &[&[&str]]) -> Vec<u8> {
        let kind = if ambiguous { "ambiguous" } else { "invalid" };
        let mut text = self.line("{} argument {} for {}", &[kind.into(), self.word(value), self.word(option)]);
        text.extend(b"Valid arguments are:\n");
        for row in valid {
            text.extend(b"  - ");
            text.extend(row.iter().map(|word| self.word(word)).collect::<Vec<_>>().join(&b", "[..]));
            text.push(b'\n');
        }
        text
    }

    /// `kind` is `mode`, `user` or `group`.
    pub fn invalid(&self, kind: &str, text: &OsStr) -> Vec<u8> {
        self.line("invalid {} {}", &[kind.into(), self.word(text)])
    }

    pub fn missing_file_operand(&self) -> Vec<u8> {
        self.line("missing file operand", &[])
    }

    pub fn missing_destination(&self, source: &OsStr) -> Vec<u8> {
        self.line("missing destination file operand after {}", &[self.name(source)])
    }

    pub fn extra_operand(&self, operand: &OsStr) -> Vec<u8> {
        self.line("extra operand {}", &[self.name(operand)])
    }

    pub fn several_target_directories(&self) -> Vec<u8> {
        self.line("multiple target directories specified", &[])
    }

    pub fn target_directory_or_none(&self) -> Vec<u8> {
        self.line("cannot combine --target-directory (-t) and --no-target-directory (-T)", &[])
    }

    pub fn target_directory_with_directory(&self) -> Vec<u8> {
        self.line("target directory not allowed when installing a directory", &[])
    }

    pub fn strip_with_directory(&self) -> Vec<u8> {
        self.line("the strip option may not be used when installing a directory", &[])
    }

    pub fn compare_with_strip(&self) -> Vec<u8> {
        self.line("options --compare (-C) and --strip are mutually exclusive", &[])
    }

    /// A warning: the comparison is skipped.
    pub fn compare_ignored(&self) -> Vec<u8> {
        self.line("the --compare (-C) option is ignored when you specify a mode with non-permission bits", &[])
    }

    /// A warning.
    pub fn strip_program_ignored(&self) -> Vec<u8> {
        self.line("WARNING: ignoring --strip-program option as -s option was not specified", &[])
    }

    /// The operand of `-t`.
    pub fn cannot_access(&self, directory: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("failed to access {}", &[self.name(directory)], error)
    }

    /// The last of three or more operands is no directory.
    pub fn target(&self, target: &OsStr, error: &io::Error) -> Vec<u8> {
        self.line_with("target {}", &[self.name(target)], error)
    }
}
