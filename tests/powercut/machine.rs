//! What this machine must have, and a place where nothing is left behind.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};

use super::filesystem::{Filesystem, path_with_sbin};
use super::{device, sys};

/// A directory that only this process and its children see, in a mount namespace of their own.
///
/// # Errors
/// Why there can be no power cuts here.
pub fn prepare() -> Result<PathBuf, String> {
    if !rustix::process::geteuid().is_root() {
        return Err("needs root".to_owned());
    }
    File::options().read(true).write(true).open("/dev/loop-control").map_err(|error| format!("no loop devices here: {error}"))?;
    for filesystem in Filesystem::ALL {
        let mkfs = format!("mkfs.{}", filesystem.kind());
        if !path_with_sbin().split(':').any(|directory| Path::new(directory).join(&mkfs).is_file()) {
            return Err(format!("{mkfs} is not installed"));
        }
    }
    sys::new_mount_namespace().map_err(|error| format!("no mount namespace here: {error}"))?;
    let base = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .and_then(|()| mount("none", &base, "tmpfs", MountFlags::NOSUID, c"mode=755"))
        .map_err(|error| format!("nothing can be mounted here: {error}"))?;
    device::open_fuse(&base).map_err(|error| format!("no FUSE here: {error}"))?;
    Ok(base)
}

/// Says so, and fails where it must not be.
pub fn skip(why: &str) -> ExitCode {
    eprintln!("SKIPPED: powercut: {why}");
    if std::env::var_os("SWAPBIN_REQUIRE_MOUNTS").as_deref() == Some(OsStr::new("1")) {
        eprintln!("skipped where it must run: {why}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
