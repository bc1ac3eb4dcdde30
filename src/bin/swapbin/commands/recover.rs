//! `swapbin recover`.

use std::process::ExitCode;

use swapbin::{Broken, Error, ErrorKind, Event, Recovery, Resolve};

use super::host;
use crate::args::RecoverArgs;
use crate::exit;
use crate::ui::{Subject, Tense, Ui};

/// Runs it. No signal is held up: another run goes on from wherever this one ends.
pub fn run(args: &RecoverArgs) -> ExitCode {
    let host = host::host(&args.output, None);
    host::allow_descriptors();
    let mut ui = Ui::quiet_about_progress(&args.output, host.cancel.clone());
    let tense = if args.list { Tense::Would } else { Tense::Did };
    let done = match decision(args) {
        Some((txid, how)) => swapbin::resolve(txid, how, &host).map(|recovery| vec![recovery]),
        None if args.list => swapbin::unfinished(&host),
        // What becomes of each is in the answer, and need not be told twice.
        None => swapbin::recover(&host, &mut |_: &Event<'_>| {}),
    };
    match done {
        Ok(recoveries) if !ui.recoveries(&recoveries, tense) => exit::unreported(&host.cancel),
        Ok(recoveries) => ExitCode::from(code(&recoveries)),
        Err(error) => {
            ui.error(&error, Subject::List("transactions"));
            exit::failure(&error, &host.cancel)
        }
    }
}

fn decision(args: &RecoverArgs) -> Option<(&str, Resolve)> {
    let forward = args.forward.as_deref().map(|txid| (txid, Resolve::Forward));
    let back = args.back.as_deref().map(|txid| (txid, Resolve::Back));
    forward.or(back).or_else(|| args.abandon.as_deref().map(|txid| (txid, Resolve::Abandon)))
}

/// What needs somebody comes before what failed, and that before what only has to wait.
fn code(recoveries: &[Recovery]) -> u8 {
    let kinds = recoveries.iter().filter_map(|recovery| match &recovery.outcome {
        // What was left as it is, nobody will come back to.
        Broken::Finished | Broken::TakenBack if !recovery.left.is_empty() => Some(ErrorKind::InDoubt),
        Broken::Finished | Broken::TakenBack | Broken::Abandoned => None,
        Broken::Running => Some(ErrorKind::TryLater),
        // A journal that is not ours to obey goes away by nobody's doing but a decision.
        Broken::Stuck(Error::State { .. } | Error::StrangeJournal { .. }) => Some(ErrorKind::InDoubt),
        Broken::Stuck(error) => Some(error.kind()),
    });
    let rank = |kind: &ErrorKind| match kind {
        ErrorKind::TryLater => 0,
        ErrorKind::InDoubt => 2,
        _ => 1,
    };
    kinds.max_by_key(rank).map_or(0, exit::code)
}
