//! What a power cut has left is looked at, recovered, and looked at again.

use std::{fs, io};

use super::{Hand, Through};
use crate::judge;
use crate::scenario::Promise;

impl Hand {
    /// Mounts what a power cut left, judges, recovers, judges again. So many runs had reported success.
    pub(super) fn judge(&mut self, successes: usize) -> io::Result<String> {
        if let Err(error) = self.mount(Through::Second) {
            return Ok(format!("unmountable {error}"));
        }
        let verdict = match self.look_and_recover(successes) {
            Ok(letters) => format!("good {letters}"),
            Err(wrong) => format!("bad {wrong}"),
        };
        self.unmount()?;
        Ok(verdict)
    }

    fn look_and_recover(&self, successes: usize) -> Result<String, String> {
        let (scenario, places) = (&self.scenario, &self.places);
        let runs = scenario.runs(places);
        let promised = |target| runs[..successes].iter().any(|run| run.targets.contains(&target));
        let sight = match scenario.promise {
            Promise::AfterRecovery => None,
            _ => Some(judge::look(scenario, places, promised)?),
        };
        if let (Some(sight), Promise::Hoped) = (&sight, scenario.promise) {
            return Ok(sight.letters.clone());
        }
        if let Some(sight) = &sight {
            sight.others(scenario, false)?;
            if scenario.promise == Promise::AtOnce {
                sight.together(scenario)?;
            }
        }
        if let Some(sight) = sight.as_ref().filter(|_| scenario.another && successes == runs.len()) {
            sight.together(scenario)?;
            return self.leave_to_another().map(|()| sight.letters.clone());
        }
        for command in &scenario.recovery(places) {
            self.run(command, None, None).map_err(|error| format!("not recovered: {error}"))?;
        }
        let recovered = judge::look(scenario, places, promised).and_then(|sight| sight.together(scenario).map(|()| sight));
        let recovered = recovered.map_err(|wrong| format!("after recovery: {wrong}"))?;
        // Nothing stands in the way of another run, which sweeps as well.
        let taken_back = scenario.undoes && !recovered.letters.contains('o');
        for command in runs.iter().filter(|_| !taken_back).flat_map(|run| &run.commands) {
            self.run(command, None, None).map_err(|error| format!("not repeated: {error}"))?;
        }
        judge::look(scenario, places, |_| true).map_err(|wrong| format!("after another run: {wrong}"))?;
        // Where that was none that puts something there, one that does.
        for command in &scenario.preparation(places) {
            self.run(command, None, None).map_err(|error| format!("not done once more: {error}"))?;
        }
        let again = judge::look(scenario, places, |_| !scenario.undoes).and_then(|sight| sight.others(scenario, true));
        again.map_err(|wrong| format!("after another run: {wrong}"))?;
        Ok(sight.unwrap_or(recovered).letters)
    }

    /// Another program replaces a target; recovery has nothing to say to that, and leaves it.
    fn leave_to_another(&self) -> Result<(), String> {
        let (path, theirs) = (self.places.target(&self.scenario.targets[0]), "theirs");
        let staged = format!("{path}.theirs");
        fs::write(&staged, theirs).and_then(|()| fs::rename(&staged, &path)).map_err(|error| format!("no other: {error}"))?;
        for command in &self.scenario.recovery(&self.places) {
            self.run(command, None, None).map_err(|error| format!("what another program did is in the way: {error}"))?;
        }
        match fs::read(&path) {
            Ok(there) if there == theirs.as_bytes() => Ok(()),
            there => Err(format!("what another program did is gone: {there:?}")),
        }
    }
}
