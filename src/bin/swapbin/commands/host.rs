//! The machine, as the options of the run have it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use swapbin::{Error, Host, Wait};

use crate::args::OutputArgs;
use crate::exit;

/// This machine, with the state directory and the patience asked for.
pub fn host(output: &OutputArgs, wait: Option<Wait>) -> Host {
    let mut host = Host::system();
    if let Some(dir) = output.state_dir.as_ref().filter(|dir| !dir.as_os_str().is_empty()) {
        host.state_dir = dir.clone();
    }
    if let Some(wait) = wait {
        host.wait = wait.0;
    }
    host
}

/// From now on signals cancel. Before, one may end us as it will: a token may come from a pipe, and nothing is to be cleaned
/// up yet.
pub fn cancel_on_signals(host: &Host) -> Result<(), Error> {
    let handled = exit::cancel_on_signals(&host.cancel);
    handled.map_err(|source| Error::Io { op: "handle signals in", path: "swapbin".into(), source })
}

/// Lets there be as many descriptors as the hard limit allows, for what is about several files: each of their directories has one.
/// The soft limit is there for programs that use select(2), getrlimit(2).
pub fn allow_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // Where it cannot be raised, who needs more says so.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
}
