//! The whole run: every filesystem, every scenario; and that what is left out is caught.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::arguments::Arguments;
use super::round::Round;
use super::scenario::{Promise, Scenario};
use super::tally::Tally;
use super::{aftermath, lane};

/// Rounds one after another, until a missing sync was caught.
type Job<'a> = Vec<Round<'a>>;

pub fn run(arguments: &Arguments, scenarios: &[Scenario], base: &Path) -> ExitCode {
    let began = Instant::now();
    let aftermath = if arguments.scenarios.is_empty() { aftermath::check() } else { Ok(()) };
    if let Err(left) = &aftermath {
        eprintln!("killed in the middle: {left}");
    }
    let under_test = std::env::var("SWAPBIN_UNDER_TEST");
    let program = under_test.as_deref().unwrap_or(env!("CARGO_BIN_EXE_swapbin"));
    let jobs = jobs(arguments, scenarios);
    let (next, lanes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let done: Mutex<Vec<(&Round<'_>, io::Result<Tally>)>> = Mutex::default();
    let work = || {
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            for round in job {
                let tally = round.run(arguments, program, &lane::directory(base, lanes.fetch_add(1, Ordering::Relaxed)));
                match &tally {
                    Ok(tally) => eprintln!("{:<42} {}", round.name(), tally.line()),
                    Err(error) => eprintln!("{:<42} BROKEN: {error}", round.name()),
                }
                let caught = round.without.is_some() && tally.as_ref().is_ok_and(|tally| tally.total().bad > 0);
                done.lock().expect("nobody panics with the lock").push((round, tally));
                if caught && !arguments.everywhere {
                    break;
                }
            }
        }
    };
    std::thread::scope(|scope| (0..arguments.jobs.max(1)).for_each(|_| _ = scope.spawn(work)));
    let failed = summarise(&done.into_inner().expect("all lanes have ended")) || aftermath.is_err();
    eprintln!("powercut: {} in {} s", if failed { "FAILED" } else { "ok" }, began.elapsed().as_secs());
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn jobs<'a>(arguments: &'a Arguments, scenarios: &'a [Scenario]) -> Vec<Job<'a>> {
    let chosen = |scenario: &&Scenario| match arguments.scenarios.is_empty() {
        true => scenario.promise != Promise::Hoped || arguments.peers,
        false => arguments.scenarios.iter().any(|name| name == scenario.name),
    };
    let mut jobs = Vec::new();
    for scenario in scenarios.iter().filter(chosen) {
        let round = |without| move |filesystem| Round { filesystem, scenario, without };
        let filesystems = || arguments.filesystems.iter().copied();
        jobs.extend(filesystems().map(round(None)).map(|round| vec![round]));
        if arguments.caught > 0 {
            jobs.extend(scenario.needs.iter().map(|sync| filesystems().map(round(Some(*sync))).collect()));
            jobs.extend(arguments.without.iter().map(|sync| filesystems().map(round(Some(sync.as_str()))).collect()));
        }
    }
    jobs
}

/// Says what was found, and whether that is a failure.
fn summarise(done: &[(&Round<'_>, io::Result<Tally>)]) -> bool {
    let mut failed = done.iter().any(|(_, tally)| tally.is_err());
    let mut caught: BTreeMap<(&str, &str), (bool, Vec<&str>)> = BTreeMap::new();
    for (round, tally) in done.iter().filter_map(|(round, tally)| Some((round, tally.as_ref().ok()?))) {
        let total = tally.total();
        failed |= total.unmountable > 0;
        match round.without {
            Some(sync) => {
                let (needed, on) = caught.entry((round.scenario.name, sync)).or_default();
                *needed = round.scenario.needs.contains(&sync);
                on.extend((total.bad > 0).then_some(round.filesystem.name()));
            }
            None => failed |= total.bad > 0 && round.scenario.promise != Promise::Hoped,
        }
    }
    for ((scenario, sync), (needed, on)) in caught {
        match (on.is_empty(), needed) {
            (false, _) => eprintln!("{scenario} without {sync}: caught on {}", on.join(", ")),
            (true, true) => eprintln!("{scenario} without {sync}: NOT CAUGHT"),
            (true, false) => eprintln!("{scenario} without {sync}: nothing seen"),
        }
        failed |= needed && on.is_empty();
    }
    failed
}
