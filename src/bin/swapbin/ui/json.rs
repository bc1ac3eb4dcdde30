//! The JSON object, schema 1.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Map, Value, json};
use swapbin::{Action, BatchReport, Error, FileFacts, Report, Source, SourceFacts, Times, Warning};

use super::{hint, words};
use crate::exit;

/// The object for an outcome.
pub fn report(report: &Report) -> Value {
    let mut object = Map::new();
    object.insert("schema".into(), json!(1));
    object.insert("ok".into(), json!(true));
    object.insert("action".into(), json!(action(report.action)));
    object.insert("changed".into(), json!(report.action == Action::Installed));
    insert_path(&mut object, "to", &report.target);
    object.insert("through_link".into(), json!(report.through_link.as_ref().map(|link| link.to_string_lossy())));
    object.insert("source".into(), source(&report.source));
    object.insert("installed".into(), report.installed.as_ref().map_or(Value::Null, facts));
    object.insert("previous".into(), report.previous.as_ref().map_or(Value::Null, facts));
    object.insert("verified".into(), report.verified.map_or(json!([]), |_| json!(["sha256"])));
    object.insert("kept".into(), json!(report.kept.as_ref().map(|kept| kept.to_string_lossy())));
    object.insert("in_use_by".into(), Value::Null);
    object.insert("warnings".into(), report.warnings.iter().map(warning).collect());
    object.insert("error".into(), Value::Null);
    object.insert("ms".into(), times(&report.times));
    Value::Object(object)
}

/// The object for the outcome of a batch: the objects of its files, and what holds for all of them.
pub fn batch(batch: &BatchReport) -> Value {
    let any = |wanted: Action| batch.swaps.iter().any(|swap| swap.action == wanted);
    let of_all = [Action::Installed, Action::WouldInstall].into_iter().find(|wanted| any(*wanted)).unwrap_or(Action::Unchanged);
    json!({
        "schema": 1,
        "ok": true,
        "action": action(of_all),
        "changed": any(Action::Installed),
        "txid": batch.txid,
        "swaps": batch.swaps.iter().map(report).collect::<Vec<_>>(),
        "warnings": batch.swaps.iter().flat_map(|swap| &swap.warnings).map(warning).collect::<Vec<_>>(),
        "error": null,
        "ms": times(&batch.times),
    })
}

/// The object for a batch that failed.
pub fn batch_error(error: &Error) -> Value {
    json!({
        "schema": 1,
        "ok": false,
        "action": "failed",
        "changed": in_place(error),
        "txid": null,
        "swaps": [],
        "warnings": [],
        "error": failure(error),
        "ms": {},
    })
}

/// The object for a failure.
pub fn error(error: &Error, from: Option<&OsStr>, to: &Path) -> Value {
    let mut object = Map::new();
    object.insert("schema".into(), json!(1));
    object.insert("ok".into(), json!(false));
    object.insert("action".into(), json!("failed"));
    object.insert("changed".into(), json!(in_place(error)));
    insert_path(&mut object, "to", to);
    // Every field is there, so that a reader need not know beforehand how it ended.
    object.insert("through_link".into(), Value::Null);
    let from = from.and_then(|text| Source::parse(text).ok());
    let facts = from.map(|from| source(&SourceFacts { from: from.to_string(), ..SourceFacts::default() }));
    object.insert("source".into(), facts.unwrap_or_default());
    object.insert("installed".into(), Value::Null);
    object.insert("previous".into(), Value::Null);
    object.insert("verified".into(), json!([]));
    object.insert("kept".into(), Value::Null);
    object.insert("in_use_by".into(), Value::Null);
    object.insert("warnings".into(), json!([]));
    object.insert("ms".into(), json!({}));
    object.insert("error".into(), failure(error));
    Value::Object(object)
}

fn failure(error: &Error) -> Value {
    let kind = error.kind();
    let message = error.to_string();
    json!({ "code": exit::code(kind), "kind": exit::word(kind), "message": message, "hint": hint::of(error) })
}

/// Whether anything is changed though the run failed.
fn in_place(error: &Error) -> bool {
    matches!(error, Error::InDoubt { .. } | Error::HalfDone { .. })
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Installed => "installed",
        Action::Removed => "removed",
        Action::Unchanged => "unchanged",
        Action::WouldInstall => "would-install",
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

/// A path as text, and where that loses bytes also as base64.
fn insert_path(object: &mut Map<String, Value>, key: &str, path: &Path) {
    object.insert(key.to_owned(), json!(path.to_string_lossy()));
    if path.to_str().is_none() {
        object.insert("path_b64".to_owned(), json!(BASE64_STANDARD.encode(path.as_os_str().as_bytes())));
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

fn warning(warning: &Warning) -> Value {
    let kind = match warning {
        Warning::HardLinks { .. } => "hard-links",
        Warning::PrivilegeKept { .. } => "privilege-kept",
        Warning::PrivilegeDropped { .. } => "privilege-dropped",
        Warning::NothingKept { .. } => "nothing-kept",
        Warning::Volatile { .. } => "volatile",
        Warning::NotLabelled { .. } => "not-labelled",
        _ => "other",
    };
    json!({ "kind": kind, "message": words::warning(warning) })
}

fn times(times: &Times) -> Value {
    json!({ "plan": ms(times.plan), "fetch": ms(times.fetch), "commit": ms(times.commit), "total": ms(times.total) })
}

/// Milliseconds with three decimals.
fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}
