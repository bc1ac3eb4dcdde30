//! What a staging tree would change.

use std::path::Path;
use std::time::Instant;

use super::fill::Content;
use super::way::{Origin, Switched, Way};
use super::{is_current_link, report};
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::pipeline::outlook::{self, Mounts};
use crate::pipeline::{Host, claim};
use crate::plan::{self, Change, Node, NodeKind, Owners, Survey, Target, TreeEntry};
use crate::report::{Action, BatchOutlook, BatchReport, Report, Times};
use crate::request::TreeRequest;
use crate::source::Session;

/// Says what [`apply_tree`](crate::apply_tree) would do, and changes nothing.
///
/// # Errors
/// As [`apply_tree`](crate::apply_tree), as far as they show without writing.
pub fn dry_run_tree(request: &TreeRequest, host: &Host, observer: &mut dyn Observer) -> Result<BatchOutlook, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let started = Instant::now();
    let way = super::find(request, host)?;
    way.warn(&mut session);
    let unfinished = claim::unfinished(host, &way.targets(), way.tree().as_slice());
    let Way { plan, switched, .. } = way;
    let keep = if matches!(switched, Switched::Names) { request.keep } else { 0 };
    let mut look = Look { owners: plan.owners, keep, mounts: Mounts::default(), swaps: Vec::new(), keeps: Vec::new() };
    for entry in plan.entries {
        session.cancel.check()?;
        session.event(Event::Planned { target: &entry.target.path });
        look.entry(entry, &session)?;
    }
    look.switched(&switched, &request.stage, request.keep)?;
    outlook::warn(unfinished, &mut look.swaps, &mut session);
    if let Switched::Link { target, base: Origin::Directory(base), .. } = &switched {
        look.swaps.iter_mut().for_each(|swap| report::move_below(swap, base.path(), &target.path));
    }
    let total = started.elapsed();
    let report = BatchReport { txid: None, swaps: look.swaps, times: Times { plan: total, total, ..Times::default() } };
    Ok(BatchOutlook { report, keeps: look.keeps, mounts: look.mounts.in_order })
}

/// What was found so far.
struct Look {
    owners: Owners,
    /// How many versions of each name are to be kept.
    keep: u32,
    mounts: Mounts,
    swaps: Vec<Report>,
    /// For each of them, whether what is there would be kept.
    keeps: Vec<bool>,
}

impl Look {
    /// A directory that is built anew, if anything in it differs, has everything that stays, and is kept as one.
    fn switched(&mut self, switched: &Switched, stage: &Path, keep: u32) -> Result<(), Error> {
        let differs = self.swaps.iter().any(|report| report.action != Action::Unchanged);
        let (target, base) = match switched {
            Switched::Link { target, base: Origin::Nothing(fresh), .. } => {
                self.below(&fresh.node, target, &target.path, fresh.dir.path());
                (target, None)
            }
            Switched::Directory { target, base } | Switched::Link { target, base: Origin::Directory(base), .. } if differs => {
                (target, Some(base))
            }
            _ => return Ok(()),
        };
        if let Some(base) = base {
            self.mounts.add(target, Some(Survey::of(base)?.bytes()), false);
        }
        let mut whole = report::of(Action::WouldInstall, target, None);
        whole.source.from = crate::error::escaped(stage.as_os_str());
        self.swaps.insert(0, whole);
        self.keeps.insert(0, keep > 0 && target.existing.is_some());
        Ok(())
    }

    fn entry(&mut self, entry: TreeEntry, session: &Session<'_>) -> Result<(), Error> {
        let TreeEntry { mut target, change } = entry;
        let (staged, current) = match &change {
            Change::File(staged) => {
                target.reopen()?;
                let content = Content::open(&self.owners, &staged.dir, &staged.node)?;
                (Some(staged), content.is_that_of(&target, session.cancel)?)
            }
            Change::Link(staged) => (Some(staged), is_current_link(&self.owners, &target, staged)),
            Change::Directory(staged) => (Some(staged), false),
            Change::Remove => (None, false),
        };
        if current {
            self.push(report::of(Action::Unchanged, &target, staged), false);
            return Ok(());
        }
        plan::judge_change(&target)?;
        let keeps = self.keep > 0 && target.existing.is_some();
        let action = if staged.is_some() { Action::WouldInstall } else { Action::WouldRemove };
        self.mounts.add(&target, Some(staged.map_or(0, |staged| allocated(&staged.node))), keeps);
        self.push(report::of(action, &target, staged), keeps);
        if let Change::Directory(staged) = &change {
            self.below(&staged.node, &target, &target.path, &staged.path());
        }
        Ok(())
    }

    /// What is in a directory that is new, on the filesystem of this target.
    fn below(&mut self, node: &Node, of: &Target, path: &Path, stage: &Path) {
        let NodeKind::Directory(children) = &node.kind else { return };
        for child in children {
            let path = path.join(&child.name);
            self.mounts.add(of, Some(allocated(child)), false);
            self.push(Report { action: Action::WouldInstall, ..report::of_new(&path, stage, child) }, false);
            self.below(child, of, &path, &stage.join(&child.name));
        }
    }

    fn push(&mut self, report: Report, keeps: bool) {
        self.swaps.push(report);
        self.keeps.push(keeps);
    }
}

/// Bytes a file takes on the disk where it is staged: st_blocks counts units of 512 bytes, stat(2).
fn allocated(node: &Node) -> u64 {
    match node.kind {
        NodeKind::File => node.stat.st_blocks as u64 * 512,
        NodeKind::Link(_) | NodeKind::Directory(_) => 0,
    }
}
