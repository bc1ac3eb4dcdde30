//! `swapbin history`.

use std::process::ExitCode;

use super::host;
use crate::args::HistoryArgs;
use crate::exit;
use crate::ui::{Subject, Ui};

/// Runs it.
pub fn run(args: &HistoryArgs) -> ExitCode {
    let host = host::host(&args.output, None);
    let mut ui = Ui::quiet_about_progress(&args.output, host.cancel.clone());
    match swapbin::history(args.path.as_deref(), &host) {
        Ok(past) if !ui.history(&past) => exit::unreported(&host.cancel),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error, Subject::List("changes"));
            exit::failure(&error, &host.cancel)
        }
    }
}
