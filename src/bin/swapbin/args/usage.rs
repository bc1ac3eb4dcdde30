//! `swapbin who` and `swapbin stale`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::OutputArgs;

/// List the processes that execute, map or have open a file, or a former version of it.
///
/// On a terminal it is a table. Else each line has eight columns with a tab between them: pid, user, command, how, version, since
/// (UTC), unit or container, file. Status 0 if somebody does, 10 if nobody, 11 if nobody was found but some processes could not be
/// read.
#[derive(Debug, Args)]
#[command(override_usage = "swapbin who [OPTIONS] <PATH>...")]
pub struct WhoArgs {
    /// The files. One that is gone may be named too.
    #[arg(value_name = "PATH", required = true, value_hint = ValueHint::FilePath)]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub watch: WatchArgs,

    #[command(flatten)]
    pub output: OutputArgs,
}

/// List the processes that run or map something that is no longer what its path leads to.
///
/// On a terminal it is a table for each file. Else each line has the columns of 'swapbin who', the lines of a file together.
/// Status 0 if everything is current, 10 if something is stale, 11 if nothing was found but some processes could not be read.
#[derive(Debug, Args)]
#[command(override_usage = "swapbin stale [OPTIONS] [PATH]...")]
pub struct StaleArgs {
    /// Only former versions of these files.
    #[arg(value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub paths: Vec<PathBuf>,

    /// Only what this process runs and maps.
    #[arg(long, value_name = "PID", conflicts_with = "paths", value_parser = clap::value_parser!(u32).range(1..))]
    pub pid: Option<u32>,

    #[command(flatten)]
    pub watch: WatchArgs,

    #[command(flatten)]
    pub output: OutputArgs,
}

/// How often it is looked.
#[derive(Clone, Copy, Debug, Args)]
pub struct WatchArgs {
    /// Look again and again, and show what has changed, until the list is empty.
    #[arg(long)]
    pub watch: bool,
}
