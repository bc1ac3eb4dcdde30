//! The commands that advice names, as they have to be called to find the same state.

use std::path::Path;
use std::sync::OnceLock;

use crate::install::{Charset, name_if_needed};

/// The option with the state directory of this run, as a shell reads it.
static OPTION: OnceLock<String> = OnceLock::new();

/// Commands that look into the state directory.
const COMMANDS: [&str; 4] = ["swapbin recover", "swapbin history", "swapbin rollback", "swapbin prune"];

/// Takes note of the state directory that was given, by an option or by the environment, which a later call may not have.
pub fn remember(state_dir: Option<&Path>) {
    let Some(dir) = state_dir.filter(|dir| !dir.as_os_str().is_empty()) else { return };
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let charset = Charset::of(|name| std::env::var_os(name), swapbin::is_utf8_locale);
    let name = name_if_needed(dir.as_os_str(), charset);
    // The first one is that of the run.
    let _ = OPTION.set(format!(" --state-dir {}", String::from_utf8_lossy(&name)));
}

/// The text with that option in every command.
pub fn complete(text: String) -> String {
    match OPTION.get() {
        None => text,
        Some(option) => COMMANDS.iter().fold(text, |text, command| text.replace(command, &format!("{command}{option}"))),
    }
}
