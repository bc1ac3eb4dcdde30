//! Who uses a file, in words, columns and JSON.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use anstream::stream::IsTerminal as _;
use serde_json::{Map, Value, json};
use swapbin::{Evidence, FileUse, FileVersion, Place, ProcessFacts, Report, Unread, UsageReport, Way, quoted};

use super::{HINT, NOTE, Ui, WARNING, json, lists, moment, words};

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Who uses a file.
    Who,
    /// Who runs what is not current.
    Stale,
}

impl Usage {
    /// What the list in the JSON object is called.
    pub fn list(self) -> &'static str {
        match self {
            Usage::Who => "uses",
            Usage::Stale => "files",
        }
    }
}

/// Goes to the corner and clears the screen, console_codes(4).
const CLEAR: &str = "\x1b[H\x1b[2J";

impl Ui {
    /// Shows who uses a file, and says what could not be read; `false` if it could not be written. `again`: one look of many.
    pub fn usage(&mut self, usage: Usage, report: &UsageReport, again: bool) -> bool {
        let about = Path::new("the processes");
        let on_terminal = io::stdout().is_terminal();
        let mut users = Users::default();
        let text = match (self.json, on_terminal, usage) {
            (true, ..) => json::line(&object(usage, report, &mut users)),
            (false, false, _) => columns(usage, report, &mut users),
            (false, true, Usage::Who) => table(report, &mut users),
            (false, true, Usage::Stale) => tables(report, &mut users),
        };
        let shown = match text.is_empty() {
            _ if self.quiet && !self.json => true,
            true if !on_terminal && !again => true,
            true => {
                self.say(NOTE, "note", if usage == Usage::Who { "nobody uses it" } else { "nothing is stale" });
                true
            }
            false if again && on_terminal && !self.json => self.print(&format!("{CLEAR}{text}"), about),
            // An empty line ends what a look has found.
            false if again && !self.json => self.print(&format!("{text}\n"), about),
            false => self.print(&text, about),
        };
        self.say_what_is_missing(report);
        shown
    }

    /// Says who still has versions from before.
    pub fn users(&self, reports: &[Report]) {
        if !self.verbose {
            return;
        }
        for report in reports {
            let Some(users) = &report.in_use_by else { continue };
            let names = users.processes.iter().map(named).collect::<Vec<_>>().join(", ");
            let unread = match users.unreadable {
                0 => String::new(),
                count => format!("; {} could not be read", processes(count)),
            };
            let target = quoted(&report.target);
            match users.processes.len() {
                0 => self.tell(&format!("nobody uses an old version of {target}{unread}")),
                _ => self.tell(&format!("an old version of {target} is still used by {names}{unread}")),
            }
        }
    }

    fn say_what_is_missing(&self, report: &UsageReport) {
        if self.quiet {
            return;
        }
        if !report.unreadable.is_empty() {
            let count = processes(report.unreadable.len());
            self.say(WARNING, "warning", &format!("{count} could not be read"));
            if self.verbose {
                unread(&report.unreadable).iter().for_each(|line| self.tell(line));
            }
        }
        if !report.unknown.is_empty() {
            let run = if report.unknown.len() == 1 { "runs" } else { "run" };
            let whose = processes(report.unknown.len());
            self.say(WARNING, "warning", &format!("whether all that {whose} {run} is current cannot be told"));
            if self.verbose {
                self.tell(&format!("cannot be told: {}", some(report.unknown.iter())));
            }
        }
        if report.hidden {
            self.say(WARNING, "warning", words::HIDDEN);
        }
        if (!report.unreadable.is_empty() || report.hidden) && !rustix::process::geteuid().is_root() {
            self.say(HINT, "hint", "run it as root to see all processes");
        }
    }
}

fn processes(count: usize) -> String {
    if count == 1 { "1 process".to_owned() } else { format!("{count} processes") }
}

/// A process by its number and what it is called.
fn named(process: &ProcessFacts) -> String {
    match process.command.is_empty() {
        true => process.pid.to_string(),
        false => format!("{} ({})", process.pid, lists::shown(Path::new(&process.command))),
    }
}

/// The first of some processes. All of them are in the JSON object.
fn some<'a>(processes: impl ExactSizeIterator<Item = &'a ProcessFacts>) -> String {
    /// How many are named.
    const NAMED: usize = 10;
    let more = match processes.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", processes.take(NAMED).map(named).collect::<Vec<_>>().join(", "))
}

/// Which processes could not be read: a line for each reason.
fn unread(all: &[Unread]) -> Vec<String> {
    let mut by_reason: BTreeMap<&str, Vec<&ProcessFacts>> = BTreeMap::new();
    for unread in all {
        by_reason.entry(&unread.reason).or_default().push(&unread.process);
    }
    by_reason.into_iter().map(|(reason, processes)| format!("{reason}: {}", some(processes.into_iter()))).collect()
}

/// Names of users, each looked up once.
#[derive(Default)]
struct Users {
    known: HashMap<u32, String>,
}

impl Users {
    /// The name; the number where there is none.
    fn name(&mut self, uid: u32) -> String {
        let look_up = || match swapbin::user_name(uid) {
            Ok(Some(name)) => lists::shown(Path::new(&name)),
            _ => uid.to_string(),
        };
        self.known.entry(uid).or_insert_with(look_up).clone()
    }
}

/// In which ways: `executes`, `maps`, `open:3:rw`.
fn ways(ways: &[Way]) -> String {
    let word = |way: &Way| match way {
        Way::Executes => "executes".to_owned(),
        Way::Maps { executable, writes } => {
            let flags = [(*executable, "x"), (*writes, "w")].map(|(has, flag)| if has { flag } else { "" }).concat();
            if flags.is_empty() { "maps".to_owned() } else { format!("maps:{flags}") }
        }
        Way::Open { descriptor, reads, writes } => format!("open:{descriptor}:{}", mode(*reads, *writes)),
    };
    ways.iter().map(word).collect::<Vec<_>>().join(",")
}

fn mode(reads: bool, writes: bool) -> &'static str {
    match (reads, writes) {
        (true, true) => "rw",
        (true, false) => "r",
        (false, true) => "w",
        (false, false) => "path",
    }
}

fn version(version: FileVersion) -> &'static str {
    match version {
        FileVersion::Current => "current",
        FileVersion::Replaced => "replaced",
        FileVersion::Deleted => "deleted",
        FileVersion::Unknown => "unknown",
        FileVersion::Kept => "kept",
    }
}

fn cells(one: &FileUse, users: &mut Users) -> [String; 8] {
    let process = &one.process;
    let place = match &process.place {
        Some(Place::Unit(name) | Place::Container(name)) => lists::shown(Path::new(name)),
        Some(Place::UserUnit { manager: outer, unit: inner } | Place::ContainerOf { unit: outer, container: inner }) => {
            lists::shown(&Path::new(outer).join(inner))
        }
        None => "-".to_owned(),
    };
    [
        process.pid.to_string(),
        users.name(process.uid),
        lists::shown(Path::new(&process.command)),
        ways(&one.ways),
        version(one.version).to_owned(),
        process.since.map_or_else(|| "-".to_owned(), moment::utc),
        place,
        lists::shown(&one.path),
    ]
}

/// The uses by file, those of one file together.
fn by_file(report: &UsageReport) -> Vec<&FileUse> {
    let mut uses: Vec<&FileUse> = report.uses.iter().collect();
    uses.sort_by(|one, other| (&one.path, one.process.pid).cmp(&(&other.path, other.process.pid)));
    uses
}

/// Lines for programs.
fn columns(usage: Usage, report: &UsageReport, users: &mut Users) -> String {
    let uses = if usage == Usage::Stale { by_file(report) } else { report.uses.iter().collect() };
    uses.into_iter().map(|one| cells(one, users).join("\t")).collect::<Vec<_>>().join("\n")
}

/// A table for people.
fn table(report: &UsageReport, users: &mut Users) -> String {
    if report.uses.is_empty() {
        return String::new();
    }
    let heads = ["PID", "USER", "COMMAND", "HOW", "VERSION", "SINCE", "PART OF", "FILE"].map(str::to_owned);
    let rows: Vec<_> = report.uses.iter().map(|one| cells(one, users)).collect();
    lists::aligned(std::iter::once(heads).chain(rows))
}

/// A table for each file.
fn tables(report: &UsageReport, users: &mut Users) -> String {
    let uses = by_file(report);
    let of_file = |uses: &[&FileUse]| {
        let heads = ["  PID", "USER", "COMMAND", "HOW", "VERSION", "SINCE", "PART OF"].map(str::to_owned);
        let rows = uses.iter().map(|one| {
            let [pid, user, command, how, version, since, place, _] = cells(one, users);
            [format!("  {pid}"), user, command, how, version, since, place]
        });
        let rows: Vec<_> = rows.collect();
        format!("{}\n{}", lists::shown(&uses[0].path), lists::aligned(std::iter::once(heads).chain(rows)))
    };
    uses.chunk_by(|one, other| one.path == other.path).map(of_file).collect::<Vec<_>>().join("\n\n")
}

fn object(usage: Usage, report: &UsageReport, users: &mut Users) -> Value {
    let with_path = |one: &FileUse, mut object: Map<String, Value>| {
        json::insert_path(&mut object, "path", "path_b64", &one.path);
        Value::Object(object)
    };
    let list: Vec<Value> = match usage {
        Usage::Who => report.uses.iter().map(|one| with_path(one, one_use(one, users))).collect(),
        Usage::Stale => {
            let of_file = |uses: &[&FileUse]| {
                let processes: Vec<Value> = uses.iter().map(|one| Value::Object(one_use(one, users))).collect();
                with_path(uses[0], Map::from_iter([("processes".to_owned(), json!(processes))]))
            };
            by_file(report).chunk_by(|one, other| one.path == other.path).map(of_file).collect()
        }
    };
    json!({
        "schema": 1,
        "ok": true,
        usage.list(): list,
        "unreadable": report.unreadable.len(),
        "unreadable_processes": report.unreadable.iter().map(|unread| one_unread(unread, users)).collect::<Vec<_>>(),
        "unknown": report.unknown.len(),
        "unknown_processes": report.unknown.iter().map(|process| one_process(process, users)).collect::<Vec<_>>(),
        "hidden": report.hidden,
        "error": null,
    })
}

/// Those who still have a version from before.
pub fn users(users: &swapbin::Users) -> Value {
    users.processes.iter().map(|user| json!({ "pid": user.pid, "comm": user.command.to_string_lossy() })).collect()
}

fn one_unread(unread: &Unread, users: &mut Users) -> Value {
    let mut object = one_process(&unread.process, users);
    object["reason"] = json!(unread.reason);
    object
}

/// A process of which only that is known.
fn one_process(process: &ProcessFacts, users: &mut Users) -> Value {
    let uid = (process.uid != u32::MAX).then_some(process.uid);
    json!({
        "pid": process.pid,
        "uid": uid,
        "user": uid.map(|uid| users.name(uid)),
        "command": process.command.to_string_lossy(),
    })
}

fn one_use(one: &FileUse, users: &mut Users) -> Map<String, Value> {
    let way = |way: &Way| match way {
        Way::Executes => json!({ "how": "executes" }),
        Way::Maps { executable, writes } => json!({ "how": "maps", "executable": executable, "writes": writes }),
        Way::Open { descriptor, reads, writes } => {
            json!({ "how": "open", "fd": descriptor, "mode": mode(*reads, *writes) })
        }
    };
    let evidence = match one.evidence {
        Evidence::Inode => "inode",
        Evidence::Name => "name",
        Evidence::Record => "record",
    };
    let process = &one.process;
    let (unit, user_unit, container) = match &process.place {
        Some(Place::Unit(name)) => (Some(name), None, None),
        Some(Place::UserUnit { manager, unit }) => (Some(manager), Some(unit), None),
        Some(Place::Container(name)) => (None, None, Some(name)),
        Some(Place::ContainerOf { unit, container }) => (Some(unit), None, Some(container)),
        None => (None, None, None),
    };
    let object = json!({
        "pid": process.pid,
        "uid": process.uid,
        "user": users.name(process.uid),
        "command": process.command.to_string_lossy(),
        "since": process.since.map(moment::utc),
        "unit": unit,
        "user_unit": user_unit,
        "container": container,
        "ways": one.ways.iter().map(way).collect::<Vec<_>>(),
        "version": version(one.version),
        "evidence": evidence,
        "dev": one.dev,
        "ino": one.ino,
    });
    match object {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
