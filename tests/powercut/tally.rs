//! Counts, and the lines that show them.

use std::collections::BTreeMap;

use super::cut::Cut;
use super::disturb::Disturbance;
use super::lane::Verdict;

#[derive(Clone, Copy, Default)]
pub struct Count {
    pub bad: usize,
    pub unmountable: usize,
    pub states: usize,
}

/// What one lane found.
#[derive(Default)]
pub struct Tally {
    counts: BTreeMap<&'static str, Count>,
    letters: BTreeMap<char, usize>,
    torn: usize,
    pending: usize,
    /// Disk flushes of the undisturbed run.
    pub flushes: Option<usize>,
}

impl Tally {
    pub fn add(&mut self, disturbance: Disturbance, cut: &Cut, verdict: &Verdict) {
        self.torn += usize::from(cut.torn() > 0);
        self.pending += cut.pending;
        let count = self.counts.entry(disturbance.name()).or_default();
        count.states += 1;
        match verdict {
            Verdict::Good(letters) => letters.chars().for_each(|letter| *self.letters.entry(letter).or_default() += 1),
            Verdict::Bad(_) => count.bad += 1,
            Verdict::Unmountable(_) => count.unmountable += 1,
        }
    }

    pub fn total(&self) -> Count {
        self.counts.values().fold(Count::default(), |total, count| Count {
            bad: total.bad + count.bad,
            unmountable: total.unmountable + count.unmountable,
            states: total.states + count.states,
        })
    }

    /// Bad of all states by disturbance, and how often a target was found as what.
    pub fn line(&self) -> String {
        let counts: Vec<String> = Disturbance::ALL
            .iter()
            .filter_map(|disturbance| Some((disturbance.name(), self.counts.get(disturbance.name())?)))
            .map(|(name, count)| format!("{name} {}/{}", count.bad, count.states))
            .collect();
        let letters: Vec<String> = self.letters.iter().map(|(letter, times)| format!("{letter}{times}")).collect();
        let flushes = self.flushes.map_or(String::new(), |flushes| format!("  {flushes} flushes"));
        let unmountable = match self.total().unmountable {
            0 => String::new(),
            some => format!("  {some} UNMOUNTABLE"),
        };
        let pending = self.pending / self.total().states.max(1);
        let cuts = format!("{pending} pending, {} torn", self.torn);
        format!("{}  [{}] {cuts}{flushes}{unmountable}", counts.join(", "), letters.join(" "))
    }
}
