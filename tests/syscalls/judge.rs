//! What must hold after a run that was killed or failed.

use crate::errnos;
use crate::fault::{Fault, What};
use crate::job::{Job, Promise, Without};
use crate::place::Place;
use crate::reference::{self, Point, Reference};
use crate::run::Ended;
use crate::standing::Standing;
use crate::support::{Kind, sha256};

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
    let may_be_torn = job.promise == Promise::InPlace && matches!(end, End::Killed | End::InDoubt);
    let mut bad = if may_be_torn { Vec::new() } else { standing.wrong.clone() };
    let telling = errnos::is_telling(&point.call);
    match end {
        End::Done => {
            bad.extend(standing.old.iter().map(|name| format!("success reported, but {name} is as before")));
            // A single swap goes on where the old version cannot be kept, and says so.
            if !ended.stderr.contains("is not kept") && !is_kept_elsewhere(job, place, reference) {
                bad.extend(standing.unkept.iter().map(|name| format!("success reported, but {name} is not kept")));
            }
            // What is lost of the bookkeeping costs a recovery that finds everything done.
            if errnos::loses_bytes(fault) && !reference::failed_in_bookkeeping(&ended.log, place).unwrap_or(point.is_bookkeeping)
            {
                bad.push("success reported, although a sync failed".into());
            }
        }
        End::Failed if telling => {}
        End::Failed => {
            let all_new = standing.old.is_empty() && !standing.new.is_empty();
            match job.promise {
                Promise::Each if all_new && bad.is_empty() => bad.push("failure reported, but everything is new".into()),
                Promise::AllOrNothing | Promise::InPlace => {
                    // A name that could not be removed again is in nobody's way.
                    let kept = if fault.hinders_removal() { &[][..] } else { &standing.kept };
                    let new = standing.new.iter().chain(kept);
                    bad.extend(new.map(|name| format!("failure reported, but {name} is new")));
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

/// What is wrong after a crash, or a run in doubt, was settled by `recover`.
pub fn recovered(job: &Job, reference: &Reference, place: &Place, fault: &Fault) -> Vec<String> {
    let standing = Standing::of(reference, &place.state());
    let mut bad = standing.wrong.clone();
    if standing.is_mixed() || job.promise == Promise::Repair && !standing.old.is_empty() {
        bad.push(format!("mixed: {:?} as before, {:?} new", standing.old, standing.new));
    }
    // After a failure the journal may be the first to go; what it cannot tell of any more goes with the next run there.
    if fault.what == What::Killed && job.promise != Promise::Repair {
        // What a single swap stages under a name, the next one there removes.
        let goes = |name: &&String| job.without.contains(&Without::Tmpfile) && name.contains(".swapbin.s");
        let useless = if standing.new.is_empty() { standing.kept.as_slice() } else { &[] };
        let left = standing.litter.iter().filter(|name| !goes(name)).chain(&standing.left);
        bad.extend(left.chain(useless).map(|name| format!("litter: {name}")));
    }
    bad
}

/// What is wrong after the next run.
pub fn again(reference: &Reference, place: &Place) -> Vec<String> {
    let standing = Standing::of(reference, &place.state());
    let is_backup = |name: &&String| name.ends_with('~');
    // A second backup is one of the new file.
    let mut bad: Vec<String> = standing.wrong.iter().filter(|text| !text.contains('~')).cloned().collect();
    let undone = standing.old.iter().filter(|name| !is_backup(name));
    bad.extend(undone.map(|name| format!("not repaired by the next run: {name}")));
    let left = standing.litter.iter().chain(&standing.left).chain(&standing.surplus);
    bad.extend(left.map(|name| format!("litter after the next run: {name}")));
    bad
}

/// What is wrong after runs that find everything current in each directory.
pub fn swept(reference: &Reference, place: &Place) -> Vec<String> {
    let standing = Standing::of(reference, &place.state());
    standing.litter.iter().chain(&standing.left).map(|name| format!("litter after the next run: {name}")).collect()
}

/// Whether what was overwritten in place is kept in the state directory: it is where nothing can be put beside the target.
fn is_kept_elsewhere(job: &Job, place: &Place, reference: &Reference) -> bool {
    let Ok(room) = std::fs::read_dir(place.state_dir().join("kept")) else { return false };
    let kept = room.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(".swapbin~"));
    let is_old = |bytes: Vec<u8>| {
        let kind = Kind::File { sha256: sha256(bytes) };
        reference.before.0.values().any(|facts| facts.kind == kind)
    };
    job.promise == Promise::InPlace && kept.filter_map(|entry| std::fs::read(entry.path()).ok()).any(is_old)
}

/// Whether something in the tree is named, or on the way to it, or a transaction, and more is said than that.
fn says_why(ended: &Ended, place: &Place, reference: &Reference) -> bool {
    // What keeps `recover` from one of several transactions is its report.
    let told = format!("{}{}", ended.stderr, ended.stdout);
    let names = reference.before.0.keys().chain(reference.after.0.keys());
    let roots = place.roots();
    let mut way = roots.iter().flat_map(|root| root.ancestors());
    let named = names.into_iter().any(|name| told.contains(name.as_str()))
        || roots.iter().any(|root| told.contains(root.to_str().expect("a path in UTF-8")))
        || told.contains("transaction ")
        // The working directory, whose path cannot be found out.
        || told.contains("'.'")
        || way.any(|path| told.contains(&format!("'{}'", path.display())));
    named && told.lines().any(|line| line.split(": ").count() > 1 && line.split_whitespace().count() > 3)
}
