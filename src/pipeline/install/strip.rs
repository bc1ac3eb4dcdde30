//! A program that strips the staged file.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::report::InstallError;
use crate::txn::Stage;

/// Runs PROGRAM FILE and waits for it. The stage is closed for writing by nobody meanwhile: the program may write to it, or put
/// a new file in its place by a rename.
///
/// # Errors
/// [`InstallError::RunStrip`], [`InstallError::Strip`]; and the file the program left is none.
pub(super) fn run(program: &OsStr, stage: &mut Stage) -> Result<(), InstallError> {
    let status = Command::new(program).arg(super::path_of(stage)?).stdin(Stdio::inherit()).status();
    let status = status.map_err(InstallError::RunStrip)?;
    if !status.success() {
        return Err(InstallError::Strip);
    }
    stage.reopen().map_err(super::copy_error)
}
