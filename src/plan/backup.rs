//! What the backup of a file is called.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use rustix::io::Errno;

use crate::fs::dir::Dir;
use crate::request::{BackupNames, BackupPolicy};

/// The name of the backup of `leaf` in `dir`, and whether it must be a new one.
///
/// # Errors
/// The directory cannot be listed, which numbered names need. One that may not be read counts as one without any.
pub(crate) fn name(policy: &BackupPolicy, dir: &Dir, leaf: &OsStr) -> Result<(OsString, bool), Errno> {
    let numbered = |highest: Number| (fitting(leaf, &[b".~", &highest.next().0[..], b"~"].concat()), true);
    let simple = || (simple_name(policy, leaf), false);
    let (name, is_new) = match policy.names {
        BackupNames::Simple => simple(),
        BackupNames::Numbered => numbered(highest(dir, leaf)?.unwrap_or_default()),
        BackupNames::Existing => match highest(dir, leaf)? {
            Some(number) => numbered(number),
            None => simple(),
        },
    };
    // A suffix may end in a slash; a file's name may not.
    if name.as_bytes().ends_with(b"/") { Err(Errno::NOTDIR) } else { Ok((name, is_new)) }
}

/// The name of a backup without a number.
pub(crate) fn simple_name(policy: &BackupPolicy, leaf: &OsStr) -> OsString {
    fitting(leaf, policy.suffix.as_bytes())
}

/// Name and extension; where that is too long for a directory, a tilde behind as much of the name as fits, as install(1) has it.
fn fitting(leaf: &OsStr, extension: &[u8]) -> OsString {
    const LONGEST: usize = 254;
    let leaf = leaf.as_bytes();
    OsString::from_vec(match leaf.len() + extension.len() > LONGEST {
        false => [leaf, extension].concat(),
        true => [&leaf[..leaf.len().min(LONGEST - 1)], b"~"].concat(),
    })
}

/// A decimal number of any length: there is no telling what somebody called a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Number(Vec<u8>);

impl Number {
    /// The number in `LEAF.~N~`; one that begins with 0 is none.
    fn of(name: &[u8], leaf: &OsStr) -> Option<Number> {
        let digits = name.strip_prefix(leaf.as_bytes())?.strip_prefix(b".~")?.strip_suffix(b"~")?;
        let fits = digits.first().is_some_and(|digit| *digit != b'0') && digits.iter().all(u8::is_ascii_digit);
        fits.then(|| Number(digits.to_vec()))
    }

    fn next(mut self) -> Number {
        for digit in self.0.iter_mut().rev() {
            if *digit != b'9' {
                *digit += 1;
                return self;
            }
            *digit = b'0';
        }
        self.0.insert(0, b'1');
        self
    }
}

fn highest(dir: &Dir, leaf: &OsStr) -> Result<Option<Number>, Errno> {
    if !dir.is_readable() {
        return Ok(None);
    }
    let names = dir.names_beginning(leaf.as_bytes())?;
    let numbers = names.iter().filter_map(|name| Number::of(name.as_bytes(), leaf));
    Ok(numbers.max_by(|a, b| a.0.len().cmp(&b.0.len()).then_with(|| a.0.cmp(&b.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_without_leading_zeros_count() {
        let number = |name: &str| Number::of(name.as_bytes(), "d".as_ref()).map(|number| String::from_utf8(number.0).unwrap());
        assert_eq!(number("d.~12~").as_deref(), Some("12"));
        for name in ["d.~0~", "d.~01~", "d.~~", "d.~1", "d~", "e.~1~", "d.~1x~", "d.~1~~"] {
            assert_eq!(number(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_that_would_be_too_long_is_cut() {
        let length = |leaf: usize, extension: usize| fitting("x".repeat(leaf).as_ref(), &vec![b'y'; extension]).len();
        assert_eq!([length(250, 4), length(250, 5), length(255, 1), length(1, 254)], [254, 251, 254, 2]);
    }

    #[test]
    fn the_next_number_may_be_longer() {
        let next = |text: &str| String::from_utf8(Number(text.into()).next().0).unwrap();
        assert_eq!(["", "9", "41", "99999999999999999999"].map(next), ["1", "10", "42", "100000000000000000000"]);
    }
}
