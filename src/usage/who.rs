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
    /// What it led to before, where the asker knows.
    pub(crate) before: Option<Before>,
}

/// What a path led to before.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    pub(crate) version: Recorded,
    pub(crate) device: u64,
    /// By which path it, and what is below it, is seen now: without links in it.
    pub(crate) path: Option<PathBuf>,
    /// The directory that path is in.
    pub(crate) directory: Option<FileId>,
}

impl Before {
    fn id(&self) -> FileId {
        FileId { dev: self.device, ino: self.version.inode }
    }

    /// Whether a file that has this name is it, or below it.
    fn has(&self, text: &[u8]) -> bool {
        self.path.as_ref().is_some_and(|path| {
            let rest = proc::plain(text).strip_prefix(path.as_os_str().as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        })
    }
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
    /// By the paths that files from before are seen by, or are below.
    by_path_before: HashMap<&'a [u8], Vec<usize>>,
}

impl<'a> Index<'a> {
    fn new(asked: &'a [Asked], records: &'a Records) -> Index<'a> {
        let mut index =
            Index { asked, records, by_inode: HashMap::new(), by_path: HashMap::new(), by_path_before: HashMap::new() };
        for (at, asked) in asked.iter().enumerate() {
            index.by_path.entry(asked.path.as_os_str().as_bytes()).or_default().push(at);
            for known in [asked.current, asked.before.as_ref().map(Before::id)].into_iter().flatten() {
                index.by_inode.entry(known.ino).or_default().push(at);
            }
            if let Some(path) = asked.before.as_ref().and_then(|before| before.path.as_ref()) {
                index.by_path_before.entry(path.as_os_str().as_bytes()).or_default().push(at);
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
        found.extend(self.before(proc::plain(text)));
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|at| &self.asked[at]).collect()
    }

    /// Those of which the file that has this path is a version from before, or is below one.
    fn before(&self, path: &[u8]) -> impl Iterator<Item = usize> {
        let is_end = |at: &usize| path.get(*at).is_none_or(|byte| *byte == b'/');
        // Most often there are none.
        let length = if self.by_path_before.is_empty() { 0 } else { path.len() };
        (1..=length).filter(is_end).filter_map(|end| self.by_path_before.get(&path[..end])).flatten().copied()
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
        let has_number = asked.before.as_ref().is_some_and(|before| before.version.inode == id.ino);
        if has_number || asked.had(region.name) || self.was_there(asked, region.name) {
            let stat = stat().ok();
            let id = stat.as_ref().map_or(id, FileId::from);
            if let Some(key) = self.before(asked, region.name, id, stat.as_ref()) {
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
            _ => self.before(asked, &text, id, Some(&opened.stat)).or_else(|| self.recorded(asked, &opened.stat)),
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
        self.view_where(&asked.path, asked.directory)
    }

    /// Whether the path by which what was there before is seen now leads there for the process too.
    fn sees_before(&mut self, asked: &Asked) -> bool {
        let seen = asked.before.as_ref().and_then(|before| self.view_where(before.path.as_ref()?, before.directory));
        seen.is_some()
    }

    /// The names of the process, if the path is in this directory to it.
    fn view_where(&mut self, path: &Path, directory: Option<FileId>) -> Option<u64> {
        let view = match self.view {
            Some(view) => view,
            None => *self.view.insert(self.names.view(self.process).ok()?),
        };
        let parent = path.parent().map_or(OsStr::new("/"), Path::as_os_str);
        (self.names.is_own(view) || self.names.file_at(view, parent) == directory).then_some(view)
    }

    /// Whether a name is one that is kept now, of what was at the path.
    fn was_there(&self, asked: &Asked, text: &[u8]) -> bool {
        matches!(self.asked.records.former(proc::plain(text)), Some(Former::At(path)) if path == asked.path)
    }

    /// A file that is below a directory which is kept, or that the path led to before as far as the asker knows, or is below
    /// that. `stat`: of it, if it may be looked at.
    fn before(&mut self, asked: &Asked, text: &[u8], id: FileId, stat: Option<&Stat>) -> Option<Key> {
        let is_it = |before: &Before| before.id() == id && stat.is_none_or(|stat| before.version.is(stat));
        let evidence = if asked.before.as_ref().is_some_and(is_it) {
            Evidence::Inode
        } else if self.was_there(asked, text) && self.view_of(asked).is_some() {
            Evidence::Record
        } else if asked.had(text) && self.sees_before(asked) {
            Evidence::Name
        } else {
            return None;
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

    /// Whether a file that has this name is what the path led to before, or below it, as far as the asker knows.
    fn had(&self, text: &[u8]) -> bool {
        self.before.as_ref().is_some_and(|before| before.has(text))
    }

    fn is_named(&self, text: &[u8]) -> bool {
        let path = self.path.as_os_str().as_bytes();
        text.starts_with(path) && (text.len() == path.len() || proc::plain(text).len() == path.len())
    }
}
