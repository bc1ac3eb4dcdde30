//! Splits the command line as getopt_long(3) of glibc does: clusters, values attached or apart, operands anywhere,
//! unambiguous abbreviations.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::options::{self, Argument, Family, Id, Spec};

/// One thing found on the command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Item {
    Option { id: Id, value: Option<OsString> },
    Operand(OsString),
}

/// Why the command line cannot be split. Nothing behind the place is looked at.
#[derive(Debug, PartialEq, Eq)]
pub enum Misuse {
    /// The argument as given, without the two hyphens.
    Unrecognized { given: OsString },
    /// An abbreviation of several names, listed in the table's order.
    Ambiguous { given: OsString, names: Vec<&'static str> },
    /// A long option without its value.
    ValueMissing { name: &'static str },
    /// A long option with a value it has no use for.
    ValueUnwanted { name: &'static str },
    /// A letter that means nothing. Bytes, because getopt knows no characters.
    InvalidLetter { letter: u8 },
    /// A letter without its value.
    LetterValueMissing { letter: u8 },
}

/// Where operands may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Anywhere between options.
    Mixed,
    /// Behind all options: the first operand ends them. What POSIXLY_CORRECT in the environment asks for, even if empty.
    OptionsFirst,
}

/// Walks over the arguments; an error is the last thing it yields.
pub struct Scanner {
    args: std::vec::IntoIter<OsString>,
    /// Letters of a cluster that are still to be read.
    cluster: std::collections::VecDeque<u8>,
    order: Order,
    only_operands: bool,
}

impl Scanner {
    /// The arguments without the program's name.
    pub fn new(args: Vec<OsString>, order: Order) -> Scanner {
        Scanner { args: args.into_iter(), cluster: Default::default(), order, only_operands: false }
    }

    fn argument(&mut self, arg: OsString) -> Result<Item, Misuse> {
        let bytes = arg.as_bytes();
        if self.only_operands || bytes.len() < 2 || bytes[0] != b'-' {
            self.only_operands |= self.order == Order::OptionsFirst;
            return Ok(Item::Operand(arg));
        }
        if let Some(long) = bytes.strip_prefix(b"--") {
            return self.long(long);
        }
        self.cluster.extend(&bytes[1..]);
        let letter = self.cluster.pop_front().unwrap_or_default();
        self.letter(letter)
    }

    fn letter(&mut self, letter: u8) -> Result<Item, Misuse> {
        let spec = options::by_letter(letter).ok_or(Misuse::InvalidLetter { letter })?;
        let value = match spec.argument {
            Argument::None | Argument::Optional => None,
            Argument::Required if self.cluster.is_empty() => Some(self.args.next().ok_or(Misuse::LetterValueMissing { letter })?),
            Argument::Required => Some(OsString::from_vec(self.cluster.drain(..).collect())),
        };
        Ok(Item::Option { id: spec.id, value })
    }

    fn long(&mut self, given: &[u8]) -> Result<Item, Misuse> {
        let mut parts = given.splitn(2, |&byte| byte == b'=');
        let name = parts.next().unwrap_or_default();
        let attached = parts.next().map(|value| OsStr::from_bytes(value).to_owned());
        let (spec, name) = find(name, given)?;
        let value = match (spec.argument, attached) {
            (Argument::None, Some(_)) => return Err(Misuse::ValueUnwanted { name }),
            (Argument::Required, None) => Some(self.args.next().ok_or(Misuse::ValueMissing { name })?),
            (_, attached) => attached,
        };
        Ok(Item::Option { id: spec.id, value })
    }
}

impl Iterator for Scanner {
    type Item = Result<Item, Misuse>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(letter) = self.cluster.pop_front() {
            return Some(self.letter(letter));
        }
        let arg = self.args.next()?;
        if arg == "--" && !self.only_operands {
            self.only_operands = true;
            return self.next();
        }
        Some(self.argument(arg))
    }
}

/// An exact name wins; else the one name it abbreviates, among those that may be abbreviated.
fn find(name: &[u8], given: &[u8]) -> Result<(&'static Spec, &'static str), Misuse> {
    let named = || options::all().filter_map(|spec| spec.long.map(|long| (spec, long)));
    if let Some(exact) = named().find(|(_, long)| long.as_bytes() == name) {
        return Ok(exact);
    }
    let given = || OsStr::from_bytes(given).to_owned();
    let candidates: Vec<_> =
        named().filter(|(spec, long)| spec.family == Family::Gnu && long.as_bytes().starts_with(name)).collect();
    match candidates[..] {
        [] => Err(Misuse::Unrecognized { given: given() }),
        [one] => Ok(one),
        _ => Err(Misuse::Ambiguous { given: given(), names: candidates.iter().map(|(_, long)| *long).collect() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(args: &[&str], order: Order) -> Result<Vec<String>, Misuse> {
        Scanner::new(args.iter().map(Into::into).collect(), order)
            .map(|item| {
                item.map(|item| match item {
                    Item::Operand(text) => text.into_string().unwrap(),
                    Item::Option { id, value: None } => format!("{id:?}"),
                    Item::Option { id, value: Some(value) } => format!("{id:?}={}", value.to_str().unwrap()),
                })
            })
            .collect()
    }

    fn mixed(args: &[&str]) -> Result<Vec<String>, Misuse> {
        scan(args, Order::Mixed)
    }

    #[test]
    fn letters_cluster_and_the_last_takes_a_value_attached_or_apart() {
        assert_eq!(mixed(&["-vm644", "a"]).unwrap(), ["Verbose", "Mode=644", "a"]);
        assert_eq!(mixed(&["-vm", "644", "-S=x"]).unwrap(), ["Verbose", "Mode=644", "Suffix==x"]);
        assert_eq!(mixed(&["-m", "--", "a"]).unwrap(), ["Mode=--", "a"]);
    }

    #[test]
    fn a_letter_whose_value_is_optional_takes_none() {
        assert_eq!(mixed(&["-bv", "simple"]).unwrap(), ["Backup", "Verbose", "simple"]);
        assert_eq!(mixed(&["-Zx"]), Err(Misuse::InvalidLetter { letter: b'x' }));
    }

    #[test]
    fn operands_may_stand_anywhere_unless_posix_is_asked_for() {
        assert_eq!(mixed(&["a", "-v", "-", "--", "-b"]).unwrap(), ["a", "Verbose", "-", "-b"]);
        assert_eq!(scan(&["-v", "a", "-b", "--"], Order::OptionsFirst).unwrap(), ["Verbose", "a", "-b", "--"]);
    }

    #[test]
    fn long_names_may_be_abbreviated_while_only_one_fits() {
        assert_eq!(mixed(&["--mo=7", "--ba", "--backup=t", "--strip"]).unwrap(), ["Mode=7", "Backup", "Backup=t", "Strip"]);
        let names = vec!["strip", "strip-program", "suffix"];
        assert_eq!(mixed(&["--s=1"]), Err(Misuse::Ambiguous { given: "s=1".into(), names }));
        assert_eq!(mixed(&["--x=1"]), Err(Misuse::Unrecognized { given: "x=1".into() }));
    }

    #[test]
    fn our_own_names_must_be_spelled_out_and_disturb_no_abbreviation() {
        assert_eq!(mixed(&["--durability=none", "--all-or-nothing"]).unwrap(), ["Durability=none", "AllOrNothing"]);
        assert_eq!(mixed(&["--durabilit=none"]), Err(Misuse::Unrecognized { given: "durabilit=none".into() }));
        assert_eq!(mixed(&["--d"]), Err(Misuse::Ambiguous { given: "d".into(), names: vec!["debug", "directory"] }));
        assert_eq!(mixed(&["--st"]), Err(Misuse::Ambiguous { given: "st".into(), names: vec!["strip", "strip-program"] }));
    }

    #[test]
    fn values_are_missed_or_refused_by_name() {
        assert_eq!(mixed(&["--mod"]), Err(Misuse::ValueMissing { name: "mode" }));
        assert_eq!(mixed(&["--verb=1"]), Err(Misuse::ValueUnwanted { name: "verbose" }));
        assert_eq!(mixed(&["-vm"]), Err(Misuse::LetterValueMissing { letter: b'm' }));
        assert_eq!(mixed(&["-v-"]), Err(Misuse::InvalidLetter { letter: b'-' }));
        assert_eq!(mixed(&["--mode="]).unwrap(), ["Mode="]);
    }
}
