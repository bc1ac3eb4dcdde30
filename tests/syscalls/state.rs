//! What can be seen of a tree, as far as it is judged.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::support::{Kind, Snapshot};

/// The attribute that jobs give to files whose attributes are to be kept.
pub const ATTRIBUTE: &str = "user.kept";

/// What stands behind a name that is another one's without the digits.
pub const ANOTHER: &str = " (another)";

/// What a name stands for. Neither inode nor times: they differ from run to run.
#[derive(Clone, PartialEq, Eq)]
pub struct Facts {
    pub kind: Kind,
    mode: u32,
    owner: (u32, u32),
    attribute: Option<Vec<u8>>,
    size: u64,
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::File { sha256 } => write!(f, "{} bytes {}", self.size, &sha256[..8])?,
            other => write!(f, "{other:?}")?,
        }
        write!(f, " {:04o} {}:{}", self.mode, self.owner.0, self.owner.1)?;
        if let Some(value) = &self.attribute {
            write!(f, " {ATTRIBUTE}={}", String::from_utf8_lossy(value))?;
        }
        Ok(())
    }
}

/// Every name, with the digits of random names left out.
#[derive(Clone, Default)]
pub struct State(pub BTreeMap<String, Facts>);

impl State {
    /// Adds the names below a directory, with something before them.
    pub fn add(&mut self, root: &Path, prefix: &str) {
        let snapshot = Snapshot::of(root);
        for name in snapshot.names().filter(|name| !name.as_os_str().is_empty()) {
            let entry = snapshot.entry(name).clone();
            let attribute = match entry.kind {
                Kind::File { .. } => attribute_of(&root.join(name)),
                _ => None,
            };
            let kind = match entry.kind {
                Kind::Link { to } => Kind::Link { to: without_digits(&to.to_string_lossy()).into() },
                other => other,
            };
            let facts = Facts { kind, mode: entry.mode, owner: (entry.uid, entry.gid), attribute, size: entry.size };
            let mut name = format!("{prefix}{}", without_digits(&name.to_string_lossy()));
            while self.0.contains_key(&name) {
                name.push_str(ANOTHER);
            }
            self.0.insert(name, facts);
        }
        self.take_out_of_closets();
        self.take_copies_for_others();
    }

    /// A kept version, a directory as well as a file, may be alone in a directory that only its owner may enter, and must be if it is setuid. It is judged by
    /// what it is, not by where.
    fn take_out_of_closets(&mut self) {
        let is_closet = |(name, facts): (&String, &Facts)| {
            (name.contains(".swapbin~") && facts.kind == Kind::Directory && facts.mode == 0o700).then(|| name.clone())
        };
        for closet in self.0.iter().filter_map(is_closet).collect::<Vec<_>>() {
            let Some(inside) = self.0.remove(&format!("{closet}/file")) else { continue };
            let prefix = format!("{closet}/file/");
            for below in self.0.keys().filter(|name| name.starts_with(&prefix)).cloned().collect::<Vec<_>>() {
                let facts = self.0.remove(&below).expect("it was just there");
                self.0.insert(format!("{closet}/{}", &below[prefix.len()..]), facts);
            }
            self.0.insert(closet, inside);
        }
    }

    /// A version that is kept by a copy is as good as another. One on the way has no right for anybody else yet.
    fn take_copies_for_others(&mut self) {
        let is_whole = |facts: &Facts| facts.kind != Kind::Directory && facts.mode != 0o600;
        let copies = self.0.iter().filter(|(_, facts)| is_whole(facts));
        let copies: Vec<String> = copies.filter_map(|(name, _)| name.strip_suffix(".copy").map(str::to_owned)).collect();
        for kept in copies {
            let facts = self.0.remove(&format!("{kept}.copy")).expect("it was just there");
            self.0.insert(kept, facts);
        }
    }

    /// The names at which this and another state differ.
    pub fn differing<'a>(&'a self, other: &'a State) -> impl Iterator<Item = &'a String> {
        let of_both = self.0.keys().chain(other.0.keys().filter(|name| !self.0.contains_key(*name)));
        of_both.filter(|name| self.0.get(*name) != other.0.get(*name))
    }
}

/// `None` also where the filesystem has no attributes.
fn attribute_of(path: &Path) -> Option<Vec<u8>> {
    let mut value = vec![0; 64];
    let length = rustix::fs::getxattr(path, ATTRIBUTE, &mut value).ok()?;
    Some(value[..length].to_vec())
}

/// The name with every run of eight or more hexadecimal digits as `#`.
fn without_digits(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_hexdigit()).len();
        let taken = if digits >= 8 { digits } else { first.len_utf8() };
        out.push_str(if digits >= 8 { "#" } else { &rest[..taken] });
        rest = &rest[taken..];
    }
    out
}

#[test]
fn random_digits_are_left_out() {
    assert_eq!(without_digits(".swapbin.s0123456789abcdef.0"), ".swapbin.s#.0");
    assert_eq!(without_digits("d/face.~1~"), "d/face.~1~");
}
