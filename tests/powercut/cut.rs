//! Which states of the disks a power cut may leave: everything that was flushed, and any part of the rest.

use std::collections::HashSet;
use std::fmt;

use super::dice::Dice;
use super::log::Log;

/// The unit a disk writes whole or not at all, unless a filesystem asks for more.
pub const SECTOR: usize = 512;

/// How what was pending fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// All of it arrived: a prefix of the log.
    Everything,
    /// None of it did.
    FlushedOnly,
    /// Each write tossed a coin.
    Subset,
    /// It was written in another order, and the power went after some of it.
    Reordered,
    /// One write is missing, all later ones are there.
    AllButOne,
    /// One write overtook all others.
    OneOnly,
    /// As [`Shape::Reordered`], and of some writes only some sectors arrived.
    Torn,
}

const SHAPES: [Shape; 7] =
    [Shape::Everything, Shape::FlushedOnly, Shape::Subset, Shape::Reordered, Shape::AllButOne, Shape::OneOnly, Shape::Torn];

/// A write that reached the medium.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arrived {
    /// Its index in the log.
    pub write: usize,
    /// Which of its units arrived; `None` for all.
    pub units: Option<Vec<bool>>,
}

/// A power cut.
#[derive(Clone, Debug)]
pub struct Cut {
    pub shape: Shape,
    /// So many events had happened.
    pub moment: usize,
    /// So many runs had reported success.
    pub successes: usize,
    /// What is on the medium, in log order: what came later on the same sector wins.
    pub arrived: Vec<Arrived>,
    /// How many writes were pending.
    pub pending: usize,
}

impl Cut {
    /// How many writes arrived in part.
    pub fn torn(&self) -> usize {
        self.arrived.iter().filter(|arrived| arrived.units.is_some()).count()
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let torn = self.torn();
        let Cut { shape, moment, successes, pending, arrived } = self;
        write!(f, "{shape:?} after {moment} events, {successes} successes, {pending} writes pending")?;
        write!(f, ", {} on the medium, {torn} of them torn", arrived.len())
    }
}

/// Cuts of one record, each leaving another state of the disks.
pub struct Cuts<'l> {
    log: &'l Log,
    /// Bytes that arrive whole or not at all.
    unit: usize,
    dice: Dice,
    seen: HashSet<(usize, Vec<Arrived>)>,
    first: Vec<(usize, Shape)>,
    /// Moments with several writes pending, where most states are.
    crowded: Vec<usize>,
}

/// After so many draws that bring nothing new, a record is taken to have no more states.
const DRAWS: usize = 2000;

impl<'l> Cuts<'l> {
    pub fn new(log: &'l Log, unit: usize, dice: Dice) -> Cuts<'l> {
        // The strictest moments are tried in the smallest sample: success was just reported, nothing was written since.
        let mut first = vec![(*log.moments().end(), Shape::Everything)];
        first.extend(log.last_success().map(|moment| (moment, Shape::FlushedOnly)));
        Cuts { log, unit, dice, seen: HashSet::new(), first, crowded: log.crowded() }
    }

    /// Any moment; one in three times where much is pending, and one in three where names change.
    fn moment(&mut self) -> usize {
        let (moments, switch) = (self.log.moments(), self.log.switch());
        match self.dice.below(3) {
            0 if !self.crowded.is_empty() => self.crowded[self.dice.below(self.crowded.len())],
            1 if !switch.is_empty() => switch.start + self.dice.below(switch.len()),
            _ => moments.start() + self.dice.below(moments.end() - moments.start() + 1),
        }
    }

    fn draw(&mut self, moment: usize, shape: Shape) -> Cut {
        let fates = self.log.writes(moment);
        let pending = &fates.pending;
        let dice = &mut self.dice;
        let some: Vec<usize> = match shape {
            Shape::Everything => pending.clone(),
            Shape::FlushedOnly => Vec::new(),
            Shape::Subset => pending.iter().copied().filter(|_| dice.coin()).collect(),
            Shape::Reordered | Shape::Torn => {
                let mut order = pending.clone();
                dice.shuffle(&mut order);
                order.truncate(dice.below(order.len() + 1));
                order
            }
            Shape::AllButOne | Shape::OneOnly => {
                let chosen = if pending.is_empty() { 0 } else { pending[dice.below(pending.len())] };
                pending.iter().copied().filter(|write| (*write == chosen) == (shape == Shape::OneOnly)).collect()
            }
        };
        let whole = |write: &usize| Arrived { write: *write, units: None };
        let mut late: Vec<Arrived> = some.iter().map(whole).collect();
        if shape == Shape::Torn {
            for arrived in &mut late {
                let units = self.log.write(arrived.write).units(self.unit).len();
                if units > 1 && dice.below(3) == 0 {
                    arrived.units = Some(tear(units, dice));
                }
            }
        }
        let mut arrived: Vec<Arrived> = fates.flushed.iter().map(whole).chain(late).collect();
        arrived.sort_by_key(|arrived| arrived.write);
        Cut { shape, moment, successes: self.log.successes(moment), arrived, pending: fates.pending.len() }
    }
}

impl Iterator for Cuts<'_> {
    type Item = Cut;

    fn next(&mut self) -> Option<Cut> {
        for _ in 0..DRAWS {
            let (moment, shape) = self.first.pop().unwrap_or_else(|| (self.moment(), SHAPES[self.dice.below(SHAPES.len())]));
            let cut = self.draw(moment, shape);
            // The same bytes are another state if more is promised about them.
            if self.seen.insert((cut.successes, cut.arrived.clone())) {
                return Some(cut);
            }
        }
        None
    }
}

/// The beginning, the end, or any units but not all.
fn tear(units: usize, dice: &mut Dice) -> Vec<bool> {
    let at = 1 + dice.below(units - 1);
    match dice.below(3) {
        0 => (0..units).map(|unit| unit < at).collect(),
        1 => (0..units).map(|unit| unit >= at).collect(),
        _ => {
            let mut any: Vec<bool> = (0..units).map(|_| dice.coin()).collect();
            any[at] = false;
            any
        }
    }
}
