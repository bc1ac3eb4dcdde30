//! `swapbin prune`.

use std::process::ExitCode;

use swapbin::ErrorKind;

use super::host;
use crate::args::PruneArgs;
use crate::exit;
use crate::ui::{Subject, Ui};

/// Runs it.
pub fn run(args: &PruneArgs) -> ExitCode {
    let host = host::host(&args.output, args.wait);
    host::allow_descriptors();
    let mut ui = Ui::quiet_about_progress(&args.output, host.cancel.clone());
    match swapbin::prune(args.keep, &host) {
        Ok(pruned) if !ui.pruned(&pruned) => exit::unreported(&host.cancel),
        Ok(pruned) if !pruned.left.is_empty() => ExitCode::from(exit::code(ErrorKind::Failed)),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error, Subject::List("removed"));
            exit::failure(&error, &host.cancel)
        }
    }
}
