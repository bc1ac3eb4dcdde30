//! Who has the file of a path, or a former version of it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::recorded::{Former, Recorded, Records};
use super::stale::runs_as_script;
use super::{Key, uses};
use crate::proc::{self, Buffers, FileId, Has, How, Looked, Names, Opened, Proc, Process, Region, Version};
use crate::report::{Evidence, FileUse};

/// A path that is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Without links in it.
    pub(crate) path: PathBuf,
    /// What it leads to, as stat(2) has it.
    pub(crate) current: Option<FileId>,
    /// The same as mappings have it, where that is something else.
    pub(crate) mapped: Option<FileId>,
    /// The directory it is in.
    pub(crate) directory: Option<FileId>,
    /// What it led to before, where that is known otherwise than by its name.
    pub(crate) former: Option<FileId>,
}

/// Which uses of them are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    /// Those of processes that run something that is not current.
    Outdated,
}

/// Looks for processes that have one of these files, or a former version of it. This process itself is left out.
///
/// # Errors
/// /proc cannot be read.
pub(crate) fn who(proc: &Proc, asked: &[Asked], records: &Records, wanted: Wanted) -> Result<Looked<Vec<FileUse>>, Errno> {
    let asked = Index::new(asked, records);
    proc::each(proc, Names::new, |names, buffers, process, program| {
        if process.pid() == std::process::id() {
            return Ok(None);
        }
        let mut look = Look { asked: &asked, process: &process, names, view: None };
        let mut found = look.at(program, buffers)?;
        if wanted == Wanted::Outdated {
            found.retain(|(key, how)| key.version != Version::Current && runs(&process, key, *how));
        }
        Ok(Some(uses(&process, program, found)).filter(|uses| !uses.is_empty()))
    })
}

fn runs(process: &Process, key: &Key, how: How) -> bool {
    match how {
        How::Executes | How::Maps { .. } => true,
        How::Open { access, .. } => runs_as_script(process, key.path.as_os_str().as_bytes(), access),
    }
}

/// What is asked about, by what is seen of a file.
struct Index<'a> {
    asked: &'a [Asked],
    records: &'a Records,
    by_inode: HashMap<u64, Vec<usize>>,
    by_path: HashMap<&'a [u8], Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(asked: &'a [Asked], records: &'a Records) -> Index<'a> {
        let mut index = Index { asked, records, by_inode: HashMap::new(), by_path: HashMap::new() };
        for (at, asked) in asked.iter().enumerate() {
            index.by_path.entry(asked.path.as_os_str().as_bytes()).or_default().push(at);
            for known in [asked.current, asked.former].into_iter().flatten() {
                index.by_inode.entry(known.ino).or_default().push(at);
            }
        }
        index
    }

    /// Those whose file has this inode number, or had by the records, or whose path the kernel may mean by this text.
    fn candidates(&self, inode: u64, text: &[u8]) -> Vec<&'a Asked> {
        let of_path = |path: &[u8]| self.by_path.get(path).into_iter().flatten();
        let recorded = self.records.with_inode(inode).iter().map(|version| version.path.as_os_str().as_bytes());
        let mut found: Vec<usize> = self.by_inode.get(&inode).into_iter().flatten().copied().collect();
        found.extend(of_path(text).chain(of_path(proc::plain(text))).chain(recorded.flat_map(of_path)));
        if let Some(Former::At(path)) = self.records.former(proc::plain(text)) {
            found.extend(of_path(path.as_os_str().as_bytes()));
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|at| &self.asked[at]).collect()
    }
}

/// A look at one process.
struct Look<'a> {
    asked: &'a Index<'a>,
    process: &'a Process,
    names: &'a mut Names,
    view: Option<u64>,
}

impl Look<'_> {
    fn at(&mut self, program: &Stat, buffers: &mut Buffers) -> Result<Vec<(Key, How)>, Errno> {
        let mut found = Vec::new();
        let (mut before, mut name) = (None, Vec::new());
        self.process.each_region(buffers, |region| {
            let id = mapped_id(region);
            let keys = match &before {
                // Mappings of one file stand side by side.
                Some((known, keys)) if *known == id && name == region.name => keys,
                _ => {
                    name.clear();
                    name.extend_from_slice(region.name);
                    &before.insert((id, self.of_region(region))).1
                }
            };
            for key in keys {
                proc::add_mapping(&mut found, key.clone(), region.executable, region.writes());
            }
        })?;
        // A program need not be mapped.
        let program = FileId::from(program);
        for asked in self.asked.candidates(program.ino, b"").into_iter().filter(|asked| asked.current == Some(program)) {
            found.push((asked.key(program, Version::Current, Evidence::Inode), How::Executes));
        }
        self.process.each_descriptor(buffers, |opened| {
            for key in self.of_descriptor(opened)? {
                found.push((key, How::Open { descriptor: opened.number(), access: opened.access()? }));
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn of_region(&mut self, region: &Region<'_>) -> Vec<Key> {
        let all = self.asked.candidates(region.inode, region.name);
        all.into_iter().filter_map(|asked| self.mapped(asked, region)).collect()
    }

    fn mapped(&mut self, asked: &Asked, region: &Region<'_>) -> Option<Key> {
        let id = mapped_id(region);
        let stat = || self.process.stat(region.link());
        if let Some(current) = asked.current.filter(|current| current.ino == id.ino) {
            let is_it = current == id
                || match stat() {
                    Ok(stat) => FileId::from(&stat) == current,
                    Err(Errno::NOENT | Errno::SRCH) => false,
                    Err(_) => asked.mapped == Some(id),
                };
            if is_it {
                return Some(asked.key(current, Version::Current, Evidence::Inode));
            }
        }
        if asked.is_named(region.name) {
            let id = stat().as_ref().map_or(id, FileId::from);
            return self.claimed(asked, Has::Region(region), id);
        }
        if self.was_there(asked, region.name) || asked.former.is_some_and(|former| former.ino == id.ino) {
            let id = stat().as_ref().map_or(id, FileId::from);
            if let Some(key) = self.before(asked, region.name, id) {
                return Some(key);
            }
        }
        self.asked.records.of_path(id.ino, &asked.path).next()?;
        match stat() {
            Ok(stat) => self.recorded(asked, &stat),
            Err(Errno::NOENT | Errno::SRCH) => None,
            // It has the number of one that was recorded, and may not be looked at.
            Err(_) => Some(asked.key(id, Version::Unknown, Evidence::Record)),
        }
    }

    fn of_descriptor(&mut self, opened: &Opened<'_>) -> Result<Vec<Key>, Errno> {
        let id = FileId::from(&opened.stat);
        if FileType::from_raw_mode(opened.stat.st_mode) != FileType::RegularFile && !self.asked.by_inode.contains_key(&id.ino) {
            return Ok(Vec::new());
        }
        let text = opened.text()?;
        let all = self.asked.candidates(id.ino, &text);
        let key = |asked: &Asked| match asked.current {
            Some(current) if current == id => Some(asked.key(id, Version::Current, Evidence::Inode)),
            _ if asked.is_named(&text) => self.claimed(asked, Has::File { id, text: &text }, id),
            _ => self.before(asked, &text, id).or_else(|| self.recorded(asked, &opened.stat)),
        };
        Ok(all.into_iter().filter_map(key).collect())
    }

    /// A file of which the kernel says that it had the path: if that is so, and it was in the same directory, which a path in
    /// another mount namespace need not lead to.
    fn claimed(&mut self, asked: &Asked, has: Has<'_>, id: FileId) -> Option<Key> {
        let view = self.view_of(asked)?;
        match self.names.version(self.process, view, has)? {
            // Another file that is called so.
            Version::Current => None,
            version => Some(asked.key(id, version, Evidence::Name)),
        }
    }

    /// The names of the process, if the directory is the same to it.
    fn view_of(&mut self, asked: &Asked) -> Option<u64> {
        let view = match self.view {
            Some(view) => view,
            None => *self.view.insert(self.names.view(self.process).ok()?),
        };
        let directory = asked.path.parent().map_or(OsStr::new("/"), Path::as_os_str);
        (self.names.is_own(view) || self.names.file_at(view, directory) == asked.directory).then_some(view)
    }

    /// Whether a name is one that is kept now, of what was at the path.
    fn was_there(&self, asked: &Asked, text: &[u8]) -> bool {
        matches!(self.asked.records.former(proc::plain(text)), Some(Former::At(path)) if path == asked.path)
    }

    /// A file that is below a directory which is kept, or that the path led to before as far as the asker knows.
    fn before(&mut self, asked: &Asked, text: &[u8], id: FileId) -> Option<Key> {
        let evidence = match asked.former == Some(id) {
            true => Evidence::Inode,
            false if self.was_there(asked, text) => self.view_of(asked).map(|_| Evidence::Record)?,
            false => return None,
        };
        let version = if asked.current.is_some() { Version::Replaced } else { Version::Deleted };
        Some(asked.key(id, version, evidence))
    }

    /// A file that was at the path by our own records, whatever it is called now.
    fn recorded(&self, asked: &Asked, stat: &Stat) -> Option<Key> {
        let is_it = |version: &Recorded| version.is(stat);
        self.asked.records.of_path(stat.st_ino, &asked.path).find(|version| is_it(version))?;
        let version = if asked.current.is_some() { Version::Replaced } else { Version::Deleted };
        Some(asked.key(FileId::from(stat), version, Evidence::Record))
    }
}

fn mapped_id(region: &Region<'_>) -> FileId {
    FileId { dev: region.device(), ino: region.inode }
}

impl Asked {
    fn key(&self, id: FileId, version: Version, evidence: Evidence) -> Key {
        Key { path: self.path.clone(), id, version, evidence }
    }

    fn is_named(&self, text: &[u8]) -> bool {
        let path = self.path.as_os_str().as_bytes();
        text.starts_with(path) && (text.len() == path.len() || proc::plain(text).len() == path.len())
    }
}
