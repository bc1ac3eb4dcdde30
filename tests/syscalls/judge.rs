//! What must hold after a run that was killed or failed.

use crate::errnos;
use crate::fault::Fault;
use crate::job::{Job, Promise};
use crate::place::Place;
use crate::reference::{Point, Reference};
use crate::run::Ended;
use crate::state::{ANOTHER, State};

/// Where every name that a job changes stands.
#[derive(Debug, Default)]
pub struct Standing {
    /// Names that are as before.
    pub old: Vec<String>,
    /// Names that are as after the undisturbed run.
    pub new: Vec<String>,
    /// What is neither, in words.
    pub wrong: Vec<String>,
    /// Names that no run should leave.
    pub litter: Vec<String>,
    /// Kept versions beyond the limit. They are in nobody's way, and the next change removes them.
    pub surplus: Vec<String>,
    /// Temporary names that a past run has left, and that are still there.
    pub left: Vec<String>,
}

impl Standing {
    pub fn of(reference: &Reference, now: &State) -> Standing {
        let (before, after) = (&reference.before.0, &reference.after.0);
        let mut standing = Standing::default();
        for (name, facts) in before {
            let (is, should) = (now.0.get(name), after.get(name));
            match is {
                _ if is == Some(facts) && is == should => {}
                _ if should.is_none() && name.contains(".swapbin.") => standing.left.extend(is.map(|_| name.clone())),
                _ if is == Some(facts) => standing.old.push(name.clone()),
                _ if is == should => standing.new.push(name.clone()),
                None => standing.wrong.push(format!("missing: {name}")),
                Some(is) => standing.wrong.push(format!("{name} is {is:?}, neither {facts:?} nor {should:?}")),
            }
        }
        for (name, should) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
            match now.0.get(name) {
                None => standing.old.push(name.clone()),
                Some(is) if is == should => standing.new.push(name.clone()),
                Some(is) => standing.wrong.push(format!("{name} is {is:?}, and was to be {should:?} or nothing")),
            }
        }
        let strange = now.0.keys().filter(|name| !before.contains_key(*name) && !after.contains_key(*name)).cloned();
        (standing.surplus, standing.litter) = strange.partition(|name| name.contains(".swapbin~") && name.ends_with(ANOTHER));
        standing
    }

    pub fn is_mixed(&self) -> bool {
        !self.old.is_empty() && !self.new.is_empty()
    }
}

/// How a run ended, as far as the judgement differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Done,
    /// It says that nothing was done, or not everything.
    Failed,
    /// It says that it does not know.
    InDoubt,
    Killed,
}

/// How it ended; or what it must not do.
pub fn end_of(ended: &Ended, fault: &Fault) -> Result<End, String> {
    if ended.status.is_none() {
        return Err("hangs".into());
    }
    if ended.stderr.contains("panicked") || ended.stderr.contains("fatal runtime error") {
        return Err(format!("panics: {}", ended.stderr));
    }
    // Exit code 8; and the words for it of install(1), whose only code is 1.
    let doubts = ["may not survive a power cut", "cannot take back"].iter().any(|words| ended.stderr.contains(words));
    match (ended.signal(), ended.code()) {
        (Some(libc::SIGKILL), _) if fault.kills() => Ok(End::Killed),
        (Some(signal), _) => Err(format!("ends by signal {signal}: {}", ended.stderr)),
        (_, Some(0)) => Ok(End::Done),
        (_, Some(8)) => Ok(End::InDoubt),
        _ if doubts => Ok(End::InDoubt),
        _ => Ok(End::Failed),
    }
}

/// What is wrong directly after the run.
pub fn first(
    job: &Job,
    place: &Place,
    reference: &Reference,
    point: &Point,
    fault: &Fault,
    ended: &Ended,
    end: End,
) -> Vec<String> {
    let standing = Standing::of(reference, &place.state());
    let mut bad = standing.wrong.clone();
    let telling = errnos::is_telling(&point.call);
    match end {
        End::Done => {
            // A single swap goes on where the old version cannot be kept, and says so.
            let excused = |name: &&String| name.contains(".swapbin~") && ended.stderr.contains("is not kept");
            let undone = standing.old.iter().filter(|name| !excused(name));
            bad.extend(undone.map(|name| format!("success reported, but {name} is as before")));
            // What is lost of the bookkeeping costs a recovery that finds everything done.
            if errnos::loses_bytes(fault) && !point.is_bookkeeping {
                bad.push("success reported, although a sync failed".into());
            }
        }
        End::Failed if telling => {}
        End::Failed => {
            let all_new = standing.old.is_empty() && !standing.new.is_empty();
            match job.promise {
                Promise::Each if all_new && bad.is_empty() => bad.push("failure reported, but everything is new".into()),
                Promise::AllOrNothing => {
                    bad.extend(standing.new.iter().map(|name| format!("failure reported, but {name} is new")));
                }
                Promise::Each | Promise::Repair => {}
            }
        }
        End::InDoubt | End::Killed => {}
    }
    if matches!(end, End::Failed | End::InDoubt) && !telling && !fault.hinders_words() && !says_why(ended, place, reference) {
        bad.push(format!("the message names no path or no reason: {:?}", ended.stderr));
    }
    let may_litter = match end {
        End::Killed | End::InDoubt => true,
        End::Failed => job.promise == Promise::Repair || fault.hinders_removal(),
        End::Done => fault.hinders_removal(),
    };
    if !may_litter {
        bad.extend(standing.litter.iter().map(|name| format!("litter: {name}")));
    }
    bad
}

/// What is wrong after a crash was settled by `recover`.
pub fn recovered(job: &Job, reference: &Reference, place: &Place) -> Vec<String> {
    let standing = Standing::of(reference, &place.state());
    let mut bad = standing.wrong.clone();
    if standing.is_mixed() || job.promise == Promise::Repair && !standing.old.is_empty() {
        bad.push(format!("mixed: {:?} as before, {:?} new", standing.old, standing.new));
    }
    bad.extend(standing.litter.iter().chain(&standing.left).map(|name| format!("litter: {name}")));
    bad
}

/// What is wrong after the next run.
pub fn again(job: &Job, reference: &Reference, place: &Place) -> Vec<String> {
    let standing = Standing::of(reference, &place.state());
    // A second backup is one of the new file.
    let targets = |name: &&String| reference.before.0.contains_key(*name) || job.changes.iter().any(|(target, _)| target == name);
    let mut bad: Vec<String> = standing.wrong.iter().filter(|text| !text.contains('~')).cloned().collect();
    bad.extend(
        standing
            .old
            .iter()
            .filter(targets)
            .filter(|name| !name.contains('~'))
            .map(|name| format!("not repaired by the next run: {name}")),
    );
    let left = standing.litter.iter().chain(&standing.left).chain(&standing.surplus);
    bad.extend(left.map(|name| format!("litter after the next run: {name}")));
    bad
}

/// Whether standard error names something in the tree, or on the way to it, and says more than that.
fn says_why(ended: &Ended, place: &Place, reference: &Reference) -> bool {
    let names = reference.before.0.keys().chain(reference.after.0.keys());
    let roots = place.roots();
    let mut way = roots.iter().flat_map(|root| root.ancestors());
    let named = names.into_iter().any(|name| ended.stderr.contains(name.as_str()))
        || roots.iter().any(|root| ended.stderr.contains(root.to_str().expect("a path in UTF-8")))
        || way.any(|path| ended.stderr.contains(&format!("'{}'", path.display())));
    named && ended.stderr.lines().any(|line| line.split(": ").count() > 1 && line.split_whitespace().count() > 3)
}
