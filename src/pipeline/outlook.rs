//! What a batch would do, without doing it.

use std::collections::HashMap;
use std::time::Instant;

use super::batch::{leave_out_names, plan_all};
use super::{Host, Run, Settled};
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::plan::Target;
use crate::report::{Action, BatchOutlook, BatchReport, MountOutlook, Report, Times, Warning};
use crate::request::Batch;
use crate::source::Session;

/// Says what [`apply`](crate::apply) would do, in the order of the renames, and changes nothing. Streams are not read and
/// addresses not fetched: where only they could tell, the answer is that the file would be installed.
///
/// # Errors
/// As [`apply`](crate::apply), as far as they show without writing or fetching. That all files together do not fit is no error
/// yet: files may share blocks.
pub fn dry_run_batch(batch: &Batch, host: &Host, observer: &mut dyn Observer) -> Result<BatchOutlook, Error> {
    let mut session = Session { observer, cancel: &host.cancel };
    let started = Instant::now();
    let mut mounts = Mounts::default();
    let (mut swaps, mut keeps) = (Vec::new(), Vec::new());
    let mut runs = plan_all(&batch.swaps, host, &mut session)?;
    leave_out_names(&mut runs);
    for mut run in runs {
        session.cancel.check()?;
        run.plan.target.reopen()?;
        run.warn_of_unfinished(host);
        let supply = match run.settle(&mut session)? {
            Settled::Current => {
                keeps.push(false);
                swaps.push(run.report(Action::Unchanged, &mut session));
                continue;
            }
            Settled::Differs(supply) | Settled::BytesDecide(supply) => supply,
        };
        run.judge_change(&supply)?;
        keeps.push(run.keeps());
        mounts.add(&run.plan.target, supply.only_file().map(|file| file.allocated()), run.keeps());
        swaps.push(run.report(Action::WouldInstall, &mut session));
    }
    let total = started.elapsed();
    let report = BatchReport { txid: None, swaps, times: Times { plan: total, total, ..Times::default() } };
    Ok(BatchOutlook { report, keeps, mounts: mounts.in_order })
}

/// Warns, also in the reports of the targets, of transactions that have to be settled first.
pub(super) fn warn(unfinished: Vec<Warning>, swaps: &mut [Report], session: &mut Session<'_>) {
    for warning in unfinished {
        session.event(Event::Warning(&warning));
        let Warning::Unfinished { path, .. } = &warning else { continue };
        let report = swaps.iter_mut().find(|report| report.target == *path);
        report.into_iter().for_each(|report| report.warnings.push(warning.clone()));
    }
}

/// Sums by filesystem, in the order in which they first come.
#[derive(Default)]
pub(super) struct Mounts {
    pub(super) in_order: Vec<MountOutlook>,
    /// By device number: where in the order.
    places: HashMap<u64, usize>,
}

impl Mounts {
    /// Counts one file. One that is kept costs nothing, for it is there already; but on an overlay the link that keeps it copies
    /// it up first, if it is in a lower layer, which cannot be seen.
    pub(super) fn add(&mut self, target: &Target, size: Option<u64>, keeps: bool) {
        let at = *self.places.entry(target.dir_stat.st_dev).or_insert_with(|| {
            let (path, available) = (target.dir.path().to_owned(), target.room.bytes);
            self.in_order.push(MountOutlook { path, bytes: 0, unknown: 0, available });
            self.in_order.len() - 1
        });
        let copied_up = target.existing.as_ref().filter(|_| keeps && target.room.overlay);
        let mount = &mut self.in_order[at];
        mount.bytes += size.unwrap_or_default() + copied_up.map_or(0, |existing| existing.size());
        mount.unknown += usize::from(size.is_none());
    }
}

impl Run<'_> {
    /// Whether the version that is there would be kept.
    fn keeps(&self) -> bool {
        self.request.keep > 0 && self.plan.target.existing.is_some()
    }
}
