//! Who runs or maps something that is no longer what its path leads to.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::recorded::{Former, Records};
use super::{Key, facts, uses};
use crate::proc::{self, Access, Buffers, FileId, Has, How, Looked, Names, Opened, Proc, Process, Region, Version};
use crate::report::{Evidence, FileUse, ProcessFacts};

/// What one process has that is not current.
#[derive(Debug, Default)]
pub(crate) struct Outdated {
    pub(crate) uses: Vec<FileUse>,
    /// The process, if it has something of which it cannot be told.
    pub(crate) unknown: Option<ProcessFacts>,
}

/// Looks at all processes but this one.
///
/// # Errors
/// /proc cannot be read.
pub(crate) fn stale(proc: &Proc, records: &Records) -> Result<Looked<Outdated>, Errno> {
    proc::each(proc, Names::new, |names, buffers, process, program| {
        if process.pid() == std::process::id() {
            return Ok(None);
        }
        at(&process, program, records, names, buffers).map(Some)
    })
}

/// Looks at one process.
///
/// # Errors
/// It may not be looked at; ESRCH if there is none.
pub(crate) fn stale_process(proc: &Proc, pid: u32, records: &Records) -> Result<Outdated, Errno> {
    proc.process(pid).map_err(|errno| if errno == Errno::NOENT { Errno::SRCH } else { errno })?;
    let (mut names, mut buffers) = (Names::new(), Buffers::new());
    let look = |process: Process, program: &Stat| at(&process, program, records, &mut names, &mut buffers).map(Some);
    Ok(proc::one(proc, pid, look)?.unwrap_or_default())
}

fn at(process: &Process, program: &Stat, records: &Records, names: &mut Names, buffers: &mut Buffers) -> Result<Outdated, Errno> {
    let view = names.view(process)?;
    let mut look = Look { process, names, records, view, unknown: false };
    let mut found = Vec::new();
    let (mut before, mut name) = (None, Vec::new());
    process.each_region(buffers, |region| {
        let id = FileId { dev: region.device(), ino: region.inode };
        let is_known = matches!(&before, Some((known, executable, _)) if *known == id && *executable == region.executable);
        // Mappings of one file stand side by side.
        if !is_known || name != region.name {
            name.clear();
            name.extend_from_slice(region.name);
            before = Some((id, region.executable, look.mapped(region, id)));
        }
        if let Some((_, _, Some(key))) = &before {
            proc::add_mapping(&mut found, Key::clone(key), region.executable, region.writes());
        }
    })?;
    process.each_descriptor(buffers, |opened| {
        found.extend(look.script(opened)?);
        Ok(())
    })?;
    Ok(Outdated { unknown: look.unknown.then(|| facts::of(process)), uses: uses(process, program, found) })
}

struct Look<'a> {
    process: &'a Process,
    names: &'a mut Names,
    records: &'a Records,
    view: u64,
    unknown: bool,
}

impl Look<'_> {
    fn mapped(&mut self, region: &Region<'_>, id: FileId) -> Option<Key> {
        let version = self.names.version(self.process, self.view, Has::Region(region))?;
        let former = self.records.former(proc::plain(region.name));
        if version == Version::Current && former.is_none() {
            return self.moved_away(region, id);
        }
        if !self.names.is_of_interest(self.process, self.view, region) {
            return None;
        }
        if version == Version::Unknown {
            self.unknown = true;
            return None;
        }
        let name = proc::plain(region.name);
        match former {
            None => Some(key(name, id, version, Evidence::Name)),
            Some(former) => {
                let id = self.process.stat(region.link()).as_ref().map_or(id, FileId::from);
                self.kept(former, name, id)
            }
        }
    }

    /// What is at or below the name of a kept version, unless its former path leads to it too.
    fn kept(&mut self, former: Former, name: &[u8], id: FileId) -> Option<Key> {
        let path = match former {
            Former::At(path) => path,
            Former::Somewhere => return Some(key(name, id, Version::Kept, Evidence::Name)),
        };
        let version = match self.names.file_at(self.view, path.as_os_str()) {
            Some(there) if there == id => return None,
            Some(_) => Version::Replaced,
            None => Version::Deleted,
        };
        Some(key(path.as_os_str().as_bytes(), id, version, Evidence::Record))
    }

    /// A file that has another name now: one that we put at a path, where another one is by now.
    fn moved_away(&mut self, region: &Region<'_>, id: FileId) -> Option<Key> {
        let recorded = self.records.with_inode(id.ino);
        if recorded.is_empty() || !self.names.is_own(self.view) {
            return None;
        }
        let stat = self.process.stat(region.link()).ok()?;
        let elsewhere =
            recorded.iter().find(|version| version.is(&stat) && version.path.as_os_str().as_bytes() != region.name)?;
        let version = match self.names.file_at(self.view, elsewhere.path.as_os_str()) {
            Some(there) if there == FileId::from(&stat) => return None,
            Some(_) => Version::Replaced,
            None => Version::Deleted,
        };
        Some(key(elsewhere.path.as_os_str().as_bytes(), FileId::from(&stat), version, Evidence::Record))
    }

    /// A script that was replaced while it runs: its interpreter has it open.
    fn script(&mut self, opened: &Opened<'_>) -> Result<Option<(Key, How)>, Errno> {
        if FileType::from_raw_mode(opened.stat.st_mode) != FileType::RegularFile {
            return Ok(None);
        }
        let (id, text) = (FileId::from(&opened.stat), opened.text()?);
        let has = Has::File { id, text: &text };
        let version = self.names.version(self.process, self.view, has);
        let name = proc::plain(&text);
        let found = match (self.records.former(name), version) {
            (_, None | Some(Version::Unknown)) => None,
            (Some(former), Some(_)) => self.kept(former, name, id),
            (None, Some(version @ (Version::Replaced | Version::Deleted))) => Some(key(name, id, version, Evidence::Name)),
            (None, Some(Version::Current | Version::Kept)) => None,
        };
        let Some(key) = found else { return Ok(None) };
        let access = opened.access()?;
        let runs = runs_as_script(self.process, key.path.as_os_str().as_bytes(), access);
        Ok(runs.then_some((key, How::Open { descriptor: opened.number(), access })))
    }
}

fn key(path: &[u8], id: FileId, version: Version, evidence: Evidence) -> Key {
    Key { path: PathBuf::from(OsStr::from_bytes(path)), id, version, evidence }
}

/// Whether a file that is open is what an interpreter was started to run: it only reads it, and one of its first arguments has
/// the same last part. Other files that are open and have no name are temporary ones, or logs.
pub(super) fn runs_as_script(process: &Process, path: &[u8], access: Access) -> bool {
    /// Arguments behind the interpreter's own name: options, and then the script.
    const LOOKED_AT: usize = 4;
    let last = |path: &[u8]| path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
    let command_line = match access {
        Access::Read => process.read("cmdline").unwrap_or_default(),
        Access::Write | Access::ReadWrite | Access::Path => return false,
    };
    let mut arguments = command_line.split(|byte| *byte == 0).skip(1).take(LOOKED_AT);
    arguments.any(|argument| last(argument) == last(path))
}
