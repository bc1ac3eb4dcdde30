//! What the new file takes over from the one it replaces.

use std::str::FromStr;

/// One kind of metadata that can be carried over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Permission bits, with setuid, setgid and sticky.
    Mode,
    /// The owning user.
    Owner,
    /// The owning group.
    Group,
    /// The access control list.
    Acl,
    /// Extended attributes that are none of the other kinds.
    Xattr,
    /// File capabilities.
    Caps,
    /// The security label (SELinux, Smack).
    Context,
}

impl Kept {
    /// Every kind, in the order they are documented.
    pub const ALL: [Kept; 7] = [Kept::Mode, Kept::Owner, Kept::Group, Kept::Acl, Kept::Xattr, Kept::Caps, Kept::Context];

    /// The word for it in `--preserve`.
    pub fn word(self) -> &'static str {
        match self {
            Kept::Mode => "mode",
            Kept::Owner => "owner",
            Kept::Group => "group",
            Kept::Acl => "acl",
            Kept::Xattr => "xattr",
            Kept::Caps => "caps",
            Kept::Context => "context",
        }
    }

    /// What it is, in full.
    pub fn name(self) -> &'static str {
        match self {
            Kept::Acl => "access control list",
            Kept::Xattr => "extended attributes",
            Kept::Caps => "file capabilities",
            Kept::Context => "security label",
            Kept::Mode | Kept::Owner | Kept::Group => self.word(),
        }
    }
}

/// A set of [`Kept`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preserve(u8);

impl Preserve {
    /// Carry everything over.
    pub fn all() -> Preserve {
        Preserve(Kept::ALL.iter().fold(0, |set, kept| set | 1 << *kept as u8))
    }

    /// Carry nothing over: the new file is as if there had been none.
    pub fn none() -> Preserve {
        Preserve(0)
    }

    /// Whether this kind is carried over.
    pub fn has(self, kept: Kept) -> bool {
        self.0 & 1 << kept as u8 != 0
    }
}

impl FromStr for Preserve {
    type Err = String;

    /// `all`, `none`, or a list of words with commas between them.
    fn from_str(text: &str) -> Result<Preserve, String> {
        match text {
            "all" => return Ok(Preserve::all()),
            "none" => return Ok(Preserve::none()),
            _ => {}
        }
        text.split(',').try_fold(Preserve::none(), |set, word| {
            let kept = Kept::ALL.into_iter().find(|kept| kept.word() == word);
            let kept = kept.ok_or_else(|| {
                let words = Kept::ALL.map(Kept::word).join(", ");
                format!("{} is none of {words}; or say all, or none", crate::error::quoted(word))
            })?;
            Ok(Preserve(set.0 | 1 << kept as u8))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_what_is_kept() {
        let set: Preserve = "mode,caps".parse().unwrap();
        assert!(set.has(Kept::Mode) && set.has(Kept::Caps));
        assert!(!set.has(Kept::Owner) && !set.has(Kept::Acl));
    }

    #[test]
    fn all_is_every_word_and_none_is_no_word() {
        let all: Preserve = "all".parse().unwrap();
        let none: Preserve = "none".parse().unwrap();
        assert!(Kept::ALL.into_iter().all(|kept| all.has(kept) && !none.has(kept)));
    }

    #[test]
    fn an_unknown_word_is_refused_with_the_known_ones() {
        assert!("mode,times".parse::<Preserve>().unwrap_err().contains("mode, owner, group"));
        assert!("".parse::<Preserve>().is_err());
    }
}
