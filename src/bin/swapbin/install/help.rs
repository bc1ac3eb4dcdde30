//! `--help` and `--version`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::options::{self, Argument, Family, Spec};

const INTRODUCTION: &str = "
Copies files to where programs and libraries live, with the owner and mode they are to have, or creates directories.
This is swapbin's install. It takes every option of install(1) of GNU coreutils and says what that says, but a destination
is never missing, partial or without its mode: it is the old file or the new one, whatever fails.
";

const OWN: &str = "
Options that coreutils does not have; they cannot be abbreviated:
";

const NOTES: &str = "
A value that a long option needs, its letter needs as well. Options may stand behind operands, unless POSIXLY_CORRECT is set.

Backups are named by CONTROL, or else by VERSION_CONTROL in the environment:
  none, off       no backup, even with -b
  simple, never   NAME and the suffix: -S, else SIMPLE_BACKUP_SUFFIX, else ~
  numbered, t     NAME.~1~, NAME.~2~ and so on
  existing, nil   numbered if there is a numbered one already, else simple; this is the default

SWAPBIN_DURABILITY in the environment stands for --durability.
Exit status: 0 if everything was installed, else 1.

Manual: man swapbin-install
";

/// The text of `--help`, for a program of this name.
pub fn help(name: &OsStr) -> Vec<u8> {
    let mut out = Vec::new();
    let forms = [
        "[OPTION]... [-T] SOURCE DEST",
        "[OPTION]... SOURCE... DIRECTORY",
        "[OPTION]... -t DIRECTORY SOURCE...",
        "[OPTION]... -d DIRECTORY...",
    ];
    for (at, form) in forms.iter().enumerate() {
        out.extend(if at == 0 { b"Usage: " } else { b"  or:  " });
        out.extend(name.as_bytes());
        out.extend(format!(" {form}\n").bytes());
    }
    out.extend(INTRODUCTION.bytes());
    out.push(b'\n');
    let section = |family| options::all().filter(move |spec| spec.family == family).flat_map(|spec| entry(spec).into_bytes());
    out.extend(section(Family::Gnu));
    out.extend(OWN.bytes());
    out.extend(section(Family::Own));
    out.extend(NOTES.bytes());
    out
}

/// The text of `--version`.
pub fn version() -> Vec<u8> {
    format!("install (swapbin) {}\nAs install(1) of GNU coreutils, with safe replacement.\n", env!("CARGO_PKG_VERSION")).into()
}

/// Letter, name and value, then the help from a fixed column on.
fn entry(spec: &Spec) -> String {
    const COLUMN: usize = 32;
    const WIDTH: usize = 100;
    let letter = spec.short.map(|letter| format!("-{}", char::from(letter)));
    let long = spec.long.map(|long| match spec.argument {
        Argument::None => format!("--{long}"),
        Argument::Required => format!("--{long}={}", spec.value),
        Argument::Optional => format!("--{long}[={}]", spec.value),
    });
    let mut text = match (letter, long) {
        (Some(letter), Some(long)) => format!("  {letter}, {long}"),
        (Some(letter), None) => format!("  {letter}"),
        (None, long) => format!("      {}", long.unwrap_or_default()),
    };
    let mut column = text.len();
    // Two spaces at least between a name and its help.
    if column + 2 > COLUMN {
        text.push('\n');
        column = 0;
    }
    text.push_str(&" ".repeat(COLUMN - column));
    column = COLUMN;
    for word in spec.help.split(' ') {
        let space = usize::from(column > COLUMN);
        if column + space + word.len() > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(COLUMN));
            column = COLUMN;
        } else if space == 1 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.len();
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_option_once_and_fits_the_screen() {
        let text = String::from_utf8(help("install".as_ref())).unwrap();
        for spec in options::all() {
            let count = text.lines().filter(|line| line.starts_with(entry(spec).lines().next().unwrap())).count();
            assert_eq!(count, 1, "{:?}", spec.id);
        }
        assert!(text.lines().all(|line| line.len() <= 125), "{text}");
        assert!(text.starts_with("Usage: install [OPTION]... [-T] SOURCE DEST\n"));
    }

    #[test]
    fn help_says_whose_install_it_is_and_where_the_manual_is() {
        let text = String::from_utf8(help("install".as_ref())).unwrap();
        assert!(text.contains("swapbin's install") && text.contains("man swapbin-install"));
        assert!(version().starts_with(b"install (swapbin) "));
    }
}
