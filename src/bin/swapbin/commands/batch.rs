//! Several files as one change, wherever they were named.

use std::process::ExitCode;

use swapbin::{Action, Batch, BatchReport, Error, Host, Observer, Report, Request, Times};

use super::host;
use crate::args::RunArgs;
use crate::exit;
use crate::ui::{Subject, Ui};

/// Runs it.
pub fn run(batch: Result<Batch, Error>, run: &RunArgs, host: Host) -> ExitCode {
    let mut ui = Ui::new(&run.output, run.progress, host.cancel.clone());
    let batch = batch.and_then(|batch| host::cancel_on_signals(&host).map(|()| batch));
    let done = batch.and_then(|batch| match (run.check, run.dry_run) {
        (true, _) => each(&batch, swapbin::check, &host, &mut ui),
        (false, true) => each(&batch, swapbin::dry_run, &host, &mut ui),
        (false, false) => swapbin::apply(&batch, &host, &mut ui),
    });
    show(done, run, &host, &mut ui)
}

/// Tells how it ended.
pub fn show(done: Result<BatchReport, Error>, run: &RunArgs, host: &Host, ui: &mut Ui) -> ExitCode {
    match done {
        Ok(report) if !ui.batch(&report) => exit::unreported(&host.cancel),
        Ok(report) if run.check && would_change(&report) => ExitCode::from(exit::WOULD_CHANGE),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error, Subject::Batch);
            exit::failure(&error, &host.cancel)
        }
    }
}

type Question = fn(&Request, &Host, &mut dyn Observer) -> Result<Report, Error>;

/// Asks for each file; nothing is changed.
fn each(batch: &Batch, question: Question, host: &Host, ui: &mut Ui) -> Result<BatchReport, Error> {
    let swaps = batch.swaps.iter().map(|request| question(request, host, ui)).collect::<Result<Vec<_>, _>>()?;
    let times = swaps.iter().fold(Times::default(), |sum, report| Times {
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
