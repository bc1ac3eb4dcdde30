//! `swapbin prune`.

use std::process::ExitCode;

use super::host;
use crate::args::PruneArgs;
use crate::exit;
use crate::ui::{Subject, Ui};

/// Runs it.
pub fn run(args: &PruneArgs) -> ExitCode {
    let host = host::host(&args.output, None);
    let mut ui = Ui::quiet_about_progress(&args.output, host.cancel.clone());
    match swapbin::prune(args.keep, &host) {
        Ok(files) if !ui.pruned(&files) => exit::unreported(&host.cancel),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error, Subject::List("removed"));
            exit::failure(&error, &host.cancel)
        }
    }
}
