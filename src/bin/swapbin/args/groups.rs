//! Several files on one command line: which words belong to which of them.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::{Arg, Args, Command};

use super::RunArgs;

/// One option with its value, or a word that is none.
struct Item {
    /// What clap calls the option; empty for a word that is none.
    id: String,
    words: Vec<OsString>,
}

impl Item {
    fn new(arg: Option<&Arg>, word: &OsStr) -> Item {
        Item { id: arg.map(|arg| arg.get_id().to_string()).unwrap_or_default(), words: vec![word.to_owned()] }
    }

    fn is(&self, id: &str) -> bool {
        self.id == id
    }
}

/// The command lines of the groups, the program's name first in each. A command line that is not one of several groups comes
/// back as it is.
///
/// A group begins at a `--from` after the `--to` of a file that has its `--from` already: further ones before are mirrors.
/// What stands before the first `--from` and `--to` is for all groups that do not say otherwise, and the options of [`RunArgs`]
/// are for all of them wherever they stand.
pub fn split(command: &mut Command, argv: &[OsString]) -> Vec<Vec<OsString>> {
    // Nearly every run has one group: it need not pay for more than this.
    let begins = |word: &OsString, option: &[u8]| word.as_bytes().starts_with(option);
    let more_follows = |words: &[OsString]| {
        let target = words.iter().position(|word| begins(word, b"--to"));
        target.is_some_and(|at| words[at..].iter().any(|word| begins(word, b"--from")))
    };
    let Some((program, words)) = argv.split_first().filter(|(_, words)| more_follows(words)) else {
        return vec![argv.to_vec()];
    };
    command.build();
    let (run, mut items): (Vec<Item>, Vec<Item>) = {
        let runs = RunArgs::augment_args(Command::new("run"));
        let of_run = |item: &Item| runs.get_arguments().any(|arg| item.is(arg.get_id().as_str()));
        items(command, words).into_iter().partition(of_run)
    };
    let first = items.iter().position(|item| item.is("from") || item.is("to")).unwrap_or(items.len());
    let groups = in_groups(items.split_off(first));
    if groups.len() == 1 {
        return vec![argv.to_vec()];
    }
    let for_all = items;
    let line = |group: &Vec<Item>| {
        let others = for_all.iter().filter(|item| !group.iter().any(|own| overrides(command, own, item)));
        let words = run.iter().chain(others).chain(group).flat_map(|item| &item.words);
        std::iter::once(program).chain(words).cloned().collect()
    };
    groups.iter().map(line).collect()
}

fn in_groups(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut groups = vec![Vec::new()];
    let (mut has_source, mut is_complete) = (false, false);
    for item in items {
        if item.is("from") && is_complete {
            groups.push(Vec::new());
            (has_source, is_complete) = (false, false);
        }
        has_source |= item.is("from");
        is_complete |= item.is("to") && has_source;
        groups.last_mut().expect("there is a group").push(item);
    }
    groups
}

/// Whether what a group says itself takes the place of what is said for all: the same option, or one that excludes it.
fn overrides(command: &Command, own: &Item, for_all: &Item) -> bool {
    let arg = |item: &Item| command.get_arguments().find(|arg| item.is(arg.get_id().as_str()));
    // clap knows a conflict from the side that declares it.
    let declares = |one: &Item, other: &Item| {
        arg(one).is_some_and(|one| command.get_arg_conflicts_with(one).iter().any(|arg| other.is(arg.get_id().as_str())))
    };
    let excludes = || declares(own, for_all) || declares(for_all, own);
    !own.id.is_empty() && (own.id == for_all.id || excludes())
}

/// Takes the words apart as clap does, as far as that is needed to know which of them are values.
fn items(command: &Command, words: &[OsString]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let bytes = word.as_bytes();
        let open = match bytes.strip_prefix(b"--") {
            Some(b"") => {
                items.push(Item { id: String::new(), words: std::iter::once(word).chain(rest).cloned().collect() });
                break;
            }
            Some(long) => long_option(command, long, word, &mut items),
            None => short_options(command, bytes, &mut items),
        };
        // The last option has no value yet and wants one.
        if open && let Some(item) = items.last_mut() {
            item.words.extend(rest.next().cloned());
        }
    }
    items
}

/// `--name` or `--name=value`. Whether the next word is the value.
fn long_option(command: &Command, long: &[u8], word: &OsStr, items: &mut Vec<Item>) -> bool {
    let equals = long.iter().position(|byte| *byte == b'=');
    let name = &long[..equals.unwrap_or(long.len())];
    let arg = command.get_arguments().find(|arg| arg.get_long().is_some_and(|found| found.as_bytes() == name));
    items.push(Item::new(arg, word));
    equals.is_none() && arg.is_some_and(takes_value)
}

/// `-n`, `-m0755` or both in one, `-nm0755`; or a word that is no option at all. Whether the next word is the value of the last.
fn short_options(command: &Command, word: &[u8], items: &mut Vec<Item>) -> bool {
    let mut rest = word.strip_prefix(b"-").unwrap_or_default();
    while let Some((letter, after)) = rest.split_first() {
        let Some(arg) = command.get_arguments().find(|arg| arg.get_short() == Some(*letter as char)) else { break };
        if takes_value(arg) {
            items.push(Item::new(Some(arg), OsStr::from_bytes(&[b"-", rest].concat())));
            return after.is_empty();
        }
        items.push(Item::new(Some(arg), OsStr::from_bytes(&[b'-', *letter])));
        rest = after;
    }
    // What clap does not know either: it will say so.
    if !rest.is_empty() {
        items.push(Item::new(None, OsStr::from_bytes(&[b"-", rest].concat())));
    } else if !word.starts_with(b"-") || word == b"-" {
        items.push(Item::new(None, OsStr::from_bytes(word)));
    }
    false
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// The groups of a command line, each in one line.
    fn groups(line: &str) -> Vec<String> {
        let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let text = |words: Vec<OsString>| words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
        split(&mut super::super::Args::command(), &argv).into_iter().map(text).collect()
    }

    #[test]
    fn a_group_begins_at_a_source_after_a_target() {
        assert_eq!(groups("s --from a --to b --from c --to d"), ["s --from a --to b", "s --from c --to d"]);
        assert_eq!(groups("s --from=a --to=b --from c --from d --to e"), ["s --from=a --to=b", "s --from c --from d --to e"]);
        assert_eq!(groups("s --from a --to b -m 0700 --from c --to d"), ["s --from a --to b -m 0700", "s --from c --to d"]);
    }

    #[test]
    fn sources_before_the_target_or_right_behind_it_are_mirrors_and_one_that_comes_later_is_another_file() {
        for line in ["s --to x --from a --from b", "s --from a --from b --to x", "s --from a --to x -m --to"] {
            assert_eq!(groups(line), [line]);
        }
        assert_eq!(groups("s --from a --to x --from b"), ["s --from a --to x", "s --from b"]);
    }

    #[test]
    fn a_value_is_no_option_whatever_it_looks_like() {
        let line = "s --from a --mode --from --to b --from c -nm --to --to d";
        assert_eq!(groups(line), ["s -n --from a --mode --from --to b", "s -n --from c -m --to --to d"]);
    }

    #[test]
    fn what_stands_before_all_groups_is_for_those_that_do_not_say_otherwise() {
        let line = "s -m 0700 --token-env T --from a --to b --from c --to d --mode=0755 --token-file f";
        let first = "s -m 0700 --token-env T --from a --to b";
        assert_eq!(groups(line), [first, "s --from c --to d --mode=0755 --token-file f"]);
    }

    #[test]
    fn options_of_the_run_are_for_all_groups_wherever_they_stand() {
        let line = "s --from a --to b --json --from c --wait 3 --to d -qo root";
        let run = "--json --wait 3 -q";
        assert_eq!(groups(line), [format!("s {run} --from a --to b"), format!("s {run} --from c --to d -o root")]);
    }

    #[test]
    fn what_is_no_option_is_left_for_clap_to_refuse() {
        let line = "s --from a --to b --bogus --from c --to d -x extra";
        assert_eq!(groups(line), ["s --from a --to b --bogus", "s --from c --to d -x extra"]);
        assert_eq!(
            groups("s --from a --to b --from c --to d -- --from e"),
            ["s --from a --to b", "s --from c --to d -- --from e"]
        );
    }
}
