//! How far each file has come.

use std::ffi::OsString;
use std::fs::File;

use crate::fs::rename::Backup;
use crate::plan::{Entry, Numbers, backup_name};
use crate::report::{Copied, InstallError, Installed, LabelError};
use crate::request::{BackupPolicy, InstallFile};
use crate::txn::{Prepared, Provisional};

/// A file of the call.
pub(super) enum Slot {
    Current,
    Failed(InstallError),
    /// It could be installed, but is not going to be.
    HeldBack,
    /// Complete, and in the outbox.
    Staged(Pending),
    /// On the disk, and open for writing nowhere.
    Ready(Pending, Prepared),
    /// In place, unless another fails.
    Provisional(Pending, Provisional),
    /// In place. The file, where it may be read and descriptors last.
    Done(Pending, Option<File>),
}

/// What is known of a file that is on its way.
pub(super) struct Pending {
    pub(super) entry: Entry,
    /// The backup's name, and whether it must be a new one.
    pub(super) backup: Option<(OsString, bool)>,
    pub(super) copied: Copied,
    pub(super) unlabelled: Option<LabelError>,
}

impl Pending {
    pub(super) fn backup(&self) -> Option<Backup<'_>> {
        self.backup.as_ref().map(|(name, new)| if *new { Backup::New(name) } else { Backup::Replace(name) })
    }

    /// Looks for another number, and says whether there is one.
    pub(super) fn renumber(&mut self, policy: Option<&BackupPolicy>) -> bool {
        let numbers = &mut Numbers::default();
        let Some(Ok(found)) = policy.map(|policy| backup_name(policy, &self.entry.dir, &self.entry.leaf, numbers)) else {
            return false;
        };
        let found = Some(found);
        let changed = self.backup != found;
        self.backup = found;
        changed
    }
}

impl Slot {
    /// Whether it speaks against installing the others.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Slot::Failed(_))
    }

    /// Applies a step to what is left of the slot.
    pub(super) fn step(&mut self, step: impl FnOnce(Slot) -> Slot) {
        *self = step(std::mem::replace(self, Slot::HeldBack));
    }

    pub(super) fn outcome(self, file: &InstallFile) -> Installed {
        match self {
            Slot::Current => Installed::Current,
            Slot::Failed(error) => Installed::Failed(error),
            Slot::HeldBack | Slot::Staged(_) | Slot::Ready(..) | Slot::Provisional(..) => Installed::HeldBack,
            Slot::Done(Pending { entry, backup, copied, unlabelled }, _) => {
                let backup = backup.map(|(name, _)| entry.sibling(&file.target, &name));
                Installed::New { replaced: entry.stat.is_some(), backup, copied, unlabelled }
            }
        }
    }
}
