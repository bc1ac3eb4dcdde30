//! Which characters a UTF-8 locale shows: iswprint(3) without the C library's locale.

/// Characters that glibc 2.36 counts as printable and Rust escapes: spaces, format characters, private use.
/// Found by comparing all code points.
#[rustfmt::skip]
const ALSO: [(u32, u32); 27] = [
    (0xa0, 0xa0), (0xad, 0xad), (0x600, 0x605), (0x61c, 0x61c), (0x6dd, 0x6dd), (0x70f, 0x70f), (0x890, 0x891),
    (0x8e2, 0x8e2), (0x1680, 0x1680), (0x180e, 0x180e), (0x2000, 0x200f), (0x202a, 0x202f), (0x205f, 0x2064),
    (0x2066, 0x206f), (0x3000, 0x3000), (0xe000, 0xf8ff), (0xfeff, 0xfeff), (0xfff9, 0xfffb), (0x110bd, 0x110bd),
    (0x110cd, 0x110cd), (0x13430, 0x13438), (0x1bca0, 0x1bca3), (0x1d173, 0x1d17a), (0xe0001, 0xe0001),
    (0xe0020, 0xe007f), (0xf0000, 0xffffd), (0x100000, 0x10fffd),
];

/// Whether the character is shown as it is. Apart from [`ALSO`] it is what Rust's `Debug` leaves alone; where the two follow
/// different versions of Unicode, a character of the newer one may be escaped here and not there.
pub fn is_printable(char: char) -> bool {
    let code = char as u32;
    if ALSO.iter().any(|&(first, last)| (first..=last).contains(&code)) {
        return true;
    }
    // Behind another character, combining ones are left alone as well.
    let mut buffer = *b"a\0\0\0\0";
    let length = 1 + char.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..length]).is_ok_and(|text| text.escape_debug().nth(2).is_none())
}

#[cfg(test)]
mod tests {
    use super::is_printable;

    #[test]
    fn letters_marks_and_spaces_are_shown_and_controls_are_not() {
        assert!(['\u{e9}', '\u{301}', '\u{a0}', '\u{200b}', '\u{e000}', '\u{1f600}'].into_iter().all(is_printable));
        assert!(!['\u{85}', '\u{2028}', '\u{2029}', '\u{378}', '\u{10ffff}'].into_iter().any(is_printable));
    }
}
