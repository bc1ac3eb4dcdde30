//! The mappings and descriptors of a process, one after the other, with nothing allocated for each.

use std::collections::HashSet;
use std::ffi::CStr;
use std::io::Read;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, RawDir, Stat};
use rustix::io::Errno;

use super::maps::{self, Mapping, Region};
use super::process::Process;
use super::status::{self, Access};
use crate::sys::{self, QueriedMap};

/// Bytes of the longest path the kernel tells, the NUL at its end included: PATH_MAX.
const PATH_MAX: usize = 4096;

/// Ends of files that are remembered at most.
const ENDS: usize = 8192;

/// Memory that is used again for each process.
#[derive(Debug)]
pub(crate) struct Buffers {
    name: Box<[u8]>,
    text: Vec<u8>,
    plain: Vec<u8>,
    entries: Box<[MaybeUninit<u8>]>,
    /// Behind which another file was seen to follow, and probably does in other processes too.
    ends: HashSet<Part>,
}

impl Buffers {
    pub(crate) fn new() -> Buffers {
        let name = vec![0; PATH_MAX].into_boxed_slice();
        let entries = vec![MaybeUninit::uninit(); 8 << 10].into_boxed_slice();
        Buffers { name, text: Vec::new(), plain: Vec::new(), entries, ends: HashSet::new() }
    }
}

/// An open descriptor of a process, as long as it is looked at.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    /// /proc/PID/fd.
    dir: &'a OwnedFd,
    name: &'a CStr,
    /// What it leads to.
    pub(crate) stat: Stat,
}

impl Opened<'_> {
    /// Its number.
    pub(crate) fn number(&self) -> u32 {
        self.name.to_str().ok().and_then(|name| name.parse().ok()).unwrap_or_default()
    }

    /// How it was opened, by the permission bits of its link, proc_pid_fd(5).
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn access(&self) -> Result<Access, Errno> {
        Ok(status::access(rustix::fs::statat(self.dir, self.name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode))
    }

    /// What its link says: a claim.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn text(&self) -> Result<Vec<u8>, Errno> {
        Ok(rustix::fs::readlinkat(self.dir, self.name, Vec::new())?.into_bytes())
    }
}

impl Process {
    /// Looks at its mappings of files, in order of address. From Linux 6.11 on the kernel is asked for them one by one, which
    /// writes and reads no text; a name of 4096 bytes or more is then empty.
    ///
    /// A name takes the kernel time to tell, so it is asked for once for the parts of a file that stand side by side, as the loader
    /// maps them.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn each_region(&self, buffers: &mut Buffers, mut look: impl FnMut(&Region<'_>)) -> Result<(), Errno> {
        let mut maps = self.open_link(c"maps")?;
        let mut address = 0;
        let mut parts = None;
        loop {
            match next(maps.as_fd(), address, &mut parts, buffers) {
                Ok(map) => {
                    look(&region(&map, &buffers.name));
                    address = map.end;
                }
                // No more.
                Err(Errno::NOENT) => return Ok(()),
                Err(Errno::SRCH) => return Err(Errno::SRCH),
                // An older kernel, or a filter.
                Err(_) if address == 0 => break,
                Err(errno) => return Err(errno),
            }
        }
        let Buffers { text, plain, .. } = buffers;
        text.clear();
        maps.read_to_end(text).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        for region in text.split(|byte| *byte == b'\n').filter_map(maps::line) {
            maps::unescape(region.name, plain);
            look(&region.named(plain.as_slice()));
        }
        Ok(())
    }

    /// Looks at its open descriptors. One that is closed meanwhile is left out.
    ///
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn each_descriptor(
        &self,
        buffers: &mut Buffers,
        mut look: impl FnMut(&Opened<'_>) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::openat(self.dir(), c"fd", flags, Mode::empty())?;
        let mut entries = RawDir::new(&dir, &mut buffers.entries);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name();
            if !name.to_bytes().first().is_some_and(u8::is_ascii_digit) {
                continue;
            }
            match rustix::fs::statat(&dir, name, AtFlags::empty()) {
                Ok(stat) => match look(&Opened { dir: &dir, name, stat }) {
                    Ok(()) | Err(Errno::NOENT) => {}
                    Err(errno) => return Err(errno),
                },
                // It was closed.
                Err(Errno::NOENT) => {}
                Err(Errno::SRCH) => return Err(Errno::SRCH),
                // A file behind it that cannot be asked: of a server that is gone, of somebody else's FUSE.
                Err(_) => {}
            }
        }
        Ok(())
    }
}

/// A file and an offset in it, in bytes.
type Part = (u32, u32, u64, u64);

fn part(map: &QueriedMap) -> Part {
    (map.major, map.minor, map.inode, map.offset)
}

/// Mappings of one file, one behind the other.
struct Parts {
    last: Part,
    /// The lowest and the highest offset so far, in bytes.
    offsets: (u64, u64),
    name_length: u32,
}

impl Parts {
    fn begin(map: &QueriedMap) -> Parts {
        Parts { last: part(map), offsets: (map.offset, map.offset), name_length: map.name_length }
    }

    /// A further part, with the name of the ones before. One that begins where others are already may be of another link of the
    /// file, which has another name.
    fn take(&mut self, mut map: QueriedMap) -> Option<QueriedMap> {
        let ((major, minor, inode, _), (lowest, highest)) = (self.last, self.offsets);
        if (major, minor, inode) != (map.major, map.minor, map.inode) || (lowest..=highest).contains(&map.offset) {
            return None;
        }
        self.last = part(&map);
        self.offsets = (lowest.min(map.offset), highest.max(map.offset));
        map.name_length = self.name_length;
        Some(map)
    }
}

/// The next mapping at or behind an address. What is behind the end of a file is asked for with its name at once, and not first
/// without.
fn next(maps: BorrowedFd<'_>, address: u64, before: &mut Option<Parts>, buffers: &mut Buffers) -> Result<QueriedMap, Errno> {
    if let Some(parts) = before.as_mut().filter(|parts| !buffers.ends.contains(&parts.last)) {
        if let Some(map) = parts.take(sys::query_map(maps, address, &mut [])?) {
            return Ok(map);
        }
        if buffers.ends.len() < ENDS {
            buffers.ends.insert(parts.last);
        }
    }
    let map = match sys::query_map(maps, address, &mut buffers.name) {
        Err(Errno::NAMETOOLONG) => sys::query_map(maps, address, &mut [])?,
        answer => answer?,
    };
    *before = Some(Parts::begin(&map));
    Ok(map)
}

fn region<'a>(map: &QueriedMap, name: &'a [u8]) -> Region<'a> {
    let has = |flag: u64| map.flags & flag != 0;
    Mapping {
        start: map.start,
        end: map.end,
        offset: map.offset,
        readable: has(QueriedMap::READABLE),
        writable: has(QueriedMap::WRITABLE),
        executable: has(QueriedMap::EXECUTABLE),
        shared: has(QueriedMap::SHARED),
        device: (map.major, map.minor),
        inode: map.inode,
        name: name.get(..(map.name_length as usize).saturating_sub(1)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::proc::Proc;

    #[test]
    fn the_kernel_tells_of_mappings_what_the_text_says() {
        let me = Proc::open().unwrap().process(std::process::id()).unwrap();
        let text = me.read("maps").unwrap();
        let mut plain = Vec::new();
        let read = text.split(|byte| *byte == b'\n').filter_map(maps::line).map(|region| {
            maps::unescape(region.name, &mut plain);
            region.named(plain.as_slice()).to_mapping()
        });
        let read: Vec<_> = read.collect();
        let mut asked = Vec::new();
        me.each_region(&mut Buffers::new(), |region| asked.push(region.to_mapping())).unwrap();
        // Other tests map and unmap meanwhile; the program itself stays.
        let program = std::env::current_exe().unwrap();
        let of_program = |all: &[Mapping]| all.iter().filter(|mapping| mapping.name == *program).cloned().collect::<Vec<_>>();
        assert!(!of_program(&read).is_empty());
        assert_eq!(of_program(&read), of_program(&asked));
    }

    #[test]
    fn each_link_of_a_file_is_told_by_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("one"), "1").unwrap();
        std::fs::hard_link(at("one"), at("other")).unwrap();
        let _pages = ["one", "other"].map(|name| sys::Page::map(std::fs::File::open(at(name)).unwrap().as_fd()).unwrap());
        let me = Proc::open().unwrap().process(std::process::id()).unwrap();
        let mut names: Vec<_> = me.mappings().unwrap().into_iter().map(|mapping| mapping.name).collect();
        names.retain(|name| Path::new(name).starts_with(dir.path()));
        names.sort();
        assert_eq!(names, [at("one").into_os_string(), at("other").into_os_string()]);
    }
}
