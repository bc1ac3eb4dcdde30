//! What is said of a whole run, whatever its files.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{ArgAction, Args, ValueEnum, ValueHint};
use swapbin::Wait;

/// The options of the run.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Only tell whether the target would change: status 0 if it is current, 10 if not.
    #[arg(long, help_heading = "Run")]
    pub check: bool,

    /// Only say what would be done; fetch and change nothing.
    #[arg(short = 'n', long, help_heading = "Run")]
    pub dry_run: bool,

    /// How long to wait for another run that changes the same files: seconds, or with ms, s, m, h; 0: not at all (default: 10).
    #[arg(long, value_name = "TIME", help_heading = "Run")]
    pub wait: Option<Wait>,

    #[command(flatten)]
    pub output: OutputArgs,

    /// Show progress: auto (a bar, on a terminal only), plain (lines), never.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ProgressWhen::Auto, help_heading = "Output")]
    pub progress: ProgressWhen,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Say nothing but errors.
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say each step.
    #[arg(short, long, help_heading = "Output", action = ArgAction::Count)]
    pub verbose: u8,

    /// Print one JSON object on standard output.
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Where journals are, and what is known of kept versions; a single swap does without, and then keeps none.
    // An empty variable is one that is not set, so the parser that refuses empty paths is not for it.
    #[arg(long, value_name = "DIR", env = "SWAPBIN_STATE_DIR", help_heading = "Output", value_hint = ValueHint::DirPath)]
    #[arg(value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub state_dir: Option<PathBuf>,
}

/// When progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressWhen {
    /// A bar, if standard error is a terminal.
    Auto,
    /// Lines.
    Plain,
    /// Nothing.
    Never,
}
