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
    let mut ui = Ui::quiet_about_progress(&args.output, host.cancel.clone());
    let trust = if args.allow_shared_path { PathTrust::Any } else { PathTrust::Strict };
    let done = host::cancel_on_signals(&host).and_then(|()| swapbin::rollback(&wanted(args), trust, &host, &mut ui));
    match done {
        Ok(report) if !ui.batch(&report) => exit::unreported(&host.cancel),
        Ok(_) => ExitCode::SUCCESS,
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
