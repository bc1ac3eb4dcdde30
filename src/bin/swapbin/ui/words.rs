//! Outcomes, warnings and events in words.

use swapbin::{Action, BatchOutlook, BatchReport, DamagedRecord, Event, Report, Warning, quoted};

use super::{again, lists};

/// The line that says what happened; for a dry run also what the file would be.
pub fn report(report: &Report) -> String {
    let target = quoted(&report.target);
    let through = report.through_link.as_ref().map(|link| format!(", which the link {} points to", quoted(link)));
    let through = through.unwrap_or_default();
    let replaces = report.previous.is_some();
    let size = report.installed.as_ref().map(|facts| format!(" ({})", bytes(facts.size))).unwrap_or_default();
    match report.action {
        Action::Unchanged => format!("unchanged {target}{through}"),
        Action::Removed => format!("removed {target}"),
        Action::WouldRemove => format!("would remove {target}"),
        Action::Installed if replaces => format!("replaced {target}{size}{through}"),
        Action::Installed => format!("installed {target}{size}{through}"),
        Action::WouldInstall => {
            let verb = if replaces { "would replace" } else { "would install" };
            let plan = report.installed.as_ref().map(|facts| format!(", mode {}, owner {}:{}", facts.mode, facts.uid, facts.gid));
            let from = Some(&report.source.from).filter(|from| !from.is_empty()).map(|from| format!(" from '{from}'"));
            format!("{verb} {target}{size}{through}{}{}", from.unwrap_or_default(), plan.unwrap_or_default())
        }
    }
}

/// As [`batch`], with what is kept, and a line for each filesystem.
pub fn outlook(outlook: &BatchOutlook) -> String {
    let kept =
        |(swap, keeps): (&Report, &bool)| if *keeps { format!("{}; the old one is kept", report(swap)) } else { report(swap) };
    let files = outlook.report.swaps.iter().zip(&outlook.keeps).map(kept);
    let mounts = outlook.mounts.iter().map(|mount| {
        let unknown = match mount.unknown {
            0 => String::new(),
            count => format!(" and {} of unknown size", files_of(count)),
        };
        let room = if mount.available < u64::MAX { format!(", {} available", bytes(mount.available)) } else { String::new() };
        format!("{} to write{unknown} where {} is{room}", bytes(mount.bytes), quoted(&mount.path))
    });
    files.chain(mounts).chain([summary(&outlook.report)]).collect::<Vec<_>>().join("\n")
}

fn files_of(count: usize) -> String {
    format!("{count} {}", if count == 1 { "file" } else { "files" })
}

/// A line for each file, and one for all of them.
pub fn batch(batch: &BatchReport) -> String {
    batch.swaps.iter().map(report).chain([summary(batch)]).collect::<Vec<_>>().join("\n")
}

fn summary(batch: &BatchReport) -> String {
    let with = |wanted: Action| batch.swaps.iter().filter(|swap| swap.action == wanted).count();
    let mut parts = Vec::new();
    let all = [
        (Action::Installed, "in place"),
        (Action::Removed, "removed"),
        (Action::WouldInstall, "to put in place"),
        (Action::WouldRemove, "to remove"),
        (Action::Unchanged, "unchanged"),
    ];
    for (action, words) in all {
        match with(action) {
            0 => {}
            count if parts.is_empty() => parts.push(format!("{} {words}", files_of(count))),
            count => parts.push(format!("{count} {words}")),
        }
    }
    if parts.is_empty() {
        return "nothing to put in place".to_owned();
    }
    parts.extend(batch.txid.as_ref().map(|txid| format!("transaction {txid}")));
    parts.join(", ")
}

/// A warning.
pub fn warning(warning: &Warning) -> String {
    match warning {
        Warning::HardLinks { path, others: 1 } => format!("{} has another name, which keeps the old content", quoted(path)),
        Warning::HardLinks { path, others } => format!("{} has {others} other names, which keep the old content", quoted(path)),
        Warning::PrivilegeKept { path, mode, capabilities } => {
            let what = match (mode.is_privileged(), capabilities) {
                (true, true) => format!("mode {mode} and file capabilities"),
                (true, false) => format!("mode {mode}"),
                (false, _) => "file capabilities".to_owned(),
            };
            format!("the new content of {} takes over {what}", quoted(path))
        }
        Warning::PrivilegeDropped { path } => {
            format!("{} loses setuid, setgid or capabilities, because its owner or group changes", quoted(path))
        }
        Warning::NothingKept { path, reason } => {
            format!("the old version of {} is not kept: {reason}", quoted(path))
        }
        Warning::Volatile { path } => {
            format!("{} is on an overlay mounted volatile: nothing there survives a power cut", quoted(path))
        }
        Warning::WritersUnseen { path, processes } => {
            let of = if *processes == 1 { "a process".to_owned() } else { format!("{processes} processes") };
            format!("whether {of} may write below {} cannot be seen", quoted(path))
        }
        Warning::TakenFromProcess { path, link } => {
            format!("no earlier version of {} is kept as it was; it was taken from {}", quoted(path), quoted(link))
        }
        Warning::NotForgotten { path, kept, reason } => format!(
            "{}, which {} was brought back from, could not be removed: {reason}; the next run on it, or '{}', tries again",
            quoted(kept),
            quoted(path),
            again::complete("swapbin prune".to_owned())
        ),
        Warning::ChangedMeanwhile { path } => {
            format!(
                "the file was written to while it was copied: {} may be of no single moment; --follow waits for one",
                quoted(path)
            )
        }
        Warning::NotCompared { path, pid, reason } => {
            format!("{} could not be compared with what process {pid} runs: {reason}", quoted(path))
        }
        Warning::NotWhatRuns { path, pid } => {
            format!("{} has the digest asked for, but is not what process {pid} runs", quoted(path))
        }
        Warning::PrivilegeNotRescued { path, mode } => format!(
            "{} had mode {mode} or file capabilities; setuid, setgid and capabilities are not taken from a file that only a \
             process has",
            quoted(path)
        ),
        Warning::OwnerNotRescued { path, uid, gid } => {
            format!("{} belonged to {uid}:{gid}, and is yours now", quoted(path))
        }
        Warning::DamagedRecord { record } => damaged(record),
        Warning::NothingToDelete { path } => format!("nothing to delete: there is no directory {}", quoted(path)),
        Warning::NothingRecorded { reason } => format!("whose files should be is not known: {reason}"),
        Warning::NotLabelled { path, detail } => {
            format!("{} does not get the security label that the policy has for it: {detail}", quoted(path))
        }
        Warning::Unfinished { path, txid } => format!(
            "{} belongs to the unfinished transaction {txid}; the next run on it, or '{}', settles that first",
            quoted(path),
            again::complete("swapbin recover".to_owned())
        ),
        other => format!("{other:?}"),
    }
}

/// That some processes are not even counted.
pub const HIDDEN: &str = "/proc hides the processes of other users";

/// That a record is passed over, and what to do about it.
pub fn damaged(DamagedRecord { txid, path, reason }: &DamagedRecord) -> String {
    let kept = lists::shown(format!(".swapbin~{txid}.N").as_ref());
    format!(
        "the record {} cannot be used: {reason}; put it back from a backup, or remove it and the files called {kept}, which it keeps",
        quoted(path)
    )
}

/// That some processes may not be looked at.
pub fn unreadable(processes: usize) -> String {
    match processes {
        1 => "one process could not be looked at".to_owned(),
        count => format!("{count} processes could not be looked at"),
    }
}

/// What became of a transaction that was broken off.
pub fn recovered(txid: &str, forward: bool) -> String {
    format!("{} transaction {txid}, which was broken off", if forward { "finished" } else { "took back" })
}

/// A line for an event, if it is one to speak of: retries and skipped mirrors always, the rest with `-v`.
pub fn event(event: &Event<'_>, verbose: bool) -> Option<String> {
    let line = match event {
        Event::Retry { error, wait } => return Some(format!("{error}; trying again in {}", seconds(*wait))),
        Event::NextMirror { error } => return Some(format!("{error}; trying the next source")),
        Event::Swept { path } => format!("removed {}, left by a run that was killed", quoted(path)),
        Event::Planned { target } => format!("target {}", quoted(target)),
        Event::Attempt { source, attempt: 1 } => format!("reading '{source}'"),
        Event::Attempt { source, attempt } => format!("reading '{source}', attempt {attempt}"),
        Event::Size { bytes: size } => format!("expecting {}", bytes(*size)),
        Event::Sealed => "owner, mode and attributes set".to_owned(),
        Event::Synced => "new file on the disk".to_owned(),
        Event::Published => "renamed into place".to_owned(),
        _ => return None,
    };
    verbose.then_some(line)
}

/// A size in powers of 1024, with one decimal.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} {}", if bytes == 1 { "byte" } else { "bytes" });
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be printed as 1024.0.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

fn seconds(wait: std::time::Duration) -> String {
    format!("{:.1} s", wait.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_printed_in_the_largest_unit_that_fits() {
        let all = [0, 1, 1023, 1024, 12_897_484, (1 << 20) - 1, 5 << 40].map(bytes);
        assert_eq!(all, ["0 bytes", "1 byte", "1023 bytes", "1.0 KiB", "12.3 MiB", "1.0 MiB", "5.0 TiB"]);
    }
}
