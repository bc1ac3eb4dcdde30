//! From staged to ready: on the disk, open for writing nowhere, and with a name of its own where one is needed.

use super::Call;
use super::slot::Pending;
use crate::error::Error;
use crate::plan::Entry;
use crate::request::{Durability, OnFailure};
use crate::txn::{self, Naming, Prepared, Sealed};

impl Call<'_> {
    /// Where the target's name is free, a link publishes the file, which until then needs no name: less work, and nothing is
    /// left whatever kills us. But each such file keeps a descriptor, and not one that a directory could be synced through; and
    /// what can be undone has a temporary name to go back to. An append-only directory takes no other name than the final one.
    pub(super) fn naming(&self, pending: &Pending) -> Naming {
        let Entry { dir, stat, .. } = &pending.entry;
        let by_link = dir.is_readable() && self.descriptors_last() && self.installation.on_failure == OnFailure::Continue;
        match stat.is_none() && (by_link || dir.flags().append_only) {
            true => Naming::Final,
            false => Naming::Temporary,
        }
    }

    /// Syncs what is staged, if it is to be synced, and closes it.
    pub(super) fn close(&mut self, namings: &[Naming]) -> Vec<Result<Prepared, Error>> {
        let files = self.outbox.take();
        // Locks of files are kept as long as descriptors last; with more files than that, those of their directories are.
        self.dirs.all().for_each(|dir| txn::hold_off_sweepers(dir));
        let locked = self.descriptors_last();
        let close = |at: usize, file: Sealed| {
            let mut prepared = file.close(namings[at])?;
            if !locked {
                prepared.close_reader();
            }
            Ok(prepared)
        };
        match self.installation.durability {
            Durability::Full => txn::each_in_parallel(files, |at, file| file.sync().and_then(|()| close(at, file))),
            Durability::None => files.into_iter().enumerate().map(|(at, file)| close(at, file)).collect(),
        }
    }

    /// Whether every file of the call can keep a descriptor.
    fn descriptors_last(&self) -> bool {
        self.installation.files.len() <= self.window
    }
}
