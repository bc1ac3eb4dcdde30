//! The machine, as the options of the run have it.

use swapbin::{Error, Host};

use crate::args::RunArgs;
use crate::exit;

/// This machine, with the state directory and the patience asked for.
pub fn host(run: &RunArgs) -> Host {
    let mut host = Host::system();
    if let Some(dir) = run.state_dir.as_ref().filter(|dir| !dir.as_os_str().is_empty()) {
        host.state_dir = dir.clone();
    }
    if let Some(wait) = run.wait {
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
