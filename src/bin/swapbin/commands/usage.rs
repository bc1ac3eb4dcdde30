//! `swapbin who` and `swapbin stale`.

use std::process::ExitCode;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use swapbin::{Error, FileUse, Host, Report, Stale, UsageReport};

use super::host;
use crate::args::{OutputArgs, RunArgs, StaleArgs, WatchArgs, WhoArgs};
use crate::exit;
use crate::ui::{Subject, Ui, Usage};

/// How long nothing is looked at while nobody ends: a process may also start another program.
const PATIENCE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// How long to wait after one has ended, for where one ends others do.
const TOGETHER: Duration = Duration::from_millis(50);

/// Processes that are waited for at most, for each has a descriptor.
const WAITED_FOR: usize = 256;

/// Runs `who`.
pub fn who(args: &WhoArgs) -> ExitCode {
    let host = host::host(&args.output, None);
    run(Usage::Who, &args.output, args.watch, &host, || swapbin::who(&args.paths, &host))
}

/// Runs `stale`.
pub fn stale(args: &StaleArgs) -> ExitCode {
    let host = host::host(&args.output, None);
    let of = match args.pid {
        Some(pid) => Stale::Process(pid),
        None if args.paths.is_empty() => Stale::All,
        None => Stale::Files(args.paths.clone()),
    };
    run(Usage::Stale, &args.output, args.watch, &host, || swapbin::stale(&of, &host))
}

fn run(
    usage: Usage,
    output: &OutputArgs,
    watch: WatchArgs,
    host: &Host,
    look: impl Fn() -> Result<UsageReport, Error>,
) -> ExitCode {
    let mut ui = Ui::quiet_about_progress(output, host.cancel.clone());
    if let Err(error) = if watch.watch { host::cancel_on_signals(host) } else { Ok(()) } {
        ui.error(&error, Subject::List(usage.list()));
        return exit::failure(&error, &host.cancel);
    }
    let mut shown: Option<Vec<FileUse>> = None;
    loop {
        let report = match look() {
            Ok(report) => report,
            // Who has ended runs nothing stale.
            Err(Error::Process { .. }) if shown.is_some() => UsageReport::default(),
            Err(error) => {
                ui.error(&error, Subject::List(usage.list()));
                return exit::failure(&error, &host.cancel);
            }
        };
        if shown.as_ref() != Some(&report.uses) && !ui.usage(usage, &report, watch.watch) {
            return exit::unreported(&host.cancel);
        }
        if !watch.watch || report.uses.is_empty() {
            return ExitCode::from(exit::of_usage(usage, &report));
        }
        wait(&report);
        if host.cancel.signal().is_some() {
            return exit::failure(&Error::Cancelled, &host.cancel);
        }
        shown = Some(report.uses);
    }
}

/// Waits until one of the processes ends, or a while, or a signal.
fn wait(report: &UsageReport) {
    let mut pids: Vec<u32> = report.uses.iter().map(|one| one.process.pid).collect();
    pids.dedup();
    let open = |pid: &u32| pidfd_open(Pid::from_raw(i32::try_from(*pid).ok()?)?, PidfdFlags::empty()).ok();
    let held: Vec<_> = pids.iter().take(WAITED_FOR).filter_map(open).collect();
    let mut polled: Vec<_> = held.iter().map(|process| PollFd::new(process, PollFlags::IN)).collect();
    if rustix::event::poll(&mut polled, Some(&PATIENCE)).is_ok_and(|ended| ended > 0) {
        std::thread::sleep(TOGETHER);
    }
}

/// Finds out who still has versions from before, where somebody wants to know: with `-v` and `--json`.
pub fn find_users(reports: &mut [Report], run: &RunArgs, host: &Host) {
    let is_wanted = run.output.json || run.output.verbose > 0;
    if is_wanted && !run.check && !run.dry_run {
        // Without /proc nothing is said of them.
        let _ = swapbin::find_users(reports, host);
    }
}

/// The same for one file.
pub fn with_users(mut report: Report, run: &RunArgs, host: &Host) -> Report {
    find_users(std::slice::from_mut(&mut report), run, host);
    report
}
