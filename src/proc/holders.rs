//! Who executes, maps or has open one of some files.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::Stat;
use rustix::io::Errno;

use super::Proc;
use super::each::each;
use super::maps::Region;
use super::process::Process;
use super::regions::Buffers;
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
    /// [`HELD`] at most, for each has a descriptor.
    pub(crate) holders: Vec<Holder>,
    /// How many there are besides.
    pub(crate) more: usize,
    /// Processes of which not everything may be looked at.
    pub(crate) unreadable: usize,
}

/// How many processes are held on to.
const HELD: usize = 256;

/// Looks for processes that have one of these files. What ends meanwhile has none.
///
/// A mapping is found by its inode. Where /proc/PID/maps has another device than stat(2), as on btrfs and on overlays, the file
/// behind the mapping's link confirms it; and where that link may not be followed (it takes CAP_CHECKPOINT_RESTORE,
/// proc_pid_map_files(5)) the inode alone decides.
///
/// # Errors
/// /proc cannot be read.
pub(crate) fn holders(proc: &Proc, files: &[FileId]) -> Result<Scan, Errno> {
    let (wanted, held) = (Wanted::new(files), AtomicUsize::new(0));
    let look = |_: &mut (), buffers: &mut Buffers, process: Process, program: &Stat| {
        let files = of_process(&process, program, &wanted, buffers)?;
        if files.is_empty() {
            return Ok(None);
        }
        let is_held = held.fetch_add(1, Ordering::Relaxed) < HELD;
        Ok(Some(is_held.then_some(Holder { process, files })))
    };
    let looked = each(proc, || (), look)?;
    let all = looked.found.len();
    let holders: Vec<Holder> = looked.found.into_iter().flatten().collect();
    Ok(Scan { more: all - holders.len(), holders, unreadable: looked.unreadable.len() })
}

/// Files, by their inode.
struct Wanted {
    by_inode: HashMap<u64, Vec<FileId>>,
}

impl Wanted {
    fn new(files: &[FileId]) -> Wanted {
        let mut by_inode: HashMap<u64, Vec<FileId>> = HashMap::new();
        for file in files {
            by_inode.entry(file.ino).or_default().push(*file);
        }
        Wanted { by_inode }
    }

    fn has(&self, id: FileId) -> Option<FileId> {
        self.by_inode.get(&id.ino)?.contains(&id).then_some(id)
    }

    /// Which of them is mapped there.
    fn mapped(&self, process: &Process, region: &Region<'_>) -> Option<FileId> {
        let candidates = self.by_inode.get(&region.inode)?;
        let id = FileId { dev: region.device(), ino: region.inode };
        if candidates.contains(&id) {
            return Some(id);
        }
        match process.stat(region.link()) {
            Ok(stat) => self.has(FileId::from(&stat)),
            Err(Errno::NOENT | Errno::SRCH) => None,
            // Another file of another filesystem may be taken for this one, but none is passed over.
            Err(_) => candidates.first().copied(),
        }
    }
}

fn of_process(process: &Process, program: &Stat, wanted: &Wanted, buffers: &mut Buffers) -> Result<Vec<(FileId, How)>, Errno> {
    let mut found = Vec::new();
    found.extend(wanted.has(FileId::from(program)).map(|id| (id, How::Executes)));
    process.each_region(buffers, |region| {
        if let Some(id) = wanted.mapped(process, region) {
            add_mapping(&mut found, id, region.executable, region.writes());
        }
    })?;
    process.each_descriptor(buffers, |opened| {
        if let Some(id) = wanted.has(FileId::from(&opened.stat)) {
            found.push((id, How::Open { descriptor: opened.number(), access: opened.access()? }));
        }
        Ok(())
    })?;
    Ok(found)
}

/// Notes that a file is mapped: once, however many mappings there are.
pub(crate) fn add_mapping<Id: PartialEq>(found: &mut Vec<(Id, How)>, id: Id, may_execute: bool, may_write: bool) {
    for (file, how) in found.iter_mut() {
        if let How::Maps { executable, writes } = how
            && *file == id
        {
            *executable |= may_execute;
            *writes |= may_write;
            return;
        }
    }
    found.push((id, How::Maps { executable: may_execute, writes: may_write }));
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
