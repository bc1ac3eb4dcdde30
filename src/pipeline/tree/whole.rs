//! A tree that is built beside the one it takes the place of, and becomes it at one moment.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FileType;

use super::fill::Content;
use super::{Work, replaced, report};
use crate::error::{Error, Obstacle};
use crate::event::Event;
use crate::fs::dir::{self, Dir};
use crate::fs::temp;
use crate::plan::{self, Change, Fresh, Metadata, NodeKind, Survey, Target, TreeEntry};
use crate::proc;
use crate::report::{Action, Report, Warning};
use crate::txn::{self, NewTree};

/// What a new tree begins with: the names of another that stay.
pub(super) struct Base {
    pub(super) dir: Arc<Dir>,
    survey: Survey,
}

impl Base {
    /// Looks at the tree, and who writes to it.
    ///
    /// # Errors
    /// [`Error::Target`] for what cannot be exchanged or copied, and where a process has a file of it open for writing.
    pub(super) fn of(dir: Arc<Dir>) -> Result<(Base, Option<Warning>), Error> {
        let survey = Survey::of(&dir)?;
        let writers = proc::writers(&survey.files());
        if let Some((pid, at)) = writers.found {
            return Err(Error::Target { path: dir.path().to_owned(), obstacle: Obstacle::WrittenTo { at, pid } });
        }
        let unseen =
            (writers.unseen > 0).then(|| Warning::WritersUnseen { path: dir.path().to_owned(), processes: writers.unseen });
        Ok((Base { dir, survey }, unseen))
    }

    /// Whether nobody has written to the tree since.
    ///
    /// # Errors
    /// [`Error::TargetChanged`].
    fn unchanged(&self) -> Result<(), Error> {
        match Survey::of(&self.dir) {
            Ok(now) if now == self.survey => Ok(()),
            _ => Err(Error::TargetChanged { path: self.dir.path().to_owned() }),
        }
    }
}

type Entries = HashMap<(u64, u64), Vec<TreeEntry>>;

impl Work<'_, '_> {
    /// What a tree is built from; processes that cannot be looked at are warned of.
    pub(super) fn base(&mut self, dir: Arc<Dir>) -> Result<Base, Error> {
        let (base, warning) = Base::of(dir)?;
        warning.iter().for_each(|warning| self.session.event(Event::Warning(warning)));
        Ok(base)
    }

    /// Builds the tree for a name: what stays of `base`, and what the entries say. `false` if nothing differs:
    /// then nothing is done. What is in it is reported as seen through `link`, if there is one.
    pub(super) fn whole(
        &mut self,
        target: &Target,
        base: Base,
        entries: Vec<TreeEntry>,
        link: Option<&Path>,
    ) -> Result<bool, Error> {
        self.sweep(target);
        let (mut changed, mut reports) = (Entries::new(), Vec::new());
        let path = base.dir.path().to_owned();
        for mut entry in entries {
            match self.is_current(&mut entry)? {
                Some(report) => reports.push(report),
                None => {
                    // Where it is going to be: by that a policy knows its label.
                    if let Ok(rest) = entry.target.path.strip_prefix(&path) {
                        entry.target.path = target.path.join(rest);
                    }
                    changed.entry((entry.target.dir_stat.st_dev, entry.target.dir_stat.st_ino)).or_default().push(entry);
                }
            }
        }
        if changed.is_empty() {
            self.report(reports, &path, link);
            return Ok(false);
        }
        let mut tree = self.transaction()?.new_tree(&target.dir, &target.path)?;
        let top = Arc::clone(tree.top());
        self.copy(&mut tree, top, &base.dir, &path, &mut changed, &mut reports)?;
        // A directory that was there when the staging tree was laid over it.
        if let Some(entry) = changed.into_values().flatten().next() {
            return Err(Error::TargetChanged { path: entry.target.path });
        }
        self.take(tree, target)?;
        reports.iter_mut().for_each(|report| report::move_below(report, &path, &target.path));
        self.report(reports, &target.path, link);
        self.transaction()?.ask_at_the_end(Box::new(move || base.unchanged()));
        Ok(true)
    }

    /// Builds the tree for a name from nothing but the staging tree.
    pub(super) fn fresh(&mut self, target: &Target, fresh: Fresh, link: &Path) -> Result<(), Error> {
        self.sweep(target);
        let mut tree = self.transaction()?.new_tree(&target.dir, &target.path)?;
        let (top, mut reports) = (Arc::clone(tree.top()), Vec::new());
        self.fill_from(&mut tree, top, &fresh.dir, fresh.node, &target.path, &mut reports)?;
        self.take(tree, target)?;
        self.report(reports, &target.path, Some(link));
        Ok(())
    }

    /// Reports what is in the tree, which has this path.
    fn report(&mut self, reports: Vec<Report>, path: &Path, link: Option<&Path>) {
        for mut report in reports {
            link.iter().for_each(|link| report::move_below(&mut report, path, link));
            self.push(report, None, None);
        }
    }

    fn take(&mut self, tree: NewTree, target: &Target) -> Result<(), Error> {
        let replaced = replaced(target, None, self.request.keep);
        let change = self.transaction()?.add_tree(tree, &replaced)?;
        let mut report = report::of(Action::Installed, target, None);
        report.source.from = crate::error::escaped(self.request.stage.as_os_str());
        self.push(report, Some(change), None);
        Ok(())
    }

    /// Copies what stays of a directory, adds what is new in it, and completes it. Our own files stay behind: they are kept
    /// versions of the files there.
    fn copy(
        &mut self,
        tree: &mut NewTree,
        to: Arc<Dir>,
        from: &Arc<Dir>,
        path: &Path,
        entries: &mut Entries,
        reports: &mut Vec<Report>,
    ) -> Result<(), Error> {
        let stat = rustix::fs::fstat(from).map_err(|errno| failed(path, errno))?;
        let changed = entries.remove(&(stat.st_dev, stat.st_ino)).unwrap_or_default();
        let gone: HashSet<OsString> = changed.iter().map(|entry| entry.target.leaf.clone()).collect();
        let mut names = from.all_names().map_err(|errno| failed(path, errno))?;
        names.retain(|name| !gone.contains(name) && !temp::is_own_name(name));
        names.sort();
        for name in names {
            self.session.cancel.check()?;
            self.keep(tree, &to, from, &name, &path.join(&name), entries, reports)?;
        }
        let times_stay = changed.is_empty();
        for entry in changed {
            self.session.cancel.check()?;
            self.lay(tree, &to, entry, reports)?;
        }
        let mut metadata = Metadata::of_kept(&**from, &stat, path)?;
        metadata.wanted.times = metadata.wanted.times.filter(|_| times_stay);
        tree.complete(to, &metadata.wanted, path).map(drop)
    }

    /// Copies one name that stays, with everything below it.
    #[allow(clippy::too_many_arguments)]
    fn keep(
        &mut self,
        tree: &mut NewTree,
        to: &Arc<Dir>,
        from: &Dir,
        name: &OsStr,
        path: &Path,
        entries: &mut Entries,
        reports: &mut Vec<Report>,
    ) -> Result<(), Error> {
        let stat = dir::stat_at(from, name).map_err(|errno| failed(path, errno))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let inner = crate::fs::tree::open(from, name).map_err(|errno| failed(path, errno))?;
                let below = tree.directory(to, name, path)?;
                self.copy(tree, below, &Arc::new(inner), path, entries, reports)
            }
            FileType::Symlink => {
                let text = dir::read_link(from, name).map_err(|errno| failed(path, errno))?;
                txn::make_link(to, name, &text, &Metadata::of_kept_link(&stat).wanted, path).map(drop)
            }
            _ => {
                let content = Content::kept(from, name, path)?;
                let sealed = content.copy(to, path, &mut self.session)?;
                tree.file(sealed, name).map(drop)
            }
        }
    }

    /// Puts one name of the staging tree where it belongs in the new one.
    fn lay(&mut self, tree: &mut NewTree, to: &Arc<Dir>, entry: TreeEntry, reports: &mut Vec<Report>) -> Result<(), Error> {
        let TreeEntry { target, change } = entry;
        let (name, path) = (target.leaf.clone(), target.path.clone());
        let action = if matches!(change, Change::Remove) { Action::Removed } else { Action::Installed };
        let staged = match &change {
            Change::File(staged) | Change::Link(staged) | Change::Directory(staged) => Some(staged),
            Change::Remove => None,
        };
        let mut report = report::of(action, &target, staged);
        match change {
            Change::File(staged) => {
                let content = Content::open(&self.owners, &staged.dir, &staged.node)?;
                report.warnings = report::privileges(&path, &content.metadata).into_iter().collect();
                let (sealed, sha256, _) =
                    content.stage(to, &path, &mut self.labelling, &mut report.warnings, &mut self.session)?;
                let stat = tree.file(sealed, &name)?;
                report::complete(&mut report, &stat, Some(sha256));
            }
            Change::Link(staged) => {
                let NodeKind::Link(text) = &staged.node.kind else { unreachable!("planned as a link") };
                let metadata = Metadata::of_link(&self.owners, &staged.node.stat);
                let stat = txn::make_link(to, &name, text, &metadata.wanted, &path)?;
                report::complete(&mut report, &stat, None);
            }
            Change::Directory(staged) => {
                let below = tree.directory(to, &name, &path)?;
                reports.push(report);
                return self.fill(tree, below, &staged.dir, staged.node, &path, reports);
            }
            Change::Remove => {}
        }
        reports.push(report);
        Ok(())
    }

    /// The report of a name that is what it should be; `None`: it is not.
    fn is_current(&mut self, entry: &mut TreeEntry) -> Result<Option<Report>, Error> {
        let TreeEntry { target, change } = entry;
        let staged = match change {
            Change::File(staged) => {
                let content = Content::open(&self.owners, &staged.dir, &staged.node)?;
                target.reopen()?;
                let current = content.is_that_of(target, self.session.cancel)?;
                target.existing.iter_mut().for_each(|existing| existing.file = None);
                current.then_some(staged)
            }
            Change::Link(staged) => super::is_current_link(&self.owners, target, staged).then_some(staged),
            Change::Directory(_) | Change::Remove => None,
        };
        Ok(staged.map(|staged| {
            let report = report::of(Action::Unchanged, target, Some(staged));
            Report { installed: report.previous.clone(), ..report }
        }))
    }
}

/// The text of a link to a directory: relative where that is below the directory of the link.
pub(super) fn text_of(link: &Target, to: &Path) -> PathBuf {
    to.strip_prefix(link.dir.path()).unwrap_or(to).to_owned()
}

/// Refuses a directory that is a mount point or a subvolume itself, or has the journal of its own exchange in it.
pub(super) fn judge(target: &Target, state_dir: &Path) -> Result<(), Error> {
    plan::judge_change(target)?;
    match &target.existing {
        Some(existing) if existing.stat.st_dev != target.dir_stat.st_dev => {
            Err(Error::Target { path: target.path.clone(), obstacle: Obstacle::MountedDirectory })
        }
        Some(existing) if plan::is_below(state_dir, existing.identity()) => {
            Err(Error::Target { path: target.path.clone(), obstacle: Obstacle::Needed })
        }
        _ => Ok(()),
    }
}

fn failed(path: &Path, errno: rustix::io::Errno) -> Error {
    Error::Io { op: "copy", path: path.to_owned(), source: errno.into() }
}
