//! What `-v` and `--debug` print on standard output.

use std::ffi::OsStr;

use super::{Voice, fill};

impl Voice {
    /// The only line here that begins with the program's name.
    pub fn creating_directory(&self, directory: &OsStr) -> Vec<u8> {
        self.line("creating directory {}", &[self.name(directory)])
    }

    /// Printed before [`Voice::installed`] when something was replaced and not backed up.
    pub fn removed(&self, dest: &OsStr) -> Vec<u8> {
        self.bare("removed {}", &[self.name(dest)])
    }

    /// Printed after the file is installed; `backup` is the backup's name.
    pub fn installed(&self, source: &OsStr, dest: &OsStr, backup: Option<&OsStr>) -> Vec<u8> {
        let (source, dest) = (self.name(source), self.name(dest));
        match backup {
            Some(backup) => self.bare("{} -> {} (backup: {})", &[source, dest, self.name(backup)]),
            None => self.bare("{} -> {}", &[source, dest]),
        }
    }

    /// `--debug`: how the bytes got there, each in a word of cp(1): `yes`, `no`, `avoided`, `unknown`, `unsupported`.
    pub fn copied(&self, offload: &str, reflink: &str, sparse: &str) -> Vec<u8> {
        let words = [offload.into(), reflink.into(), sparse.into()];
        self.bare("copy offload: {}, reflink: {}, sparse detection: {}", &words)
    }

    fn bare(&self, template: &str, parts: &[Vec<u8>]) -> Vec<u8> {
        self.finish(fill(template, parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::quote::Charset;

    #[test]
    fn what_is_done_is_told_with_quoted_names() {
        let voice = Voice::new("install".as_ref(), Charset::Ascii);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert_eq!(text(voice.creating_directory("a b".as_ref())), "install: creating directory 'a b'\n");
        assert_eq!(text(voice.removed("d".as_ref())), "removed 'd'\n");
        assert_eq!(text(voice.installed("it's".as_ref(), "d".as_ref(), None)), "\"it's\" -> 'd'\n");
        let backed_up = voice.installed("a".as_ref(), "d".as_ref(), Some("d~".as_ref()));
        assert_eq!(text(backed_up), "'a' -> 'd' (backup: 'd~')\n");
        assert_eq!(text(voice.copied("yes", "no", "no")), "copy offload: yes, reflink: no, sparse detection: no\n");
    }
}
