//! What clap cannot know of a command line that it refuses.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Takes `swapbin help COMMAND`, which many programs know, for `swapbin COMMAND --help`.
pub fn without_help_command(mut argv: Vec<OsString>) -> Vec<OsString> {
    if argv.len() <= 3 && argv.get(1).is_some_and(|word| word == "help") {
        argv.remove(1);
        argv.push("--help".into());
    }
    argv
}

/// Says what was probably meant.
pub fn add(error: &mut clap::Error, argv: &[OsString]) {
    let tip = match (error.kind(), error.get(ContextKind::InvalidArg), argv) {
        (ErrorKind::ArgumentConflict, Some(ContextValue::String(option)), _) if option.starts_with("--to ") => {
            "each --to needs a --from before it".to_owned()
        }
        // As cp(1) and install(1) have it.
        (ErrorKind::InvalidSubcommand, _, [_, from, to]) if !to.as_encoded_bytes().starts_with(b"-") => {
            let word = |word: &OsString| swapbin::quoted(word);
            format!("did you mean --from {} --to {}?", word(from), word(to))
        }
        _ => return,
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
}
