//! The state directory is no place for a target: what is there is swapbin's own.

use std::path::Path;

use super::{Host, Run};
use crate::error::{Error, Obstacle};
use crate::plan::Found;
use crate::request::Request;
use crate::source::Session;

/// Refuses what is in the state directory, or below it. The paths are those of targets that were found: without links.
///
/// # Errors
/// [`Error::Target`].
pub(super) fn judge<'a>(host: &Host, paths: impl IntoIterator<Item = &'a Path>) -> Result<(), Error> {
    // Where there is none yet, nothing can be in it.
    let Ok(state) = fs_err::canonicalize(&host.state_dir) else { return Ok(()) };
    match paths.into_iter().find(|path| path.starts_with(&state)) {
        Some(path) => Err(Error::Target { path: path.to_owned(), obstacle: Obstacle::InStateDirectory }),
        None => Ok(()),
    }
}

impl<'a> Run<'a> {
    /// Plans for one file.
    ///
    /// # Errors
    /// As [`crate::plan::Plan::resolve`] and [`judge`].
    pub(super) fn plan(request: &'a Request, host: &Host, session: &mut Session<'_>) -> Result<Run<'a>, Error> {
        let run = Run::plan_among(request, &mut Found::default(), session)?;
        judge(host, [&*run.plan.target.path])?;
        Ok(run)
    }
}
