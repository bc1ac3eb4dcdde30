//! A staging tree as one change.

mod fill;
mod outlook;
mod release;
mod report;
mod several;
mod way;
mod whole;

pub use outlook::dry_run_tree;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::batch::window;
use super::claim::Claim;
use super::{Host, place};
use crate::checksum;
use crate::elf::Linkage;
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::fs::dir::Dir;
use crate::plan::{self, Change, Metadata, NodeKind, Owners, Staged, Target, TreeEntry};
use crate::report::{Action, BatchReport, FileFacts, Report, Times, Warning};
use crate::request::{Digest, TreeRequest};
use crate::source::Session;
use crate::txn::{self, Replaced, State, Transaction};
use fill::Labelling;
use way::{Switched, Way};

/// Puts everything of a staging tree in place, or nothing.
///
/// # Guarantees
/// As [`apply`](crate::apply), for files, symbolic links and new directories: a new directory appears with everything in it.
/// Directories that are there stay what they are. Files that are current already, times included, are left alone.
///
/// # Errors
/// As [`apply`](crate::apply). Devices, fifos and sockets in the staging tree are [`Error::StagedSpecial`]; a name that is a
/// directory in one tree and none in the other, and a link out of the root, are [`Error::Target`].
///
/// # After a crash
/// As [`apply`](crate::apply).
pub fn apply_tree(request: &TreeRequest, host: &Host, observer: &mut dyn Observer) -> Result<BatchReport, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let started = Instant::now();
    let mut way = find(request, host)?;
    let mut claim = Claim::several(host, &way.targets(), way.tree().as_slice(), &mut session)?;
    while claim.is_news() || !way.is_what_it_was() {
        way = find(request, host)?;
        claim = claim.renewed(&way.targets(), way.tree().as_slice(), &mut session)?;
    }
    way.warn(&mut session);
    let state = claim.state().expect("a claim of several names has a state directory");
    let mut times = Times { plan: started.elapsed(), ..Times::default() };

    let staging = Instant::now();
    let switched_as = way.whole().map(|target| target.path.clone());
    let mut work = Work::new(request, way.plan.owners, state, session);
    work.go(way)?;
    work.warn_of_links();
    times.fetch = staging.elapsed();

    let committing = Instant::now();
    let Work { transaction, outcomes, unchanged, session, .. } = work;
    let committed = transaction.map(|transaction| transaction.commit(session.cancel, session.observer)).transpose()?;
    // Who wrote what was there already may not have synced it.
    unchanged.values().try_for_each(|dir| txn::make_all_durable(dir))?;
    times.commit = committing.elapsed();
    times.window = committed.as_ref().map(|committed| committed.window);
    let mut swaps: Vec<Report> = outcomes.into_iter().map(|outcome| outcome.report(committed.as_ref())).collect();
    report::tell_previous_paths(&mut swaps, switched_as.as_deref());
    times.total = started.elapsed();
    Ok(BatchReport { txid: committed.map(|committed| committed.txid), swaps, times })
}

/// Finds the way, which must not lead into the state directory.
fn find(request: &TreeRequest, host: &Host) -> Result<Way, Error> {
    let way = Way::find(request, host)?;
    let releases = match &way.switched {
        Switched::Link { releases, .. } => Some(releases.path()),
        Switched::Names | Switched::Directory { .. } => None,
    };
    place::judge(host, way.targets().into_iter().map(|target| &*target.path).chain(releases))?;
    Ok(way)
}

/// A report, and the number of the change that completes it.
struct Outcome {
    report: Report,
    change: Option<usize>,
    sha256: Option<Digest>,
}

impl Outcome {
    fn report(mut self, committed: Option<&txn::Committed>) -> Report {
        let change = self.change.and_then(|at| committed?.changes.get(at));
        if let Some(change) = change {
            let facts = change.new.as_ref().map(plan::facts);
            self.report.installed = facts.map(|facts| FileFacts { sha256: self.sha256, ..facts });
            self.report.kept.clone_from(&change.kept);
            self.report.previous_path = self.report.previous_path.take().or_else(|| change.aside.clone());
        }
        self.report
    }
}

/// The change on its way.
struct Work<'a, 's> {
    request: &'a TreeRequest,
    owners: Owners,
    state: &'s State,
    session: Session<'a>,
    transaction: Option<Transaction<'s>>,
    /// Names that are put in place one by one.
    files: usize,
    labelling: Labelling,
    /// Directories whose litter is gone.
    swept: HashSet<(u64, u64)>,
    /// One directory of each filesystem that has a file which stays as it is.
    unchanged: HashMap<u64, Arc<Dir>>,
    outcomes: Vec<Outcome>,
}

impl<'a, 's> Work<'a, 's> {
    fn new(request: &'a TreeRequest, owners: Owners, state: &'s State, session: Session<'a>) -> Work<'a, 's> {
        Work {
            request,
            owners,
            state,
            session,
            transaction: None,
            files: 0,
            labelling: Labelling::default(),
            swept: HashSet::new(),
            unchanged: HashMap::new(),
            outcomes: Vec::new(),
        }
    }

    fn go(&mut self, way: Way) -> Result<(), Error> {
        let Way { plan, switched, .. } = way;
        match switched {
            Switched::Names => self.names(plan.entries),
            Switched::Directory { target, base } => {
                let base = self.base(base)?;
                self.whole(&target, base, plan.entries, None).map(drop)
            }
            Switched::Link { target, releases, base } => self.release(&target, releases, base, plan.entries),
        }
    }

    /// Name by name; small files that follow each other are staged by several threads.
    fn names(&mut self, entries: Vec<TreeEntry>) -> Result<(), Error> {
        let total = entries.len();
        self.files = total;
        let (mut small, together) = (Vec::new(), several::together());
        for (index, entry) in entries.into_iter().enumerate() {
            self.session.cancel.check()?;
            self.session.event(Event::File { index, total });
            match entry {
                TreeEntry { target, change: Change::File(staged) } if several::is_small(&staged) => {
                    small.push((target, staged));
                    if small.len() >= together {
                        self.several(std::mem::take(&mut small))?;
                    }
                }
                entry => {
                    self.several(std::mem::take(&mut small))?;
                    self.entry(entry)?;
                }
            }
        }
        self.several(small)
    }

    fn entry(&mut self, entry: TreeEntry) -> Result<(), Error> {
        let TreeEntry { target, change } = entry;
        self.session.event(Event::Planned { target: &target.path });
        self.sweep(&target);
        match change {
            Change::File(staged) => self.file(target, staged),
            Change::Link(staged) => self.link(&target, &staged),
            Change::Directory(staged) => self.directory(&target, staged),
            Change::Remove => self.remove(&target),
        }
    }

    fn link(&mut self, target: &Target, staged: &Staged) -> Result<(), Error> {
        let NodeKind::Link(text) = &staged.node.kind else { unreachable!("planned as a link") };
        let metadata = Metadata::of_link(&self.owners, &staged.node.stat);
        if is_current_link(&self.owners, target, staged) {
            self.leave(target, staged);
            return Ok(());
        }
        plan::judge_change(target)?;
        let old = self.old_digest(target)?;
        // After what it leads to.
        let needed = text.file_name().map(ToOwned::to_owned).into_iter().collect();
        let linkage = Linkage { needed, ..Linkage::default() };
        let replaced = Replaced { linkage, ..replaced(target, old, self.request.keep) };
        let change = self.transaction()?.add_link(&target.dir, &target.path, text, &metadata.wanted, &replaced)?;
        self.push(report::of(Action::Installed, target, Some(staged)), Some(change), None);
        Ok(())
    }

    fn directory(&mut self, target: &Target, staged: Staged) -> Result<(), Error> {
        plan::judge_change(target)?;
        let mut tree = self.transaction()?.new_tree(&target.dir, &target.path)?;
        let mut reports = vec![report::of(Action::Installed, target, Some(&staged))];
        let top = Arc::clone(tree.top());
        self.fill(&mut tree, top, &staged.dir, staged.node, &target.path, &mut reports)?;
        let replaced = replaced(target, None, self.request.keep);
        let change = self.transaction()?.add_tree(tree, &replaced)?;
        for (at, report) in reports.into_iter().enumerate() {
            self.push(report, (at == 0).then_some(change), None);
        }
        Ok(())
    }

    fn remove(&mut self, target: &Target) -> Result<(), Error> {
        plan::judge_change(target)?;
        let old = self.old_digest(target)?;
        let replaced = replaced(target, old, self.request.keep);
        let change = self.transaction()?.remove(&target.dir, &target.path, &replaced)?;
        self.push(report::of(Action::Removed, target, None), Some(change), None);
        Ok(())
    }

    fn leave(&mut self, target: &Target, staged: &Staged) {
        self.unchanged.entry(target.dir_stat.st_dev).or_insert_with(|| Arc::clone(&target.dir));
        let report = report::of(Action::Unchanged, target, Some(staged));
        self.push(Report { installed: report.previous.clone(), ..report }, None, None);
    }

    fn push(&mut self, report: Report, change: Option<usize>, sha256: Option<Digest>) {
        let now = report.warnings.iter().filter(|warning| !matches!(warning, Warning::HardLinks { .. }));
        now.for_each(|warning| self.session.event(Event::Warning(warning)));
        self.outcomes.push(Outcome { report, change, sha256 });
    }

    /// Warns of names that keep the old content of a file: that others are replaced too is known at the end.
    fn warn_of_links(&mut self) {
        report::leave_out_names(&mut self.outcomes.iter_mut().map(|outcome| &mut outcome.report).collect::<Vec<_>>());
        for warning in self.outcomes.iter().flat_map(|outcome| &outcome.report.warnings) {
            if matches!(warning, Warning::HardLinks { .. }) {
                self.session.event(Event::Warning(warning));
            }
        }
    }

    fn transaction(&mut self) -> Result<&mut Transaction<'s>, Error> {
        match &mut self.transaction {
            Some(transaction) => Ok(transaction),
            none => Ok(none.insert(Transaction::begin(self.state, "apply", self.files, window())?)),
        }
    }

    pub(super) fn sweep(&mut self, target: &Target) {
        if self.swept.insert((target.dir_stat.st_dev, target.dir_stat.st_ino)) {
            txn::sweep(&target.dir, Some(self.state), |path| self.session.event(Event::Swept { path: &path }));
        }
    }

    /// The digest of what has the name: it tells after a reboot which version that is.
    fn old_digest(&self, target: &Target) -> Result<Option<Digest>, Error> {
        let Some(existing) = &target.existing else { return Ok(None) };
        if existing.is_regular() {
            let file = target.dir.open_file(&target.leaf).ok();
            return file.map(|file| digest(&file, target, &self.session)).transpose();
        }
        let text = crate::fs::dir::read_link(&*target.dir, &target.leaf).ok();
        Ok(text.map(|text| checksum::sha256_of_bytes(text.as_os_str().as_encoded_bytes())))
    }
}

/// Whether a link is there and says what the staged one says.
fn is_current_link(owners: &Owners, target: &Target, staged: &Staged) -> bool {
    let metadata = Metadata::of_link(owners, &staged.node.stat);
    let text = crate::fs::dir::read_link(&*target.dir, &target.leaf);
    matches!((&staged.node.kind, text), (NodeKind::Link(new), Ok(old)) if *new == old)
        && target.existing.as_ref().is_some_and(|there| metadata.has_owner(&there.stat))
}

fn digest(file: &std::fs::File, target: &Target, session: &Session<'_>) -> Result<Digest, Error> {
    checksum::sha256_of(file, session.cancel, |source| Error::Io { op: "read", path: target.path.clone(), source })
}

fn replaced(target: &Target, sha256: Option<Digest>, keep: u32) -> Replaced<'_> {
    Replaced {
        leaf: &target.leaf,
        stat: target.existing.as_ref().map(|existing| &existing.stat),
        sha256,
        keep,
        linkage: Linkage::default(),
    }
}
