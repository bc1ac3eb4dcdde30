//! What must be on the disk before anything else happens.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::OnceLock;

use rustix::io::Errno;

use super::dir::Dir;
use super::mount;

/// Puts a file's bytes and metadata on the disk.
///
/// # Errors
/// An error means that bytes may be lost, and a second call that succeeds would not bring them back: never retry, fsync(2).
pub(crate) fn file(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fsync(file)?)
}

/// Lets the disk begin with a file's bytes, without waiting for it. Only a hint: [`file`] is still to be called.
pub(crate) fn begin(file: &File) {
    // To the end of the file, sync_file_range(2).
    crate::sys::begin_writeback(file.as_fd(), 0, 0);
}

/// Puts a file's bytes on the disk, and of its metadata what is needed to read them: of bytes written over others, that is none.
///
/// # Errors
/// As [`file`], fdatasync(2).
pub(crate) fn bytes(file: &File) -> io::Result<()> {
    Ok(rustix::fs::fdatasync(file)?)
}

/// Whether syncfs(2) by this directory is worth as much as fsync of every file: it waits for all of them, and tells of errors.
/// Those of bytes it tells since Linux 5.8, if the descriptor was open before; those of the filesystem's own since 5.17. Network
/// filesystems, FUSE and overlays have rules of their own.
pub(crate) fn filesystem_is_sound(dir: &Dir) -> bool {
    static TELLS: OnceLock<bool> = OnceLock::new();
    let tells = || {
        let uname = rustix::system::uname();
        uname.release().to_str().is_ok_and(|release| is_at_least(release, (5, 17)))
    };
    dir.is_readable() && *TELLS.get_or_init(tells) && mount::is_local(dir)
}

/// Whether a kernel's release, as `6.1.0-13-amd64`, is this version or a later one.
fn is_at_least(release: &str, version: (u32, u32)) -> bool {
    let mut numbers = release.split(|sign: char| !sign.is_ascii_digit()).map_while(|number| number.parse().ok());
    numbers.next().zip(numbers.next()).is_some_and(|found: (u32, u32)| found >= version)
}

/// Bytes that wait to be written, whosever and to whatever disk; `None` without /proc, proc_meminfo(5).
pub(crate) fn waiting() -> Option<u64> {
    let text = fs_err::read_to_string("/proc/meminfo").ok()?;
    let kib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    };
    Some((kib("Dirty:")? + kib("Writeback:")?) << 10)
}

/// Puts everything of a directory's filesystem on the disk, whoever wrote it.
///
/// # Errors
/// As [`file`]; also of what others wrote, syncfs(2).
pub(crate) fn filesystem(dir: &Dir) -> io::Result<()> {
    match dir.is_readable() {
        true => Ok(rustix::fs::syncfs(dir.as_fd())?),
        false => {
            rustix::fs::sync();
            Ok(())
        }
    }
}

/// Puts a directory's names on the disk. `witness` is a file of the same filesystem, open for reading: where the directory
/// may not be read, or the filesystem knows no fsync of directories, all of the filesystem is synced through it.
///
/// # Errors
/// As [`file`].
pub(crate) fn dir(dir: &Dir, witness: Option<&File>) -> io::Result<()> {
    if dir.is_readable() {
        match rustix::fs::fsync(dir.as_fd()) {
            Ok(()) => return Ok(()),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    match witness {
        Some(witness) => Ok(rustix::fs::syncfs(witness)?),
        None if dir.is_readable() => Ok(rustix::fs::syncfs(dir.as_fd())?),
        // The new file may not be read by its own owner either: sync(2) is what is left, and it waits on Linux.
        None => {
            rustix::fs::sync();
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_as_new_as_its_first_two_numbers() {
        for (release, new) in [("5.17.0", true), ("6.1.0-13-amd64", true), ("10.0-rc1", true), ("5.16.20", false)] {
            assert_eq!(is_at_least(release, (5, 17)), new, "{release}");
        }
        for release in ["4.18.0-553.el8.x86_64", "5.9", "", "linux", "6"] {
            assert!(!is_at_least(release, (5, 17)), "{release}");
        }
    }
}
