//! Names and messages made safe to print.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// A name made safe to print: control characters and bytes that are not UTF-8 are escaped.
pub(crate) fn escaped(text: &OsStr) -> String {
    let mut out = String::new();
    for chunk in text.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                // Direction marks and the like let one name pose as another.
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => {
                    out.push_str(&format!("\\u{{{:x}}}", c as u32));
                }
                c if c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

/// A path in single quotes, safe to print.
pub fn quoted(path: impl AsRef<OsStr>) -> String {
    format!("'{}'", escaped(path.as_ref()).replace('\'', "\\'"))
}

/// An error's words in one safe line, without Rust's `(os error N)`, and with a small first letter unless it is an abbreviation.
pub(crate) fn lowered(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let text = escaped(text.split(" (os error").next().unwrap_or_default().as_ref());
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            format!("{}{}", first.to_lowercase(), &text[first.len_utf8()..])
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_and_broken_utf8_are_escaped() {
        assert_eq!(quoted(OsStr::from_bytes(b"a\x1b[31m\n\xff'b\\")), r"'a\x1b[31m\n\xff\'b\\'");
        assert_eq!(quoted("a\u{202e}b"), r"'a\u{202e}b'");
        assert_eq!(quoted("gr\u{fc}n"), "'gr\u{fc}n'");
    }
}
