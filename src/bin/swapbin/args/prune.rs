//! `swapbin prune`.

use clap::Args;

use super::OutputArgs;

/// Remove kept versions that are not wanted any more, and say of which files.
///
/// Only what this user's state names, and what is still the very file that was kept, is removed.
#[derive(Debug, Args)]
#[command(override_usage = "swapbin prune [OPTIONS]")]
pub struct PruneArgs {
    /// How many kept versions of each file stay, the newest ones; with 0 nothing can be rolled back any more.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub keep: u32,

    #[command(flatten)]
    pub output: OutputArgs,
}
