//! Who has one of some files open for writing.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::fs::dir::Dir;

/// Who has one of some files open for writing.
#[derive(Debug, Default)]
pub(crate) struct Writers {
    /// A process and the file, by the name /proc has for it.
    pub(crate) found: Option<(u32, PathBuf)>,
    /// Processes that may not be looked at.
    pub(crate) unseen: usize,
}

/// Looks for a process that has one of these files, by device and inode, open for writing. Without /proc nothing is seen.
pub(crate) fn writers(files: &HashSet<(u64, u64)>) -> Writers {
    let mut writers = Writers::default();
    let proc = Path::new("/proc");
    let Ok(processes) = Dir::open(proc).and_then(|dir| dir.names(|name| name.iter().all(u8::is_ascii_digit))) else {
        writers.unseen = 1;
        return writers;
    };
    for process in processes {
        let info = proc.join(&process).join("fdinfo");
        let descriptors = Dir::open(&info).and_then(|dir| dir.names(|name| name.iter().all(u8::is_ascii_digit)));
        let descriptors = match descriptors {
            Ok(descriptors) => descriptors,
            // It has ended.
            Err(Errno::NOENT | Errno::SRCH) => continue,
            Err(_) => {
                writers.unseen += 1;
                continue;
            }
        };
        for descriptor in descriptors.iter().filter(|descriptor| may_write(&info.join(descriptor))) {
            let link = proc.join(&process).join("fd").join(descriptor);
            let stat = rustix::fs::stat(&link);
            if stat.is_ok_and(|stat| files.contains(&(stat.st_dev, stat.st_ino))) {
                let name = rustix::fs::readlink(&link, Vec::new()).map(|name| name.into_bytes()).unwrap_or_default();
                let pid = process.to_str().and_then(|pid| pid.parse().ok()).unwrap_or_default();
                writers.found = Some((pid, PathBuf::from(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&name))));
                return writers;
            }
        }
    }
    writers
}

/// Whether a descriptor may be written to, by the flags it was opened with, proc_pid_fdinfo(5).
fn may_write(info: &Path) -> bool {
    // O_PATH descriptors have no access mode.
    const ACCESS: u32 = libc::O_ACCMODE as u32;
    let text = fs_err::read_to_string(info).unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).unwrap_or_default();
    flags & ACCESS != 0 && flags & libc::O_PATH as u32 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_file_open_for_writing_is_seen_and_one_open_for_reading_is_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let facts = file.as_file().metadata().unwrap();
        let files = HashSet::from([(facts.dev(), facts.ino())]);
        let (pid, path) = writers(&files).found.expect("this process has it open");
        assert_eq!((pid, path.as_path()), (std::process::id(), file.path()));
        let path = file.into_temp_path();
        let _reader = std::fs::File::open(&path).unwrap();
        assert!(writers(&files).found.is_none());
    }
}
