//! Owners and groups as install(1) reads them.

use std::ffi::OsStr;

/// The number meant by the text: that of the account with this name, else the text as a number.
///
/// `None` if it is neither. The highest number stands for "leave it as it is", chown(2).
pub fn number(text: &OsStr, by_name: impl FnOnce(&OsStr) -> Option<u32>) -> Option<u32> {
    by_name(text).or_else(|| in_any_base(text.to_str()?))
}

/// A number as strtoumax(3) reads it with base 0: `0x` hexadecimal, `0` octal, white space and a plus sign in front.
fn in_any_base(text: &str) -> Option<u32> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let text = text.strip_prefix('+').unwrap_or(text);
    let (digits, base) = match text.strip_prefix('0') {
        Some(rest) if rest.starts_with(['x', 'X']) => (&rest[1..], 16),
        Some(rest) if !rest.is_empty() => (rest, 8),
        _ => (text, 10),
    };
    // from_str_radix would take another sign.
    digits.bytes().all(|digit| digit.is_ascii_alphanumeric()).then(|| u32::from_str_radix(digits, base).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_wins_over_the_number_it_looks_like() {
        assert_eq!(number("5".as_ref(), |_| Some(7)), Some(7));
        assert_eq!(number("5".as_ref(), |_| None), Some(5));
    }

    #[test]
    fn numbers_have_any_base() {
        let of = |text: &str| number(text.as_ref(), |_| None);
        assert_eq!(["0", "00", "010", "0x10", "0X1f", " +5", "4294967295"].map(of), [0, 0, 8, 16, 31, 5, u32::MAX].map(Some));
    }

    #[test]
    fn what_is_no_number_is_nobody() {
        let of = |text: &str| number(text.as_ref(), |_| None);
        assert_eq!(["", "-5", "5x", "5 ", "08", "0x", "0b1", "++5", "0x+5", "4294967296", " "].map(of), [None; 11]);
    }
}
