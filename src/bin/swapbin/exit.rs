//! Exit codes: the closed list that `--help` and the man page document.

use std::process::ExitCode;

use clap::error::ContextValue;
use swapbin::{Cancel, Error, ErrorKind, UsageReport};

use crate::ui::Usage;

/// `--check`: a change would be made.
pub const WOULD_CHANGE: u8 = 10;

/// `who`, `stale`: nothing was found, but not every process could be read.
pub const INCOMPLETE: u8 = 11;

/// What `who` and `stale` found out.
pub fn of_usage(usage: Usage, report: &UsageReport) -> u8 {
    match (usage, report.uses.is_empty()) {
        (Usage::Who, false) => 0,
        (Usage::Stale, false) => 10,
        (_, true) if !report.is_complete() => INCOMPLETE,
        (Usage::Who, true) => 10,
        (Usage::Stale, true) => 0,
    }
}

/// The code of a failure.
pub fn code(kind: ErrorKind) -> u8 {
    match kind {
        // A cancelled run ends by its signal; this is for the case that the signal does not end it.
        ErrorKind::Failed | ErrorKind::Cancelled => 1,
        ErrorKind::Usage => 2,
        ErrorKind::Busy => 3,
        ErrorKind::Untrusted => 4,
        ErrorKind::Rejected => 5,
        ErrorKind::Unavailable => 7,
        ErrorKind::InDoubt => 8,
        ErrorKind::Target => 9,
        ErrorKind::TryLater => 75,
    }
}

/// The word for a kind in JSON.
pub fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Failed => "failed",
        ErrorKind::Usage => "usage",
        ErrorKind::Busy => "busy",
        ErrorKind::Untrusted => "untrusted",
        ErrorKind::Rejected => "rejected",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::InDoubt => "in-doubt",
        ErrorKind::Target => "target",
        ErrorKind::TryLater => "try-later",
        ErrorKind::Cancelled => "cancelled",
    }
}

/// Ends after clap refused the arguments, or was asked for help or version.
pub fn usage(mut error: clap::Error) -> ExitCode {
    // What is repeated of an argument may hold control bytes, and clap prints it as it is.
    let repeated = error.context().filter_map(|(kind, value)| match value {
        ContextValue::String(text) if text.contains(char::is_control) => Some((kind, swapbin::quoted(text))),
        _ => None,
    });
    for (kind, quoted) in repeated.collect::<Vec<_>>() {
        // clap puts its own quotes around.
        error.insert(kind, ContextValue::String(quoted[1..quoted.len() - 1].to_owned()));
    }
    // A closed standard output is no reason to panic, and for help no reason to fail.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// Ends a run that failed: by its signal if it was cancelled, so that the caller sees what happened.
pub fn failure(error: &Error, cancel: &Cancel) -> ExitCode {
    if let Error::Cancelled = error {
        by_signal(cancel);
    }
    ExitCode::from(code(error.kind()))
}

/// Ends a run that did its work and could not say so; by the signal, if one came while nobody took the report.
pub fn unreported(cancel: &Cancel) -> ExitCode {
    by_signal(cancel);
    ExitCode::FAILURE
}

/// Ends the process by the signal that cancelled, if one did. Returns if there was none, or it does not end a process.
pub fn by_signal(cancel: &Cancel) {
    if let Some(signal) = cancel.signal() {
        let _ = signal_hook::low_level::emulate_default_handler(signal as i32);
    }
}

/// Lets SIGINT, SIGTERM, SIGHUP and SIGQUIT cancel. One that was ignored when we were started stays so.
pub fn cancel_on_signals(cancel: &Cancel) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
        cancel_on(signal, cancel)?;
    }
    Ok(())
}

/// Lets a signal cancel, unless it is ignored.
pub fn cancel_on(signal: i32, cancel: &Cancel) -> std::io::Result<()> {
    if !swapbin::signal_is_ignored(signal) {
        signal_hook::flag::register_usize(signal, cancel.shared(), signal as usize)?;
    }
    Ok(())
}
