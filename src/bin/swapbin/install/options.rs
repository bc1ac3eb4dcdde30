//! The one table of options. Reading, `--help`, the man page and completions all go by it.
//!
//! Letters, names and their order are those of coreutils' install; the order is visible in the list that an ambiguous
//! abbreviation gets.

/// What an option means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    Backup,
    Compatible,
    Compare,
    Context,
    Debug,
    Directory,
    Leading,
    Group,
    Mode,
    NoTargetDirectory,
    Owner,
    PreserveTimestamps,
    PreserveContext,
    Strip,
    StripProgram,
    Suffix,
    TargetDirectory,
    Verbose,
    Help,
    Version,
    AllOrNothing,
    Durability,
    KeepAttributes,
    StateDir,
}

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    None,
    Required,
    /// Only after `=` behind the long name: the letter alone never takes one, as in coreutils.
    Optional,
}

/// Whose option it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// coreutils'. Its long name may be abbreviated.
    Gnu,
    /// Ours. It must be spelled out, so that no abbreviation that works with coreutils changes its meaning or its message.
    Own,
}

/// One option.
#[derive(Debug)]
pub struct Spec {
    pub id: Id,
    pub short: Option<u8>,
    pub long: Option<&'static str>,
    pub argument: Argument,
    /// The name of the value in help; empty if there is none.
    pub value: &'static str,
    pub help: &'static str,
    pub family: Family,
}

/// Every option, in the order of the table.
pub fn all() -> impl Iterator<Item = &'static Spec> {
    TABLE.iter()
}

/// The option with this letter.
pub fn by_letter(letter: u8) -> Option<&'static Spec> {
    all().find(|spec| spec.short == Some(letter))
}

const fn gnu(id: Id, short: &str, long: &'static str, argument: Argument, value: &'static str, help: &'static str) -> Spec {
    let short = if short.is_empty() { None } else { Some(short.as_bytes()[0]) };
    let long = if long.is_empty() { None } else { Some(long) };
    Spec { id, short, long, argument, value, help, family: Family::Gnu }
}

const fn own(id: Id, long: &'static str, argument: Argument, value: &'static str, help: &'static str) -> Spec {
    Spec { id, short: None, long: Some(long), argument, value, help, family: Family::Own }
}

use Argument::{None as No, Optional, Required};

#[rustfmt::skip]
static TABLE: [Spec; 24] = [
    gnu(Id::Backup, "b", "backup", Optional, "CONTROL", "keep what is replaced under another name; -b is the form without a value"),
    gnu(Id::Compatible, "c", "", No, "", "does nothing; old makefiles pass it"),
    gnu(Id::Compare, "C", "compare", No, "", "leave a destination alone if content, owner, group and mode are as wanted already"),
    gnu(Id::Context, "Z", "context", Optional, "CTX", "give files and new directories the security label of the policy, or CTX; -Z is the form without a value"),
    gnu(Id::Debug, "", "debug", No, "", "tell how each file is copied; includes -v"),
    gnu(Id::Directory, "d", "directory", No, "", "the operands are directories: create them, and what is missing above them"),
    gnu(Id::Leading, "D", "", No, "", "create missing directories above DEST, or DIRECTORY of -t itself"),
    gnu(Id::Group, "g", "group", Required, "GROUP", "the group, by name or number, instead of that of the process"),
    gnu(Id::Mode, "m", "mode", Required, "MODE", "the mode, octal or symbolic from nothing, instead of 0755"),
    gnu(Id::NoTargetDirectory, "T", "no-target-directory", No, "", "DEST is the name of the file, even if it is a directory"),
    gnu(Id::Owner, "o", "owner", Required, "OWNER", "the owner, by name or number"),
    gnu(Id::PreserveTimestamps, "p", "preserve-timestamps", No, "", "take over the times of last access and modification"),
    gnu(Id::PreserveContext, "", "preserve-context", No, "", "take over the SELinux label"),
    gnu(Id::Strip, "s", "strip", No, "", "run strip(1) on the file before it is put in place"),
    gnu(Id::StripProgram, "", "strip-program", Required, "PROGRAM", "what -s runs instead of strip"),
    gnu(Id::Suffix, "S", "suffix", Required, "SUFFIX", "what the name of a simple backup ends in; implies -b"),
    gnu(Id::TargetDirectory, "t", "target-directory", Required, "DIRECTORY", "put every SOURCE into DIRECTORY"),
    gnu(Id::Verbose, "v", "verbose", No, "", "name each file and directory as it is made"),
    gnu(Id::Help, "", "help", No, "", "print this and exit"),
    gnu(Id::Version, "", "version", No, "", "print the version and exit"),
    own(Id::AllOrNothing, "all-or-nothing", No, "", "put no file in place unless all of them can be"),
    own(Id::Durability, "durability", Required, "HOW", "full: on the disk before it counts as done (the default); none: atomic, but only written back when the system likes, for package builds"),
    own(Id::KeepAttributes, "keep-attributes", Required, "LIST", "take over from the file that is replaced: acl, xattr, caps, with commas between them; or all, or none (the default)"),
    own(Id::StateDir, "state-dir", Required, "DIR", "accepted; nothing is kept there"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_coreutils() {
        let mut letters: Vec<u8> = all().filter_map(|spec| spec.short).collect();
        letters.sort_unstable();
        assert_eq!(letters, b"CDSTZbcdgmopstv");
    }

    #[test]
    fn own_options_have_no_letter_and_every_option_has_help() {
        assert!(all().filter(|spec| spec.family == Family::Own).all(|spec| spec.short.is_none() && spec.long.is_some()));
        assert!(all().all(|spec| !spec.help.is_empty() && (spec.argument == Argument::None) == spec.value.is_empty()));
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut names: Vec<_> = all().filter_map(|spec| spec.long).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
