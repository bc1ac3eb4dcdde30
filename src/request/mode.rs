//! Permission bits: octal, or symbolic as chmod(1) has it.

use std::fmt;
use std::str::FromStr;

/// The twelve permission bits: rwx for three classes, with setuid, setgid and sticky.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mode(u32);

impl Mode {
    /// What a new file gets: 0755.
    pub const NEW_FILE: Mode = Mode(0o755);

    /// The permission bits of `bits`; the file type is dropped.
    pub fn from_bits(bits: u32) -> Mode {
        Mode(bits & 0o7777)
    }

    /// The bits.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Whether running the file changes the caller's user or group: setuid or setgid.
    pub fn is_privileged(self) -> bool {
        self.0 & 0o6000 != 0
    }

    /// The same with these rwx bits for the group.
    pub(crate) fn with_group(self, rights: u32) -> Mode {
        Mode(self.0 & !0o070 | (rights & 0o7) << 3)
    }

    /// The same without setuid and setgid.
    pub fn without_privilege(self) -> Mode {
        Mode(self.0 & !0o6000)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A mode as it was written: absolute, or a change to a mode that is known later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModeChange {
    /// An octal mode.
    Absolute(Mode),
    /// Symbolic clauses, applied in order.
    Symbolic(Vec<Clause>),
}

/// One `WHO OP PERMS` of a symbolic mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The bits the clause may touch.
    who: u32,
    op: Op,
    perms: Perms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Add,
    Remove,
    Set,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Perms {
    /// `rwst`, and `X` separately.
    Bits { bits: u32, execute_if_any: bool },
    /// The bits another class has: `g=u`. The shift of that class.
    SameAs(u32),
}

impl ModeChange {
    /// Applies the change to `start`. The umask has no part in it.
    pub fn apply(&self, start: Mode) -> Mode {
        match self {
            ModeChange::Absolute(mode) => *mode,
            ModeChange::Symbolic(clauses) => Mode(clauses.iter().fold(start.0, |mode, clause| clause.apply(mode))),
        }
    }
}

impl Clause {
    fn apply(&self, mode: u32) -> u32 {
        let bits = match self.perms {
            Perms::Bits { bits, execute_if_any } => {
                let execute = if execute_if_any && mode & 0o111 != 0 { 0o111 } else { 0 };
                bits | execute
            }
            Perms::SameAs(shift) => (mode >> shift & 0o7) * 0o111,
        } & self.who;
        match self.op {
            Op::Add => mode | bits,
            Op::Remove => mode & !bits,
            Op::Set => mode & !self.who | bits,
        }
    }
}

impl FromStr for ModeChange {
    type Err = String;

    /// Octal up to 7777, or clauses `[ugoa]*[-+=][rwxXst]*` or `[ugoa]*[-+=][ugo]` with commas between them.
    fn from_str(text: &str) -> Result<ModeChange, String> {
        let invalid = || format!("invalid mode '{}'", crate::error::escaped(text.as_ref()));
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let octal = text.bytes().all(|b| (b'0'..=b'7').contains(&b));
            let bits = u32::from_str_radix(text, 8).ok().filter(|bits| octal && *bits <= 0o7777);
            return bits.map(|bits| ModeChange::Absolute(Mode(bits))).ok_or_else(invalid);
        }
        let clauses: Option<Vec<Vec<Clause>>> = text.split(',').map(parse_clauses).collect();
        clauses.map(|clauses| ModeChange::Symbolic(clauses.concat())).ok_or_else(invalid)
    }
}

/// The clauses of one comma-free part: one WHO, then one or more OP PERMS.
fn parse_clauses(text: &str) -> Option<Vec<Clause>> {
    let after_who = text.trim_start_matches(['u', 'g', 'o', 'a']);
    let named = text[..text.len() - after_who.len()].bytes().fold(0, |who, class| {
        who | match class {
            b'u' => 0o4700,
            b'g' => 0o2070,
            b'o' => 0o1007,
            _ => 0o7777,
        }
    });
    let who = if named == 0 { 0o7777 } else { named };
    let mut rest = after_who;
    let mut clauses = Vec::new();
    while !rest.is_empty() {
        let op = match rest.as_bytes()[0] {
            b'+' => Op::Add,
            b'-' => Op::Remove,
            b'=' => Op::Set,
            _ => return None,
        };
        let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |at| at + 1);
        clauses.push(Clause { who, op, perms: parse_perms(&rest[1..end])? });
        rest = &rest[end..];
    }
    (!clauses.is_empty()).then_some(clauses)
}

fn parse_perms(text: &str) -> Option<Perms> {
    match text {
        "u" => return Some(Perms::SameAs(6)),
        "g" => return Some(Perms::SameAs(3)),
        "o" => return Some(Perms::SameAs(0)),
        _ => {}
    }
    let mut execute_if_any = false;
    let mut bits = 0;
    for letter in text.bytes() {
        bits |= match letter {
            b'r' => 0o444,
            b'w' => 0o222,
            b'x' => 0o111,
            b's' => 0o6000,
            b't' => 0o1000,
            b'X' => {
                execute_if_any = true;
                0
            }
            _ => return None,
        };
    }
    Some(Perms::Bits { bits, execute_if_any })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(text: &str, start: u32) -> u32 {
        text.parse::<ModeChange>().unwrap().apply(Mode(start)).bits()
    }

    #[test]
    fn octal_modes_replace_every_bit() {
        assert_eq!(apply("0", 0o4755), 0);
        assert_eq!(apply("4755", 0o644), 0o4755);
        assert_eq!(apply("07777", 0), 0o7777);
    }

    #[test]
    fn symbolic_modes_change_what_they_name() {
        assert_eq!(apply("u+s", 0o755), 0o4755);
        assert_eq!(apply("+s", 0o755), 0o6755);
        assert_eq!(apply("g-w,o=", 0o775), 0o750);
        assert_eq!(apply("u=rwX", 0), 0o600);
        assert_eq!(apply("a+X", 0o744), 0o755);
        assert_eq!(apply("g=u", 0o740), 0o770);
        assert_eq!(apply("u=rw+x", 0), 0o700);
        assert_eq!(apply("+t", 0o755), 0o1755);
        assert_eq!(apply("u=", 0o4755), 0o055);
    }

    #[test]
    fn what_is_no_mode_is_refused() {
        for text in ["", "8", "10000", "u", "u+q", "rwx", " 755", "u+ug", ",", "u+x,"] {
            assert!(text.parse::<ModeChange>().is_err(), "{text:?}");
        }
    }
}
