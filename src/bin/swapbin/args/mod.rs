//! The command line. Also read by the tests, which hold man pages and completions against it.

mod advice;
mod apply;
mod early;
mod groups;
mod history;
mod prune;
mod recover;
mod rescue;
mod rollback;
mod run;
mod swap;
mod tree;
mod usage;

pub use apply::ApplyArgs;
pub use history::HistoryArgs;
pub use prune::PruneArgs;
pub use recover::RecoverArgs;
pub use rescue::RescueArgs;
pub use rollback::RollbackArgs;
pub use run::{OutputArgs, ProgressWhen, RunArgs};
pub use swap::SwapArgs;
pub use tree::TreeArgs;
pub use usage::{StaleArgs, WatchArgs, WhoArgs};

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

// Lines of at most 80 columns: where a terminal is no wider, clap would break them once more.
const AFTER_HELP: &str = "\
`swapbin install ...`, and a link to swapbin called install, is install(1): see
`swapbin install --help`.

Exit status:
  0      installed, or already current
  1      failed: input or output, or anything without a code of its own
  2      usage
  3      busy: --in-place is refused, for somebody runs, maps or holds the
         file, or nobody can say that nobody does
  4      untrusted: the digest is wrong, or a kept version is not what was kept
  5      rejected: the source is empty, too large, a directory, the target
         itself or a web page
  7      unavailable: the source is not there, or may not be read or fetched; no
         earlier version is kept
  8      in doubt: the new file is in place, but may not survive a power cut; or
         an unfinished batch needs a decision: `swapbin recover --list`
  9      target: the destination is refused, or the state directory
  10     --check: a change would be made; who: nobody; stale: something is stale
  11     who, stale: nothing was found, but some processes could not be read
  75     try later: the source failed for now, something changed meanwhile,
         another run is at work, or a mount is absent
  128+n  ended by signal n, everything cleaned up

Whatever the status, each target is the old file or the new one, whole.";

const AFTER_LONG_HELP: &str = "\
Several files are one change, all or nothing: a group begins at a --from that
follows a --to, and its options belong to it. Options before the first --from
and --to are for all groups, unless a group has its own. Options under Run and
Output are for the whole run, wherever they stand. Many files are better
written down: `swapbin apply MANIFEST`.

The version that was replaced is kept beside its target as .swapbin~...:
`swapbin rollback PATH` brings it back, `swapbin history` lists what there is,
`swapbin prune` removes what is not wanted. After a crash `swapbin recover`
makes every file of a batch new, or every one old; the next run that concerns
one of them does it too. Keep the state directory as long as the targets.

Examples:
  swapbin --from target/release/app --to /usr/local/bin/app
  swapbin --from https://example.org/app --sha256 HEX --to /usr/local/bin/app
  curl ... | swapbin --from - --sha256 HEX --to /usr/local/bin/app --mode 0755
  swapbin --from app --to /usr/local/bin/ \\
          --from libapp.so.1 --to /usr/local/lib/
";

// clap's own would name an option that the environment gives a value as if it were required.
const USAGE: &str = "\
swapbin [OPTIONS] --from <SOURCE> --to <PATH>
       swapbin <COMMAND>";

/// Replace a program or shared library safely, also while it runs.
///
/// The new file is written under a temporary name beside the target, synced, and renamed into place: the target is never
/// absent and never partial, a running program keeps its old file, and whatever fails, the old file is still there.
#[derive(Debug, Parser)]
#[command(name = "swapbin", version, max_term_width = 100, arg_required_else_help = true)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, disable_help_subcommand = true)]
#[command(override_usage = USAGE, propagate_version = true, after_help = AFTER_HELP, after_long_help = format!("{AFTER_LONG_HELP}\n{AFTER_HELP}"))]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub swap: Option<SwapArgs>,
    #[command(flatten)]
    pub run: RunArgs,
}

/// What else the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    Apply(ApplyArgs),
    Recover(RecoverArgs),
    Rescue(RescueArgs),
    Rollback(RollbackArgs),
    History(HistoryArgs),
    Prune(PruneArgs),
    Who(WhoArgs),
    Stale(StaleArgs),
}

/// What a command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// One file, or several, from the command line.
    Swap(Vec<SwapArgs>, RunArgs),
    /// Another command.
    Command(Command),
}

/// Reads the whole command line, the program's name included.
pub fn read(argv: Vec<OsString>) -> Result<Invocation, clap::Error> {
    let mut command = Args::command();
    let argv = early::behind_command(&command, advice::without_help_command(argv));
    let groups = groups::split(&mut command, &argv);
    let mut swaps = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let matches = command.try_get_matches_from_mut(group).map_err(|mut error| {
            if groups.len() > 1 {
                let place = format!("This is about group {} of {}.", index + 1, groups.len());
                error.insert(ContextKind::Usage, ContextValue::StyledStr(place.into()));
            }
            advice::add(&mut error, group);
            error
        })?;
        let args = Args::from_arg_matches(&matches)?;
        match (args.command, args.swap) {
            (Some(command), _) => return Ok(Invocation::Command(command)),
            (None, Some(swap)) => swaps.push((swap, args.run)),
            // clap has seen to what is required.
            (None, None) => return Err(command.error(ErrorKind::MissingRequiredArgument, "--from and --to are missing")),
        }
    }
    let (swaps, mut runs): (Vec<_>, Vec<_>) = swaps.into_iter().unzip();
    // Every group has got the options of the run.
    Ok(Invocation::Swap(swaps, runs.pop().expect("there is a group, or clap has refused")))
}
