//! The order of phases. Everything that installs a file ends here.
//!
//! ```text
//! Request -> Plan -> Stage -> bytes -> Trusted -> Sealed -> Prepared -> committed -> Report
//! ```

mod batch;
mod claim;
mod directories;
mod history;
mod in_place;
mod install;
mod label;
mod outlook;
mod place;
mod recover;
mod rescue;
mod rollback;
mod sinks;
mod tree;
mod usage;

pub use batch::apply;
pub use directories::{make_directories, make_leading, remove_leading};
pub use history::{history, prune};
pub use install::install;
pub use label::{check_label, has_selinux};
pub use outlook::dry_run_batch;
pub use recover::{Resolve, recover, resolve, unfinished};
pub use rescue::{rescuable, rescue};
pub use rollback::{Rollback, dry_run_rollback, rollback};
pub use tree::{apply_tree, dry_run_tree};
pub use usage::{Stale, find_users, stale, who};

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::checksum;
use crate::error::Error;
use crate::event::{Cancel, Event, Observer};
use crate::plan::{self, Found, Plan};
use crate::proof::Trusted;
use crate::report::{Action, FileFacts, Report, SourceFacts, Times, Warning};
use crate::request::{Digest, EmptySource, Request, WhenCurrent};
use crate::source::{self, LocalSource, Session, Supply};
use crate::txn::{self, Old, Publish, Records, Sealed, Stage, State};
use sinks::{Comparing, Staging};

/// How long to wait for another run, if nothing else is asked for.
const WAIT: Duration = Duration::from_secs(10);

/// What the pipeline needs of the machine besides the files it was asked for.
#[derive(Clone, Debug)]
pub struct Host {
    /// Asks a running request to stop.
    pub cancel: Cancel,
    /// Where state is kept: locks, journals, and what is known of kept versions.
    pub state_dir: PathBuf,
    /// How long to wait for another run that changes the same files.
    pub wait: Duration,
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
        Host { cancel: Cancel::new(), state_dir, wait: WAIT }
    }
}

/// Puts the file in place.
///
/// # Guarantees
/// On success the target is a new inode with the source's bytes and the wanted metadata, all of it on the disk, or it was
/// so before and was left alone. Whoever opens the target meanwhile gets the old file or the new one, whole; whoever runs or
/// maps the old one keeps it. With [`Method::InPlace`] it is the same inode, and was nobody else's while it was written.
///
/// # Errors
/// On any error but [`Error::InDoubt`] and, in place, [`Error::HalfDone`] the target is as before, and nothing is left beside it.
///
/// # After a crash
/// The target is the old or the new file; in place, once the next run that concerns it or [`recover`] has made it so. At most one
/// temporary file is left beside it, which the next run there removes.
pub fn swap(request: &Request, host: &Host, observer: &mut dyn Observer) -> Result<Report, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let (mut run, mut claim) = Run::claimed(request, host, &mut session)?;
    let settled = run.settle(&mut session)?;
    // Litter may be what fills the disk, and goes also where nothing else is to be done.
    run.sweep(claim.state(), &mut session);
    let (supply, bytes_decide) = match settled {
        Settled::Current => return run.leave(&mut session),
        Settled::Differs(supply) => (supply, false),
        Settled::BytesDecide(supply) => (supply, true),
    };
    run.judge_change(&supply)?;
    // A target that has the digest is the source itself, and open; it is looked at again before it is written to.
    if run.is_in_place() && !bytes_decide && run.verified.is_none() {
        run.judge_idle()?;
    }
    let mut stage = run.stage(claim.state())?;
    let trusted = run.fill(&mut stage, supply, &mut session)?;
    if bytes_decide && run.holds_the_same(&stage, &session)? {
        return run.leave(&mut session);
    }
    if let Some(state) = claim.state().filter(|_| run.is_in_place()) {
        return run.overwrite(stage, trusted, state, &mut session);
    }
    run.plan.warnings.extend(claim.warning());
    run.commit(stage, trusted, claim.state(), &mut session)
}

/// Finds out whether [`swap`] would change anything, and changes nothing. What can be known only from the bytes is read, an
/// address fetched; nothing is written anywhere.
///
/// # Errors
/// As [`swap`], as far as they show without writing.
pub fn check(request: &Request, host: &Host, observer: &mut dyn Observer) -> Result<Report, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let mut run = Run::plan(request, host, &mut session)?;
    run.warn_of_unfinished(host);
    match run.settle(&mut session)? {
        Settled::Current => Ok(run.report(Action::Unchanged, &mut session)),
        Settled::Differs(supply) => {
            run.judge_outlook(supply)?;
            Ok(run.report(Action::WouldInstall, &mut session))
        }
        Settled::BytesDecide(supply) => run.compare(supply, &mut session),
    }
}

/// Says what [`swap`] would do, and changes nothing. Streams are not read and addresses not fetched: where only they could
/// tell, the answer is that the file would be installed.
///
/// # Errors
/// As [`swap`], as far as they show without writing or fetching.
pub fn dry_run(request: &Request, host: &Host, observer: &mut dyn Observer) -> Result<Report, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let mut run = Run::plan(request, host, &mut session)?;
    run.warn_of_unfinished(host);
    match run.settle(&mut session)? {
        Settled::Current => Ok(run.report(Action::Unchanged, &mut session)),
        Settled::Differs(supply) | Settled::BytesDecide(supply) => {
            run.judge_outlook(supply)?;
            Ok(run.report(Action::WouldInstall, &mut session))
        }
    }
}

/// What is known before anything is read that can be read only once.
enum Settled<'a> {
    /// The target is what it should be.
    Current,
    /// It is not, whatever the bytes are.
    Differs(Supply<'a>),
    /// Its metadata is right; the bytes have to tell the rest.
    BytesDecide(Supply<'a>),
}

/// One request on its way.
struct Run<'a> {
    request: &'a Request,
    plan: Plan,
    source: SourceFacts,
    previous: Option<FileFacts>,
    verified: Option<Digest>,
    /// Where the previous version is kept.
    kept: Option<PathBuf>,
    /// Whether versions are kept in the target's directory.
    beside_kept: bool,
    started: Instant,
    times: Times,
}

impl<'a> Run<'a> {
    /// Plans for one file among others, where [`place::judge`] is asked for all.
    fn plan_among(request: &'a Request, found: &mut Found, session: &mut Session<'_>) -> Result<Run<'a>, Error> {
        let started = Instant::now();
        let plan = Plan::resolve(request, found)?;
        session.event(Event::Planned { target: &plan.target.path });
        let source = SourceFacts { from: request.sources[0].to_string(), ..SourceFacts::default() };
        let previous = plan.target.existing.as_ref().map(|existing| plan::facts(&existing.stat));
        let times = Times { plan: started.elapsed(), ..Times::default() };
        Ok(Run { request, plan, source, previous, verified: None, kept: None, beside_kept: false, started, times })
    }

    /// Opens the sources and looks whether the target is current already, as far as that shows without staging.
    fn settle(&mut self, session: &mut Session<'_>) -> Result<Settled<'a>, Error> {
        source::judge(self.request)?;
        // A target that has the digest needs no source, not even one that can be opened.
        if let Some(settled) = self.settle_by_digest(session)? {
            return Ok(settled);
        }
        let supply = Supply::open(self.request)?;
        self.source.bytes = supply.only_file().and_then(LocalSource::size);
        let target = &self.plan.target;
        let Some(existing) = target.existing.as_ref().filter(|existing| existing.is_regular()) else {
            return Ok(Settled::Differs(supply));
        };
        supply.refuse_same(existing.identity(), &target.path)?;
        let leave = self.request.when_current == WhenCurrent::Leave && self.request.sha256.is_none();
        let Some(file) = existing.file.as_ref().filter(|_| leave && self.plan.metadata_current) else {
            return Ok(Settled::Differs(supply));
        };
        let Some(source) = supply.only_file() else { return Ok(Settled::BytesDecide(supply)) };
        let same =
            source.size() == Some(existing.size()) && plan::same_content(source.file(), file, existing.size(), session.cancel)?;
        Ok(if same { Settled::Current } else { Settled::Differs(supply) })
    }

    /// What the digest of the target settles, if one is asked for.
    fn settle_by_digest(&mut self, session: &mut Session<'_>) -> Result<Option<Settled<'a>>, Error> {
        let target = &self.plan.target;
        let file = target.existing.as_ref().and_then(|existing| existing.file.as_ref());
        let (Some(expected), Some(file), WhenCurrent::Leave) = (self.request.sha256, file, self.request.when_current) else {
            return Ok(None);
        };
        let read_error = |source| Error::Io { op: "read", path: target.path.clone(), source };
        let actual = checksum::sha256_of(file, session.cancel, read_error)?;
        self.previous = self.previous.take().map(|previous| FileFacts { sha256: Some(actual), ..previous });
        if actual != expected {
            return Ok(None);
        }
        self.verified = Some(expected);
        if self.plan.metadata_current {
            return Ok(Some(Settled::Current));
        }
        // The bytes are here; only the metadata has to change, and that too by a new inode.
        let copy = file.try_clone().map_err(read_error)?;
        let here = LocalSource::from_file(copy, target.path.clone())?;
        Ok(Some(Settled::Differs(Supply::from_file(self.request, here))))
    }

    fn sweep(&mut self, state: Option<&State>, session: &mut Session<'_>) {
        let mut swept = false;
        self.beside_kept = txn::sweep(&self.plan.target.dir, state, |path| {
            swept = true;
            session.event(Event::Swept { path: &path });
        });
        if swept {
            self.plan.target.measure_room();
        }
    }

    /// Whether the target can be changed, and old and new fit side by side. One that stays as it is needs neither.
    fn judge_change(&self, supply: &Supply<'_>) -> Result<(), Error> {
        plan::judge_name(&self.plan.target)?;
        if self.is_in_place() {
            return plan::judge_overwriting(&self.plan.target);
        }
        plan::judge_change(&self.plan.target)?;
        let Some(source) = supply.only_file() else { return Ok(()) };
        plan::judge_size(&self.plan.target, source.allocated(), true)
    }

    /// Whether the swap could be made, for those who only ask. The source may be the target itself, and is closed first.
    fn judge_outlook(&mut self, supply: Supply<'_>) -> Result<(), Error> {
        self.judge_change(&supply)?;
        drop(supply);
        if self.is_in_place() { self.judge_idle() } else { Ok(()) }
    }

    /// Pours the source into the stage.
    fn fill(&mut self, stage: &mut Stage, supply: Supply<'_>, session: &mut Session<'_>) -> Result<Trusted, Error> {
        let started = Instant::now();
        let poured = supply.pour(&mut Staging { stage, target: &self.plan.target }, session)?;
        self.times.fetch = started.elapsed();
        self.source = poured.facts;
        self.verified = self.request.sha256;
        self.judge_empty(stage.written())?;
        Ok(poured.trusted)
    }

    /// Whether the target has the staged bytes already.
    fn holds_the_same(&self, stage: &Stage, session: &Session<'_>) -> Result<bool, Error> {
        let existing = self.plan.target.existing.as_ref().filter(|existing| existing.size() == stage.written());
        match existing.and_then(|existing| existing.file.as_ref()) {
            Some(file) => plan::same_content(stage.file(), file, stage.written(), session.cancel),
            None => Ok(false),
        }
    }

    /// Leaves the target as it is, once it is certain to stay: who wrote it may not have synced it, and a run before this one
    /// may have ended in doubt.
    fn leave(self, session: &mut Session<'_>) -> Result<Report, Error> {
        let target = &self.plan.target;
        if let Some(file) = target.existing.as_ref().and_then(|existing| existing.file.as_ref()) {
            txn::make_durable(file, &target.dir, &target.path)?;
        }
        self.judge_unchanged()?;
        Ok(self.report(Action::Unchanged, session))
    }

    /// Looks again whether the target is still what was planned for: reading the source may have taken long. Other runs are held
    /// off by the claim; whoever changed it else has not asked, and what he did is not overwritten.
    fn judge_unchanged(&self) -> Result<(), Error> {
        match self.plan.target.is_as_planned() {
            true => Ok(()),
            false => Err(Error::TargetChanged { path: self.plan.target.path.clone() }),
        }
    }

    fn commit(
        mut self,
        stage: Stage,
        trusted: Trusted,
        state: Option<&State>,
        session: &mut Session<'_>,
    ) -> Result<Report, Error> {
        let started = Instant::now();
        let sealed = self.seal(stage, trusted, session)?;
        session.cancel.check()?;
        self.judge_unchanged()?;
        let target = &self.plan.target;
        let stat = match (state, &target.existing) {
            (Some(state), Some(existing)) if self.request.keep > 0 => {
                let known = self.previous.as_ref().and_then(|previous| previous.sha256);
                let old = Old { leaf: &target.leaf, stat: &existing.stat, sha256: known, keep: self.request.keep };
                let swapped = sealed.commit_keeping(state, &old, self.verified, session.cancel, session.observer)?;
                if swapped.kept.is_none() {
                    let reason = "the filesystem can neither link nor exchange names, and the file may not be copied".to_owned();
                    self.plan.warnings.push(Warning::NothingKept { path: target.path.clone(), reason });
                }
                self.kept = swapped.kept;
                swapped.stat
            }
            (state, existing) => {
                let prepared = sealed.prepare(session.observer)?;
                self.judge_unchanged()?;
                let publish = if existing.is_some() { Publish::Replace } else { Publish::NoClobber };
                let stat = prepared.commit(&target.leaf, publish, session.cancel, session.observer)?;
                if let Some(state) = state.filter(|_| self.beside_kept && self.request.keep == 0) {
                    txn::prune(state, &Records::default(), &target.dir, &HashMap::from([(&*target.leaf, 0)]));
                }
                stat
            }
        };
        self.times.commit = started.elapsed();
        let installed = FileFacts { sha256: self.verified, ..plan::facts(&stat) };
        Ok(Report { installed: Some(installed), ..self.report(Action::Installed, session) })
    }

    /// Gives the staged file its metadata. The label that the policy has for it, where none is kept, the kernel may forbid:
    /// then the file has the one that a new file is given, and that is only warned of.
    fn seal(&mut self, stage: Stage, trusted: Trusted, session: &mut Session<'_>) -> Result<Sealed, Error> {
        if let Some(label) = &self.plan.label
            && let Err(error) = stage.label(label)
        {
            let detail = format!("{}: {error}", String::from_utf8_lossy(label));
            self.plan.warnings.push(Warning::NotLabelled { path: self.plan.target.path.clone(), detail });
        }
        let sealed = stage.seal(trusted, &self.plan.wanted)?;
        session.event(Event::Sealed);
        Ok(sealed)
    }

    /// Reads the source and compares it with the target, writing nothing.
    fn compare(mut self, supply: Supply<'_>, session: &mut Session<'_>) -> Result<Report, Error> {
        let mut sink = Comparing::new(&self.plan.target);
        let poured = supply.pour(&mut sink, session)?;
        let (bytes, same) = sink.finish();
        self.source = poured.facts;
        self.verified = self.request.sha256;
        self.judge_empty(bytes)?;
        if same {
            return Ok(self.report(Action::Unchanged, session));
        }
        if self.is_in_place() {
            plan::judge_overwriting(&self.plan.target)?;
            self.judge_idle()?;
        }
        Ok(self.report(Action::WouldInstall, session))
    }

    fn judge_empty(&self, bytes: u64) -> Result<(), Error> {
        match self.request.empty {
            EmptySource::Refuse if bytes == 0 => Err(Error::SourceEmpty { from: self.source.from.clone() }),
            _ => Ok(()),
        }
    }

    fn report(mut self, action: Action, session: &mut Session<'_>) -> Report {
        let mut warnings = std::mem::take(&mut self.plan.warnings);
        if action == Action::Unchanged {
            // What is left alone gives no other reason to warn: what comes first may change it.
            warnings.retain(|warning| matches!(warning, Warning::Unfinished { .. }));
        }
        warnings.iter().for_each(|warning| session.event(Event::Warning(warning)));
        let installed = match action {
            Action::Unchanged => self.previous.clone(),
            Action::WouldInstall => self.source.bytes.map(|size| self.plan.outlook(size)),
            Action::Installed | Action::Removed | Action::WouldRemove => None,
        };
        Report {
            action,
            installed,
            target: self.plan.target.path,
            through_link: self.plan.target.through_link,
            source: self.source,
            previous: self.previous,
            verified: self.verified,
            kept: self.kept,
            previous_path: None,
            in_use_by: None,
            warnings,
            times: Times { total: self.started.elapsed(), ..self.times },
        }
    }
}
