//! The main job: `swapbin --from SOURCE --to PATH`.

use std::process::ExitCode;

use swapbin::{Action, Batch, Error, Request};

use super::{batch, host, request, usage};
use crate::args::{RunArgs, SwapArgs};
use crate::exit;
use crate::ui::{Subject, Ui};

/// Runs it, for one file or several.
pub fn run(swaps: &[SwapArgs], run: &RunArgs) -> ExitCode {
    let requests = swaps.iter().map(request::request).collect::<Result<Vec<_>, _>>();
    match swaps {
        [swap] => one(swap, requests.map(|mut requests| requests.remove(0)), run),
        _ => batch::run(requests.and_then(judged), run, host::host(&run.output, run.wait)),
    }
}

fn one(args: &SwapArgs, request: Result<Request, Error>, run: &RunArgs) -> ExitCode {
    let host = host::host(&run.output, run.wait);
    let mut ui = Ui::new(&run.output, run.progress, host.cancel.clone());
    let work = match (run.check, run.dry_run) {
        (true, _) => swapbin::check,
        (false, true) => swapbin::dry_run,
        (false, false) => swapbin::swap,
    };
    let request = request.and_then(|request| host::cancel_on_signals(&host).map(|()| request));
    let done = request.and_then(|request| work(&request, &host, &mut ui));
    match done.map(|report| usage::with_users(report, run, &host)) {
        Ok(report) => match report.action {
            _ if !ui.report(&report) => exit::unreported(&host.cancel),
            Action::WouldInstall if run.check => ExitCode::from(exit::WOULD_CHANGE),
            _ => ExitCode::SUCCESS,
        },
        Err(error) => {
            ui.error(&error, Subject::File { from: args.from.first().map(|from| from.as_os_str()), to: &args.to });
            exit::failure(&error, &host.cancel)
        }
    }
}

fn judged(swaps: Vec<Request>) -> Result<Batch, Error> {
    let batch = Batch { swaps };
    batch.judge().map_err(|(_, error)| error)?;
    Ok(batch)
}
