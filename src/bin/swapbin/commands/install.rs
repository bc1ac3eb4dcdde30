//! The program as install(1): `swapbin install`, or a link to it of that name.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use signal_hook::consts::SIGPIPE;
use swapbin::{Cancel, Host, MadeDirectory, OnFailure};

use crate::exit;
use crate::install::{self, Charset, Invocation, Job, Next, Personality, Reading, Said, Surroundings, System, Telling, Voice};

/// Reads the command line, says what is to be said about it, and does what it asks for.
pub fn main(personality: Personality) -> ExitCode {
    install::become_ordinary();
    let voice = Voice::new(&personality.name, Charset::of(|name| std::env::var_os(name), swapbin::is_utf8_locale));
    let Reading { said, next } = install::read(personality.args, &voice, &System);
    // Nobody is left to tell if standard error is gone.
    let _ = io::stderr().write_all(&said);
    match next {
        Next::Install(invocation) => run(&invocation, &voice),
        Next::Help => print(install::help(&personality.name), &voice),
        Next::Version => print(install::version(), &voice),
        Next::Refuse => ExitCode::FAILURE,
    }
}

fn print(text: Vec<u8>, voice: &Voice) -> ExitCode {
    say(&[Said::News(text)], voice, ExitCode::SUCCESS)
}

/// Prints; if standard output does not take it, everything has failed.
fn say(all: &[Said], voice: &Voice, code: ExitCode) -> ExitCode {
    let mut failure = None;
    for (at, said) in all.iter().enumerate() {
        match said {
            Said::Complaint(text) => drop(io::stderr().write_all(text)),
            Said::News(text) => {
                if let Err(error) = write(text) {
                    // The C library forgets the reason of a failure that is not the last thing to happen.
                    failure = Some((at + 1 == all.len()).then_some(error));
                }
            }
        }
    }
    let Some(error) = failure else { return code };
    let _ = io::stderr().write_all(&voice.cannot_print(error.as_ref()));
    ExitCode::FAILURE
}

fn write(text: &[u8]) -> io::Result<()> {
    if swapbin::stream_was_closed(1) {
        return Err(rustix::io::Errno::BADF.into());
    }
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()
}

/// Installs.
fn run(invocation: &Invocation, voice: &Voice) -> ExitCode {
    let mut host = Host::system();
    if let Some(dir) = &invocation.state_dir {
        host.state_dir = dir.clone();
    }
    // Nothing is written to a pipe before the work is done: until then this one, too, comes from somebody else.
    if let Err(error) = exit::cancel_on_signals(&host.cancel).and_then(|()| exit::cancel_on(SIGPIPE, &host.cancel)) {
        let _ = io::stderr().write_all(&voice.cannot_handle_signals(&error));
        return ExitCode::FAILURE;
    }
    let mut telling = Telling::new(voice, invocation.verbosity, &invocation.context);
    match &invocation.job {
        Job::Directories(paths) => {
            let directories = install::directories(invocation, paths);
            for (made, path) in swapbin::make_directories(&directories, &host).iter().zip(paths) {
                telling.directory(made, path);
            }
        }
        Job::File { .. } | Job::Into { .. } => files(invocation, &host, &mut telling),
    }
    finish(telling, voice, &host.cancel)
}

fn files(invocation: &Invocation, host: &Host, telling: &mut Telling<'_>) {
    let installation = install::installation(invocation);
    let leading = install::path_to_make(invocation, &installation);
    let made = leading.map(|path| (swapbin::make_leading(path, installation.durability, &installation.label), path));
    if made.as_ref().is_none_or(|(made, path)| is_ready(invocation, made, path, telling)) {
        let program = installation.strip.as_deref();
        if program.is_none() {
            install::allow_descriptors(installation.files.len());
        }
        for (outcome, file) in swapbin::install(&installation, host).iter().zip(&installation.files) {
            telling.file(outcome, file, program);
        }
    }
    if let Some((made, _)) = made
        && telling.has_failed()
        && installation.on_failure == OnFailure::InstallNone
    {
        swapbin::remove_leading(&made);
    }
}

/// Whether the directories that `-D` made can be used.
fn is_ready(invocation: &Invocation, made: &MadeDirectory, path: &Path, telling: &mut Telling<'_>) -> bool {
    if !telling.leading(made, path) {
        return false;
    }
    if let Job::Into { directory, .. } = &invocation.job
        && let Err(error) = System.directory(directory)
    {
        telling.unusable(path, &error);
        return false;
    }
    true
}

/// Says it all, and ends: by the signal, if one has cancelled the call.
fn finish(telling: Telling<'_>, voice: &Voice, cancel: &Cancel) -> ExitCode {
    let code = if telling.has_failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    install::become_ordinary_to_pipes();
    let code = say(telling.said(), voice, code);
    if telling.is_cancelled() {
        exit::by_signal(cancel);
    }
    code
}
