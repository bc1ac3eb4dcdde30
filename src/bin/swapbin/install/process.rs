//! The process as install(1) has it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGCHLD, SIGPIPE};

/// Undoes what the parent and the Rust runtime did to the process, so that it and the strip program behave as under GNU
/// install: a closed pipe ends it, unless the parent ignores that, children can be waited for, modes are what was asked for.
pub fn become_ordinary() {
    become_ordinary_to_pipes();
    // An ignored SIGCHLD would let no child be waited for, wait(2).
    swapbin::default_signal(SIGCHLD);
    swapbin::catch_sigxfsz();
    swapbin::close_stdin_again();
    rustix::process::umask(rustix::fs::Mode::empty());
}

/// Lets a closed pipe end the process, unless the parent ignores that.
pub fn become_ordinary_to_pipes() {
    if !swapbin::sigpipe_was_ignored() {
        swapbin::default_signal(SIGPIPE);
    }
}

/// Descriptors of a call beside those of its files: streams, directories, and two for each thread.
const DESCRIPTORS: u64 = 128;

/// Lets each of the files have a descriptor or two, as far as the hard limit goes. All of them are then complete before the
/// first gets its name, and need no temporary one. Not for a program that starts others: they would inherit the limit, and
/// those that use select(2) fail on numbers above 1023.
pub fn allow_descriptors(files: usize) {
    let limit = getrlimit(Resource::Nofile);
    let wanted = (files as u64).saturating_mul(2).saturating_add(DESCRIPTORS);
    let raised = limit.maximum.map_or(wanted, |maximum| wanted.min(maximum));
    if limit.current.is_some_and(|current| current < raised) {
        // With fewer, there are windows.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum });
    }
}
