//! The staging tree laid over the root: what is new, what replaces something.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use rustix::fs::Stat;

use super::stage::{Node, NodeKind, Staged};
use super::within::{Here, Within};
use super::{Change, TreeEntry};
use crate::error::{Error, Obstacle};
use crate::fs::dir::Dir;
use crate::plan::{obstacle, target::Target, trust};

/// What is known so far.
#[derive(Debug)]
pub(super) struct Merge {
    pub(super) within: Within,
    directories: Vec<TreeEntry>,
    files: Vec<TreeEntry>,
    links: Vec<TreeEntry>,
    pub(super) removed: Vec<TreeEntry>,
    /// The names under the root that are in the staging tree, by directory.
    names: HashMap<(u64, u64), HashSet<OsString>>,
    /// Those that are to go.
    going: HashMap<(u64, u64), HashSet<OsString>>,
    /// Those that are on a way the staging tree takes: directories and links by which its own names are reached.
    held: HashMap<(u64, u64), HashSet<OsString>>,
    staged: HashSet<(u64, u64)>,
    entered: HashSet<(u64, u64)>,
}

impl Merge {
    pub(super) fn new(within: Within) -> Merge {
        Merge {
            within,
            directories: Vec::new(),
            files: Vec::new(),
            links: Vec::new(),
            removed: Vec::new(),
            names: HashMap::new(),
            going: HashMap::new(),
            held: HashMap::new(),
            staged: HashSet::new(),
            entered: HashSet::new(),
        }
    }

    /// Lays the names of a directory of the staging tree over one that is there.
    ///
    /// # Errors
    /// As [`super::TreePlan::resolve`].
    pub(super) fn directory(&mut self, here: &Rc<Here>, stage: &Arc<Dir>, nodes: Vec<Node>) -> Result<(), Error> {
        self.overlap(here, stage)?;
        for node in nodes {
            if !self.names.entry(here.id()).or_default().insert(node.name.clone()) {
                return Err(Error::SameTarget { path: here.dir.path().join(&node.name) });
            }
            match node.kind {
                NodeKind::Directory(_) => self.subdirectory(here, stage, node)?,
                NodeKind::File | NodeKind::Link(_) => self.file(here, stage, node)?,
            }
        }
        Ok(())
    }

    /// Whether the staging tree has this name of the root, or comes by it on the way to one it has.
    pub(super) fn is_staged(&self, here: &Here, name: &OsStr) -> bool {
        let has = |names: &HashMap<_, HashSet<OsString>>| names.get(&here.id()).is_some_and(|names| names.contains(name));
        has(&self.names) || has(&self.held)
    }

    /// Whether this directory of the root gets something of the staging tree.
    pub(super) fn is_entered(&self, stat: &Stat) -> bool {
        self.entered.contains(&(stat.st_dev, stat.st_ino))
    }

    /// Whether this name is found to go for the first time: scopes may overlap.
    pub(super) fn is_news(&mut self, here: &Here, name: &OsStr) -> bool {
        self.going.entry(here.id()).or_default().insert(name.to_owned())
    }

    fn subdirectory(&mut self, here: &Rc<Here>, stage: &Arc<Dir>, node: Node) -> Result<(), Error> {
        let mut hold = |dir: &Here, name: &OsStr| {
            self.held.entry(dir.id()).or_default().insert(name.to_owned());
        };
        match self.within.enter(here, Path::new(&node.name), &mut hold)? {
            None => {
                let target = here.target(node.name.clone())?;
                self.below(stage, &node)?;
                self.directories.push(TreeEntry { target, change: Change::Directory(Staged { dir: Arc::clone(stage), node }) });
                Ok(())
            }
            Some(below) => {
                let inner = node.open_directory(stage)?;
                let NodeKind::Directory(nodes) = node.kind else { unreachable!("a directory was found") };
                self.directory(&below, &inner, nodes)
            }
        }
    }

    fn file(&mut self, here: &Rc<Here>, stage: &Arc<Dir>, node: Node) -> Result<(), Error> {
        let target = here.target(node.name.clone())?;
        obstacle::judge_kind(&target)?;
        if self.within.is_judged() {
            judge_leaf(&target)?;
        }
        let is_link = matches!(node.kind, NodeKind::Link(_));
        let staged = Staged { dir: Arc::clone(stage), node };
        match is_link {
            true => self.links.push(TreeEntry { target, change: Change::Link(staged) }),
            false => self.files.push(TreeEntry { target, change: Change::File(staged) }),
        }
        Ok(())
    }

    /// Refuses trees that have a directory in common: one would change while it is read.
    fn overlap(&mut self, here: &Here, stage: &Dir) -> Result<(), Error> {
        self.stage(
            &rustix::fs::fstat(stage).map_err(|errno| Error::Source { path: stage.path().to_owned(), source: errno.into() })?,
        );
        self.entered.insert(here.id());
        match self.staged.contains(&here.id()) || !self.staged.is_disjoint(&self.entered) {
            true => Err(Error::Target { path: here.dir.path().to_owned(), obstacle: Obstacle::Overlap }),
            false => Ok(()),
        }
    }

    /// The same for what is below a directory that is new.
    fn below(&mut self, stage: &Dir, node: &Node) -> Result<(), Error> {
        self.stage(&node.stat);
        if self.entered.contains(&(node.stat.st_dev, node.stat.st_ino)) {
            return Err(Error::Target { path: stage.path().join(&node.name), obstacle: Obstacle::Overlap });
        }
        let NodeKind::Directory(nodes) = &node.kind else { return Ok(()) };
        nodes.iter().filter(|node| matches!(node.kind, NodeKind::Directory(_))).try_for_each(|node| self.below(stage, node))
    }

    fn stage(&mut self, stat: &Stat) {
        self.staged.insert((stat.st_dev, stat.st_ino));
    }

    /// Refuses a staging tree that replaces a link by which others of its names are reached: they would be nowhere.
    ///
    /// # Errors
    /// [`Error::Target`].
    pub(super) fn judge_ways(&self) -> Result<(), Error> {
        let id = |target: &Target| (target.dir_stat.st_dev, target.dir_stat.st_ino);
        let is_held = |target: &Target| self.held.get(&id(target)).is_some_and(|names| names.contains(&target.leaf));
        let replaced = self.files.iter().chain(&self.links).map(|entry| &entry.target);
        match replaced.into_iter().find(|target| is_held(target)) {
            Some(target) => Err(Error::Target { path: target.path.clone(), obstacle: Obstacle::WayIn }),
            None => Ok(()),
        }
    }

    /// Everything, in the order it is done. What is below a directory that goes, goes with it: scopes may overlap.
    pub(super) fn into_entries(self) -> Vec<TreeEntry> {
        let Merge { mut directories, files, links, mut removed, .. } = self;
        let gone: HashSet<PathBuf> = removed.iter().map(|entry| entry.target.path.clone()).collect();
        removed.retain(|entry| !entry.target.path.ancestors().skip(1).any(|above| gone.contains(above)));
        directories.extend(files);
        directories.extend(links);
        directories.extend(removed);
        directories
    }
}

fn judge_leaf(target: &Target) -> Result<(), Error> {
    match target.existing.as_ref().filter(|existing| existing.is_regular()) {
        Some(existing) => trust::judge_leaf(&target.dir_stat, &existing.stat, &target.path),
        None => Ok(()),
    }
}
