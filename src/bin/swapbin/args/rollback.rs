//! `swapbin rollback`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueHint};
use swapbin::Wait;

use super::OutputArgs;

const AFTER_LONG_HELP: &str = "\
Examples:
  swapbin rollback /usr/local/bin/app
  swapbin rollback --last --dry-run
  swapbin rollback --last
  swapbin rollback --txn ID
";

/// Bring back the version before: of one file, or of all files of a batch.
///
/// It is done as any other change: all of it or nothing, atomically and durably. What is there now is kept in turn, so that a
/// second rollback of the same file goes forward again.
#[derive(Debug, Args)]
#[command(override_usage = "swapbin rollback [OPTIONS] <PATH|--last|--txn <ID>>", arg_required_else_help = true, after_long_help = AFTER_LONG_HELP)]
#[command(group = ArgGroup::new("what").args(["path", "last", "txn"]).required(true))]
pub struct RollbackArgs {
    /// The file.
    #[arg(value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub path: Option<PathBuf>,

    /// Take back the newest change that `swapbin history` lists, with all its files.
    #[arg(long)]
    pub last: bool,

    /// Take back this change, with all its files.
    #[arg(long, value_name = "ID")]
    pub txn: Option<String>,

    /// Take a symbolic link itself for the file, not what it points to.
    #[arg(long, help_heading = "Target", conflicts_with_all = ["last", "txn"])]
    pub no_dereference: bool,

    /// As root, also go through directories and links that other users may write to.
    #[arg(long, help_heading = "Target")]
    pub allow_shared_path: bool,

    /// Only say what would be brought back; change nothing.
    #[arg(short = 'n', long, help_heading = "Run")]
    pub dry_run: bool,

    /// How long to wait for another run that changes the same files: seconds, or with ms, s, m, h; 0: not at all.
    #[arg(long, value_name = "TIME", help_heading = "Run")]
    pub wait: Option<Wait>,

    #[command(flatten)]
    pub output: OutputArgs,
}
