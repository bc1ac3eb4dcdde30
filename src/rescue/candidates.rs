//! All files that are gone from their path and still in a process: one candidate for each, however many processes have it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Stat};
use rustix::io::Errno;

use super::name::{self, Has};
use super::source::Source;
use super::trust;
use crate::failpoint;
use crate::fs::mount;
use crate::proc::{FileId, Mapping, Pinned, Proc, Process};
use crate::report::{Gone, SourceKind};
use crate::request::Link;

/// A file, and the ways to it, the best first.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) file: FileId,
    /// `None` where the file itself may not be looked at.
    pub(crate) stat: Option<Stat>,
    /// When it was made, where its filesystem tells.
    pub(crate) born: Option<(i64, u32)>,
    /// Bytes; without `stat`, as far as it is mapped.
    pub(crate) size: u64,
    /// The path it had.
    pub(crate) name: PathBuf,
    pub(crate) gone: Gone,
    /// The directory that path is in, as the process sees it, and whom it belongs to.
    pub(crate) directory: Option<(FileId, u32)>,
    pub(crate) sources: Vec<Source>,
}

impl Candidate {
    /// Whether a file is this one.
    pub(crate) fn is(&self, stat: &Stat, born: Option<(i64, u32)>) -> bool {
        let same_owner = self.stat.as_ref().is_none_or(|found| found.st_uid == stat.st_uid);
        FileId::from(stat) == self.file && same_owner && (self.born.is_none() || self.born == born)
    }
}

/// What is looked for.
#[derive(Clone, Debug)]
pub(crate) enum Wanted<'a> {
    /// All that had a name.
    Named,
    /// All, also what never had one.
    All,
    /// What had this name.
    Leaf(&'a OsStr),
    /// What had this path, in this directory if it is still there; with `present`, also what still has it.
    Path { path: &'a Path, directory: Option<FileId>, present: bool },
    /// One of these inodes, whatever became of its name.
    Inodes(&'a [u64]),
    /// Whatever it is, gone or not.
    Any,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) candidates: Vec<Candidate>,
    /// Processes that may not be looked at, or not at all they have.
    pub(crate) unreadable: usize,
    /// Whether there are processes that cannot even be counted: proc(5) with hidepid.
    pub(crate) hidden: bool,
}

/// Why a process has no file by a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotHeld {
    /// It has nothing by it.
    Nothing,
    /// It has something that is no regular file.
    Special,
    /// It is not there, or may not be looked at.
    Unreadable(Errno),
}

/// Whose eyes these are.
#[derive(Debug)]
pub(crate) struct Here {
    pub(super) mounts: OsString,
    pub(super) users: Option<FileId>,
    /// mountinfo, proc_pid_mountinfo(5).
    pub(super) mount_list: Vec<u8>,
    /// The mount that our root directory is on, which in a directory by chroot(2) is not in the list.
    pub(super) root_mount: Option<u64>,
}

impl Here {
    /// This process.
    ///
    /// # Errors
    /// /proc does not tell.
    pub(crate) fn new(proc: &Proc) -> Result<Here, Errno> {
        let this = proc.process(std::process::id())?;
        let users = this.stat("ns/user").ok().map(|stat| FileId::from(&stat));
        let root_mount = this.root().ok().and_then(mount::id_of);
        Ok(Here { mounts: this.namespace("mnt")?, users, mount_list: this.read("mountinfo")?, root_mount })
    }
}

/// Looks at all processes, or at one, for files that are gone from their path. This process itself is left out.
///
/// # Errors
/// /proc cannot be read; the one process is not there, or may not be looked at.
pub(crate) fn find(proc: &Proc, here: &Here, wanted: &Wanted<'_>, only: Option<u32>) -> Result<Found, Errno> {
    let mut found = Found { hidden: only.is_none() && proc.hides(), ..Found::default() };
    let mut all: HashMap<FileId, Candidate> = HashMap::new();
    let pids = only.map_or_else(|| proc.pids(), |pid| Ok(vec![pid]))?;
    for pid in pids.into_iter().filter(|pid| *pid != std::process::id()) {
        let mut look = Look { here, wanted, seen: &mut all };
        match proc.living(pid).and_then(|process| look.at(&process)) {
            Err(errno) if only.is_some() => return Err(errno),
            Ok(()) => {}
            // It has ended.
            Err(Errno::NOENT | Errno::SRCH) => {}
            // Who may not look is told so of threads of the kernel too.
            Err(_) => found.unreadable += usize::from(!proc.process(pid).is_ok_and(|process| process.has_no_files())),
        }
    }
    found.candidates = all.into_values().map(sorted).collect();
    found.candidates.sort_by(|one, other| (&one.name, one.file).cmp(&(&other.name, other.file)));
    Ok(found)
}

/// The file that a process has by one of its links, whether it is gone from its path or not.
///
/// # Errors
/// Why it has none.
pub(crate) fn held(proc: &Proc, here: &Here, pid: u32, link: &Link) -> Result<Candidate, NotHeld> {
    let process = proc.living(pid).map_err(NotHeld::Unreadable)?;
    let mut all = HashMap::new();
    let mut look = Look { here, wanted: &Wanted::Any, seen: &mut all };
    let looked = match link {
        Link::Exe => look.link(&process, "exe".to_owned(), SourceKind::Exe),
        Link::Fd(number) => look.link(&process, format!("fd/{number}"), SourceKind::Fd),
        Link::Map(name) => look.mapping_called(&process, name),
    };
    match looked {
        Ok(()) => all.into_values().next().map(sorted).ok_or(NotHeld::Special),
        // Either the link is not there, or the process is not any more.
        Err(Errno::NOENT) => process.status().map_or_else(|errno| Err(NotHeld::Unreadable(errno)), |_| Err(NotHeld::Nothing)),
        Err(errno) => Err(NotHeld::Unreadable(errno)),
    }
}

fn sorted(mut candidate: Candidate) -> Candidate {
    candidate.sources.sort_by(|one, other| {
        let rank = |source: &Source| (source.foreign, source.kind, source.pid);
        rank(one).cmp(&rank(other))
    });
    candidate
}

/// A file of a process, as it was seen.
struct Seen<'a> {
    /// Of the process.
    link: String,
    kind: SourceKind,
    /// What the kernel calls it.
    text: &'a OsStr,
    file: Behind<'a>,
}

/// What is behind a link.
enum Behind<'a> {
    File(&'a Pinned),
    /// The file may not be looked at: as the mapping has it, and how far it is mapped, in bytes.
    Memory {
        id: FileId,
        extent: u64,
    },
}

/// A look at one process.
struct Look<'a> {
    here: &'a Here,
    wanted: &'a Wanted<'a>,
    seen: &'a mut HashMap<FileId, Candidate>,
}

impl Look<'_> {
    fn at(&mut self, process: &Process) -> Result<(), Errno> {
        match self.link(process, "exe".to_owned(), SourceKind::Exe) {
            // A kernel thread, or one that is ending.
            Err(Errno::NOENT) => return Ok(()),
            result => result?,
        }
        let mut before = None;
        let mappings = process.mappings()?;
        for mapping in &mappings {
            // Mappings of one file stand side by side.
            let file = (mapping.device, mapping.inode);
            if before.replace(file) != Some(file) && self.may_be_it(&mapping.name) {
                self.mapping(process, mapping, &mappings)?;
            }
        }
        for number in process.descriptor_numbers()? {
            match self.link(process, format!("fd/{number}"), SourceKind::Fd) {
                // It was closed.
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// By the text alone, which costs less than to look at the file.
    fn may_be_it(&self, text: &OsStr) -> bool {
        match self.wanted {
            Wanted::Any | Wanted::Inodes(_) => true,
            Wanted::Path { path, present: true, .. } if Path::new(text).file_name() == path.file_name() => true,
            _ => name::may_be_gone(text),
        }
    }

    fn link(&mut self, process: &Process, link: String, kind: SourceKind) -> Result<(), Errno> {
        // A first look, which spares most of them the second.
        if !self.may_be_it(&process.link_text(&link)?) {
            return Ok(());
        }
        failpoint::hit("rescue-look").map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let pinned = process.pin(&link)?;
        if FileType::from_raw_mode(pinned.stat.st_mode) == FileType::RegularFile {
            self.found(process, Seen { link, kind, text: &pinned.text()?, file: Behind::File(&pinned) })?;
        }
        Ok(())
    }

    /// The file of the first mapping that has this name, or path.
    fn mapping_called(&mut self, process: &Process, name: &OsStr) -> Result<(), Errno> {
        let is_it = |mapping: &&Mapping| {
            let path = Path::new(&mapping.name);
            let shown = name::without_mark(path);
            [path, &shown].iter().any(|path| path.as_os_str() == name || path.file_name() == Some(name))
        };
        let mappings = process.mappings()?;
        self.mapping(process, mappings.iter().find(is_it).ok_or(Errno::NOENT)?, &mappings)
    }

    /// The file of one of all its mappings.
    fn mapping(&mut self, process: &Process, mapping: &Mapping, all: &[Mapping]) -> Result<(), Errno> {
        let link = mapping.link();
        match process.pin(&link) {
            Ok(pinned) if FileType::from_raw_mode(pinned.stat.st_mode) == FileType::RegularFile => {
                self.found(process, Seen { link, kind: SourceKind::Map, text: &pinned.text()?, file: Behind::File(&pinned) })
            }
            // A device; or it was unmapped.
            Ok(_) | Err(Errno::NOENT) => Ok(()),
            // It takes CAP_CHECKPOINT_RESTORE, proc_pid_map_files(5); what it is can be told without.
            Err(Errno::PERM | Errno::ACCESS) => {
                let id = FileId { dev: mapping.device(), ino: mapping.inode };
                let of_it = all.iter().filter(|other| (other.device, other.inode) == (mapping.device, mapping.inode));
                let extent = of_it.map(|part| part.offset + (part.end - part.start)).max().unwrap_or_default();
                let file = Behind::Memory { id, extent };
                self.found(process, Seen { link, kind: SourceKind::Memory, text: &mapping.name, file })
            }
            Err(errno) => Err(errno),
        }
    }

    /// Notes a file, if it is wanted.
    fn found(&mut self, process: &Process, Seen { link, kind, text, file: behind }: Seen<'_>) -> Result<(), Errno> {
        let (file, stat) = match &behind {
            Behind::File(pinned) => (FileId::from(&pinned.stat), Some(pinned.stat)),
            Behind::Memory { id, .. } => (*id, None),
        };
        if matches!(self.wanted, Wanted::Inodes(inodes) if !inodes.contains(&file.ino)) {
            return Ok(());
        }
        let ours = process.namespace("mnt").is_ok_and(|theirs| theirs == self.here.mounts);
        let look_up = |path: &Path| match ours {
            true => rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).ok(),
            false => process.stat_path(path.as_os_str()).ok(),
        };
        let has = |path: &Path| match look_up(path) {
            None => Has::Nothing,
            // Without the file itself only the number of its inode is certain: mappings name other devices on btrfs.
            Some(there) if there.st_ino == file.ino && (there.st_dev == file.dev || stat.is_none()) => Has::Itself,
            Some(_) => Has::Another,
        };
        // Of another type on other architectures.
        #[allow(clippy::unnecessary_cast)]
        let links = stat.map_or(1, |stat| stat.st_nlink as u64);
        let gone = name::of_gone(text, links, has);
        let (name, gone) = match (gone, self.wanted) {
            (Some(gone), _) => gone,
            (None, Wanted::Any | Wanted::Inodes(_) | Wanted::Path { present: true, .. }) => (PathBuf::from(text), Gone::Present),
            (None, _) => return Ok(()),
        };
        let directory = name.parent().and_then(look_up).map(|stat| (FileId::from(&stat), stat.st_uid));
        let (through, born, extent) = match &behind {
            Behind::File(pinned) => (Some(pinned.mount()), pinned.born(), pinned.stat.st_size as u64),
            Behind::Memory { extent, .. } => (None, None, *extent),
        };
        let foreign = trust::is_foreign(process, through, self.here);
        if !self.is_wanted(&name, ours || foreign, directory, file) {
            return Ok(());
        }
        let (status, thread) = (process.status()?, process.thread());
        let source = Source { pid: process.pid(), thread, started: status.started, command: status.comm, kind, link, foreign };
        let candidate = self.seen.entry(file).or_insert_with(|| Candidate {
            file,
            stat,
            born,
            size: extent,
            name: name.clone(),
            gone,
            directory,
            sources: Vec::new(),
        });
        candidate.size = candidate.size.max(extent);
        // What a process says that is to be believed counts more.
        if !source.foreign && candidate.sources.iter().all(|before| before.foreign) {
            (candidate.name, candidate.gone, candidate.directory) = (name, gone, directory);
        }
        // One way for each process: the best comes first.
        if candidate.sources.last().is_none_or(|last| last.pid != source.pid) {
            candidate.sources.push(source);
        }
        Ok(())
    }

    /// `by_text`: whether the path is to be taken as it is said.
    fn is_wanted(&self, name: &Path, by_text: bool, directory: Option<(FileId, u32)>, file: FileId) -> bool {
        match self.wanted {
            Wanted::Any | Wanted::All | Wanted::Inodes(_) => true,
            Wanted::Named => !name::is_nameless(name, file.ino),
            Wanted::Leaf(leaf) => name.file_name() == Some(leaf),
            // A path means something else in another mount namespace, unless it is in the very same directory. What somebody
            // else made of his mounts counts as said, so that it is seen to be refused.
            Wanted::Path { path, directory: place, .. } => {
                let same_place = place.is_some_and(|place| directory.is_some_and(|(found, _)| found == place));
                (by_text && name == *path) || (same_place && name.file_name() == path.file_name())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_got_the_number_of_another_one_is_not_taken_for_it() {
        let file = tempfile::tempfile().unwrap();
        let stat = rustix::fs::fstat(&file).unwrap();
        let born = crate::proc::born(&file);
        let found = |stat: Option<Stat>, born| Candidate {
            file: FileId { dev: 1, ino: 2 },
            stat,
            born,
            size: 0,
            name: PathBuf::from("/app"),
            gone: Gone::Deleted,
            directory: None,
            sources: Vec::new(),
        };
        let with = |ino: u64, uid: u32| {
            let mut stat = stat;
            (stat.st_dev, stat.st_ino, stat.st_uid) = (1, ino, uid);
            stat
        };
        let same = with(2, 5);
        assert!(found(Some(same), born).is(&same, born) && found(None, None).is(&same, born));
        assert!(!found(Some(same), born).is(&with(3, 5), born));
        // Somebody else's, or made at another time.
        assert!(!found(Some(same), born).is(&with(2, 6), born));
        let later = born.map(|(seconds, nanoseconds)| (seconds + 1, nanoseconds)).or(Some((1, 0)));
        assert!(!found(Some(same), Some((0, 0))).is(&same, later));
    }
}
