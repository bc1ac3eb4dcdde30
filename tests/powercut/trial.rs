//! The whole run: every filesystem, every scenario, undisturbed and disturbed; and that it catches what is left out.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::arguments::Arguments;
use super::cut::Cuts;
use super::dice::Dice;
use super::disturb::Disturbance;
use super::filesystem::Filesystem;
use super::lane::{self, Lane, Plan, Verdict};
use super::scenario::{Promise, Scenario};
use super::tally::Tally;

/// States taken from one record before another is made: other moments of commits.
const PER_RECORD: usize = 100;

/// Bad states shown in words.
const SHOWN: usize = 3;

struct Job<'a> {
    filesystem: Filesystem,
    scenario: &'a Scenario,
    without: Option<&'static str>,
}

pub fn run(arguments: &Arguments, scenarios: &[Scenario], base: &Path) -> ExitCode {
    let began = Instant::now();
    let under_test = std::env::var("SWAPBIN_UNDER_TEST");
    let program = under_test.as_deref().unwrap_or(env!("CARGO_BIN_EXE_swapbin"));
    let chosen = |scenario: &&Scenario| match arguments.scenarios.is_empty() {
        true => scenario.promise != Promise::Hoped || arguments.peers,
        false => arguments.scenarios.iter().any(|name| name == scenario.name),
    };
    let mut jobs = Vec::new();
    for scenario in scenarios.iter().filter(chosen) {
        let job = |without| move |filesystem: &Filesystem| Job { filesystem: *filesystem, scenario, without };
        jobs.extend(arguments.filesystems.iter().map(job(None)));
        if arguments.caught > 0 {
            for sync in scenario.needs {
                jobs.extend(arguments.filesystems.iter().map(job(Some(*sync))));
            }
        }
    }
    let next = AtomicUsize::new(0);
    let tallies: Mutex<Vec<(usize, io::Result<Tally>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number) else { return };
                    let tally = work(job, arguments, program, &lane::directory(base, number));
                    show(job, &tally);
                    tallies.lock().expect("no lane panics with the lock").push((number, tally));
                }
            });
        }
    });
    let failed = summarise(&jobs, &tallies.into_inner().expect("all lanes have ended"));
    eprintln!("powercut: {} in {} s", if failed { "FAILED" } else { "ok" }, began.elapsed().as_secs());
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn work(job: &Job<'_>, arguments: &Arguments, program: &str, base: &Path) -> io::Result<Tally> {
    let failpoint = job.without.map(|sync| format!("{sync}=skip"));
    let Job { filesystem, scenario, .. } = *job;
    let mut lane = Lane::open(base, &Plan { filesystem, scenario, program, failpoint: failpoint.as_deref() })?;
    let mut tally = Tally::default();
    let wanted = if job.without.is_some() { arguments.caught } else { arguments.states };
    let mut dice = Dice::new(arguments.seed);
    for (at, disturbance) in arguments.disturbances.iter().enumerate() {
        // What an earlier disturbance had no states for, later ones make up.
        let share = (wanted - tally.total().states).div_ceil(arguments.disturbances.len() - at);
        try_one(job, arguments, &mut lane, *disturbance, share, &mut dice, &mut tally)?;
    }
    Ok(tally)
}

fn try_one(
    job: &Job<'_>,
    arguments: &Arguments,
    lane: &mut Lane,
    disturbance: Disturbance,
    share: usize,
    dice: &mut Dice,
    tally: &mut Tally,
) -> io::Result<()> {
    let mut left = share;
    for _ in 0..share.div_ceil(PER_RECORD) {
        let log = lane.record(disturbance)?;
        if disturbance == Disturbance::None {
            let flushes = log.flushes();
            tally.flushes = Some(flushes);
            if flushes == 0 && job.without.is_none() && job.scenario.promise != Promise::Hoped {
                return Err(io::Error::other("the disks were never flushed: the recorder does not hear everything"));
            }
        }
        let cuts = Cuts::new(&log, job.filesystem.unit(), dice.fork());
        for cut in cuts.take(left.min(PER_RECORD)) {
            let verdict = lane.judge(&log, &cut)?;
            left -= 1;
            tally.add(disturbance, &cut, &verdict);
            let (Verdict::Bad(words) | Verdict::Unmountable(words)) = &verdict else { continue };
            let bad = tally.total().bad;
            if bad <= SHOWN && (job.without.is_none() || bad == 1) {
                eprintln!("{}, {}: {words}\n    {cut}", name(job), disturbance.name());
            }
            if let Some(directory) = &arguments.keep {
                let file = format!("{}-{}-{}-{bad}", job.filesystem.name(), job.scenario.name, disturbance.name());
                lane.save(&log, &cut, directory, &file)?;
            }
            if job.without.is_some() {
                // Caught.
                return Ok(());
            }
        }
    }
    Ok(())
}

fn name(job: &Job<'_>) -> String {
    let without = job.without.map_or(String::new(), |sync| format!(" without {sync}"));
    format!("{} {}{without}", job.filesystem.name(), job.scenario.name)
}

fn show(job: &Job<'_>, tally: &io::Result<Tally>) {
    match tally {
        Ok(tally) => eprintln!("{:<42} {}", name(job), tally.line()),
        Err(error) => eprintln!("{:<42} BROKEN: {error}", name(job)),
    }
}

/// Says what was found, and whether that is a failure.
fn summarise(jobs: &[Job<'_>], tallies: &[(usize, io::Result<Tally>)]) -> bool {
    let mut failed = tallies.iter().any(|(_, tally)| tally.is_err());
    let done = || tallies.iter().filter_map(|(at, tally)| Some((&jobs[*at], tally.as_ref().ok()?)));
    for (job, tally) in done() {
        let total = tally.total();
        failed |= total.unmountable > 0;
        failed |= total.bad > 0 && job.without.is_none() && job.scenario.promise != Promise::Hoped;
    }
    let mut caught: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for (job, tally) in done() {
        let Some(sync) = job.without else { continue };
        let (red, tried) = caught.entry((job.scenario.name, sync)).or_default();
        *red += usize::from(tally.total().bad > 0);
        *tried += 1;
    }
    for ((scenario, sync), (red, tried)) in caught {
        eprintln!("{scenario} without {sync}: caught on {red} of {tried} filesystems");
        failed |= red == 0;
    }
    failed
}
