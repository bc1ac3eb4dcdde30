//! What this crate's own tests and fuzzers reach past the public interface. No part of a release.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::proc::{Mapping, Proc};
pub use crate::rescue::rebuild::{Part, Report, State};

/// Makes the file again whose name in /proc/PID/maps ends in `name`, or in `name` and " (deleted)".
///
/// # Errors
/// In words.
pub fn rebuild(pid: u32, name: &OsStr) -> Result<(Vec<u8>, Report), String> {
    use crate::rescue::memory;
    let process = Proc::open().and_then(|proc| proc.process(pid)).map_err(|errno| errno.to_string())?;
    let is_meant = |mapping: &Mapping| {
        let mapped = mapping.name.as_bytes();
        mapped.strip_suffix(b" (deleted)").unwrap_or(mapped).ends_with(name.as_bytes())
    };
    let mut mappings = process.mappings().map_err(|errno| format!("{errno}: {:?}", memory::why_forbidden(&process)))?;
    mappings.retain(is_meant);
    let rebuilt = memory::rebuild(&process, &mappings).map_err(|error| format!("{error:?}"))?;
    Ok((rebuilt.bytes, rebuilt.report))
}
