//! One filesystem and one scenario: records, cuts, verdicts.

use std::io;
use std::path::Path;

use super::arguments::Arguments;
use super::cut::{Cut, Cuts};
use super::dice::Dice;
use super::disturb::Disturbance;
use super::filesystem::Filesystem;
use super::lane::{Lane, Plan, Verdict};
use super::log::Log;
use super::scenario::{Promise, Scenario};
use super::tally::Tally;

/// States taken from one record before another is made: other moments of commits.
const PER_RECORD: usize = 100;
/// The same of a recovery, which is short.
const PER_RECOVERY: usize = 12;

/// Bad states shown in words.
const SHOWN: usize = 3;

/// What is tried.
pub struct Round<'a> {
    pub filesystem: Filesystem,
    pub scenario: &'a Scenario,
    /// The sync that is left out; then one bad state is enough.
    pub without: Option<&'a str>,
}

impl Round<'_> {
    pub fn name(&self) -> String {
        let without = self.without.map_or(String::new(), |sync| format!(" without {sync}"));
        format!("{} {}{without}", self.filesystem.name(), self.scenario.name)
    }

    /// # Errors
    /// Something broke that is no verdict.
    pub fn run(&self, arguments: &Arguments, program: &str, base: &Path) -> io::Result<Tally> {
        let failpoint = self.without.map(|sync| format!("{sync}=skip"));
        let plan = Plan { filesystem: self.filesystem, scenario: self.scenario, program, failpoint: failpoint.as_deref() };
        let lane = Lane::open(base, &plan)?;
        let mut state = Underway { round: self, arguments, lane, dice: Dice::new(arguments.seed), tally: Tally::default() };
        let recovers = self.scenario.recovers();
        let disturbances = arguments.disturbances.iter().filter(|one| recovers || **one != Disturbance::Recovery);
        let disturbances: Vec<Disturbance> = disturbances.copied().collect();
        for (at, disturbance) in disturbances.iter().enumerate() {
            let share = match self.without {
                Some(_) => arguments.caught,
                // What an earlier disturbance had no states for, later ones make up.
                None => (arguments.states - state.tally.total().states).div_ceil(disturbances.len() - at),
            };
            state.disturbed(*disturbance, share)?;
            if state.caught() && !arguments.everywhere {
                break;
            }
        }
        Ok(state.tally)
    }
}

struct Underway<'a> {
    round: &'a Round<'a>,
    arguments: &'a Arguments,
    lane: Lane,
    dice: Dice,
    tally: Tally,
}

impl Underway<'_> {
    fn caught(&self) -> bool {
        self.round.without.is_some() && self.tally.total().bad > 0
    }

    fn disturbed(&mut self, disturbance: Disturbance, share: usize) -> io::Result<()> {
        let before = self.tally.total();
        for _ in 0..share.div_ceil(PER_RECORD) {
            let left = share - (self.tally.total().states - before.states);
            match disturbance {
                Disturbance::Recovery => self.recoveries(left.min(PER_RECORD))?,
                _ => self.record(disturbance, left.min(PER_RECORD))?,
            }
            if self.round.without.is_some() && self.tally.total().bad > before.bad {
                break;
            }
        }
        Ok(())
    }

    fn record(&mut self, disturbance: Disturbance, states: usize) -> io::Result<()> {
        let Round { scenario, without, filesystem } = *self.round;
        let log = self.lane.record(disturbance)?;
        if disturbance == Disturbance::None {
            let flushes = log.flushes();
            self.tally.flushes = Some(flushes);
            if flushes == 0 && without.is_none() && scenario.promise != Promise::Hoped {
                return Err(io::Error::other("the disks were never flushed: the recorder does not hear everything"));
            }
        }
        for cut in Cuts::new(&log, filesystem.unit(), self.dice.fork()).take(states) {
            if !self.judge(disturbance, &log, &cut, cut.successes)? && without.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Cuts the power while the batch is switched, or at any moment where nothing is renamed, and again while that is recovered.
    fn recoveries(&mut self, states: usize) -> io::Result<()> {
        let unit = self.round.filesystem.unit();
        let log = self.lane.record(Disturbance::Steps)?;
        let (switch, in_place) = (log.switch(), self.round.scenario.promise == Promise::AfterRecovery);
        let cuts = Cuts::new(&log, unit, self.dice.fork()).filter(|cut| in_place || switch.contains(&cut.moment));
        let mut left = states;
        for cut in cuts.take(states.div_ceil(PER_RECOVERY)) {
            let recovery = self.lane.record_recovery(&log, &cut)?;
            for second in Cuts::new(&recovery, unit, self.dice.fork()).take(left.min(PER_RECOVERY)) {
                left -= 1;
                if !self.judge(Disturbance::Recovery, &recovery, &second, cut.successes)? && self.round.without.is_some() {
                    return Ok(());
                }
            }
            self.lane.go_back();
        }
        Ok(())
    }

    /// Whether it is good.
    fn judge(&mut self, disturbance: Disturbance, log: &Log, cut: &Cut, successes: usize) -> io::Result<bool> {
        let verdict = self.lane.judge(log, cut, successes)?;
        self.tally.add(disturbance, cut, &verdict);
        let (Verdict::Bad(words) | Verdict::Unmountable(words)) = &verdict else { return Ok(true) };
        let bad = self.tally.total().bad + self.tally.total().unmountable;
        if bad <= SHOWN || matches!(verdict, Verdict::Unmountable(_)) {
            eprintln!("{}, {}: {words}\n    {cut}", self.round.name(), disturbance.name());
        }
        if let Some(directory) = &self.arguments.keep {
            let name = format!("{}-{}-{bad}", self.round.name().replace(' ', "-"), disturbance.name());
            self.lane.save(log, cut, directory, &name)?;
        }
        Ok(false)
    }
}
