//! Who executes, maps or has open one of some files.

use std::collections::HashMap;

use rustix::fs::Stat;
use rustix::io::Errno;

use super::Proc;
use super::process::Process;
use super::status::Access;

/// A file: device and inode, as stat(2) has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FileId {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
}

impl From<&Stat> for FileId {
    fn from(stat: &Stat) -> FileId {
        FileId { dev: stat.st_dev, ino: stat.st_ino }
    }
}

/// In which way a process has a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It is the program that runs.
    Executes,
    /// It is mapped.
    Maps {
        /// Whether one of the mappings may be executed.
        executable: bool,
        /// Whether one of them is shared and may be written to.
        writes: bool,
    },
    /// A descriptor of this number is open.
    Open { descriptor: u32, access: Access },
}

/// A process, and which of the files it has in which ways.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) process: Process,
    pub(crate) files: Vec<(FileId, How)>,
}

/// What a look at all processes gave.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) holders: Vec<Holder>,
    /// Processes of which not everything may be looked at.
    pub(crate) unreadable: usize,
}

/// Looks for processes that have one of these files. What ends meanwhile has none.
///
/// A mapping is found by its inode and confirmed by the file behind its link, for what /proc/PID/maps says of a file's device is
/// not st_dev on btrfs and on overlays. Where that link may not be followed (it takes CAP_CHECKPOINT_RESTORE,
/// proc_pid_map_files(5)) the inode alone decides.
///
/// # Errors
/// /proc cannot be read.
pub(crate) fn holders(proc: &Proc, files: &[FileId]) -> Result<Scan, Errno> {
    let by_inode: HashMap<u64, Vec<FileId>> = files.iter().fold(HashMap::new(), |mut all, file| {
        all.entry(file.ino).or_insert_with(Vec::new).push(*file);
        all
    });
    let mut scan = Scan::default();
    for pid in proc.pids()? {
        let found = proc.process(pid).and_then(|process| {
            let files = of_process(&process, &by_inode)?;
            Ok((process, files))
        });
        match found {
            Ok((_, files)) if files.is_empty() => {}
            Ok((process, files)) => scan.holders.push(Holder { process, files }),
            // It has ended.
            Err(Errno::NOENT | Errno::SRCH) => {}
            Err(_) => scan.unreadable += 1,
        }
    }
    Ok(scan)
}

fn of_process(process: &Process, wanted: &HashMap<u64, Vec<FileId>>) -> Result<Vec<(FileId, How)>, Errno> {
    let is_wanted = |stat: &Stat| {
        let id = FileId::from(stat);
        wanted.get(&id.ino)?.contains(&id).then_some(id)
    };
    let mut found = Vec::new();
    match process.stat(c"exe") {
        Ok(stat) => found.extend(is_wanted(&stat).map(|id| (id, How::Executes))),
        // A kernel thread, or one that is ending, has none.
        Err(Errno::NOENT) => return Ok(found),
        Err(errno) => return Err(errno),
    }
    for mapping in process.mappings()? {
        let Some(candidates) = wanted.get(&mapping.inode) else { continue };
        let (executable, writes) = (mapping.executable, mapping.shared && mapping.writable);
        let id = match process.stat(mapping.link()) {
            Ok(stat) => is_wanted(&stat),
            Err(Errno::NOENT | Errno::SRCH) => None,
            // By inode alone: another file of another filesystem may be taken for this one, but none is passed over.
            Err(_) => candidates.first().copied(),
        };
        let Some(id) = id else { continue };
        let known = found.iter_mut().find_map(|(file, how)| match how {
            How::Maps { executable, writes } if *file == id => Some((executable, writes)),
            _ => None,
        });
        match known {
            Some(known) => {
                *known.0 |= executable;
                *known.1 |= writes;
            }
            None => found.push((id, How::Maps { executable, writes })),
        }
    }
    for descriptor in process.descriptors()? {
        let how = How::Open { descriptor: descriptor.number, access: descriptor.access };
        found.extend(is_wanted(&descriptor.stat).map(|id| (id, how)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_executes_its_program_and_has_a_file_open() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let open = FileId::from(&rustix::fs::fstat(file.as_file()).unwrap());
        let program = FileId::from(&rustix::fs::stat("/proc/self/exe").unwrap());
        let scan = holders(&Proc::open().unwrap(), &[open, program]).unwrap();
        let ours = |id: FileId| {
            let mine = scan.holders.iter().filter(|holder| holder.process.pid() == std::process::id());
            let all = mine.flat_map(|holder| holder.files.iter());
            all.filter(|(file, _)| *file == id).map(|(_, how)| *how).collect::<Vec<_>>()
        };
        assert!(matches!(*ours(open), [How::Open { access: Access::ReadWrite, .. }]), "{:?}", ours(open));
        assert!(ours(program).contains(&How::Executes));
        assert!(ours(program).iter().any(|how| matches!(how, How::Maps { executable: true, writes: false })));
    }
}
