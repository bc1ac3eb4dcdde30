//! What is said of each name of a tree.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rustix::fs::Stat;

use crate::fs::attrs;
use crate::plan::{self, Metadata, Node, Staged, Target};
use crate::report::{Action, FileFacts, Report, SourceFacts, Times, Warning};
use crate::request::Digest;

/// The report of a name that is planned for.
pub(super) fn of(action: Action, target: &Target, staged: Option<&Staged>) -> Report {
    let from = staged.map(|staged| source(&staged.path(), &staged.node));
    Report {
        action,
        target: target.path.clone(),
        through_link: None,
        source: from.unwrap_or_default(),
        installed: None,
        previous: target.existing.as_ref().map(|existing| plan::facts(&existing.stat)),
        verified: None,
        kept: None,
        previous_path: None,
        in_use_by: None,
        warnings: Vec::new(),
        times: Times::default(),
    }
}

/// The report of a name in a new directory.
pub(super) fn of_new(target: &Path, stage: &Path, node: &Node) -> Report {
    Report {
        action: Action::Installed,
        target: target.to_owned(),
        through_link: None,
        source: source(&stage.join(&node.name), node),
        installed: None,
        previous: None,
        verified: None,
        kept: None,
        previous_path: None,
        in_use_by: None,
        warnings: Vec::new(),
        times: Times::default(),
    }
}

/// Adds what has become of it.
pub(super) fn complete(report: &mut Report, stat: &Stat, sha256: Option<Digest>) {
    report.installed = Some(FileFacts { sha256, ..plan::facts(stat) });
}

/// What is worth a warning of a file.
pub(super) fn warnings(target: &Target, metadata: &Metadata) -> Vec<Warning> {
    let mut warnings: Vec<_> = privileges(&target.path, metadata).into_iter().collect();
    if let Some(existing) = target.existing.as_ref().filter(|existing| existing.is_regular() && existing.links() > 1) {
        warnings.push(Warning::HardLinks { path: target.path.clone(), others: existing.links() - 1 });
    }
    if target.room.is_volatile(&*target.dir) {
        warnings.push(Warning::Volatile { path: target.path.clone() });
    }
    warnings
}

/// Leaves out of the count of other names that keep the old content those that are replaced or go, too.
pub(super) fn leave_out_names(reports: &mut [&mut Report]) {
    let file = |report: &Report| report.previous.as_ref().map(|previous| (previous.dev, previous.ino));
    let mut together: HashMap<_, u64> = HashMap::new();
    let changes = reports.iter().filter(|report| report.action != Action::Unchanged);
    changes.filter_map(|report| file(report)).for_each(|file| *together.entry(file).or_default() += 1);
    for report in reports {
        let names = file(report).and_then(|file| together.get(&file)).copied().unwrap_or_default().saturating_sub(1);
        report.warnings.retain_mut(|warning| warning.holds_without(names));
    }
}

/// Rights that whoever runs the file gets.
pub(super) fn privileges(path: &Path, metadata: &Metadata) -> Option<Warning> {
    let wanted = &metadata.wanted;
    let capabilities = wanted.xattrs.iter().any(|xattr| *xattr.name == *attrs::CAPABILITY);
    let privileged = capabilities || wanted.mode.is_privileged();
    privileged.then(|| Warning::PrivilegeKept { path: path.to_owned(), mode: wanted.mode, capabilities })
}

/// Names what is below a directory as being below another: the one it is copied to, or the link it is seen through.
pub(super) fn move_below(report: &mut Report, from: &Path, to: &Path) {
    let see = |path: &mut PathBuf| {
        if let Ok(rest) = path.strip_prefix(from) {
            *path = to.join(rest);
        }
    };
    see(&mut report.target);
    for warning in &mut report.warnings {
        if let Warning::PrivilegeKept { path, .. } | Warning::NotLabelled { path, .. } = warning {
            see(path);
        }
    }
}

/// Adds by which path the versions before are seen of what is below a name that was switched as a whole.
pub(super) fn tell_previous_paths(reports: &mut [Report], whole: Option<&Path>) {
    let Some(whole) = whole else { return };
    let is_it = |report: &&Report| report.target == whole && report.action == Action::Installed;
    let Some(previous) = reports.iter().find(is_it).and_then(|report| report.previous_path.clone()) else { return };
    for report in reports {
        match report.target.strip_prefix(whole) {
            Ok(rest) if !rest.as_os_str().is_empty() => report.previous_path = Some(previous.join(rest)),
            _ => {}
        }
    }
}

fn source(path: &Path, node: &Node) -> SourceFacts {
    SourceFacts { from: crate::error::escaped(path.as_os_str()), bytes: Some(node.stat.st_size as u64), ..SourceFacts::default() }
}
