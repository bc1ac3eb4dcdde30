//! The program as install(1): `swapbin install`, or a link to it of that name.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::install::{self, Charset, Invocation, Next, Personality, Reading, System, Voice};

/// Reads the command line, says what is to be said about it, and does what it asks for.
pub fn main(personality: Personality) -> ExitCode {
    let voice = Voice::new(&personality.name, Charset::of(|name| std::env::var_os(name)));
    let Reading { said, next } = install::read(personality.args, &voice, &System);
    // Nobody is left to tell if standard error is gone.
    let _ = io::stderr().write_all(&said);
    match next {
        Next::Install(invocation) => run(&invocation, &voice),
        Next::Help => print(&install::help(&personality.name), &voice),
        Next::Version => print(&install::version(), &voice),
        Next::Refuse => ExitCode::FAILURE,
    }
}

fn print(text: &[u8], voice: &Voice) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = io::stderr().write_all(&voice.cannot_print(&error));
            ExitCode::FAILURE
        }
    }
}

/// Installs.
pub fn run(_invocation: &Invocation, _voice: &Voice) -> ExitCode {
    let _ = io::stderr().write_all(b"install: not built yet\n");
    ExitCode::FAILURE
}
