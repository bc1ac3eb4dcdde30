//! What is shown: a line for people, an object for machines, a bar on a terminal.

mod hint;
mod json;
mod progress;
mod stream;
mod words;

use std::io;

use anstream::stream::IsTerminal as _;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use swapbin::{Cancel, Error, Event, Observer, Report};

use crate::args::Args;
use progress::Progress;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Where everything the program says goes through.
pub struct Ui {
    quiet: bool,
    verbose: bool,
    json: bool,
    progress: Progress,
    cancel: Cancel,
}

impl Ui {
    /// `cancel` ends also the wait for somebody who does not read.
    pub fn new(args: &Args, cancel: Cancel) -> Ui {
        let shows = if args.quiet { crate::args::ProgressWhen::Never } else { args.progress };
        Ui {
            quiet: args.quiet,
            verbose: args.verbose > 0,
            json: args.json,
            progress: Progress::new(shows, io::stderr().is_terminal()),
            cancel,
        }
    }

    /// Shows the outcome on standard output; `false` if it could not be written there.
    pub fn report(&mut self, report: &Report) -> bool {
        self.progress.finish();
        if self.json {
            return self.print(&json::line(&json::report(report)), &report.target);
        }
        self.quiet || self.print(&words::report(report), &report.target)
    }

    /// Shows a failure: the fact, then what to do about it.
    pub fn error(&mut self, error: &Error, args: &Args) {
        self.progress.finish();
        if matches!(error, Error::Cancelled) {
            return;
        }
        if self.json {
            self.print(&json::line(&json::error(error, args)), &args.to);
        }
        self.say(ERROR, "error", &error.to_string());
        if let Some(hint) = hint::of(error) {
            self.say(HINT, "hint", &hint);
        }
    }

    /// A reader that has gone away has seen enough; a full disk behind standard output is an error like any other.
    fn print(&mut self, line: &str, target: &std::path::Path) -> bool {
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
        match event {
            Event::Warning(warning) if !self.quiet => {
                self.progress.pause(|| self.say(WARNING, "warning", &words::warning(warning)));
            }
            _ => {}
        }
        if let Some(line) = words::event(event, self.verbose).filter(|_| !self.quiet) {
            self.progress.pause(|| self.tell(&line));
        }
    }
}
