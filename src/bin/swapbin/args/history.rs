//! `swapbin history`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::OutputArgs;

/// List the changes that were made, newest first, and the versions that are kept.
///
/// On a terminal it is a table. Else each line has five columns with a tab between them: time (UTC), change, command, file, and
/// where the version before is kept, or '-'.
#[derive(Debug, Args)]
#[command(override_usage = "swapbin history [OPTIONS] [PATH]")]
pub struct HistoryArgs {
    /// Only the changes of this file.
    #[arg(value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub path: Option<PathBuf>,

    #[command(flatten)]
    pub output: OutputArgs,
}
