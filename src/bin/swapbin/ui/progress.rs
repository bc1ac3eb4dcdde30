//! How far it is: a bar on a terminal, lines where asked for, nothing else.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use swapbin::Event;

use super::words;
use crate::args::ProgressWhen;

/// A job that is done sooner shows no bar.
const DELAY: Duration = Duration::from_millis(250);

/// Redraws per second, at most.
const REDRAWS: u8 = 30;

/// The pause between two lines of plain progress.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows bytes on their way.
pub struct Progress {
    shows: Shows,
    started: Instant,
    last_line: Instant,
    size: Option<u64>,
}

enum Shows {
    Nothing,
    Lines,
    /// The bar is made when it is first drawn: most jobs are too short for one.
    Bar(Option<ProgressBar>),
}

impl Progress {
    pub fn new(when: ProgressWhen, terminal: bool) -> Progress {
        let shows = match when {
            ProgressWhen::Auto if terminal => Shows::Bar(None),
            ProgressWhen::Plain => Shows::Lines,
            ProgressWhen::Auto | ProgressWhen::Never => Shows::Nothing,
        };
        let now = Instant::now();
        Progress { shows, started: now, last_line: now, size: None }
    }

    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Size { bytes } => self.size = Some(*bytes),
            Event::Attempt { .. } => self.size = None,
            Event::Progress { bytes } => self.draw(*bytes),
            Event::Sealed => self.finish(),
            _ => {}
        }
    }

    /// Takes the bar away for good.
    pub fn finish(&mut self) {
        if let Shows::Bar(bar) = &mut self.shows
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }

    /// Takes the bar away while something else is printed.
    pub fn pause(&self, print: impl FnOnce()) {
        match &self.shows {
            Shows::Bar(Some(bar)) => bar.suspend(print),
            _ => print(),
        }
    }

    fn draw(&mut self, bytes: u64) {
        match &mut self.shows {
            Shows::Nothing => {}
            Shows::Lines => {
                if self.last_line.elapsed() >= LINE_EVERY {
                    self.last_line = Instant::now();
                    let of = self.size.map(|size| format!(" of {}", words::bytes(size))).unwrap_or_default();
                    let _ = writeln!(std::io::stderr().lock(), "{}{of}", words::bytes(bytes));
                }
            }
            Shows::Bar(bar) => {
                if bar.is_none() && self.started.elapsed() < DELAY {
                    return;
                }
                let bar = bar.get_or_insert_with(|| {
                    let bar = ProgressBar::with_draw_target(self.size, ProgressDrawTarget::stderr_with_hz(REDRAWS));
                    let template = match self.size {
                        Some(_) => "{wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
                        None => "{spinner} {binary_bytes} {binary_bytes_per_sec}",
                    };
                    bar.set_style(ProgressStyle::with_template(template).expect("a template of known keys"));
                    bar
                });
                if let Some(size) = self.size {
                    bar.set_length(size);
                }
                bar.set_position(bytes);
            }
        }
    }
}
