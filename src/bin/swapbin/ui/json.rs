//! The JSON object, schema 1.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Map, Value, json};
use swapbin::{
    Action, BatchOutlook, BatchReport, Broken, DamagedRecord, Error, FileFacts, History, MountOutlook, NotRemoved, Past,
    PastFile, Possessor, Pruned, ReconstructedPart, Reconstruction, Recovery, Report, Request, Rescuable, RescueList,
    RescueReport, Source, SourceFacts, SourceKind, Times, Warning,
};

use super::lists::{self, Tense};
use super::{hint, moment, rescue, usage, words};
use crate::exit;

/// The object for an outcome.
pub fn report(report: &Report) -> Value {
    let mut object = Map::new();
    object.insert("schema".into(), json!(1));
    object.insert("ok".into(), json!(true));
    object.insert("action".into(), json!(action(report.action)));
    object.insert("changed".into(), json!(changes(report.action)));
    insert_path(&mut object, "to", "path_b64", &report.target);
    object.insert("through_link".into(), json!(report.through_link.as_ref().map(|link| link.to_string_lossy())));
    object.insert("source".into(), source(&report.source));
    object.insert("installed".into(), report.installed.as_ref().map_or(Value::Null, facts));
    object.insert("previous".into(), report.previous.as_ref().map_or(Value::Null, facts));
    object.insert("verified".into(), report.verified.map_or(json!([]), |_| json!(["sha256"])));
    insert_kept(&mut object, report.kept.as_deref());
    object.insert("in_use_by".into(), json!(report.in_use_by.as_ref().map(usage::users)));
    object.insert("in_use_unread".into(), json!(report.in_use_by.as_ref().map(|users| users.unreadable)));
    object.insert("warnings".into(), report.warnings.iter().map(warning).collect());
    object.insert("error".into(), Value::Null);
    object.insert("ms".into(), times(&report.times));
    Value::Object(object)
}

/// The object for the outcome of a batch: the objects of its files, and what holds for all of them.
pub fn batch(batch: &BatchReport) -> Value {
    let any = |wanted: Action| batch.swaps.iter().any(|swap| swap.action == wanted);
    let by_weight = [Action::Installed, Action::Removed, Action::WouldInstall, Action::WouldRemove];
    let of_all = by_weight.into_iter().find(|wanted| any(*wanted)).unwrap_or(Action::Unchanged);
    json!({
        "schema": 1,
        "ok": true,
        "action": action(of_all),
        "changed": changes(of_all),
        "txid": batch.txid,
        "swaps": batch.swaps.iter().map(report).collect::<Vec<_>>(),
        "warnings": batch.swaps.iter().flat_map(|swap| &swap.warnings).map(warning).collect::<Vec<_>>(),
        "error": null,
        "ms": times(&batch.times),
    })
}

/// The object for what a batch would do: as that for its outcome, with what each filesystem has to take.
pub fn outlook(outlook: &BatchOutlook) -> Value {
    let mut object = batch(&outlook.report);
    for (swap, keeps) in object["swaps"].as_array_mut().into_iter().flatten().zip(&outlook.keeps) {
        swap["keeps"] = json!(keeps);
    }
    let mount = |mount: &MountOutlook| {
        let mut object = Map::new();
        insert_path(&mut object, "path", "path_b64", &mount.path);
        object.insert("bytes".into(), json!(mount.bytes));
        object.insert("unknown".into(), json!(mount.unknown));
        object.insert("available".into(), json!((mount.available < u64::MAX).then_some(mount.available)));
        Value::Object(object)
    };
    object["mounts"] = outlook.mounts.iter().map(mount).collect();
    object
}

/// The object for a batch that failed. Where nothing was changed, each file is known to be as it was.
pub fn batch_error(error: &Error, files: &[Request]) -> Value {
    let untouched = |file: &Request| {
        let mut object = failed(file.sources.first(), &file.target, false);
        object.insert("error".into(), Value::Null);
        Value::Object(object)
    };
    let swaps = if in_place(error) { Vec::new() } else { files.iter().map(untouched).collect() };
    json!({
        "schema": 1,
        "ok": false,
        "action": "failed",
        "changed": in_place(error),
        "txid": null,
        "swaps": swaps,
        "warnings": [],
        "error": failure(error),
        "ms": {},
    })
}

/// The object for what is or was left over.
pub fn recoveries(recoveries: &[Recovery], tense: Tense) -> Value {
    let one = |recovery: &Recovery| {
        let outcome = match (&recovery.outcome, tense) {
            (Broken::Running, _) => "running",
            (Broken::Finished, Tense::Did) => "finished",
            (Broken::Finished, Tense::Would) => "would-finish",
            (Broken::TakenBack, Tense::Did) => "taken-back",
            (Broken::TakenBack, Tense::Would) => "would-take-back",
            (Broken::Abandoned, _) => "abandoned",
            (Broken::Stuck(_), _) => "stuck",
        };
        let error = lists::failure(recovery).map(failure);
        json!({ "txid": recovery.txid, "outcome": outcome, "files": paths(&recovery.files), "lost": paths(&recovery.lost), "left": paths(&recovery.left), "error": error })
    };
    let settled = |recovery: &Recovery| !matches!(recovery.outcome, Broken::Running | Broken::Stuck(_));
    let transactions: Vec<Value> = recoveries.iter().map(one).collect();
    json!({ "schema": 1, "ok": recoveries.iter().all(settled), "transactions": transactions, "error": null })
}

/// The object for what was changed before.
pub fn history(history: &History) -> Value {
    let file = |file: &PastFile| {
        let mut object = Map::new();
        insert_path(&mut object, "path", "path_b64", &file.path);
        object.insert("old_size".into(), json!(file.old));
        object.insert("new_size".into(), json!(file.new));
        insert_kept(&mut object, file.kept.as_deref());
        Value::Object(object)
    };
    let change = |past: &Past| {
        let files: Vec<Value> = past.files.iter().map(file).collect();
        json!({ "txid": past.txid, "time": moment::utc(past.time), "command": past.command, "files": files })
    };
    let changes: Vec<Value> = history.changes.iter().map(change).collect();
    json!({ "schema": 1, "ok": true, "changes": changes, "damaged": damaged(&history.damaged), "error": null })
}

/// The object for what was removed.
pub fn pruned(pruned: &Pruned) -> Value {
    let ok = pruned.left.is_empty();
    let one = |left: &NotRemoved| {
        let mut object = Map::new();
        insert_path(&mut object, "path", "path_b64", &left.path);
        object.insert("reason".into(), json!(left.reason));
        Value::Object(object)
    };
    let (removed, left) = (paths(&pruned.removed), pruned.left.iter().map(one).collect::<Vec<_>>());
    json!({ "schema": 1, "ok": ok, "removed": removed, "left": left, "damaged": damaged(&pruned.damaged), "error": null })
}

fn damaged(records: &[DamagedRecord]) -> Value {
    let one = |record: &DamagedRecord| {
        let mut object = Map::new();
        object.insert("txid".into(), json!(record.txid));
        insert_path(&mut object, "path", "path_b64", &record.path);
        object.insert("reason".into(), json!(record.reason));
        Value::Object(object)
    };
    records.iter().map(one).collect()
}

/// The object for what can be brought back out of processes.
pub fn rescuable(found: &RescueList) -> Value {
    let files: Vec<Value> = found.files.iter().map(candidate).collect();
    json!({ "schema": 1, "ok": true, "files": files, "unreadable": found.unreadable, "hidden": found.hidden, "error": null })
}

/// The object for what was brought back: as for any file, with where it was found.
pub fn rescued(rescued: &RescueReport) -> Value {
    let mut object = report(&rescued.swap);
    object["rescued"] = candidate(&rescued.file);
    object["compared"] = json!(rescued.compared);
    object["reconstruction"] = rescued.reconstruction.as_ref().map_or(Value::Null, reconstruction);
    object
}

fn reconstruction(made: &Reconstruction) -> Value {
    let part = |part: &ReconstructedPart| {
        json!({
            "name": part.name,
            "offset": part.offset,
            "size": part.size,
            "state": rescue::state(part.state),
            "exact": part.exact,
            "rebuilt": part.rebuilt,
            "unknown": part.unknown,
        })
    };
    json!({
        "segments": made.segments.iter().map(part).collect::<Vec<_>>(),
        "sections": made.sections.iter().map(part).collect::<Vec<_>>(),
        "size": made.size,
        "lost_size": made.lost_size,
        "lost_sections": made.lost_sections,
        "unknown_relocations": made.unknown_relocations,
        "unbound": made.unbound,
        "binds_now": made.binds_now,
        "cleared": made.cleared,
        "lost_addresses": made.lost_addresses,
        "packages": made.packages,
        "loads": made.loads,
    })
}

fn candidate(file: &Rescuable) -> Value {
    let mut object = Map::new();
    insert_path(&mut object, "path", "path_b64", &file.path);
    object.insert("state".into(), json!(rescue::gone(file.gone)));
    object.insert("size".into(), json!(file.size));
    object.insert("mode".into(), json!(file.owner.map(|(mode, ..)| mode.to_string())));
    object.insert("uid".into(), json!(file.owner.map(|(_, uid, _)| uid)));
    object.insert("gid".into(), json!(file.owner.map(|(.., gid)| gid)));
    object.insert("dev".into(), json!(file.dev));
    object.insert("ino".into(), json!(file.ino));
    object.insert("modified".into(), json!(file.modified.map(|seconds| moment::utc(seconds.max(0) as u64))));
    object.insert("sha256".into(), json!(file.sha256.map(|digest| digest.to_string())));
    object.insert("build_id".into(), json!(file.build_id));
    object.insert("source".into(), json!(rescue::source(file.source)));
    object.insert("whole".into(), json!(file.source != SourceKind::Memory));
    object.insert("trusted".into(), json!(file.distrust.is_none()));
    object.insert("distrust".into(), json!(file.distrust.as_ref().map(rescue::distrust)));
    let process = |process: &Possessor| {
        let (command, link) = (process.command.to_string_lossy(), process.link.to_string_lossy());
        json!({ "pid": process.pid, "command": command, "source": rescue::source(process.source), "link": link })
    };
    object.insert("processes".into(), file.processes.iter().map(process).collect());
    Value::Object(object)
}

/// That something was settled before anything else, as a warning.
pub fn recovered(line: &str) -> Value {
    json!({ "kind": "recovered", "message": line })
}

/// Adds to the warnings of an object those that concern none of its files.
pub fn add_warnings(object: &mut Value, others: &[Value]) {
    if let Some(warnings) = object["warnings"].as_array_mut() {
        warnings.extend_from_slice(others);
    }
}

/// The object for a failure of what gives a list of this name.
pub fn list_error(list: &str, error: &Error) -> Value {
    json!({ "schema": 1, "ok": false, list: [], "error": failure(error) })
}

fn paths(paths: &[PathBuf]) -> Value {
    let one = |path: &PathBuf| {
        let mut object = Map::new();
        insert_path(&mut object, "path", "path_b64", path);
        Value::Object(object)
    };
    paths.iter().map(one).collect()
}

/// The object for a failure.
pub fn error(error: &Error, from: Option<&OsStr>, to: &Path) -> Value {
    let from = from.and_then(|text| Source::parse(text).ok());
    let mut object = failed(from.as_ref(), to, in_place(error));
    object.insert("error".into(), failure(error));
    Value::Object(object)
}

/// All of the object for a failure but what it was.
fn failed(from: Option<&Source>, to: &Path, changed: bool) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("schema".into(), json!(1));
    object.insert("ok".into(), json!(false));
    object.insert("action".into(), json!("failed"));
    object.insert("changed".into(), json!(changed));
    insert_path(&mut object, "to", "path_b64", to);
    // Every field is there, so that a reader need not know beforehand how it ended.
    object.insert("through_link".into(), Value::Null);
    let facts = from.map(|from| source(&SourceFacts { from: from.to_string(), ..SourceFacts::default() }));
    object.insert("source".into(), facts.unwrap_or_default());
    object.insert("installed".into(), Value::Null);
    object.insert("previous".into(), Value::Null);
    object.insert("verified".into(), json!([]));
    object.insert("kept".into(), Value::Null);
    object.insert("in_use_by".into(), Value::Null);
    object.insert("warnings".into(), json!([]));
    object.insert("ms".into(), json!({}));
    object
}

fn failure(error: &Error) -> Value {
    let kind = error.kind();
    let message = error.to_string();
    let mut object = json!({ "code": exit::code(kind), "kind": exit::word(kind), "message": message, "hint": hint::of(error) });
    if let Error::SeveralVersions { files, .. } | Error::DistrustedProcess { files, .. } = error {
        object["files"] = files.iter().map(candidate).collect();
    }
    object
}

/// Whether anything is changed though the run failed.
fn in_place(error: &Error) -> bool {
    matches!(error, Error::InDoubt { .. } | Error::HalfDone { .. })
}

fn changes(action: Action) -> bool {
    matches!(action, Action::Installed | Action::Removed)
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Installed => "installed",
        Action::Removed => "removed",
        Action::Unchanged => "unchanged",
        Action::WouldInstall => "would-install",
        Action::WouldRemove => "would-remove",
    }
}

/// An object on one line. Control characters that JSON lets stand, and direction marks, are escaped too: somebody may look at
/// it on a terminal.
pub fn line(object: &Value) -> String {
    let bare = |c: char| {
        ('\u{7f}'..='\u{9f}').contains(&c)
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut line = String::new();
    for c in object.to_string().chars() {
        // They stand in strings only, where JSON takes the escape for the same character.
        if bare(c) { line.push_str(&format!("\\u{:04x}", c as u32)) } else { line.push(c) }
    }
    line
}

fn source(facts: &SourceFacts) -> Value {
    let fetched = facts.final_url.is_some();
    json!({
        "from": facts.from,
        "url": fetched.then_some(&facts.from),
        "final_url": facts.final_url,
        "status": facts.status,
        "etag": facts.etag,
        "bytes": facts.bytes,
        "resumed_from": null,
        "attempts": facts.attempts,
    })
}

/// A path as text, and where that loses bytes also as base64, under a key of its own.
pub(super) fn insert_path(object: &mut Map<String, Value>, key: &str, base64: &str, path: &Path) {
    object.insert(key.to_owned(), json!(path.to_string_lossy()));
    if path.to_str().is_none() {
        object.insert(base64.to_owned(), json!(BASE64_STANDARD.encode(path.as_os_str().as_bytes())));
    }
}

fn insert_kept(object: &mut Map<String, Value>, kept: Option<&Path>) {
    match kept {
        Some(kept) => insert_path(object, "kept", "kept_b64", kept),
        None => drop(object.insert("kept".to_owned(), Value::Null)),
    }
}

fn facts(facts: &FileFacts) -> Value {
    json!({
        "sha256": facts.sha256.map(|digest| digest.to_string()),
        "size": facts.size,
        "mode": facts.mode.to_string(),
        "uid": facts.uid,
        "gid": facts.gid,
        "dev": facts.dev,
        "ino": facts.ino,
    })
}

/// A warning.
pub fn warning(warning: &Warning) -> Value {
    let kind = match warning {
        Warning::HardLinks { .. } => "hard-links",
        Warning::PrivilegeKept { .. } => "privilege-kept",
        Warning::PrivilegeDropped { .. } => "privilege-dropped",
        Warning::NothingKept { .. } => "nothing-kept",
        Warning::Volatile { .. } => "volatile",
        Warning::NotLabelled { .. } => "not-labelled",
        Warning::TakenFromProcess { .. } => "taken-from-process",
        Warning::NotForgotten { .. } => "not-forgotten",
        Warning::ChangedMeanwhile { .. } => "changed-meanwhile",
        Warning::NotCompared { .. } => "not-compared",
        Warning::NotWhatRuns { .. } => "not-what-runs",
        Warning::PrivilegeNotRescued { .. } => "privilege-not-rescued",
        Warning::OwnerNotRescued { .. } => "owner-not-rescued",
        Warning::NothingToDelete { .. } => "nothing-to-delete",
        Warning::DamagedRecord { .. } => "damaged-record",
        Warning::NothingRecorded { .. } => "nothing-recorded",
        Warning::WritersUnseen { .. } => "writers-unseen",
        Warning::Unfinished { .. } => "unfinished",
        _ => "other",
    };
    json!({ "kind": kind, "message": words::warning(warning) })
}

fn times(times: &Times) -> Value {
    let mut object =
        json!({ "plan": ms(times.plan), "fetch": ms(times.fetch), "commit": ms(times.commit), "total": ms(times.total) });
    if let Some(window) = times.window {
        object["window"] = json!(ms(window));
    }
    object
}

/// Milliseconds with three decimals.
fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}
