//! Options that stand before the command they belong to.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use clap::{Arg, Args, Command};

use super::OutputArgs;

/// `swapbin --state-dir DIR recover` as `swapbin recover --state-dir DIR`: options that every command takes may stand before it.
/// What is something else comes back as it is; without a command such options are those of the main job.
///
/// clap's own global arguments do not go with a main job that excludes commands.
pub fn behind_command(command: &Command, argv: Vec<OsString>) -> Vec<OsString> {
    if argv.get(1).is_none_or(|word| !word.as_bytes().starts_with(b"-")) {
        return argv;
    }
    let common = OutputArgs::augment_args(Command::new("output"));
    let mut at = 1;
    while let Some(words) = argv.get(at).and_then(|word| words_of(&common, word)) {
        at += words;
    }
    let is_command = |word: &OsString| command.get_subcommands().any(|known| *word == *known.get_name());
    match argv.get(at).is_some_and(is_command) {
        true => {
            let options = argv[1..at].iter();
            argv[..1].iter().chain(&argv[at..=at]).chain(options).chain(&argv[at + 1..]).cloned().collect()
        }
        false => argv,
    }
}

/// How many words an option takes, if it is one of these.
fn words_of(common: &Command, word: &OsString) -> Option<usize> {
    let text = word.to_str()?;
    let takes_value = |arg: &Arg| arg.get_action().takes_values();
    if let Some(long) = text.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let arg = common.get_arguments().find(|arg| arg.get_long() == Some(name))?;
        return Some(if takes_value(arg) && value.is_none() { 2 } else { 1 });
    }
    let flags = text.strip_prefix('-').filter(|flags| !flags.is_empty())?;
    let is_flag = |letter| common.get_arguments().any(|arg| arg.get_short() == Some(letter) && !takes_value(arg));
    flags.chars().all(is_flag).then_some(1)
}
