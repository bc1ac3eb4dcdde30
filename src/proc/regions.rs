//! The mappings and descriptors of a process, one after the other, with nothing allocated for each.

use std::ffi::CStr;
use std::io::Read;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags, RawDir, Stat};
use rustix::io::Errno;

use super::maps::{self, Mapping, Region};
use super::process::Process;
use super::status::{self, Access};
use crate::sys::{self, QueriedMap};

/// Bytes of the longest path the kernel tells, the NUL at its end included: PATH_MAX.
const PATH_MAX: usize = 4096;

/// Memory that is used again for each process.
#[derive(Debug)]
pub(crate) struct Buffers {
    name: Box<[u8]>,
    text: Vec<u8>,
    plain: Vec<u8>,
    entries: Box<[MaybeUninit<u8>]>,
}

impl Buffers {
    pub(crate) fn new() -> Buffers {
        let name = vec![0; PATH_MAX].into_boxed_slice();
        let entries = vec![MaybeUninit::uninit(); 8 << 10].into_boxed_slice();
        Buffers { name, text: Vec::new(), plain: Vec::new(), entries }
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
    /// # Errors
    /// As [`Process::stat`].
    pub(crate) fn each_region(&self, buffers: &mut Buffers, mut look: impl FnMut(&Region<'_>)) -> Result<(), Errno> {
        let mut maps = self.open_link(c"maps")?;
        let mut address = 0;
        loop {
            let answer = match sys::query_map(maps.as_fd(), address, &mut buffers.name) {
                Err(Errno::NAMETOOLONG) => sys::query_map(maps.as_fd(), address, &mut []),
                answer => answer,
            };
            match answer {
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
}
