//! `swapbin rescue`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueHint};
use swapbin::{Digest, Request, Wait};

use super::OutputArgs;

const AFTER_LONG_HELP: &str = "\
Exit status:
  2    processes have different versions: name one with --sha256 or --pid
  4    the process that has the file may have planted it, or it is not what it runs
  7    no process has it
  9    the path is there, with another content: --replace replaces it
  as of the other commands else: see `swapbin --help`

Examples:
  swapbin rescue /usr/local/bin/app
  swapbin rescue --list
  swapbin rescue --pid 1234 --fd 3 --to video.mkv
";

/// Bring back a deleted or replaced file that a process still runs, maps or has open.
///
/// It is looked for by the path it had, and written back as any other file: atomically and durably, with the mode and owner it
/// had. The process is not touched.
#[derive(Debug, Args)]
#[command(override_usage = "\
swapbin rescue [OPTIONS] <PATH|--name <NAME>>
       swapbin rescue [OPTIONS] --pid <PID> [--exe|--map <NAME>|--fd <N>]
       swapbin rescue --list [--all] [--pid <PID>]")]
#[command(arg_required_else_help = true, after_long_help = AFTER_LONG_HELP)]
#[command(group = ArgGroup::new("what").args(["path", "name", "pid", "list"]).required(true).multiple(true))]
pub struct RescueArgs {
    /// The path the file had.
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub path: Option<PathBuf>,

    /// The name the file had, in whatever directory.
    #[arg(long, value_name = "NAME", conflicts_with = "path")]
    pub name: Option<OsString>,

    /// Only out of this process, or with --list only of it; without PATH and --name: the program it runs.
    #[arg(long, value_name = "PID")]
    pub pid: Option<u32>,

    /// The program that the process runs.
    #[arg(long, requires = "pid", conflicts_with_all = ["path", "name", "map", "fd"])]
    pub exe: bool,

    /// A library or file of this name that the process has mapped.
    #[arg(long, value_name = "NAME", requires = "pid", conflicts_with_all = ["path", "name", "fd"])]
    pub map: Option<OsString>,

    /// The file that the process has open as this descriptor.
    #[arg(long, value_name = "N", requires = "pid", conflicts_with_all = ["path", "name"])]
    pub fd: Option<u32>,

    /// Only list what can be brought back.
    #[arg(long, conflicts_with_all = ["path", "name", "exe", "map", "fd", "to", "replace", "sha256", "follow", "dry_run"])]
    pub list: bool,

    /// List also what never had a name, such as temporary files.
    #[arg(long, requires = "list")]
    pub all: bool,

    /// Only the version with this SHA-256 digest.
    #[arg(long, value_name = "HEX")]
    pub sha256: Option<Digest>,

    /// Where to write it; without: to the path it had.
    #[arg(long, value_name = "DEST", help_heading = "Target", value_hint = ValueHint::AnyPath)]
    pub to: Option<PathBuf>,

    /// Replace what has the path now; it is kept, for a rollback.
    #[arg(long, help_heading = "Target")]
    pub replace: bool,

    /// How many replaced versions are kept beside the target.
    #[arg(long, value_name = "N", default_value_t = Request::KEEP, help_heading = "Target")]
    pub keep: u32,

    /// Take a symbolic link itself for the file, not what it points to.
    #[arg(long, help_heading = "Target")]
    pub no_dereference: bool,

    /// As root, also go through directories and links that other users may write to.
    #[arg(long, help_heading = "Target")]
    pub allow_shared_path: bool,

    /// Make a program or library again out of memory, where the file cannot be opened or was written over; the result is not
    /// the lost file, and --to says where it goes.
    #[arg(long, help_heading = "Run", requires = "to", conflicts_with_all = ["list", "follow", "sha256"])]
    pub from_memory: bool,

    /// Before it is put in place, have the dynamic linker load what was made again, as a child with the rights of the process
    /// it is from; refuse it if that fails.
    #[arg(long, help_heading = "Run", requires = "from_memory")]
    pub smoke: bool,

    /// Copy a file that is written to again, until it has stood still for a second.
    #[arg(long, help_heading = "Run")]
    pub follow: bool,

    /// Only say what would be done.
    #[arg(short = 'n', long, help_heading = "Run")]
    pub dry_run: bool,

    /// How long to wait for another run that changes the same file: seconds, or with ms, s, m, h; 0: not at all.
    #[arg(long, value_name = "TIME", help_heading = "Run")]
    pub wait: Option<Wait>,

    #[command(flatten)]
    pub output: OutputArgs,
}
