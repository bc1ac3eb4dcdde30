//! What a staging tree would change.

use std::path::Path;

use super::fill::Content;
use super::way::{Origin, Switched, Way};
use super::{is_current_link, report};
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::pipeline::Host;
use crate::plan::{self, Change, Node, NodeKind, Owners, TreeEntry};
use crate::report::{Action, BatchReport, Report, Times};
use crate::request::TreeRequest;
use crate::source::Session;

/// Says what [`apply_tree`](crate::apply_tree) would do, and changes nothing.
///
/// # Errors
/// As [`apply_tree`](crate::apply_tree), as far as they show without writing.
pub fn dry_run_tree(request: &TreeRequest, host: &Host, observer: &mut dyn Observer) -> Result<BatchReport, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let Way { plan, switched } = Way::find(request, host)?;
    let mut swaps = Vec::new();
    if let Switched::Link { releases, base: Origin::Nothing(fresh), .. } = &switched {
        below(&fresh.node, releases.path(), fresh.dir.path(), &mut swaps);
    }
    for entry in plan.entries {
        session.cancel.check()?;
        session.event(Event::Planned { target: &entry.target.path });
        look(entry, &plan.owners, &session, &mut swaps)?;
    }
    Ok(BatchReport { txid: None, swaps, times: Times::default() })
}

fn look(entry: TreeEntry, owners: &Owners, session: &Session<'_>, swaps: &mut Vec<Report>) -> Result<(), Error> {
    let TreeEntry { mut target, change } = entry;
    let (staged, current) = match &change {
        Change::File(staged) => {
            target.reopen()?;
            let content = Content::open(owners, &staged.dir, &staged.node)?;
            (Some(staged), content.is_that_of(&target, session.cancel)?)
        }
        Change::Link(staged) => (Some(staged), is_current_link(owners, &target, staged)),
        Change::Directory(staged) => (Some(staged), false),
        Change::Remove => (None, false),
    };
    if !current {
        plan::judge_change(&target)?;
    }
    let action = match (staged, current) {
        (_, true) => Action::Unchanged,
        (Some(_), false) => Action::WouldInstall,
        (None, false) => Action::WouldRemove,
    };
    swaps.push(report::of(action, &target, staged));
    if let Change::Directory(staged) = &change {
        below(&staged.node, &target.path, &staged.path(), swaps);
    }
    Ok(())
}

fn below(node: &Node, target: &Path, stage: &Path, swaps: &mut Vec<Report>) {
    let NodeKind::Directory(children) = &node.kind else { return };
    for child in children {
        let path = target.join(&child.name);
        swaps.push(Report { action: Action::WouldInstall, ..report::of_new(&path, stage, child) });
        below(child, &path, &stage.join(&child.name), swaps);
    }
}
