//! What the backup of a file is called.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use rustix::io::Errno;

use crate::fs::dir::Dir;
use crate::request::{BackupNames, BackupPolicy};

/// The highest number of every file's backups, of each directory that was listed. Once for a call and not for each file: with
/// many files in one directory that would be their number squared.
#[derive(Debug, Default)]
pub(crate) struct Numbers(HashMap<(u64, u64), HashMap<OsString, Number>>);

/// The name of the backup of `leaf` in `dir`, and whether it must be a new one.
///
/// # Errors
/// The directory cannot be listed, which numbered names need. One that may not be read counts as one without any.
pub(crate) fn name(policy: &BackupPolicy, dir: &Dir, leaf: &OsStr, numbers: &mut Numbers) -> Result<(OsString, bool), Errno> {
    let numbered = |highest: Number| (fitting(leaf, &[b".~", &highest.next().0[..], b"~"].concat()), true);
    let simple = || (simple_name(policy, leaf), false);
    let (name, is_new) = match policy.names {
        BackupNames::Simple => simple(),
        BackupNames::Numbered => numbered(numbers.highest(dir, leaf)?.unwrap_or_default()),
        BackupNames::Existing => match numbers.highest(dir, leaf)? {
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
    /// The file and the number in `LEAF.~N~`; one that begins with 0 is none.
    fn of(name: &[u8]) -> Option<(&OsStr, Number)> {
        let name = name.strip_suffix(b"~")?;
        let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (leaf, digits) = name.split_at(name.len() - digits);
        let leaf = leaf.strip_suffix(b".~")?;
        digits.first().is_some_and(|digit| *digit != b'0').then(|| (OsStr::from_bytes(leaf), Number(digits.to_vec())))
    }

    fn is_less(&self, other: &Number) -> bool {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0)).is_lt()
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

impl Numbers {
    /// Forgets everything, because there are new backups.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    fn highest(&mut self, dir: &Dir, leaf: &OsStr) -> Result<Option<Number>, Errno> {
        if !dir.is_readable() {
            return Ok(None);
        }
        let id = dir.id()?;
        let highest = match self.0.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(list(dir)?),
        };
        Ok(highest.get(leaf).cloned())
    }
}

fn list(dir: &Dir) -> Result<HashMap<OsString, Number>, Errno> {
    let mut highest: HashMap<OsString, Number> = HashMap::new();
    for name in dir.names(|name| name.ends_with(b"~"))? {
        let Some((leaf, number)) = Number::of(name.as_bytes()) else { continue };
        match highest.get_mut(leaf) {
            Some(known) if known.is_less(&number) => *known = number,
            Some(_) => {}
            None => drop(highest.insert(leaf.to_owned(), number)),
        }
    }
    Ok(highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_without_leading_zeros_count() {
        let number = |name: &'static str| Number::of(name.as_bytes()).map(|(leaf, number)| (leaf, number.0));
        assert_eq!(number("d.~12~"), Some(("d".as_ref(), b"12".to_vec())));
        assert_eq!(number("d.~1~.~2~"), Some(("d.~1~".as_ref(), b"2".to_vec())));
        for name in ["d.~0~", "d.~01~", "d.~~", "d.~1", "d~", "d1~", "d.1~", "d.~1x~", "d.~1~~"] {
            assert_eq!(number(name), None, "{name}");
        }
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let number = |text: &str| Number(text.into());
        assert!(number("9").is_less(&number("10")) && number("10").is_less(&number("11")));
        assert!(!number("10").is_less(&number("9")) && !number("7").is_less(&number("7")));
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
