//! Content of a staging tree on its way: files that are staged, and new directories that are filled.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::FileType;
use rustix::io::Errno;

use super::{Work, report};
use crate::checksum;
use crate::elf::{self, Linkage};
use crate::error::Error;
use crate::event::{Cancel, Event};
use crate::fs::dir::Dir;
use crate::fs::label::{self, NoAnswer, Policy};
use crate::plan::{self, Metadata, Node, NodeKind, Owners, Target};
use crate::proof::Trusted;
use crate::report::{Report, Warning};
use crate::request::Digest;
use crate::source::{LocalSource, Session};
use crate::txn::{self, NewTree, Sealed, Stage};

/// A file of the staging tree, open.
pub(super) struct Content {
    pub(super) source: LocalSource,
    pub(super) metadata: Metadata,
    size: u64,
}

impl Content {
    /// # Errors
    /// [`Error::Source`], [`Error::SourceChanged`].
    pub(super) fn open(owners: &Owners, dir: &Dir, node: &Node) -> Result<Content, Error> {
        let path = dir.path().join(&node.name);
        let file = node.open(dir)?;
        let metadata = Metadata::of(owners, &file, &node.stat, &path)?;
        Ok(Content { source: LocalSource::from_file(file, path)?, metadata, size: node.stat.st_size as u64 })
    }

    /// A file that stays as it is in a tree that is built anew.
    ///
    /// # Errors
    /// As [`Content::open`].
    pub(super) fn kept(dir: &Dir, name: &OsStr, path: &Path) -> Result<Content, Error> {
        let unreadable = |errno: Errno| Error::Source { path: path.to_owned(), source: errno.into() };
        let file = dir.open_file(name).map_err(unreadable)?;
        let stat = rustix::fs::fstat(&file).map_err(unreadable)?;
        let metadata = Metadata::of_kept(&file, &stat, path)?;
        let source = LocalSource::from_file(file, path.to_owned())?;
        Ok(Content { source, metadata, size: stat.st_size as u64 })
    }

    /// Whether the target is this file already.
    ///
    /// # Errors
    /// Cancelled.
    pub(super) fn is_that_of(&self, target: &Target, cancel: &Cancel) -> Result<bool, Error> {
        let Some(existing) = target.existing.as_ref().filter(|existing| existing.is_regular()) else { return Ok(false) };
        let Some(file) = &existing.file else { return Ok(false) };
        Ok(existing.size() == self.size
            && self.metadata.is_that_of(file, &existing.stat)
            && plan::same_content(self.source.file(), file, self.size, cancel)?)
    }

    /// Copies it beside its target, with everything it is to have, and says what its digest is and what it needs.
    ///
    /// # Errors
    /// Of reading and writing; [`Error::CannotKeep`], [`Error::CannotSet`].
    pub(super) fn stage(
        &self,
        dir: &Arc<Dir>,
        target: &Path,
        labelling: &mut Labelling,
        warnings: &mut Vec<Warning>,
        session: &mut Session<'_>,
    ) -> Result<(Sealed, Digest, Linkage), Error> {
        let stage = self.pour(dir, target, session)?;
        // After a crash the digest tells which version has the name. It is that of the source, which is read already: of a file that
        // shares its blocks the kernel would read them from the disk again.
        let sha256 = checksum::sha256_of(self.source.file(), session.cancel, |error| self.source.read_error(error))?;
        let linkage = elf::linkage(self.source.file());
        self.source.check_unchanged()?;
        labelling.give(target, FileType::RegularFile, warnings, |label| stage.label(label));
        let sealed = stage.seal(Trusted::unasked(), &self.metadata.wanted)?;
        session.event(Event::Sealed);
        Ok((sealed, sha256, linkage))
    }

    /// Copies it as it is.
    ///
    /// # Errors
    /// As [`Content::stage`].
    pub(super) fn copy(&self, dir: &Arc<Dir>, target: &Path, session: &mut Session<'_>) -> Result<Sealed, Error> {
        let stage = self.pour(dir, target, session)?;
        self.source.check_unchanged()?;
        stage.seal(Trusted::unasked(), &self.metadata.wanted)
    }

    fn pour(&self, dir: &Arc<Dir>, target: &Path, session: &mut Session<'_>) -> Result<Stage, Error> {
        let mut stage = Stage::beside(dir, target)?;
        let sparse = self.source.is_sparse();
        let mut on_chunk = |bytes| {
            session.event(Event::Progress { bytes });
            session.cancel.check()
        };
        stage.copy_from(self.source.file(), self.size, sparse, |error| self.source.read_error(error), &mut on_chunk)?;
        Ok(stage)
    }
}

/// The labels that the policy has.
#[derive(Default)]
pub(super) struct Labelling {
    policy: Policy,
}

impl Labelling {
    /// Gives what is going to have this path its label. That it cannot be given is warned of.
    fn give(
        &mut self,
        path: &Path,
        kind: FileType,
        warnings: &mut Vec<Warning>,
        give: impl FnOnce(&[u8]) -> std::io::Result<()>,
    ) {
        if !label::is_enabled() {
            return;
        }
        let given = match self.policy.of_path(path.as_os_str().as_bytes().to_vec(), kind) {
            Ok(None) => return,
            Ok(Some(label)) => give(&label).map_err(|error| format!("{}: {error}", String::from_utf8_lossy(&label))),
            Err(NoAnswer::Policy(error) | NoAnswer::Path(error)) => Err(error.to_string()),
        };
        if let Err(detail) = given {
            warnings.push(Warning::NotLabelled { path: path.to_owned(), detail });
        }
    }
}

impl Work<'_, '_> {
    /// Fills a new directory, everything below it included, and completes it.
    pub(super) fn fill(
        &mut self,
        tree: &mut NewTree,
        dir: Arc<Dir>,
        stage: &Dir,
        node: Node,
        target: &Path,
        reports: &mut Vec<Report>,
    ) -> Result<(), Error> {
        let inner = node.open_directory(stage)?;
        self.fill_from(tree, dir, &inner, node, target, reports)
    }

    /// The same from a directory that is open.
    pub(super) fn fill_from(
        &mut self,
        tree: &mut NewTree,
        dir: Arc<Dir>,
        inner: &Dir,
        node: Node,
        target: &Path,
        reports: &mut Vec<Report>,
    ) -> Result<(), Error> {
        let metadata = Metadata::of(&self.owners, inner, &node.stat, inner.path())?;
        let NodeKind::Directory(children) = node.kind else { unreachable!("planned as a directory") };
        for child in children {
            self.session.cancel.check()?;
            let path = target.join(&child.name);
            let mut report = report::of_new(&path, inner.path(), &child);
            match &child.kind {
                NodeKind::File => {
                    let content = Content::open(&self.owners, inner, &child)?;
                    report.warnings = report::privileges(&path, &content.metadata).into_iter().collect();
                    let staged = content.stage(&dir, &path, &mut self.labelling, &mut report.warnings, &mut self.session)?;
                    let stat = tree.file(staged.0, &child.name)?;
                    report::complete(&mut report, &stat, Some(staged.1));
                }
                NodeKind::Link(text) => {
                    let metadata = Metadata::of_link(&self.owners, &child.stat);
                    let stat = txn::make_link(&dir, &child.name, text, &metadata.wanted, &path)?;
                    report::complete(&mut report, &stat, None);
                }
                NodeKind::Directory(_) => {
                    let below = tree.directory(&dir, &child.name, &path)?;
                    reports.push(report);
                    self.fill(tree, below, inner, child, &path, reports)?;
                    continue;
                }
            }
            reports.push(report);
        }
        let mut warnings = Vec::new();
        self.labelling.give(target, FileType::Directory, &mut warnings, |text| label::set_directory(&*dir, text).map(drop));
        warnings.iter().for_each(|warning| self.session.event(Event::Warning(warning)));
        tree.complete(dir, &metadata.wanted, target).map(drop)
    }
}
