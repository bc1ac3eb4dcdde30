//! `swapbin prune`.

use clap::Args;
use swapbin::Wait;

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

    /// How long to wait for a run that changes one of the files: seconds, or with ms, s, m, h; 0: not at all (default: 10).
    #[arg(long, value_name = "TIME", help_heading = "Run")]
    pub wait: Option<Wait>,

    #[command(flatten)]
    pub output: OutputArgs,
}
