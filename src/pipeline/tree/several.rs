//! Files of a staging tree that take the place of others, the small ones by as many threads as there are processors.

use super::fill::{Content, Labelling};
use super::{Work, digest, replaced, report};
use crate::elf::Linkage;
use crate::error::Error;
use crate::event::Event;
use crate::fs::label;
use crate::pipeline::batch::window;
use crate::plan::{self, Owners, Staged, Target};
use crate::report::{Action, Report, Warning};
use crate::request::Digest;
use crate::source::Session;
use crate::txn::{self, Replaced, Sealed, each_on_processors};

/// Files up to this size are staged together: 1 MiB. A larger one shows how far it is, and keeps the disk busy by itself.
const SMALL: i64 = 1 << 20;

/// How many are staged together, at most.
const TOGETHER: usize = 256;

/// A file that is staged, and what is known of it and of the one it replaces.
pub(super) struct Ready {
    pub(super) sealed: Sealed,
    pub(super) sha256: Digest,
    pub(super) linkage: Linkage,
    /// The digest of the old file, where it can be read.
    pub(super) old: Option<Digest>,
    pub(super) warnings: Vec<Warning>,
}

impl Ready {
    /// Stages one file; `None`: the target is this file already.
    ///
    /// # Errors
    /// Of [`Content`]; of [`plan::judge_change`] and [`plan::judge_size`].
    pub(super) fn make(
        owners: &Owners,
        target: &mut Target,
        staged: &Staged,
        labelling: &mut Labelling,
        session: &mut Session<'_>,
    ) -> Result<Option<Ready>, Error> {
        let content = Content::open(owners, &staged.dir, &staged.node)?;
        target.reopen()?;
        if content.is_that_of(target, session.cancel)? {
            return Ok(None);
        }
        plan::judge_change(target)?;
        plan::judge_size(target, content.source.allocated(), true)?;
        let mut warnings = report::warnings(target, &content.metadata);
        let (sealed, sha256, linkage) = content.stage(&target.dir, &target.path, labelling, &mut warnings, session)?;
        let old = target.existing.as_mut().and_then(|existing| existing.file.take());
        let old = old.map(|file| digest(&file, target, session)).transpose()?;
        Ok(Some(Ready { sealed, sha256, linkage, old, warnings }))
    }
}

/// Whether a file is better staged together with others.
pub(super) fn is_small(staged: &Staged) -> bool {
    // The policy of labels is open once, and is asked by one thread.
    staged.node.stat.st_size <= SMALL && !label::is_enabled()
}

/// How many files are staged together: they are open until the transaction has them, besides those it has.
pub(super) fn together() -> usize {
    (window() / 4).clamp(1, TOGETHER)
}

impl Work<'_, '_> {
    /// Stages one file, and takes it.
    pub(super) fn file(&mut self, mut target: Target, staged: Staged) -> Result<(), Error> {
        let ready = Ready::make(&self.owners, &mut target, &staged, &mut self.labelling, &mut self.session)?;
        self.take_files(&[(target, staged)], vec![ready])
    }

    /// Stages these files together, and takes them in their order.
    pub(super) fn several(&mut self, files: Vec<(Target, Staged)>) -> Result<(), Error> {
        for (target, _) in &files {
            self.session.event(Event::Planned { target: &target.path });
            self.sweep(target);
        }
        let (owners, cancel) = (&self.owners, self.session.cancel);
        let readied = each_on_processors(txn::FILES, files, |_, (mut target, staged)| {
            let mut session = Session { observer: &mut |_: &Event<'_>| {}, cancel };
            let ready = Ready::make(owners, &mut target, &staged, &mut Labelling::default(), &mut session)?;
            Ok(((target, staged), ready))
        });
        let (files, readied): (Vec<_>, Vec<_>) = readied.into_iter().collect::<Result<_, Error>>()?;
        readied.iter().flatten().for_each(|_| self.session.event(Event::Sealed));
        self.take_files(&files, readied)
    }

    /// Takes files that are staged, or are current.
    fn take_files(&mut self, files: &[(Target, Staged)], readied: Vec<Option<Ready>>) -> Result<(), Error> {
        let (mut changes, mut said) = (Vec::new(), Vec::new());
        for ((target, _), ready) in files.iter().zip(readied) {
            said.push(ready.map(|Ready { sealed, sha256, linkage, old, warnings }| {
                changes.push((sealed, Replaced { linkage, ..replaced(target, old, self.request.keep) }, sha256));
                (sha256, warnings)
            }));
        }
        let mut change = if changes.is_empty() { 0 } else { self.transaction()?.add_several(changes)? };
        for ((target, staged), said) in files.iter().zip(said) {
            let Some((sha256, warnings)) = said else {
                self.leave(target, staged);
                continue;
            };
            let report = Report { warnings, ..report::of(Action::Installed, target, Some(staged)) };
            self.push(report, Some(change), Some(sha256));
            change += 1;
        }
        Ok(())
    }
}
