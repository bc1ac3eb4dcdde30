//! A new release beside others, and the link to the current one.

use std::sync::Arc;

use super::way::Origin;
use super::whole::text_of;
use super::{Work, replaced, report};
use crate::error::Error;
use crate::fs::dir::Dir;
use crate::plan::{self, Metadata, Target, TreeEntry};
use crate::report::{Action, Report};

impl Work<'_, '_> {
    /// A new directory among releases, and a link that leads to it from then on.
    pub(super) fn release(
        &mut self,
        link: &Target,
        releases: Arc<Dir>,
        from: Origin,
        entries: Vec<TreeEntry>,
    ) -> Result<(), Error> {
        plan::judge_change(link)?;
        self.sweep(link);
        let name = self.transaction()?.txid().to_owned();
        let target = plan::name_in(&releases, name.into())?;
        let mut before = None;
        match from {
            Origin::Directory(base) => {
                before = Some(base.path().to_owned());
                let base = self.base(base)?;
                if !self.whole(&target, base, entries, Some(&link.path))? {
                    // It has only given the release its name.
                    self.transaction = None;
                    return Ok(());
                }
            }
            Origin::Nothing(fresh) => self.fresh(&target, *fresh, &link.path)?,
        }
        let text = text_of(link, &target.path);
        let wanted = Metadata::of_new_link(&self.owners).wanted;
        let replaced = replaced(link, self.old_digest(link)?, self.request.keep);
        let change = self.transaction()?.add_link(&link.dir, &link.path, &text, &wanted, &replaced)?;
        let report = Report { previous_path: before, ..report::of(Action::Installed, link, None) };
        self.push(report, Some(change), None);
        Ok(())
    }
}
