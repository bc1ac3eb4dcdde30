//! What the disks were told, in order.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

/// One thing that happened. All disks share one order: a power cut is one moment for all of them.
#[derive(Clone, Debug)]
pub enum Event {
    Write(Write),
    /// Every write to this disk that was answered before is on the medium: what the loop driver makes of `REQ_PREFLUSH` and
    /// `REQ_FUA` is fsync(2) on its file.
    Flush {
        disk: usize,
    },
    Mark(Mark),
}

/// A write as the block layer sent it, all of it multiples of 512 bytes.
#[derive(Clone, Debug)]
pub struct Write {
    pub disk: usize,
    pub offset: u64,
    pub data: Arc<[u8]>,
}

impl Write {
    /// The parts that arrive whole or not at all, on a disk with such units.
    pub fn units(&self, unit: usize) -> Vec<Range<usize>> {
        let (start, end) = (self.offset, self.offset + self.data.len() as u64);
        let within = |at: u64| (at.clamp(start, end) - start) as usize;
        let unit = unit as u64;
        (start / unit..end.div_ceil(unit)).map(|number| within(number * unit)..within((number + 1) * unit)).collect()
    }
}

/// What the program under test had done by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The filesystems are mounted, the program is about to start.
    Begin,
    /// A rename was made, by a run that goes step by step.
    Renamed,
    /// One more run of the program has ended, and has reported success.
    Success,
    /// Nothing of interest comes after this.
    End,
}

/// The record of one run.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub events: Vec<Event>,
}

impl Log {
    /// The moments at which the power may go: so many events have happened.
    pub fn moments(&self) -> RangeInclusive<usize> {
        let place = |wanted: Mark| self.events.iter().position(|event| matches!(event, Event::Mark(mark) if *mark == wanted));
        let begin = place(Mark::Begin).expect("a record has its beginning marked");
        let end = place(Mark::End).expect("a record has its end marked");
        begin + 1..=end
    }

    /// How many runs had reported success at this moment.
    pub fn successes(&self, moment: usize) -> usize {
        self.events[..moment].iter().filter(|event| matches!(event, Event::Mark(Mark::Success))).count()
    }

    /// The moment right after the last success, if there was one.
    pub fn last_success(&self) -> Option<usize> {
        self.events.iter().rposition(|event| matches!(event, Event::Mark(Mark::Success))).map(|at| at + 1)
    }

    /// The moments with several writes pending.
    pub fn crowded(&self) -> Vec<usize> {
        let (moments, mut pending) = (self.moments(), HashMap::new());
        let mut crowded = Vec::new();
        for (at, event) in self.events.iter().enumerate() {
            match event {
                Event::Write(write) => *pending.entry(write.disk).or_insert(0) += 1,
                Event::Flush { disk } => _ = pending.remove(disk),
                Event::Mark(_) => {}
            }
            if pending.values().sum::<usize>() > 1 && moments.contains(&(at + 1)) {
                crowded.push(at + 1);
            }
        }
        crowded
    }

    /// The moments from the first rename on, where mixtures are: until success, or the end.
    pub fn switch(&self) -> Range<usize> {
        let renamed = self.events.iter().position(|event| matches!(event, Event::Mark(Mark::Renamed)));
        let end = self.last_success().unwrap_or(*self.moments().end());
        renamed.map_or(0..0, |renamed| renamed + 1..end)
    }

    /// The writes made by this moment: those a flush has put on the medium since, and those that may be there or not.
    pub fn writes(&self, moment: usize) -> Fates {
        let mut flushed_later: u64 = 0;
        let mut fates = Fates::default();
        for (at, event) in self.events[..moment].iter().enumerate().rev() {
            match event {
                Event::Flush { disk } => flushed_later |= 1 << disk,
                Event::Write(write) if flushed_later & 1 << write.disk != 0 => fates.flushed.push(at),
                Event::Write(_) => fates.pending.push(at),
                Event::Mark(_) => {}
            }
        }
        fates.flushed.reverse();
        fates.pending.reverse();
        fates
    }

    pub fn write(&self, at: usize) -> &Write {
        match &self.events[at] {
            Event::Write(write) => write,
            other => panic!("event {at} is no write but {other:?}"),
        }
    }

    /// How often the disks were flushed while the program ran.
    pub fn flushes(&self) -> usize {
        let moments = self.moments();
        let end = self.last_success().unwrap_or(*moments.end());
        self.events[*moments.start()..end].iter().filter(|event| matches!(event, Event::Flush { .. })).count()
    }
}

/// Indices of writes in the log, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fates {
    pub flushed: Vec<usize>,
    pub pending: Vec<usize>,
}
