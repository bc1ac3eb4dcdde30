//! The program runs, while the recorder listens.

use std::fs::{self, File};
use std::io;

use super::{Hand, Through};
use crate::disturb::{Committer, Disturbance, Neighbours};
use crate::judge::NEIGHBOUR;
use crate::scenario::{Before, Promise};

impl Hand {
    /// Runs the scenario, or, on what a power cut has left, its recovery. `mark` returns when a mark was noted.
    pub(super) fn record(&mut self, disturbance: Disturbance, mark: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        let recovers = disturbance == Disturbance::Recovery;
        self.mount(if recovers { Through::Second } else { Through::First })?;
        let neighbours = self.neighbours();
        if recovers {
            mark("begin")?;
            // Where everything is committed at once, a sync that is missing does not show; where nothing is, an order that is wrong.
            self.recoveries += 1;
            for command in self.scenario.recovery(&self.places) {
                match self.recoveries % 2 {
                    0 => self.step_through(&command, self.failpoint.as_deref(), &neighbours, mark)?,
                    _ => self.run(&command, self.failpoint.as_deref(), None)?,
                }
            }
            // What it has finished is finished.
            mark("success")?;
        } else {
            self.begin_writing()?;
            mark("begin")?;
            self.run_all(disturbance, &neighbours, mark)?;
        }
        // The rest reaches the disk as well, so that every moment of that is tried.
        for path in &neighbours.paths {
            rustix::fs::syncfs(File::open(path)?)?;
        }
        mark("end")?;
        self.unmount()
    }

    fn neighbours(&self) -> Neighbours {
        let paths = (0..self.scenario.disks).map(|disk| self.places.disk(disk).join(NEIGHBOUR)).collect();
        Neighbours { filesystem: self.filesystem, paths }
    }

    fn begin_writing(&self) -> io::Result<()> {
        for target in &self.scenario.targets {
            if let Before::BeingWritten(version) = target.before {
                fs::write(self.places.disk(target.disk).join(target.path), version.content(target))?;
            }
        }
        Ok(())
    }

    fn run_all(
        &self,
        disturbance: Disturbance,
        neighbours: &Neighbours,
        mark: &mut dyn FnMut(&str) -> io::Result<()>,
    ) -> io::Result<()> {
        let _committer = (disturbance == Disturbance::Beside).then(|| Committer::start(neighbours)).transpose()?;
        let failpoint = self.failpoint.as_deref();
        for run in self.scenario.runs(&self.places) {
            for command in &run.commands {
                match disturbance {
                    Disturbance::Steps => self.step_through(command, failpoint, neighbours, mark)?,
                    _ => self.run(command, failpoint, None)?,
                }
            }
            if self.scenario.promise != Promise::Hoped {
                mark("success")?;
            }
        }
        Ok(())
    }

    fn step_through(
        &self,
        command: &[String],
        failpoint: Option<&str>,
        neighbours: &Neighbours,
        mark: &mut dyn FnMut(&str) -> io::Result<()>,
    ) -> io::Result<()> {
        let files = neighbours.open()?;
        let mut step = |renamed| {
            if renamed {
                mark("renamed")?;
            }
            files.iter().try_for_each(|file| neighbours.filesystem.commit(file))
        };
        self.run(command, failpoint, Some(&mut step))
    }
}
