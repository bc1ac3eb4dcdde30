//! `swapbin rollback`.

use std::process::ExitCode;

use swapbin::{Follow, PathTrust, Rollback};

use super::host;
use crate::args::RollbackArgs;
use crate::exit;
use crate::ui::{Subject, Ui};

/// Runs it.
pub fn run(args: &RollbackArgs) -> ExitCode {
    let host = host::host(&args.output, args.wait);
    host::allow_descriptors();
    let mut ui = Ui::quiet_about_progress(&args.output, host.cancel.clone());
    let trust = if args.allow_shared_path { PathTrust::Any } else { PathTrust::Strict };
    let wanted = wanted(args);
    let done = host::cancel_on_signals(&host).and_then(|()| match args.dry_run {
        true => swapbin::dry_run_rollback(&wanted, trust, &host, &mut ui).map(|outlook| ui.outlook(&outlook)),
        false => swapbin::rollback(&wanted, trust, &host, &mut ui).map(|report| ui.batch(&report)),
    });
    match done {
        Ok(false) => exit::unreported(&host.cancel),
        Ok(true) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error, Subject::Batch(&[]));
            exit::failure(&error, &host.cancel)
        }
    }
}

fn wanted(args: &RollbackArgs) -> Rollback {
    match (&args.path, &args.txn) {
        (Some(path), _) => {
            let follow = if args.no_dereference { Follow::Link } else { Follow::Target };
            Rollback::File { path: path.clone(), follow }
        }
        (None, Some(txid)) => Rollback::Transaction(txid.clone()),
        // clap has seen to it that one of them is there.
        (None, None) => Rollback::Last,
    }
}
