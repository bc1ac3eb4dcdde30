//! The `swapbin` program: arguments in, words and an exit code out. Everything it does, the library does.

#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod args;
mod commands;
mod exit;
mod install;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    swapbin::ignore_sigxfsz();
    let argv: Vec<_> = std::env::args_os().collect();
    if let Some(personality) = install::personality(&argv) {
        return commands::install::main(personality);
    }
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::usage(error),
    };
    commands::swap::run(args)
}
