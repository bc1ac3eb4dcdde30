//! Several files as one change, wherever they were named.

use std::process::ExitCode;

use swapbin::{Action, Batch, BatchReport, Error, Host, Request, Times};

use super::{host, usage};
use crate::args::RunArgs;
use crate::exit;
use crate::ui::{Subject, Ui};

/// Runs it.
pub fn run(batch: Result<Batch, Error>, run: &RunArgs, host: Host) -> ExitCode {
    host::allow_descriptors();
    let mut ui = Ui::new(&run.output, run.progress, host.cancel.clone());
    let batch = match batch.and_then(|batch| host::cancel_on_signals(&host).map(|()| batch)) {
        Ok(batch) => batch,
        Err(error) => return failed(&error, &[], &mut ui, &host),
    };
    let done = match (run.check, run.dry_run) {
        (true, _) => check(&batch, &host, &mut ui).map(|report| (ui.batch(&report), report)),
        (false, true) => swapbin::dry_run_batch(&batch, &host, &mut ui).map(|outlook| (ui.outlook(&outlook), outlook.report)),
        (false, false) => swapbin::apply(&batch, &host, &mut ui).map(|mut report| {
            usage::find_users(&mut report.swaps, run, &host);
            (ui.batch(&report), report)
        }),
    };
    end(done, &batch.swaps, run, &host, &mut ui)
}

/// Says with which status it ended. `files` are what the message of a failure may name.
pub fn end(done: Result<(bool, BatchReport), Error>, files: &[Request], run: &RunArgs, host: &Host, ui: &mut Ui) -> ExitCode {
    match done {
        Ok((false, _)) => exit::unreported(&host.cancel),
        Ok((true, report)) if run.check && would_change(&report) => ExitCode::from(exit::WOULD_CHANGE),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => failed(&error, files, ui, host),
    }
}

fn failed(error: &Error, files: &[Request], ui: &mut Ui, host: &Host) -> ExitCode {
    ui.error(error, Subject::Batch(files));
    exit::failure(error, &host.cancel)
}

/// Asks for each file; nothing is changed.
fn check(batch: &Batch, host: &Host, ui: &mut Ui) -> Result<BatchReport, Error> {
    let swaps = batch.swaps.iter().map(|request| swapbin::check(request, host, ui)).collect::<Result<Vec<_>, _>>()?;
    let times = swaps.iter().fold(Times::default(), |sum, report| Times {
        window: None,
        plan: sum.plan + report.times.plan,
        fetch: sum.fetch + report.times.fetch,
        commit: sum.commit + report.times.commit,
        total: sum.total + report.times.total,
    });
    Ok(BatchReport { txid: None, swaps, times })
}

fn would_change(report: &BatchReport) -> bool {
    report.swaps.iter().any(|swap| matches!(swap.action, Action::WouldInstall | Action::WouldRemove))
}
