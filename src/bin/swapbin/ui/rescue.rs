//! What the processes still have, in words and columns.

use std::path::Path;

use swapbin::{
    Action, Distrust, Gone, PartState, ReconstructedPart, Reconstruction, Rescuable, RescueReport, SourceKind, quoted,
};

use super::{lists, moment, words};

/// The line that says what happened.
pub fn report(rescued: &RescueReport) -> String {
    let swap = &rescued.swap;
    let (target, from) = (quoted(&swap.target), format!("'{}'", swap.source.from));
    let size = swap.source.bytes.map(|size| format!(" ({})", words::bytes(size))).unwrap_or_default();
    if let Some(made) = &rescued.reconstruction {
        let verb = if swap.action == Action::WouldInstall { "would reconstruct" } else { "reconstructed" };
        return format!("{verb} {target}{size} from {from}; {}", reconstruction(made));
    }
    match swap.action {
        Action::Unchanged => format!("{target} is there already, with the same content"),
        Action::WouldInstall => format!("would rescue {target}{size} from {from}"),
        _ => format!("rescued {target}{size} from {from}"),
    }
}

/// How much of it is the lost file's own: what is not loaded is lost.
fn reconstruction(made: &Reconstruction) -> String {
    let loaded: u64 = made.segments.iter().map(|part| part.size).sum();
    let exact: u64 = made.segments.iter().map(|part| part.exact).sum();
    let missing = match made.lost_size.saturating_sub(made.size) {
        0 => String::new(),
        bytes => format!("; at least {} were not in memory", words::bytes(bytes)),
    };
    let loads = if made.loads { "; it can be loaded" } else { "" };
    format!("not the same file: {exact} of {loaded} loaded bytes are its own{missing}{loads}")
}

/// A line for each part that is not its own.
pub fn parts(made: &Reconstruction) -> Vec<String> {
    let line = |kind: &str, part: &ReconstructedPart| {
        format!(
            "{kind} {}: {}, {} of {} bytes its own, {} worked out, {} perhaps written by the program",
            quoted(&part.name),
            state(part.state),
            part.exact,
            part.size,
            part.rebuilt,
            part.unknown
        )
    };
    let segments = made.segments.iter().map(|part| line("segment", part));
    segments.chain(made.sections.iter().map(|part| line("section", part))).collect()
}

/// How a part compares with the lost one.
pub fn state(state: PartState) -> &'static str {
    match state {
        PartState::Exact => "exact",
        PartState::Rebuilt => "rebuilt",
        PartState::Unknown => "unknown",
        PartState::Missing => "missing",
    }
}

/// By what the best source is had.
pub fn source(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Exe => "exe",
        SourceKind::Map => "map",
        SourceKind::Fd => "fd",
        SourceKind::Memory => "memory",
    }
}

/// What became of the path.
pub fn gone(gone: Gone) -> &'static str {
    match gone {
        Gone::Deleted => "deleted",
        Gone::Replaced => "replaced",
        Gone::Present => "present",
    }
}

/// Why a file is not to be trusted.
pub fn distrust(distrust: &Distrust) -> String {
    match distrust {
        Distrust::Mounts { pid } => format!("process {pid} sees mounts of another user's making"),
        Distrust::Owner { owner, expected: Some(expected) } => format!("it belongs to uid {owner}, not to uid {expected}"),
        Distrust::Owner { owner, expected: None } => format!("it belongs to uid {owner}, and its directory is gone"),
    }
}

/// The files as a table for people.
pub fn table(files: &[Rescuable]) -> String {
    let heads = ["STATE", "SIZE", "SOURCE", "TRUST", "PIDS", "MODIFIED", "FILE"].map(str::to_owned);
    let row = |file: &Rescuable| {
        let [state, _, source, trust, pids, modified, path] = cells(file, 4);
        [state, words::bytes(file.size), source, trust, pids, modified, path]
    };
    lists::aligned(std::iter::once(heads).chain(files.iter().map(row)))
}

/// The files as lines for programs.
pub fn columns(files: &[Rescuable]) -> String {
    files.iter().map(|file| cells(file, usize::MAX).join("\t")).collect::<Vec<_>>().join("\n")
}

fn cells(file: &Rescuable, pids: usize) -> [String; 7] {
    let shown = file.processes.iter().take(pids).map(|process| process.pid.to_string());
    let mut shown = shown.collect::<Vec<_>>().join(",");
    if file.processes.len() > pids {
        shown.push_str(&format!(",+{}", file.processes.len() - pids));
    }
    [
        gone(file.gone).to_owned(),
        file.size.to_string(),
        source(file.source).to_owned(),
        if file.distrust.is_some() { "untrusted" } else { "ok" }.to_owned(),
        shown,
        file.modified.map_or_else(|| "-".to_owned(), |seconds| moment::utc(seconds.max(0) as u64)),
        lists::shown(&file.path),
    ]
}

/// What there is to choose from: a line for each version.
pub fn versions(files: &[Rescuable]) -> Vec<String> {
    files.iter().map(version).collect()
}

fn version(file: &Rescuable) -> String {
    let digest = file.sha256.map_or_else(|| "unknown".to_owned(), |digest| digest.to_string());
    let build_id = file.build_id.as_ref().map(|id| format!(", build-id {id}")).unwrap_or_default();
    let modified = file.modified.map(|seconds| format!(", of {}", moment::utc(seconds.max(0) as u64))).unwrap_or_default();
    let process = file.processes.first();
    let pids = process.map_or_else(String::new, |process| {
        let more = match file.processes.len() - 1 {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        format!(", process {} ({}){more}", process.pid, quoted(&process.command))
    });
    let why = file.distrust.as_ref().map(|why| format!(": {}", distrust(why))).unwrap_or_default();
    format!("sha256 {digest}{build_id}, {}{modified}{pids}{why}", words::bytes(file.size))
}

/// What the list of files is about, for messages.
pub fn about() -> &'static Path {
    Path::new("what can be brought back")
}
