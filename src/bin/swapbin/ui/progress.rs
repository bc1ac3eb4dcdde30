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
    batch: Option<Batch>,
}

/// Several files, one after the other.
struct Batch {
    /// Which it is at, from 1.
    file: usize,
    files: usize,
    /// Bytes of the files before, and of this one.
    before: u64,
    now: u64,
}

impl Batch {
    fn words(&self) -> String {
        format!("{} of {} files", self.file, self.files)
    }
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
        Progress { shows, started: now, last_line: now, size: None, batch: None }
    }

    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Size { bytes } => self.size = Some(*bytes),
            Event::Attempt { .. } => self.size = None,
            Event::Progress { bytes } => self.draw(*bytes),
            Event::File { index, total } => self.next(index + 1, *total),
            // The others of a batch are still to come.
            Event::Sealed if self.batch.is_none() => self.finish(),
            Event::Synced => self.finish(),
            _ => {}
        }
    }

    fn next(&mut self, file: usize, files: usize) {
        let before = self.batch.as_ref().map_or(0, |batch| batch.before + batch.now);
        self.batch = Some(Batch { file, files, before, now: 0 });
        self.draw(0);
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

    /// Bytes of this file; of a batch, all bytes so far are shown, for how many there will be nobody knows.
    fn draw(&mut self, bytes: u64) {
        let (bytes, size) = match &mut self.batch {
            Some(batch) => {
                batch.now = bytes;
                (batch.before + bytes, None)
            }
            None => (bytes, self.size),
        };
        let files = self.batch.as_ref().map(Batch::words).unwrap_or_default();
        match &mut self.shows {
            Shows::Nothing => {}
            Shows::Lines => {
                if self.last_line.elapsed() >= LINE_EVERY {
                    self.last_line = Instant::now();
                    let files = if files.is_empty() { files } else { format!("{files}, ") };
                    let of = size.map(|size| format!(" of {}", words::bytes(size))).unwrap_or_default();
                    let _ = writeln!(std::io::stderr().lock(), "{files}{}{of}", words::bytes(bytes));
                }
            }
            Shows::Bar(bar) => {
                if bar.is_none() && self.started.elapsed() < DELAY {
                    return;
                }
                let bar = bar.get_or_insert_with(|| {
                    let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::stderr_with_hz(REDRAWS));
                    let template = match size {
                        Some(_) => "{wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
                        None if files.is_empty() => "{spinner} {binary_bytes} {binary_bytes_per_sec}",
                        None => "{spinner} {msg}, {binary_bytes} {binary_bytes_per_sec}",
                    };
                    bar.set_style(ProgressStyle::with_template(template).expect("a template of known keys"));
                    bar
                });
                if let Some(size) = size {
                    bar.set_length(size);
                }
                bar.set_message(files);
                bar.set_position(bytes);
            }
        }
    }
}
