//! What is shown: a line for people, an object for machines, a bar on a terminal.

mod again;
mod hint;
mod json;
mod lists;
mod moment;
mod progress;
mod rescue;
mod stream;
mod usage;
mod words;

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use anstream::stream::IsTerminal as _;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use swapbin::{
    Action, BatchOutlook, BatchReport, Cancel, DamagedRecord, Error, ErrorKind, Event, History, NotRemoved, Observer, Pruned,
    Recovery, Report, Request, RescueList, RescueReport, Warning, quoted,
};

use crate::args::{OutputArgs, ProgressWhen};
pub use lists::Tense;
use progress::Progress;
pub use usage::Usage;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
const NOTE: Style = AnsiColor::Green.on_default().bold();

/// What a failure is about, as it was asked for.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// One file.
    File { from: Option<&'a OsStr>, to: &'a Path },
    /// Several; empty where it is not known which.
    Batch(&'a [Request]),
    /// What a list of this name in the JSON object is about.
    List(&'static str),
}

/// Where everything the program says goes through.
pub struct Ui {
    quiet: bool,
    verbose: bool,
    json: bool,
    progress: Progress,
    cancel: Cancel,
    /// Warnings that concern none of the files, in JSON: also of each transaction that was settled on the way.
    warnings: Vec<serde_json::Value>,
}

impl Ui {
    /// `cancel` ends also the wait for somebody who does not read.
    pub fn new(args: &OutputArgs, progress: ProgressWhen, cancel: Cancel) -> Ui {
        again::remember(args.state_dir.as_deref());
        let shows = if args.quiet { ProgressWhen::Never } else { progress };
        Ui {
            quiet: args.quiet,
            verbose: args.verbose > 0,
            json: args.json,
            progress: Progress::new(shows, io::stderr().is_terminal()),
            cancel,
            warnings: Vec::new(),
        }
    }

    /// For what reads no sources.
    pub fn quiet_about_progress(args: &OutputArgs, cancel: Cancel) -> Ui {
        Ui::new(args, ProgressWhen::Never, cancel)
    }

    /// Shows the outcome on standard output; `false` if it could not be written there.
    pub fn report(&mut self, report: &Report) -> bool {
        self.progress.finish();
        let shown = match self.json {
            true => self.outcome(json::report(report), &report.target),
            false => self.quiet || self.print(&words::report(report), &report.target),
        };
        self.users(std::slice::from_ref(report));
        if !shown && report.action == Action::Installed {
            self.say(NOTE, "note", &format!("{} is in place all the same", quoted(&report.target)));
        }
        shown
    }

    /// Shows the outcome of a batch on standard output; `false` if it could not be written there.
    pub fn batch(&mut self, report: &BatchReport) -> bool {
        self.progress.finish();
        let about = report.swaps.first().map_or(Path::new("the batch"), |first| &first.target);
        let shown = match self.json {
            true => self.outcome(json::batch(report), about),
            false => self.quiet || self.print(&words::batch(report), about),
        };
        self.users(&report.swaps);
        if !shown && report.txid.is_some() {
            self.say(NOTE, "note", "all files are in place all the same");
        }
        shown
    }

    /// Shows what a batch would do; `false` if it could not be written.
    pub fn outlook(&mut self, outlook: &BatchOutlook) -> bool {
        self.progress.finish();
        let about = outlook.report.swaps.first().map_or(Path::new("the batch"), |first| &first.target);
        if self.json {
            return self.outcome(json::outlook(outlook), about);
        }
        self.quiet || self.print(&words::outlook(outlook), about)
    }

    /// Shows what is or was left over; `false` if it could not be written. What went wrong is shown on standard error too.
    pub fn recoveries(&mut self, recoveries: &[Recovery], tense: Tense) -> bool {
        let about = Path::new("what is left over");
        let shown = match self.json {
            true => self.print(&json::line(&json::recoveries(recoveries, tense)), about),
            false => self.quiet || self.print(&lists::recoveries(recoveries, tense), about),
        };
        for error in recoveries.iter().filter_map(lists::failure) {
            self.say(ERROR, "error", &error.to_string());
            if let Some(hint) = hint::of(error) {
                self.say(HINT, "hint", &hint);
            }
        }
        shown
    }

    /// Shows what was changed before; `false` if it could not be written.
    pub fn history(&mut self, history: &History) -> bool {
        self.damaged(&history.damaged);
        let about = Path::new("the history");
        if self.json {
            return self.print(&json::line(&json::history(history)), about);
        }
        let past = &history.changes;
        if self.quiet || past.is_empty() {
            return true;
        }
        let text = if io::stdout().is_terminal() { lists::table(past) } else { lists::columns(past) };
        self.print(&text, about)
    }

    /// Records that are passed over: an error of nobody's, and more than a warning of one file.
    fn damaged(&self, records: &[DamagedRecord]) {
        records.iter().for_each(|record| self.say(WARNING, "warning", &words::damaged(record)));
    }

    /// Shows of which files a kept version was removed; `false` if it could not be written.
    pub fn pruned(&mut self, pruned: &Pruned) -> bool {
        let about = Path::new("what was removed");
        self.damaged(&pruned.damaged);
        for NotRemoved { path, reason } in &pruned.left {
            self.say(WARNING, "warning", &format!("{} stays: {reason}", quoted(path)));
        }
        if self.json {
            return self.print(&json::line(&json::pruned(pruned)), about);
        }
        self.quiet || self.print(&lists::pruned(&pruned.removed), about)
    }

    /// Shows what can be brought back out of processes; `false` if it could not be written.
    pub fn rescuable(&mut self, found: &RescueList) -> bool {
        let shown = match (self.json, self.quiet || found.files.is_empty()) {
            (true, _) => self.print(&json::line(&json::rescuable(found)), rescue::about()),
            (false, true) => true,
            (false, false) if io::stdout().is_terminal() => self.print(&rescue::table(&found.files), rescue::about()),
            (false, false) => self.print(&rescue::columns(&found.files), rescue::about()),
        };
        if !self.quiet && found.unreadable > 0 {
            self.say(NOTE, "note", &words::unreadable(found.unreadable));
        }
        if !self.quiet && found.hidden {
            self.say(NOTE, "note", words::HIDDEN);
        }
        shown
    }

    /// Shows what was brought back; `false` if it could not be written.
    pub fn rescued(&mut self, report: &RescueReport) -> bool {
        self.progress.finish();
        if let Some(made) = report.reconstruction.as_ref().filter(|_| self.verbose) {
            rescue::parts(made).iter().for_each(|line| self.tell(line));
        }
        match self.json {
            true => self.outcome(json::rescued(report), &report.swap.target),
            false => self.quiet || self.print(&rescue::report(report), &report.swap.target),
        }
    }

    /// Shows a failure: the fact, then what to do about it.
    pub fn error(&mut self, error: &Error, subject: Subject<'_>) {
        self.progress.finish();
        if matches!(error, Error::Cancelled) {
            return;
        }
        if self.json {
            let (object, about) = match subject {
                Subject::File { from, to } => (json::error(error, from, to), to),
                Subject::Batch(files) => (json::batch_error(error, files), Path::new("the batch")),
                Subject::List(name) => (json::list_error(name, error), Path::new(name)),
            };
            self.outcome(object, about);
        }
        self.say(ERROR, "error", &error.to_string());
        if let Error::SeveralVersions { files, .. } | Error::DistrustedProcess { files, .. } = error {
            rescue::versions(files).iter().for_each(|line| self.say(NOTE, "note", line));
        }
        if let Some(hint) = hint::of(error) {
            self.say(HINT, "hint", &hint);
        }
        if let (Subject::Batch([_, ..]), false, false) = (subject, self.quiet, error.kind() == ErrorKind::InDoubt) {
            self.say(NOTE, "note", "nothing was changed");
        }
    }

    /// Prints the object of an outcome, with what was settled on the way.
    fn outcome(&mut self, mut object: serde_json::Value, about: &Path) -> bool {
        json::add_warnings(&mut object, &self.warnings);
        self.print(&json::line(&object), about)
    }

    /// A reader that has gone away has seen enough; a full disk behind standard output is an error like any other.
    fn print(&mut self, line: &str, target: &Path) -> bool {
        match stream::write(io::stdout(), format!("{line}\n").as_bytes(), &self.cancel) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => true,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
            Err(error) => {
                let op = "write to standard output the report on";
                let error = Error::Io { op, path: target.to_owned(), source: error };
                self.say(ERROR, "error", &error.to_string());
                false
            }
        }
    }

    fn say(&self, style: Style, label: &str, text: &str) {
        let style = match AutoStream::choice(&io::stderr()) {
            ColorChoice::Never => Style::new(),
            _ => style,
        };
        self.tell(&format!("{style}{label}:{style:#} {text}"));
    }

    /// A line on standard error. Whether it can be written there changes nothing.
    fn tell(&self, line: &str) {
        let _ = stream::write(io::stderr(), format!("{line}\n").as_bytes(), &self.cancel);
    }
}

impl Observer for Ui {
    fn event(&mut self, event: &Event<'_>) {
        self.progress.event(event);
        if let Event::Warning(warning @ (Warning::NothingToDelete { .. } | Warning::DamagedRecord { .. })) = event {
            self.warnings.push(json::warning(warning));
        }
        match event {
            Event::Warning(warning) if !self.quiet => {
                self.progress.pause(|| self.say(WARNING, "warning", &words::warning(warning)));
            }
            Event::Recovered { txid, forward } => {
                let line = words::recovered(txid, *forward);
                if !self.quiet {
                    self.progress.pause(|| self.say(NOTE, "note", &line));
                }
                self.warnings.push(json::recovered(&line));
            }
            _ => {}
        }
        if let Some(line) = words::event(event, self.verbose).filter(|_| !self.quiet) {
            self.progress.pause(|| self.tell(&line));
        }
    }
}
