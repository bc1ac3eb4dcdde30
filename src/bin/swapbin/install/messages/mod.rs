//! Every line that `install` prints, as bytes with the line feed: names need not be valid UTF-8. The words are coreutils',
//! for whoever reads them with a program; where a message is ours alone, its doc comment says so.
//!
//! Nothing is printed here.

mod failure;
mod progress;
mod selinux;
mod usage;

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;

use super::quote::{self, Charset};

/// Who speaks, and how names are quoted.
#[derive(Clone, Debug)]
pub struct Voice {
    name: Vec<u8>,
    charset: Charset,
}

impl Voice {
    /// `name` is the program's name as invoked, with its directory if one was given.
    pub fn new(name: &OsStr, charset: Charset) -> Voice {
        Voice { name: name.as_bytes().to_vec(), charset }
    }

    /// `NAME: TEXT`, with the parts put in for each `{}` of the template.
    fn line(&self, template: &str, parts: &[Vec<u8>]) -> Vec<u8> {
        self.finish(self.begin(template, parts))
    }

    /// The same, and what the system says about it, as strerror(3) has it.
    fn line_with(&self, template: &str, parts: &[Vec<u8>], error: &io::Error) -> Vec<u8> {
        let mut line = self.begin(template, parts);
        line.extend(b": ");
        line.extend(strerror(error).as_bytes());
        self.finish(line)
    }

    fn begin(&self, template: &str, parts: &[Vec<u8>]) -> Vec<u8> {
        let mut line = [&self.name[..], b": "].concat();
        line.extend(fill(template, parts));
        line
    }

    fn finish(&self, mut line: Vec<u8>) -> Vec<u8> {
        line.push(b'\n');
        line
    }

    /// A file name in quotes.
    fn name(&self, name: &OsStr) -> Vec<u8> {
        quote::name(name, self.charset)
    }

    /// Any other text in quotes.
    fn word(&self, text: impl AsRef<OsStr>) -> Vec<u8> {
        quote::word(text.as_ref(), self.charset)
    }
}

fn fill(template: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = parts.iter();
    let mut texts = template.split("{}");
    let mut out = texts.next().unwrap_or_default().as_bytes().to_vec();
    for text in texts {
        out.extend(parts.next().into_iter().flatten());
        out.extend(text.as_bytes());
    }
    out
}

/// What the system calls the error. Rust appends the number, which the C library's text lacks.
fn strerror(error: &io::Error) -> String {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(number) => text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text).to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_with_the_name_as_invoked_and_may_hold_any_byte() {
        let voice = Voice::new(OsStr::from_bytes(b"/x\xff/install"), Charset::Ascii);
        assert_eq!(voice.line("omitting {}!", &[b"\xfe".to_vec()]), b"/x\xff/install: omitting \xfe!\n");
    }

    #[test]
    fn the_system_error_is_worded_as_by_the_c_library() {
        let voice = Voice::new("install".as_ref(), Charset::Ascii);
        let line = voice.line_with("write error", &[], &io::Error::from_raw_os_error(28));
        assert_eq!(line, b"install: write error: No space left on device\n");
    }

    #[test]
    fn braces_in_a_name_are_no_place_to_fill() {
        assert_eq!(fill("{} -> {}", &[b"{}".to_vec(), b"b".to_vec()]), b"{} -> b");
    }
}
