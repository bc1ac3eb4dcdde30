//! Names and words in messages, quoted as coreutils quotes them.
//!
//! Two styles are in use. A file name is written so that a shell would read it back: 'a b', "it's", 'a'$'\n''b'. Any other
//! text stands in the quotes of the locale, ‘x’ or 'x', with backslash escapes. Both were probed on coreutils 9.1 with
//! thousands of random names. One difference is meant: 9.1 garbles a name that has an apostrophe and ends in an escape;
//! later versions do not.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::printable::is_printable;

/// What the locale can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// ASCII only, as in the C locale.
    Ascii,
    Utf8,
}

impl Charset {
    /// The charset of the first of LC_ALL, LC_CTYPE and LANG that is set and not empty, as setlocale(3) looks for it.
    ///
    /// It is UTF-8 if the locale's name says so and `is_utf8` agrees: a locale that is not installed is the C locale. It is not
    /// asked about those that are always there, for that costs reading files, nor about other names, for musl knows every
    /// locale and takes each for UTF-8. Of other charsets only the ASCII part is taken for printable.
    pub fn of(variable: impl Fn(&str) -> Option<OsString>, is_utf8: impl Fn(&OsStr) -> bool) -> Charset {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
        let locale = locale.unwrap_or_default();
        let name = locale.to_string_lossy().to_ascii_lowercase();
        let codeset = name.split_once('.').map_or("", |(_, codeset)| codeset.split('@').next().unwrap_or_default());
        let always_there = ["C.UTF-8", "C.utf8"].map(OsString::from).contains(&locale);
        if matches!(codeset, "utf-8" | "utf8") && (always_there || is_utf8(&locale)) { Charset::Utf8 } else { Charset::Ascii }
    }
}

/// A piece of a text: a character that can be shown, or bytes that cannot.
enum Piece<'a> {
    Shown(&'a str),
    Hidden(&'a [u8]),
}

fn pieces(text: &OsStr, charset: Charset) -> impl Iterator<Item = Piece<'_>> {
    text.as_bytes().utf8_chunks().flat_map(move |chunk| {
        let valid = chunk.valid();
        let chars = valid.char_indices().map(move |(at, char)| {
            let char_text = &valid[at..at + char.len_utf8()];
            let shown = if char.is_ascii() { !char.is_ascii_control() } else { charset == Charset::Utf8 && is_printable(char) };
            if shown { Piece::Shown(char_text) } else { Piece::Hidden(char_text.as_bytes()) }
        });
        chars.chain(chunk.invalid().chunks(1).map(Piece::Hidden))
    })
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        let letter = match byte {
            0x07 => b'a',
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x0b => b'v',
            _ => {
                out.extend(format!("\\{byte:03o}").as_bytes());
                continue;
            }
        };
        out.extend([b'\\', letter]);
    }
}

/// A file name, always in quotes (`quoteaf` in coreutils).
pub fn name(text: &OsStr, charset: Charset) -> Vec<u8> {
    let bytes = text.as_bytes();
    if bytes.contains(&b'\'') && pieces(text, charset).all(|piece| fits_double_quotes(&piece, text)) {
        return [b"\"", bytes, b"\""].concat();
    }
    let mut out = vec![b'\''];
    let mut escaping = false;
    for piece in pieces(text, charset) {
        match piece {
            // Ends whichever quotes are open, and opens plain ones behind the apostrophe.
            Piece::Shown("'") => {
                out.extend(b"'\\''");
                escaping = false;
            }
            Piece::Shown(char) => {
                if std::mem::take(&mut escaping) {
                    out.extend(b"''");
                }
                out.extend(char.as_bytes());
            }
            Piece::Hidden(bytes) => {
                if !std::mem::replace(&mut escaping, true) {
                    out.extend(b"'$'");
                }
                escape(bytes, &mut out);
            }
        }
    }
    out.push(b'\'');
    out
}

/// Whether a character means the same between double quotes for a shell and for C.
fn fits_double_quotes(piece: &Piece<'_>, text: &OsStr) -> bool {
    let &Piece::Shown(char) = piece else { return false };
    match char {
        "#" | "~" => {
            text.as_bytes().starts_with(char.as_bytes()) && text.as_bytes()[1..].iter().all(|&b| b != char.as_bytes()[0])
        }
        "?" | "\\" | "{" | "}" => false,
        _ => !is_special(char),
    }
}

/// Characters that a shell gives a meaning to anywhere in a word; the space and the apostrophe apart.
fn is_special(char: &str) -> bool {
    "!\"$&()*;<=>[^`|".contains(char)
}

/// A file name, in quotes only if a shell would need them, or if it has a colon, as one follows it (`quotef` in coreutils).
pub fn name_if_needed(text: &OsStr, charset: Charset) -> Vec<u8> {
    let bytes = text.as_bytes();
    let plain = |piece: Piece<'_>| match piece {
        Piece::Hidden(_) => false,
        Piece::Shown(char) => !is_special(char) && !" '?\\:".contains(char),
    };
    let leads = bytes.starts_with(b"#") || bytes.starts_with(b"~") || bytes == b"{" || bytes == b"}";
    if !bytes.is_empty() && !leads && pieces(text, charset).all(plain) { bytes.to_vec() } else { name(text, charset) }
}

/// Any other text, in the quotes of the locale (`quote` in coreutils).
pub fn word(text: &OsStr, charset: Charset) -> Vec<u8> {
    let (open, close) = match charset {
        Charset::Ascii => ("'", "'"),
        Charset::Utf8 => ("\u{2018}", "\u{2019}"),
    };
    let mut out = open.as_bytes().to_vec();
    for piece in pieces(text, charset) {
        match piece {
            Piece::Shown(char) => {
                if char == close || char == "\\" {
                    out.push(b'\\');
                }
                out.extend(char.as_bytes());
            }
            Piece::Hidden(bytes) => escape(bytes, &mut out),
        }
    }
    out.extend(close.as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &[u8], charset: Charset) -> String {
        String::from_utf8(name(OsStr::from_bytes(text), charset)).unwrap()
    }

    #[test]
    fn names_read_back_in_a_shell() {
        let plain = |text: &str| named(text.as_bytes(), Charset::Ascii);
        assert_eq!(plain("a b"), "'a b'");
        assert_eq!(plain(""), "''");
        assert_eq!(plain("it's"), "\"it's\"");
        assert_eq!(plain("it's $5"), "'it'\\''s $5'");
        assert_eq!(plain("n\nl"), "'n'$'\\n''l'");
        assert_eq!(plain("\n"), "''$'\\n'");
        assert_eq!(plain("\n'x"), "''$'\\n'\\''x'");
        assert_eq!(plain("\u{e9}"), "''$'\\303\\251'");
    }

    #[test]
    fn invalid_bytes_are_octal_and_characters_are_shown_in_utf8() {
        assert_eq!(named(b"\xff\xc3\xa9", Charset::Utf8), "''$'\\377''\u{e9}'");
        assert_eq!(named("\u{200b}".as_bytes(), Charset::Utf8), "'\u{200b}'");
        assert_eq!(named("\u{2028}".as_bytes(), Charset::Utf8), "''$'\\342\\200\\250'");
    }

    #[test]
    fn names_get_quotes_only_where_a_shell_needs_them() {
        let bare = |text: &str| String::from_utf8(name_if_needed(text.as_ref(), Charset::Ascii)).unwrap();
        assert_eq!(["a", "a#b", "x{y", "{}", "a,@%+]"].map(bare), ["a", "a#b", "x{y", "{}", "a,@%+]"]);
        assert_eq!(["a b", "#a", "", "{", "a:b", "a?"].map(bare), ["'a b'", "'#a'", "''", "'{'", "'a:b'", "'a?'"]);
    }

    #[test]
    fn words_stand_in_the_quotes_of_the_locale() {
        let both = |text: &str| [Charset::Ascii, Charset::Utf8].map(|c| String::from_utf8(word(text.as_ref(), c)).unwrap());
        assert_eq!(both("q"), ["'q'", "\u{2018}q\u{2019}"]);
        assert_eq!(both("it's\n\\"), ["'it\\'s\\n\\\\'", "\u{2018}it's\\n\\\\\u{2019}"]);
        assert_eq!(both("\u{2019}"), ["'\\342\\200\\231'", "\u{2018}\\\u{2019}\u{2019}"]);
    }

    #[test]
    fn a_locale_that_is_not_installed_has_no_charset() {
        let of = |locale: &str| Charset::of(|_| Some(locale.into()), swapbin::is_utf8_locale);
        assert_eq!(["C", "C.UTF-8", "xx_YY.UTF-8"].map(of), [Charset::Ascii, Charset::Utf8, Charset::Ascii]);
    }

    #[test]
    fn the_first_variable_that_is_set_names_the_charset() {
        let installed = |name: &OsStr| ["de_DE.UTF-8", "ca_ES.utf8@valencia", "de_DE.ISO-8859-1"].map(OsStr::new).contains(&name);
        let of =
            |set: &[(&str, &str)]| Charset::of(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into()), installed);
        assert_eq!(of(&[]), Charset::Ascii);
        assert_eq!(of(&[("LANG", "de_DE.UTF-8")]), Charset::Utf8);
        assert_eq!(of(&[("LC_ALL", "C"), ("LANG", "C.UTF-8")]), Charset::Ascii);
        assert_eq!(of(&[("LC_ALL", ""), ("LC_CTYPE", "ca_ES.utf8@valencia")]), Charset::Utf8);
        assert_eq!(of(&[("LANG", "ca_ES.utf8")]), Charset::Ascii);
        assert_eq!(of(&[("LANG", "de_DE.ISO-8859-1")]), Charset::Ascii);
    }
}
