//! A job, tried at each of its calls.

use std::env;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use crate::fault::Fault;
use crate::job::{Job, Promise, Threads};
use crate::judge::{self, End};
use crate::place::Place;
use crate::plan;
use crate::reference::{self, Point, Reference};
use crate::run::{Ended, undisturbed, with_fault};
use crate::support::{require_mounts, require_strace};

/// Bad cases that are shown; more are only counted.
const SHOWN: usize = 12;

/// Tries it.
///
/// # Panics
/// If anything is wrong in any case.
pub fn try_at_every_call(job: &Job) {
    if !require_strace() || (job.looks_at_processes && !require_mounts()) {
        return;
    }
    let peer = env::var_os("SYSCALLS_PROGRAM").map(PathBuf::from);
    if peer.is_some() && (!job.command.starts_with("install") || job.command.contains("--all-or-nothing")) {
        return say(&format!("SKIPPED: {}: no job of install(1)", job.name));
    }
    let started = Instant::now();
    let reference = reference::of(job, peer.as_ref());
    let wanted = env::var("SYSCALLS_ONLY").unwrap_or_default();
    let full = env::var_os("SYSCALLS_FULL").is_some();
    let mut campaign = Campaign { job, reference: &reference, peer, tally: Tally::default() };
    for (at, point) in reference.points.iter().enumerate() {
        for what in plan::faults(&reference, at, full) {
            let fault = Fault::at(point, what);
            if fault.to_string().contains(&wanted) {
                campaign.try_one(point, &fault);
            }
        }
        if full && plan::is_followed(point) {
            let failing = Fault::at(point, plan::FAILS_FIRST);
            for point_of_kill in reference::of_failing(job, campaign.peer.as_ref(), &failing) {
                let fault = failing.clone().then_killed_at(&point_of_kill);
                if fault.to_string().contains(&wanted) {
                    campaign.try_one(point, &fault);
                }
            }
        }
    }
    campaign.tally.finish(job, reference.points.len(), started);
}

struct Campaign<'a> {
    job: &'a Job,
    reference: &'a Reference,
    peer: Option<PathBuf>,
    tally: Tally,
}

impl Campaign<'_> {
    fn try_one(&mut self, point: &Point, fault: &Fault) {
        let Campaign { job, reference, peer, tally } = self;
        let place = Place::prepared(job, peer.as_ref());
        let ended = with_fault(&place, job, &place.command(job.command, peer.as_ref()), fault);
        if !was_reached(&ended, fault) {
            return tally.missed.push(fault.to_string());
        }
        let (end, mut bad) = match judge::end_of(&ended, fault) {
            Ok(end) => (end, judge::first(job, &place, reference, point, fault, &ended, end)),
            Err(what) => (End::Failed, vec![what]),
        };
        tally.count(end);
        let is_open = match end {
            End::Killed | End::InDoubt => true,
            End::Failed | End::Done => job.promise == Promise::Repair,
        };
        if bad.is_empty() && (is_open || fault.hinders_removal()) {
            bad = self.settle(&place, fault);
        }
        if !bad.is_empty() {
            self.tally.bad.push(described(point, fault, &ended, end, &bad));
        }
    }

    /// What comes after a run that was killed, or does not know how it ended.
    fn settle(&self, place: &Place, fault: &Fault) -> Vec<String> {
        let Campaign { job, reference, peer, .. } = self;
        // The second time there is nothing left to do, and nothing may happen.
        for line in [job.recover, job.recover].into_iter().flatten() {
            let ended = undisturbed(place, job, &place.command(line, peer.as_ref()));
            if ended.code() != Some(0) {
                return vec![format!("cannot be recovered: {:?} {}", ended.status, ended.stderr)];
            }
            let bad = judge::recovered(job, reference, place, fault);
            if !bad.is_empty() {
                return bad;
            }
        }
        let mut bad = Vec::new();
        for line in job.again {
            let ended = undisturbed(place, job, &place.command(line, peer.as_ref()));
            if ended.code() != Some(0) {
                bad.push(format!("the next run fails: {line}: {:?} {}", ended.status, ended.stderr));
            }
        }
        if bad.is_empty() && !job.again.is_empty() {
            bad = judge::again(reference, place);
        }
        for line in job.sweep {
            let ended = undisturbed(place, job, &place.command(line, peer.as_ref()));
            if ended.code() != Some(0) || !ended.stdout.contains("unchanged") {
                bad.push(format!("the next run is to find everything current: {line}: {:?} {}", ended.status, ended.stderr));
            }
        }
        if bad.is_empty() && !job.sweep.is_empty() {
            bad = judge::swept(reference, place);
        }
        bad
    }
}

/// Whether the fault happened, all of it. strace ends as its tracee does, by the signal.
fn was_reached(ended: &Ended, fault: &Fault) -> bool {
    let calls: Vec<String> = fault.failing().iter().map(|name| format!(" {name}(")).collect();
    let is_ours = |line: &str| line.contains("(INJECTED)") && calls.iter().any(|call| line.contains(call));
    let killed = !fault.kills() || ended.signal() == Some(libc::SIGKILL);
    let failed = calls.is_empty() || ended.log.lines().any(is_ours);
    ended.status.is_none() || killed && failed
}

fn described(Point { call, .. }: &Point, fault: &Fault, ended: &Ended, end: End, bad: &[String]) -> String {
    let told = format!("{}{}", ended.stdout, ended.stderr);
    let status = ended.status.map_or("no end".to_owned(), |status| status.to_string());
    let (told, bad) = (told.trim_end().replace('\n', "\n    "), bad.join("\n    "));
    let arguments = call.arguments.chars().take(300).collect::<String>();
    format!("{fault}  {}({arguments})\n    {end:?}, {status}: {told}\n    {bad}", call.name)
}

#[derive(Default)]
struct Tally {
    killed: usize,
    done: usize,
    failed: usize,
    in_doubt: usize,
    /// Cases in which the call was not reached: an earlier way was another one.
    missed: Vec<String>,
    bad: Vec<String>,
}

impl Tally {
    fn count(&mut self, end: End) {
        *match end {
            End::Done => &mut self.done,
            End::Failed => &mut self.failed,
            End::InDoubt => &mut self.in_doubt,
            End::Killed => &mut self.killed,
        } += 1;
    }

    fn finish(self, job: &Job, calls: usize, started: Instant) {
        let Tally { killed, done, failed, in_doubt, missed, bad } = self;
        let cases = killed + done + failed + in_doubt;
        say(&format!(
            "{}: {calls} calls, {cases} cases in {:.1} s: {killed} killed, {done} done all the same, {failed} failed, \
             {in_doubt} in doubt, {} not reached; {} bad",
            job.name,
            started.elapsed().as_secs_f64(),
            missed.len(),
            bad.len(),
        ));
        let mut text = String::new();
        bad.iter().take(SHOWN).for_each(|bad| writeln!(text, "{bad}").expect("a string takes everything"));
        assert!(bad.is_empty(), "{} of {cases} cases of \"{}\" are bad, among them:\n{text}", bad.len(), job.name);
        // With threads it is luck which one makes how many calls.
        let may_miss = job.threads == Threads::Granted || missed.len() * 20 <= cases;
        assert!(may_miss, "too many calls are not reached: {missed:?}");
    }
}

fn say(line: &str) {
    // Not eprintln!, which is shown for failed tests only.
    let _ = writeln!(std::io::stderr(), "{line}");
}
