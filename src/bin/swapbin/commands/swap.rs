//! The main job: `swapbin --from SOURCE --to PATH`.

use std::io::Read;
use std::process::ExitCode;

use swapbin::{
    Action, EmptySource, Error, Follow, Host, HttpOptions, Ownership, PathTrust, PlainHttp, Request, Secret, Source, WhenCurrent,
};

use crate::args::Args;
use crate::exit;
use crate::ui::Ui;

/// Bytes read of a token file, at most.
const TOKEN_FILE: u64 = 64 << 10;

/// Runs it.
pub fn run(args: Args) -> ExitCode {
    let mut host = Host::system();
    let mut ui = Ui::new(&args, host.cancel.clone());
    if let Some(dir) = args.state_dir.as_ref().filter(|dir| !dir.as_os_str().is_empty()) {
        host.state_dir = dir.clone();
    }
    let work = match (args.check, args.dry_run) {
        (true, _) => swapbin::check,
        (false, true) => swapbin::dry_run,
        (false, false) => swapbin::swap,
    };
    // Until here a signal may end us as it will: a token may come from a pipe, and nothing is to be cleaned up yet.
    let request = into_request(&args);
    let handled = exit::cancel_on_signals(&host.cancel);
    let handled = handled.map_err(|source| Error::Io { op: "handle signals in", path: "swapbin".into(), source });
    match request.and_then(|request| handled.and_then(|()| work(&request, &host, &mut ui))) {
        Ok(report) => match report.action {
            _ if !ui.report(&report) => exit::unreported(&host.cancel),
            Action::WouldInstall if args.check => ExitCode::from(exit::WOULD_CHANGE),
            _ => ExitCode::SUCCESS,
        },
        Err(error) => {
            ui.error(&error, &args);
            exit::failure(&error, &host.cancel)
        }
    }
}

fn into_request(args: &Args) -> Result<Request, Error> {
    let sources = args.from.iter().map(|text| Source::parse(text)).collect::<Result<Vec<_>, _>>()?;
    Ok(Request {
        sources,
        target: args.to.clone(),
        follow: if args.no_dereference { Follow::Link } else { Follow::Target },
        path_trust: if args.allow_shared_path { PathTrust::Any } else { PathTrust::Strict },
        mode: args.mode.clone(),
        ownership: Ownership { user: args.owner.clone(), group: args.group.clone() },
        preserve: args.preserve,
        sha256: args.sha256,
        when_current: if args.force { WhenCurrent::Replace } else { WhenCurrent::Leave },
        empty: if args.allow_empty { EmptySource::Allow } else { EmptySource::Refuse },
        max_size: args.max_filesize,
        http: HttpOptions {
            plain: if args.insecure_http { PlainHttp::Allow } else { PlainHttp::NeedsProof },
            connect_timeout: args.connect_timeout,
            stall_timeout: args.stall_timeout,
            max_time: args.max_time,
            retries: args.retry,
            proxy: args.proxy.as_ref().map(Secret::new),
            cacert: args.cacert.clone(),
            headers: args.header_env.iter().map(|text| header(text)).collect::<Result<_, _>>()?,
            token: token(args)?,
        },
        keep: 1,
    })
}

/// `NAME=VAR`: the header and its value, which never stands on a command line.
fn header(text: &str) -> Result<(String, Secret), Error> {
    let option = "--header-env";
    let Some((name, variable)) = text.split_once('=').filter(|(name, variable)| !name.is_empty() && !variable.is_empty()) else {
        return Err(Error::BadOption { option, reason: "give it as NAME=VAR: a header's name and a variable's".to_owned() });
    };
    Ok((name.to_owned(), variable_value(option, variable)?))
}

fn token(args: &Args) -> Result<Option<Secret>, Error> {
    if let Some(variable) = &args.token_env {
        return variable_value("--token-env", variable).map(Some);
    }
    let Some(path) = &args.token_file else { return Ok(None) };
    let bad = |reason: String| Error::BadOption { option: "--token-file", reason };
    let unreadable = |source| bad(Error::Io { op: "read", path: path.clone(), source }.to_string());
    // A token is short: what is not, is another file, and may be endless.
    let mut text = String::new();
    let file = fs_err::File::open(path).map_err(unreadable)?;
    file.take(TOKEN_FILE).read_to_string(&mut text).map_err(unreadable)?;
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(Some(Secret::new(line))),
        None => Err(bad(format!("{} has no token in its first line", swapbin::quoted(path)))),
    }
}

fn variable_value(option: &'static str, variable: &str) -> Result<Secret, Error> {
    match std::env::var(variable) {
        Ok(value) if !value.is_empty() => Ok(Secret::new(value)),
        // The name is not repeated: it may be the secret itself, given where its name should be.
        _ => Err(Error::BadOption { option, reason: "the environment has no usable variable of that name".to_owned() }),
    }
}
