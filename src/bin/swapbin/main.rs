//! The `swapbin` program: arguments in, words and an exit code out. Everything it does, the library does.

#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod args;
mod commands;
mod exit;
mod install;
mod secret;
mod ui;

use std::process::ExitCode;

use args::{Command, Invocation};

fn main() -> ExitCode {
    swapbin::ignore_sigxfsz();
    let argv: Vec<_> = std::env::args_os().collect();
    if let Some(personality) = install::personality(&argv) {
        return commands::install::main(personality);
    }
    match args::read(argv) {
        Ok(Invocation::Swap(swaps, run)) => commands::swap::run(&swaps, &run),
        Ok(Invocation::Command(command)) => match command {
            Command::Apply(args) => commands::apply::run(&args),
            Command::Recover(args) => commands::recover::run(&args),
            Command::Rescue(args) => commands::rescue::run(&args),
            Command::Rollback(args) => commands::rollback::run(&args),
            Command::History(args) => commands::history::run(&args),
            Command::Prune(args) => commands::prune::run(&args),
            Command::Who(args) => commands::usage::who(&args),
            Command::Stale(args) => commands::usage::stale(&args),
        },
        Err(error) => exit::usage(error),
    }
}
