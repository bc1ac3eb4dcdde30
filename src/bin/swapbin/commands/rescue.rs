//! `swapbin rescue`.

use std::path::Path;
use std::process::ExitCode;

use swapbin::{Follow, Link, Lost, PathTrust, Rescue};

use super::host;
use crate::args::{ProgressWhen, RescueArgs};
use crate::exit;
use crate::ui::{Subject, Ui};

/// Runs it.
pub fn run(args: &RescueArgs) -> ExitCode {
    if args.list { list(args) } else { one(args) }
}

fn list(args: &RescueArgs) -> ExitCode {
    let host = host::host(&args.output, None);
    let mut ui = Ui::quiet_about_progress(&args.output, host.cancel.clone());
    match swapbin::rescuable(args.all, args.pid, &host) {
        Ok(found) if !ui.rescuable(&found) => exit::unreported(&host.cancel),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error, Subject::List("files"));
            exit::failure(&error, &host.cancel)
        }
    }
}

fn one(args: &RescueArgs) -> ExitCode {
    let host = host::host(&args.output, args.wait);
    let mut ui = Ui::new(&args.output, ProgressWhen::Auto, host.cancel.clone());
    let request = request(args);
    let done = host::cancel_on_signals(&host).and_then(|()| swapbin::rescue(&request, !args.dry_run, &host, &mut ui));
    match done {
        Ok(report) if !ui.rescued(&report) => exit::unreported(&host.cancel),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            let to = args.to.as_deref().or(args.path.as_deref()).unwrap_or(Path::new(""));
            ui.error(&error, Subject::File { from: None, to });
            exit::failure(&error, &host.cancel)
        }
    }
}

fn request(args: &RescueArgs) -> Rescue {
    let lost = match (&args.path, &args.name, &args.map, args.fd) {
        (Some(path), ..) => Lost::Path(path.clone()),
        (None, Some(name), ..) => Lost::Name(name.clone()),
        (None, None, Some(name), _) => Lost::Held(Link::Map(name.clone())),
        (None, None, None, Some(number)) => Lost::Held(Link::Fd(number)),
        (None, None, None, None) => Lost::Held(Link::Exe),
    };
    Rescue {
        to: args.to.clone(),
        pid: args.pid,
        sha256: args.sha256,
        replace: args.replace,
        keep: args.keep,
        until_still: args.follow,
        from_memory: args.from_memory,
        smoke: args.smoke,
        follow: if args.no_dereference { Follow::Link } else { Follow::Target },
        path_trust: if args.allow_shared_path { PathTrust::Any } else { PathTrust::Strict },
        ..Rescue::new(lost)
    }
}
