//! The order of phases. Everything that installs a file ends here.
//!
//! ```text
//! Request -> Plan -> Stage -> bytes -> Trusted -> Sealed -> Prepared -> committed -> Report
//! ```

mod sinks;

use std::path::PathBuf;
use std::time::Instant;

use crate::error::Error;
use crate::event::{Cancel, Event, Observer};
use crate::plan::{self, Plan};
use crate::report::{Action, FileFacts, Report, SourceFacts, Times};
use crate::request::{Digest, EmptySource, Request, WhenCurrent};
use crate::source::{self, LocalSource, Poured, Session, Supply};
use crate::txn::{self, Publish, Stage};
use sinks::{Comparing, Staging};

/// What the pipeline needs of the machine besides the files it was asked for.
#[derive(Clone, Debug)]
pub struct Host {
    /// Asks a running request to stop.
    pub cancel: Cancel,
    /// Where state is kept. A single swap neither reads nor writes it.
    pub state_dir: PathBuf,
}

impl Host {
    /// This machine: state in `/var/lib/swapbin` for root, else in `$XDG_STATE_HOME/swapbin`.
    pub fn system() -> Host {
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
        let state_home = || std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
        let state_dir = match rustix::process::geteuid().is_root() {
            true => PathBuf::from("/var/lib/swapbin"),
            false => state_home().or_else(home).unwrap_or_else(|| PathBuf::from("/var/lib")).join("swapbin"),
        };
        Host { cancel: Cancel::new(), state_dir }
    }
}

/// Puts the file in place.
///
/// # Guarantees
/// On success the target is a new inode with the source's bytes and the wanted metadata, all of it on the disk, or it was
/// so before and was left alone. Whoever opens the target meanwhile gets the old file or the new one, whole; whoever runs or
/// maps the old one keeps it.
///
/// # Errors
/// On any error but [`Error::InDoubt`] the target is untouched, and nothing is left beside it.
///
/// # After a crash
/// The target is the old or the new file. At most one temporary file is left beside it, which the next run there removes.
pub fn swap(request: &Request, host: &Host, observer: &mut dyn Observer) -> Result<Report, Error> {
    let mut run = Run::plan(request, &host.cancel, observer)?;
    let supply = match run.settle()? {
        Settled::Current => return Ok(run.report(Action::Unchanged)),
        Settled::Needs(supply) => supply,
    };
    run.sweep();
    let stage = Stage::beside(&run.plan.target.dir, &run.plan.target.path)?;
    let Some((stage, poured)) = run.fill(stage, supply)? else { return Ok(run.report(Action::Unchanged)) };
    run.commit(stage, poured)
}

/// Finds out whether [`swap`] would change anything, and changes nothing. What can be known only from the bytes is read, an
/// address fetched; nothing is written anywhere.
///
/// # Errors
/// As [`swap`], as far as they show without writing.
pub fn check(request: &Request, host: &Host, observer: &mut dyn Observer) -> Result<Report, Error> {
    let mut run = Run::plan(request, &host.cancel, observer)?;
    match run.settle()? {
        Settled::Current => Ok(run.report(Action::Unchanged)),
        Settled::Needs(supply) => run.compare(supply),
    }
}

/// Says what [`swap`] would do, and changes nothing. Streams are not read and addresses not fetched: where only they could
/// tell, the answer is that the file would be installed.
///
/// # Errors
/// As [`swap`], as far as they show without writing or fetching.
pub fn dry_run(request: &Request, host: &Host, observer: &mut dyn Observer) -> Result<Report, Error> {
    let mut run = Run::plan(request, &host.cancel, observer)?;
    match run.settle()? {
        Settled::Current => Ok(run.report(Action::Unchanged)),
        Settled::Needs(supply) if supply.only_file().is_some() => run.compare(supply),
        Settled::Needs(_) => Ok(run.report(Action::WouldInstall)),
    }
}

/// What is known before anything is read that can be read only once.
enum Settled<'a> {
    /// The target is what it should be.
    Current,
    /// It is not, or the bytes have to tell.
    Needs(Supply<'a>),
}

/// One request on its way.
struct Run<'a> {
    request: &'a Request,
    session: Session<'a>,
    plan: Plan,
    source: SourceFacts,
    previous: Option<FileFacts>,
    verified: Option<Digest>,
    started: Instant,
    times: Times,
}

impl<'a> Run<'a> {
    fn plan(request: &'a Request, cancel: &'a Cancel, observer: &'a mut dyn Observer) -> Result<Run<'a>, Error> {
        let started = Instant::now();
        let plan = Plan::resolve(request)?;
        observer.event(&Event::Planned { target: &plan.target.path });
        plan.warnings.iter().for_each(|warning| observer.event(&Event::Warning(warning)));
        let source = SourceFacts { from: request.sources[0].to_string(), ..SourceFacts::default() };
        let previous = plan.target.existing.as_ref().map(|existing| plan::facts(&existing.stat));
        let times = Times { plan: started.elapsed(), ..Times::default() };
        let session = Session { observer, cancel };
        Ok(Run { request, session, plan, source, previous, verified: None, started, times })
    }

    /// Opens the sources and looks whether the target is current already, as far as that shows without staging.
    fn settle(&mut self) -> Result<Settled<'a>, Error> {
        let supply = Supply::open(self.request)?;
        let target = &self.plan.target;
        let Some(existing) = target.existing.as_ref().filter(|existing| existing.is_regular()) else {
            return Ok(Settled::Needs(supply));
        };
        supply.refuse_same(existing.identity(), &target.path)?;
        let Some(file) = existing.file.as_ref().filter(|_| self.request.when_current == WhenCurrent::Leave) else {
            return Ok(Settled::Needs(supply));
        };
        let Some(expected) = self.request.sha256 else {
            let same = match supply.only_file() {
                Some(source) if self.plan.metadata_current && source.size() == Some(existing.size()) => {
                    plan::same_content(source.file(), file, existing.size(), self.session.cancel)?
                }
                _ => false,
            };
            return Ok(if same { Settled::Current } else { Settled::Needs(supply) });
        };
        let read_error = |source| Error::Io { op: "read", path: target.path.clone(), source };
        let actual = source::sha256_of(file, self.session.cancel, read_error)?;
        if let Some(previous) = &mut self.previous {
            previous.sha256 = Some(actual);
        }
        if actual != expected {
            return Ok(Settled::Needs(supply));
        }
        if self.plan.metadata_current {
            self.verified = Some(expected);
            return Ok(Settled::Current);
        }
        // The bytes are here; only the metadata has to change, and that too by a new inode.
        let copy = file.try_clone().map_err(read_error)?;
        Ok(Settled::Needs(Supply::from_file(self.request, LocalSource::from_file(copy, target.path.clone())?)))
    }

    fn sweep(&mut self) {
        let observer = &mut *self.session.observer;
        txn::sweep(&self.plan.target.dir, |path| observer.event(&Event::Swept { path: &path }));
    }

    /// Pours the source into the stage; `None` if that turned out to be what the target is already.
    fn fill(&mut self, stage: Stage, supply: Supply<'_>) -> Result<Option<(Stage, Poured)>, Error> {
        let started = Instant::now();
        let compared = supply.only_file().is_some();
        let mut sink = Staging { stage, target: &self.plan.target };
        let poured = supply.pour(&mut sink, &mut self.session)?;
        let Staging { stage, target } = sink;
        self.times.fetch = started.elapsed();
        self.source = poured.facts.clone();
        self.verified = self.request.sha256;
        self.judge_empty(stage.written())?;
        if !compared && self.plan.metadata_current && self.request.when_current == WhenCurrent::Leave {
            let existing = target.existing.as_ref().filter(|existing| existing.size() == stage.written());
            if let Some(file) = existing.and_then(|existing| existing.file.as_ref())
                && plan::same_content(stage.file(), file, stage.written(), self.session.cancel)?
            {
                return Ok(None);
            }
        }
        Ok(Some((stage, poured)))
    }

    fn commit(mut self, stage: Stage, poured: Poured) -> Result<Report, Error> {
        let started = Instant::now();
        let sealed = stage.seal(poured.trusted, &self.plan.wanted)?;
        self.session.event(Event::Sealed);
        self.session.cancel.check()?;
        let prepared = sealed.prepare(self.session.observer)?;
        let target = &self.plan.target;
        let publish = if target.existing.is_some() { Publish::Replace } else { Publish::NoClobber };
        let stat = prepared.commit(&target.leaf, publish, self.session.cancel, self.session.observer)?;
        self.times.commit = started.elapsed();
        let installed = FileFacts { sha256: self.verified, ..plan::facts(&stat) };
        Ok(Report { installed: Some(installed), ..self.report(Action::Installed) })
    }

    /// Reads the source and compares it with the target, writing nothing.
    fn compare(mut self, supply: Supply<'_>) -> Result<Report, Error> {
        let mut sink = Comparing::new(&self.plan.target);
        let poured = supply.pour(&mut sink, &mut self.session)?;
        let (bytes, same) = sink.finish();
        self.source = poured.facts;
        self.verified = self.request.sha256;
        self.judge_empty(bytes)?;
        let current = same && self.plan.metadata_current && self.request.when_current == WhenCurrent::Leave;
        Ok(self.report(if current { Action::Unchanged } else { Action::WouldInstall }))
    }

    fn judge_empty(&self, bytes: u64) -> Result<(), Error> {
        match self.request.empty {
            EmptySource::Refuse if bytes == 0 => Err(Error::SourceEmpty { from: self.source.from.clone() }),
            _ => Ok(()),
        }
    }

    fn report(self, action: Action) -> Report {
        let installed = match action {
            Action::Unchanged => self.previous.clone(),
            Action::WouldInstall => self.source.bytes.map(|size| self.plan.outlook(size)),
            Action::Installed => None,
        };
        Report {
            action,
            installed,
            target: self.plan.target.path,
            through_link: self.plan.target.through_link,
            source: self.source,
            previous: self.previous,
            verified: self.verified,
            warnings: self.plan.warnings,
            times: Times { total: self.started.elapsed(), ..self.times },
        }
    }
}
