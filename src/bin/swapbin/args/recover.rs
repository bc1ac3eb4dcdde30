//! `swapbin recover`.

use clap::Args;

use super::OutputArgs;

const AFTER_LONG_HELP: &str = "\
Exit status:
  0    nothing is left over, or all of it is settled
  8    somebody has to decide: see --list, then --forward, --back or --abandon;
       or such a decision left files as they are
  75   something has to wait: a mount is absent, or a run is still at work
  as of the other commands else: see `swapbin --help`

Examples:
  swapbin recover
  swapbin recover --list
  swapbin recover --back ID
";

/// Finish batches that were broken off by a crash, or take them back.
///
/// A batch that was decided is finished, one that was not is taken back, as its journal says. What is neither the old version
/// nor the new one is never touched: such a batch is left as it is until somebody decides.
#[derive(Debug, Args)]
#[command(override_usage = "swapbin recover [OPTIONS]", after_long_help = AFTER_LONG_HELP)]
pub struct RecoverArgs {
    /// Only say what is left over and what would become of it; the exit status is the same.
    #[arg(long, help_heading = "Decision", conflicts_with_all = ["forward", "back", "abandon"])]
    pub list: bool,

    /// Make every file of this batch new that can be, and leave the others as they are.
    #[arg(long, value_name = "ID", help_heading = "Decision", conflicts_with_all = ["back", "abandon"])]
    pub forward: Option<String>,

    /// Make every file of this batch old that can be, and leave the others as they are.
    #[arg(long, value_name = "ID", help_heading = "Decision", conflicts_with = "abandon")]
    pub back: Option<String>,

    /// Leave every file of this batch as it is, and forget the batch.
    #[arg(long, value_name = "ID", help_heading = "Decision")]
    pub abandon: Option<String>,

    #[command(flatten)]
    pub output: OutputArgs,
}
