//! How a staging tree is going to take its place: name by name, or as a whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FileType;

use super::whole;
use crate::error::{Error, Obstacle};
use crate::event::Event;
use crate::fs::dir::Dir;
use crate::pipeline::Host;
use crate::pipeline::claim::Tree;
use crate::plan::{self, Fresh, Target, TreePlan};
use crate::report::Warning;
use crate::request::{Follow, Switch, TreeRequest};
use crate::source::Session;

/// What was found.
pub(super) struct Way {
    pub(super) plan: TreePlan,
    pub(super) switched: Switched,
    /// The directory that was there, and the path it was asked for by.
    base: Option<(PathBuf, Arc<Dir>)>,
}

/// What is switched.
pub(super) enum Switched {
    /// Every name of the plan.
    Names,
    /// A directory, which is there.
    Directory { target: Box<Target>, base: Arc<Dir> },
    /// A link, to a new directory among others.
    Link { target: Box<Target>, releases: Arc<Dir>, base: Origin },
}

/// What a new directory begins with.
pub(super) enum Origin {
    /// Another one, which the link leads to now.
    Directory(Arc<Dir>),
    /// Nothing.
    Nothing(Box<Fresh>),
}

impl Way {
    /// Looks.
    ///
    /// # Errors
    /// As [`TreePlan::resolve`]; [`Error::Target`] for a directory that cannot be exchanged, or a link that is none.
    pub(super) fn find(request: &TreeRequest, host: &Host) -> Result<Way, Error> {
        let trust = request.path_trust;
        let resolve = |root: &Path| {
            let root = plan::locate_dir(root, trust)?;
            let again = plan::locate_dir(root.path(), trust)?;
            let plan = TreePlan::resolve(request, root, &[&request.stage, &host.state_dir])?;
            Ok::<_, Error>((plan, Arc::new(again)))
        };
        let (plan, switched, base) = match &request.switch {
            Switch::Names => {
                let (plan, root) = resolve(&request.root)?;
                (plan, Switched::Names, Some((request.root.clone(), root)))
            }
            Switch::Exchange => {
                let target = plan::locate_directory(&request.root, trust)?;
                whole::judge(&target, &host.state_dir)?;
                let (plan, base) = resolve(&request.root)?;
                let there = (request.root.clone(), Arc::clone(&base));
                (plan, Switched::Directory { target: Box::new(target), base }, Some(there))
            }
            Switch::Link(link) => {
                let target = plan::locate(link, Follow::Link, trust)?;
                let releases = Arc::new(plan::locate_dir(&request.root, trust)?);
                let (plan, base, there) = match &target.existing {
                    Some(there) if FileType::from_raw_mode(there.stat.st_mode) == FileType::Symlink => {
                        let (plan, base) = resolve(link)?;
                        let there = (link.clone(), Arc::clone(&base));
                        (plan, Origin::Directory(base), Some(there))
                    }
                    Some(_) => return Err(Error::Target { path: target.path, obstacle: Obstacle::NotALink }),
                    None => {
                        let (plan, fresh) = TreePlan::fresh(request)?;
                        (plan, Origin::Nothing(Box::new(fresh)), None)
                    }
                };
                (plan, Switched::Link { target: Box::new(target), releases, base }, there)
            }
        };
        Ok(Way { plan, switched, base })
    }

    /// Warns of what nothing can be removed of.
    pub(super) fn warn(&self, session: &mut Session<'_>) {
        for path in &self.plan.absent {
            session.event(Event::Warning(&Warning::NothingToDelete { path: path.clone() }));
        }
    }

    /// Every name that no other run may be at.
    pub(super) fn targets(&self) -> Vec<&Target> {
        self.plan.entries.iter().map(|entry| &entry.target).chain(self.whole()).collect()
    }

    /// The one name by which everything is switched, if there is one.
    pub(super) fn whole(&self) -> Option<&Target> {
        match &self.switched {
            Switched::Names => None,
            Switched::Directory { target, .. } | Switched::Link { target, .. } => Some(target),
        }
    }

    /// Whether the path that was asked for still leads to the directory that was looked at.
    pub(super) fn is_what_it_was(&self) -> bool {
        self.base
            .as_ref()
            .is_none_or(|(path, dir)| rustix::fs::stat(path).is_ok_and(|now| dir.id() == Ok((now.st_dev, now.st_ino))))
    }

    /// The directory that a link leads to now: what is put below it once the new one has its files is not in that.
    pub(super) fn tree(&self) -> Option<Tree<'_>> {
        match &self.switched {
            Switched::Link { base: Origin::Directory(dir), .. } => Some(Tree { path: dir.path(), id: dir.id().ok()? }),
            Switched::Link { .. } | Switched::Directory { .. } | Switched::Names => None,
        }
    }
}
