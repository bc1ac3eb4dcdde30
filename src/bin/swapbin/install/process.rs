//! The process as install(1) has it.

use signal_hook::consts::{SIGCHLD, SIGPIPE};

/// Undoes what the parent and the Rust runtime did to the process, so that it and the strip program behave as under GNU
/// install: a closed pipe ends it, children can be waited for, modes are what was asked for.
pub fn become_ordinary() {
    swapbin::default_signal(SIGPIPE);
    swapbin::default_signal(SIGCHLD);
    swapbin::catch_sigxfsz();
    swapbin::close_stdin_again();
    rustix::process::umask(rustix::fs::Mode::empty());
}
