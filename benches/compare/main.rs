//! swapbin and its peers on the same work, in one run, in turns.
//!
//! ```text
//! cargo bench [--bench compare] [-- ROW... [--iterations N]]
//! ```
//!
//! `SWAPBIN` names the program to measure; without it, it is the one cargo built, which has the tests' failpoints in it.
//! `UUTILS` names the multi-call program of uutils; without it, it is `coreutils` in PATH, if that is there.
//! `SWAPBIN_BENCH_DIR` names the directory to work in; without it, it is one in cargo's target directory. Speed is never
//! asserted: a table says what was measured, and beside the targets whether they were met.

#![deny(unsafe_code)]

mod batch;
mod install;
mod machine;
mod measure;
mod process;
mod rescue;
mod rows;
mod scratch;
mod server;
mod usage;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rows::{Outcome, Row, Setting};
use scratch::Scratch;

const ROWS: [Row; 12] = [
    Row { name: "startup", what: "starting, and finding nothing to do", iterations: 60, run: rows::startup },
    Row { name: "small", what: "100 KiB over an existing file", iterations: 40, run: rows::small },
    Row { name: "large", what: "512 MiB over an existing file", iterations: 5, run: rows::large },
    Row { name: "reflink", what: "sharing blocks, on filesystems made for this", iterations: 15, run: rows::reflink },
    Row {
        name: "calls",
        what: "200 calls of install for one small file, one after the other",
        iterations: 7,
        run: install::calls,
    },
    Row {
        name: "many",
        what: "4,000 files of 12 KiB into one directory, in one call of install",
        iterations: 7,
        run: install::many,
    },
    Row { name: "six", what: "six files in three directories as one batch", iterations: 15, run: batch::six },
    Row { name: "tree", what: "4,000 files of 12 KiB in 40 directories as one batch", iterations: 7, run: batch::tree },
    Row { name: "rescue", what: "512 MiB of a program that was deleted while it runs", iterations: 5, run: rescue::rescue },
    Row { name: "who", what: "who uses a file, among 2,000 processes of about 85 mappings", iterations: 9, run: usage::who },
    Row { name: "stale", what: "who runs what is not current, among as many", iterations: 5, run: usage::stale },
    Row { name: "http", what: "64 MiB over local HTTP, with digest", iterations: 10, run: rows::http },
];

const USAGE: &str = "usage: compare [ROW...] [--iterations N]\nrows: startup, small, large, reflink, calls, many, six, tree, rescue, who, stale, http";

/// Set in the copy of this program that runs in its own mount namespace.
const PRIVATE: &str = "SWAPBIN_BENCH_PRIVATE";

fn main() -> ExitCode {
    if usage::stand_by() {
        return ExitCode::SUCCESS;
    }
    match parse().and_then(|arguments| run(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("compare: {message}");
            ExitCode::from(2)
        }
    }
}

struct Arguments {
    rows: Vec<&'static Row>,
    iterations: Option<usize>,
}

fn parse() -> Result<Arguments, String> {
    let mut arguments = Arguments { rows: Vec::new(), iterations: None };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            // cargo bench says so to every bench program.
            "--bench" => {}
            "--iterations" => {
                let number = given.next().and_then(|number| number.parse().ok()).filter(|number| *number > 0);
                arguments.iterations = Some(number.ok_or("--iterations takes a number")?);
            }
            name => arguments.rows.push(ROWS.iter().find(|row| row.name == name).ok_or_else(|| USAGE.to_owned())?),
        }
    }
    if arguments.rows.is_empty() {
        arguments.rows = ROWS.iter().collect();
    }
    Ok(arguments)
}

fn run(arguments: &Arguments) -> Result<bool, String> {
    let mounts = enter_private_mounts(arguments);
    let scratch = Scratch::take()?;
    let mut setting = Setting { swapbin: swapbin()?, mounts, iterations: 0, flush: machine::flush_time(scratch.dir())?, scratch };
    println!("swapbin  {}", setting.swapbin.display());
    if cfg!(feature = "test-programs") && std::env::var_os("SWAPBIN").is_none() {
        println!("         (with the tests' failpoints; SWAPBIN=PATH measures another)");
    }
    machine::print(setting.scratch.dir(), setting.flush);
    println!();
    println!("Medians and minima over turns; what others left to be written is synced before each, off the clock. The ratio");
    println!(
        "compares medians with swapbin's: 2.00 took twice as long. Peak memory is never less than the {} of this",
        machine::own_peak()
    );
    println!("program. Expect noise where other work runs beside.");
    let mut all = true;
    for row in &arguments.rows {
        setting.iterations = arguments.iterations.unwrap_or(row.iterations);
        println!("\n{}: {}", row.name, row.what);
        match (row.run)(&setting) {
            Ok(Outcome::Measured) => {}
            Ok(Outcome::Skipped(why)) => println!("  skipped: {why}"),
            Err(error) => {
                println!("  FAILED: {error}");
                all = false;
            }
        }
    }
    Ok(all)
}

/// The program to measure.
fn swapbin() -> Result<std::path::PathBuf, String> {
    let path = std::env::var_os("SWAPBIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_swapbin").into());
    std::fs::canonicalize(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Starts this program again in a mount namespace of its own, where the row that mounts is wanted and may: however it ends,
/// the kernel unmounts what it mounted and frees the loop devices. Returns whether mounts are private.
fn enter_private_mounts(arguments: &Arguments) -> bool {
    let wanted = arguments.rows.iter().any(|row| ["reflink", "calls", "many", "six", "tree", "rescue"].contains(&row.name));
    if std::env::var_os(PRIVATE).is_some() {
        return true;
    }
    if !wanted || !rustix::process::geteuid().is_root() {
        return false;
    }
    let works = Command::new("unshare").args(["--mount", "--propagation", "private", "true"]).status();
    let Some(myself) = std::env::current_exe().ok().filter(|_| works.is_ok_and(|status| status.success())) else { return false };
    let unshare = ["--mount", "--propagation", "private", "--"];
    let error = Command::new("unshare").args(unshare).arg(myself).args(std::env::args_os().skip(1)).env(PRIVATE, "1").exec();
    eprintln!("compare: unshare: {error}");
    false
}
