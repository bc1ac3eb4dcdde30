//! Many files in one call, as install(1) has it: all staged, all synced together, then renamed back to back.

mod close;
mod failure;
mod judge;
mod slot;
mod stage;
mod strip;

use std::sync::Arc;

use rustix::process::{Resource, getrlimit};

use super::Host;
use super::label::Labels;
use crate::event::Cancel;
use crate::failpoint;
use crate::fs::sync;
use crate::plan::{Dirs, Numbers};
use crate::report::{InstallError, Installed};
use crate::request::{Durability, InstallFile, Installation, OnFailure};
use crate::txn::{BackupError, Outbox, Prepared, Publish};
use judge::{Taken, Verdict};
use slot::{Pending, Slot};

/// Descriptors that are left to the rest of the process: standard streams, directories, a source, a library or two.
const SPARE_DESCRIPTORS: u64 = 24;

/// Files staged before they are synced and closed, at most.
const WINDOW: u64 = 1 << 14;

/// How often a number is looked for that nobody else takes for a backup at the same moment.
const ATTEMPTS: usize = 16;

/// Installs the files of one call, and tells of each in order.
///
/// # Guarantees
/// A target is never absent, partial, or of another mode than asked for; whatever fails, what had its name is untouched. All
/// files are staged and synced before the first is renamed, so that the set is mixed for as short as renames take; only a file
/// whose meaning depends on an earlier one (the same target again, with numbered backups or a comparison) comes after that.
/// Where all or none are asked for, a rename that fails takes the earlier ones back.
///
/// # After a crash
/// Each target is the old or the new file; the set may be mixed.
pub fn install(installation: &Installation, host: &Host) -> Vec<Installed> {
    let window = window();
    let mut call = Call {
        installation,
        cancel: &host.cancel,
        labels: Labels::new(&installation.label),
        window,
        outbox: match installation.durability {
            Durability::Full => Outbox::to_disk(installation.files.len().min(window)),
            Durability::None => Outbox::unsynced(),
        },
        dirs: Dirs::default(),
        taken: Taken::default(),
        numbers: Numbers::default(),
        slots: Vec::with_capacity(installation.files.len()),
        prepared: 0,
        published: 0,
    };
    call.stage_all();
    call.prepare();
    call.publish();
    call.sync_dirs();
    call.slots.into_iter().zip(&installation.files).map(|(slot, file)| slot.outcome(file)).collect()
}

struct Call<'a> {
    installation: &'a Installation,
    cancel: &'a Cancel,
    labels: Labels<'a>,
    window: usize,
    dirs: Dirs,
    taken: Taken,
    numbers: Numbers,
    slots: Vec<Slot>,
    /// The files of those slots that are staged and not synced, in the same order.
    outbox: Outbox,
    /// The slots before this one are on the disk.
    prepared: usize,
    /// The slots before this one have their names.
    published: usize,
}

impl Call<'_> {
    /// Stages every file, a window of them at a time: there may be more files than descriptors.
    fn stage_all(&mut self) {
        let installation = self.installation;
        for file in &installation.files {
            if self.slots.len() - self.prepared >= self.window {
                self.prepare();
            }
            let slot = self.stage(file).unwrap_or_else(Slot::Failed);
            self.slots.push(slot);
        }
    }

    fn stage(&mut self, file: &InstallFile) -> Result<Slot, InstallError> {
        self.cancel.check().map_err(|_| InstallError::Cancelled)?;
        let judged = match judge::judge(file, self.installation, &mut self.dirs, &self.taken)? {
            Verdict::AfterOthers if self.installation.on_failure == OnFailure::InstallNone => {
                return Err(InstallError::JustCreated);
            }
            Verdict::AfterOthers => {
                self.prepare();
                self.publish();
                self.taken.give_all();
                self.numbers.forget();
                return self.stage(file);
            }
            Verdict::Current => return Ok(Slot::Current),
            Verdict::Install(judged) => judged,
        };
        let name = judged.name();
        let (pending, sealed) = stage::stage(file, *judged, self.installation, &mut self.numbers, &mut self.labels, self.cancel)?;
        self.outbox.put(sealed);
        self.taken.promise(name);
        Ok(Slot::Staged(pending))
    }

    /// Syncs what is staged, all of it together, and closes it. Each file fails for itself.
    fn prepare(&mut self) {
        let mut staged = Vec::new();
        for (at, slot) in self.slots.iter_mut().enumerate().skip(self.prepared) {
            slot.step(|slot| match slot {
                Slot::Staged(pending) => {
                    staged.push((at, pending));
                    Slot::HeldBack
                }
                other => other,
            });
        }
        let namings: Vec<_> = staged.iter().map(|(_, pending)| self.naming(pending)).collect();
        let outcomes = self.close(&namings);
        for ((at, pending), outcome) in staged.into_iter().zip(outcomes) {
            self.slots[at] = match outcome {
                Ok(prepared) => Slot::Ready(pending, prepared),
                Err(error) => Slot::Failed(failure::of_copying(error)),
            };
        }
        self.prepared = self.slots.len();
    }

    /// Renames back to back.
    fn publish(&mut self) {
        let from = std::mem::replace(&mut self.published, self.slots.len());
        let cancel = self.cancel;
        let policy = self.installation.backup.as_ref();
        let slots = &mut self.slots[from..];
        if self.installation.on_failure == OnFailure::InstallNone {
            return publish_all_or_none(slots, cancel);
        }
        for slot in slots {
            slot.step(|slot| {
                let Slot::Ready(mut pending, mut prepared) = slot else { return slot };
                let mut done = publish_one(&pending, &mut prepared, cancel);
                for _ in 0..ATTEMPTS {
                    // Somebody else's backup may have got the number first.
                    let taken =
                        matches!(&done, Err(BackupError::Keep(error)) if error.kind() == std::io::ErrorKind::AlreadyExists);
                    if !taken || !pending.renumber(policy) {
                        break;
                    }
                    done = publish_one(&pending, &mut prepared, cancel);
                }
                match done {
                    Ok(()) => Slot::Done(pending, prepared.into_reader()),
                    Err(error) => Slot::Failed(failure::of_publishing(error, &pending.entry)),
                }
            });
        }
    }

    /// Syncs every directory something was renamed in.
    fn sync_dirs(&mut self) {
        if self.installation.durability == Durability::None {
            return;
        }
        for dir in self.dirs.all() {
            let is_here = |slot: &Slot| matches!(slot, Slot::Done(pending, _) if Arc::ptr_eq(&pending.entry.dir, dir));
            let Some(one) = self.slots.iter().find(|slot| is_here(slot)) else { continue };
            let witness = if let Slot::Done(_, reader) = one { reader.as_ref() } else { None };
            let Err(error) = failpoint::around("sync-dir", || sync::dir(dir, witness)) else { continue };
            for slot in self.slots.iter_mut().filter(|slot| is_here(slot)) {
                let again = error.raw_os_error().map_or_else(|| error.kind().into(), std::io::Error::from_raw_os_error);
                *slot = Slot::Failed(InstallError::InDoubt(again));
            }
        }
    }
}

fn publish_one(pending: &Pending, prepared: &mut Prepared, cancel: &Cancel) -> Result<(), BackupError> {
    let leaf = &pending.entry.leaf;
    match pending.backup() {
        Some(backup) => prepared.publish_keeping(leaf, backup, cancel),
        None => prepared.publish(leaf, Publish::Replace, cancel).map_err(BackupError::Rename),
    }
}

/// Renames all, or, if one cannot be or has failed before, none.
fn publish_all_or_none(slots: &mut [Slot], cancel: &Cancel) {
    let mut failed = slots.iter().any(Slot::has_failed);
    for slot in slots.iter_mut() {
        slot.step(|slot| match slot {
            Slot::Ready(pending, prepared) if !failed => {
                let replaces = pending.entry.stat.is_some();
                match prepared.publish_provisionally(&pending.entry.leaf, replaces, pending.backup(), cancel) {
                    Ok(provisional) => Slot::Provisional(pending, provisional),
                    Err(error) => {
                        failed = true;
                        Slot::Failed(failure::of_publishing(error, &pending.entry))
                    }
                }
            }
            Slot::Ready(..) => Slot::HeldBack,
            other => other,
        });
    }
    // The last one first, as one undoes things.
    for slot in slots.iter_mut().rev() {
        slot.step(|slot| match slot {
            Slot::Provisional(pending, provisional) if !failed => Slot::Done(pending, provisional.settle()),
            Slot::Provisional(_, provisional) => match provisional.take_back() {
                Ok(()) => Slot::HeldBack,
                Err(error) => Slot::Failed(InstallError::NotTakenBack(error)),
            },
            other => other,
        });
    }
}

/// How many files can be staged at once. Each has a descriptor, two while it is named, and may have a directory of its own.
fn window() -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from((limit.saturating_sub(SPARE_DESCRIPTORS) / 2).clamp(1, WINDOW)).expect("at most a thousand")
}
