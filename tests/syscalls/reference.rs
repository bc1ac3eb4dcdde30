//! What a job does when nothing is in its way: what it changes, and by which calls.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::fault::Fault;
use crate::job::Job;
use crate::place::Place;
use crate::plan;
use crate::run::traced;
use crate::state::State;
use crate::support::{Call, parse_strace};

/// An undisturbed run.
pub struct Reference {
    pub before: State,
    pub after: State,
    pub points: Vec<Point>,
}

/// A call of the run, and how many of its name came before it, which is how strace counts.
pub struct Point {
    pub call: Call,
    pub nth: usize,
    /// Whether it is about the state directory, when no name in the tree changes any more: it writes down that all is done.
    pub is_bookkeeping: bool,
}

/// Runs a job as it is, and checks that it does what it is said to do.
///
/// # Panics
/// If it does not.
pub fn of(job: &Job, peer: Option<&PathBuf>) -> Reference {
    let place = Place::prepared(job, peer);
    let before = place.state();
    let ended = traced(&place, job, &place.command(job.command, peer), None);
    let told = format!("{}: {:?}\n{}{}", job.name, ended.status, ended.stdout, ended.stderr);
    assert_eq!(ended.code(), Some(0), "the undisturbed run fails\n{told}");
    let after = place.state();
    if peer.is_none() {
        let changed: BTreeSet<&str> = before.differing(&after).map(String::as_str).collect();
        let said: BTreeSet<&str> = job.changes.iter().map(|(name, _)| *name).collect();
        assert_eq!(changed, said, "the undisturbed run changes something else\n{told}");
        for (name, source) in job.changes {
            let kind = |state: &State, name: &str| state.0.get(name).map(|facts| facts.kind.clone());
            assert_eq!(kind(&after, name), kind(&before, source), "{name} is not {source}\n{told}");
        }
    }
    Reference { before, after, points: points(&ended.log, &place) }
}

/// The calls that follow a failure, and at which a run can be killed: those of other names.
pub fn of_failing(job: &Job, peer: Option<&PathBuf>, fault: &Fault) -> Vec<Point> {
    let place = Place::prepared(job, peer);
    let ended = traced(&place, job, &place.command(job.command, peer), Some(fault));
    let all = points(&ended.log, &place);
    let failed = |point: &Point| point.call.name == fault.syscall && point.nth == fault.nth;
    let following = all.into_iter().skip_while(|point| !failed(point));
    following.filter(|point| point.call.name != fault.syscall && plan::is_killed_at(point)).collect()
}

/// Whether the call that failed was about the state directory, when no name in the tree changed any more. Where several files are
/// synced as one or each for itself as others keep the disk busy, it is another call than in the run that was not disturbed.
/// `None` if the log does not tell.
pub fn failed_in_bookkeeping(log: &str, place: &Place) -> Option<bool> {
    let lines: Vec<&str> = log.lines().collect();
    let failed = lines.iter().position(|line| line.contains("(INJECTED)") && !line.contains("clone3("))?;
    let trees: Vec<String> = place.trees().iter().map(|root| root.display().to_string()).collect();
    let is_change = |line: &&str| line.contains(" rename") && trees.iter().any(|tree| line.contains(tree));
    let last = lines.iter().rposition(is_change)?;
    Some(failed > last && lines[failed].contains(&place.state_dir().display().to_string()))
}

/// The program's own calls: those that come after its libraries were loaded, and the end, at which the kill that comes after
/// everything is placed.
fn points(log: &str, place: &Place) -> Vec<Point> {
    let mut counts: BTreeMap<(u32, String), usize> = BTreeMap::new();
    let end = log.lines().find_map(|line| line.contains("exit_group(").then(|| line.split_whitespace().next()).flatten());
    let pid = end.and_then(|pid| pid.parse().ok()).expect("strace shows the end of the program");
    let end = Call { pid, name: "exit_group".into(), arguments: String::new(), returned: 0, errno: None };
    let mut all: Vec<Point> = Vec::new();
    for call in parse_strace(log).into_iter().chain([end]) {
        let count = counts.entry((call.pid, call.name.clone())).or_default();
        *count += 1;
        all.push(Point { nth: *count, call, is_bookkeeping: false });
    }
    let roots: Vec<String> = place.roots().iter().map(|root| root.display().to_string()).collect();
    let is_there = |call: &Call| {
        call.name != "execve"
            && roots.iter().any(|root| call.arguments.replacen(&format!("AT_FDCWD<{root}>"), "", 1).contains(root))
    };
    let first = all.iter().position(|point| is_there(&point.call)).expect("the run does something in its tree");
    let loaded = all[..first].iter().rposition(|point| point.call.arguments.contains(".so")).map_or(0, |last| last + 1);
    let mut points = all.split_off(loaded);
    // A second thread or a child counts for itself: the same fault as that of the first.
    let mut seen = BTreeSet::new();
    points.retain(|point| seen.insert((point.call.name.clone(), point.nth)));
    let trees: Vec<String> = place.trees().iter().map(|root| root.display().to_string()).collect();
    let is_change = |call: &Call| call.name.starts_with("rename") && trees.iter().any(|tree| call.arguments.contains(tree));
    let last = points.iter().rposition(|point| is_change(&point.call));
    let state = place.state_dir().display().to_string();
    for point in points.iter_mut().skip(last.map_or(0, |last| last + 1)) {
        point.is_bookkeeping = point.call.arguments.contains(&state);
    }
    points
}
