//! Which backups are made, and what they are called.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// How backups are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Name and suffix.
    Simple,
    /// Numbered if there is a numbered backup already, else simple.
    Existing,
    /// `NAME.~N~`.
    Numbered,
}

/// Backups are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    pub control: Control,
    /// The suffix of a simple backup, never empty.
    pub suffix: OsString,
}

/// The words for a control, a row for each meaning, in the order in which coreutils lists them.
pub const WORDS: [&[&str]; 4] = [&["none", "off"], &["simple", "never"], &["existing", "nil"], &["numbered", "t"]];

/// A word that is none, or an abbreviation of words with several meanings.
#[derive(Debug, PartialEq, Eq)]
pub struct BadControl {
    pub ambiguous: bool,
}

/// The meaning of a word, which may be abbreviated; `None` is "no backups".
pub fn control(word: &OsStr) -> Result<Option<Control>, BadControl> {
    let meaning = |row: usize| [None, Some(Control::Simple), Some(Control::Existing), Some(Control::Numbered)][row];
    let rows =
        |fits: &dyn Fn(&str) -> bool| -> Vec<usize> { (0..4).filter(|&row| WORDS[row].iter().any(|word| fits(word))).collect() };
    if let [row] = rows(&|known| word == known)[..] {
        return Ok(meaning(row));
    }
    match rows(&|known| known.as_bytes().starts_with(word.as_bytes()))[..] {
        [row] => Ok(meaning(row)),
        [] => Err(BadControl { ambiguous: false }),
        _ => Err(BadControl { ambiguous: true }),
    }
}

/// The suffix to use: `-S`, or else SIMPLE_BACKUP_SUFFIX; a tilde if that is empty or would lead out of the directory.
///
/// A slash at the end is let through, as in coreutils; the backup then fails, and so does the installation.
pub fn suffix(option: Option<&OsStr>, variable: impl FnOnce() -> Option<OsString>) -> OsString {
    let wanted = option.map(OsStr::to_owned).or_else(variable).unwrap_or_default();
    let bytes = wanted.as_bytes();
    let name_length = bytes.iter().rposition(|&byte| byte != b'/').map_or(0, |last| last + 1);
    if name_length == 0 || bytes[..name_length].contains(&b'/') { "~".into() } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_words_may_be_abbreviated_while_the_meaning_is_one() {
        let of = |word: &str| control(word.as_ref());
        assert_eq!([of("t"), of("nu"), of("numbered")], [const { Ok(Some(Control::Numbered)) }; 3]);
        assert_eq!([of("s"), of("ne"), of("never")], [const { Ok(Some(Control::Simple)) }; 3]);
        assert_eq!([of("e"), of("ni")], [const { Ok(Some(Control::Existing)) }; 2]);
        assert_eq!([of("no"), of("o"), of("off")], [const { Ok(None) }; 3]);
        assert_eq!(of("n"), Err(BadControl { ambiguous: true }));
        assert_eq!(of("x"), Err(BadControl { ambiguous: false }));
        assert_eq!(of("tt"), Err(BadControl { ambiguous: false }));
    }

    #[test]
    fn a_suffix_that_is_no_part_of_a_name_becomes_a_tilde() {
        let of = |option: Option<&str>, variable: Option<&str>| suffix(option.map(OsStr::new), || variable.map(OsString::from));
        assert_eq!(of(None, None), "~");
        assert_eq!(of(None, Some(".o")), ".o");
        assert_eq!(of(Some(".x"), Some(".o")), ".x");
        assert_eq!(of(Some(""), Some(".o")), "~");
        assert_eq!([of(Some("/a"), None), of(Some("a/b"), None), of(Some("/"), None)], ["~"; 3]);
        assert_eq!(of(Some("a/"), None), "a/");
    }
}
