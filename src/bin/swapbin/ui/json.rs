//! The JSON object, schema 1.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Map, Value, json};
use swapbin::{Action, Error, FileFacts, Report, Warning};

use super::{hint, words};
use crate::args::Args;
use crate::exit;

/// The object for an outcome.
pub fn report(report: &Report) -> Value {
    let action = match report.action {
        Action::Installed => "installed",
        Action::Unchanged => "unchanged",
        Action::WouldInstall => "would-install",
    };
    let source = &report.source;
    let mut object = Map::new();
    object.insert("schema".into(), json!(1));
    object.insert("ok".into(), json!(true));
    object.insert("action".into(), json!(action));
    object.insert("changed".into(), json!(report.action == Action::Installed));
    insert_path(&mut object, "to", &report.target);
    object.insert("through_link".into(), json!(report.through_link.as_ref().map(|link| link.to_string_lossy())));
    let fetched = source.final_url.is_some();
    object.insert(
        "source".into(),
        json!({
            "from": source.from,
            "url": fetched.then_some(&source.from),
            "final_url": source.final_url,
            "status": source.status,
            "etag": source.etag,
            "bytes": source.bytes,
            "resumed_from": null,
            "attempts": source.attempts,
        }),
    );
    object.insert("installed".into(), report.installed.as_ref().map_or(Value::Null, facts));
    object.insert("previous".into(), report.previous.as_ref().map_or(Value::Null, facts));
    object.insert("verified".into(), report.verified.map_or(json!([]), |_| json!(["sha256"])));
    object.insert("in_use_by".into(), Value::Null);
    object.insert("warnings".into(), report.warnings.iter().map(warning).collect());
    object.insert("error".into(), Value::Null);
    let times = &report.times;
    object.insert(
        "ms".into(),
        json!({ "plan": ms(times.plan), "fetch": ms(times.fetch), "commit": ms(times.commit), "total": ms(times.total) }),
    );
    Value::Object(object)
}

/// The object for a failure.
pub fn error(error: &Error, args: &Args) -> Value {
    let mut object = Map::new();
    object.insert("schema".into(), json!(1));
    object.insert("ok".into(), json!(false));
    object.insert("action".into(), json!("failed"));
    // Only in doubt means that the new file has the name.
    object.insert("changed".into(), json!(matches!(error, Error::InDoubt { .. })));
    insert_path(&mut object, "to", &args.to);
    let kind = error.kind();
    let message = error.to_string();
    object.insert(
        "error".into(),
        json!({ "code": exit::code(kind), "kind": exit::word(kind), "message": message, "hint": hint::of(error) }),
    );
    Value::Object(object)
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
        Warning::Volatile { .. } => "volatile",
        _ => "other",
    };
    json!({ "kind": kind, "message": words::warning(warning) })
}

/// Milliseconds with three decimals.
fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}
