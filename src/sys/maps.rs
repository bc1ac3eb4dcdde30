//! Mappings of processes, asked of the kernel.

use std::ffi::c_void;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// A mapping of a process, as PROCMAP_QUERY of Linux 6.11 tells it: `struct procmap_query` of linux/fs.h.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QueriedMap {
    size: u64,
    query_flags: u64,
    query_address: u64,
    /// The first address.
    pub(crate) start: u64,
    /// The address behind the last one.
    pub(crate) end: u64,
    /// [`READABLE`](Self::READABLE) and the others.
    pub(crate) flags: u64,
    page_size: u64,
    /// Where in the file it begins, in bytes.
    pub(crate) offset: u64,
    pub(crate) inode: u64,
    pub(crate) major: u32,
    pub(crate) minor: u32,
    /// Bytes of the name that was written, the NUL at its end included.
    pub(crate) name_length: u32,
    build_id_length: u32,
    name_address: u64,
    build_id_address: u64,
}

impl QueriedMap {
    pub(crate) const READABLE: u64 = 1;
    pub(crate) const WRITABLE: u64 = 2;
    pub(crate) const EXECUTABLE: u64 = 4;
    pub(crate) const SHARED: u64 = 8;
}

/// The first mapping of a file at or behind an address, asked of an open /proc/PID/maps. Its name goes to `name`, not escaped.
///
/// # Errors
/// ENOENT: there is none; ENOTTY: the kernel is older; ENAMETOOLONG: the name does not fit; ESRCH: the process has ended.
pub(crate) fn query_map(maps: BorrowedFd<'_>, address: u64, name: &mut [u8]) -> Result<QueriedMap, rustix::io::Errno> {
    // _IOWR('f', 17, struct procmap_query).
    const PROCMAP_QUERY: libc::c_ulong = 0xc068_6611;
    const COVERING_OR_NEXT: u64 = 0x10;
    const FILE_BACKED: u64 = 0x20;
    let mut query = QueriedMap {
        size: size_of::<QueriedMap>() as u64,
        query_flags: COVERING_OR_NEXT | FILE_BACKED,
        query_address: address,
        name_length: name.len() as u32,
        name_address: if name.is_empty() { 0 } else { name.as_mut_ptr() as u64 },
        ..QueriedMap::default()
    };
    // SAFETY: the structure is as long as the number of the call and its own first field say, and the kernel writes a name of
    // at most `name_length` bytes to memory that is ours during the call.
    match unsafe { libc::ioctl(maps.as_raw_fd(), PROCMAP_QUERY as _, &mut query) } {
        0 => Ok(query),
        _ => Err(rustix::io::Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(rustix::io::Errno::IO)),
    }
}

/// The first page of a file, mapped so that /proc/self/maps shows what a mapping of it is called there. Nobody reads through it.
#[derive(Debug)]
pub(crate) struct Page(*mut c_void);

impl Page {
    /// # Errors
    /// Of mmap(2).
    pub(crate) fn map(fd: BorrowedFd<'_>) -> io::Result<Page> {
        // SAFETY: a new private mapping at an address the kernel chooses, of which nobody ever reads a byte, so that a file that
        // is cut short does no harm.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), 1, libc::PROT_READ, libc::MAP_PRIVATE, fd.as_raw_fd(), 0) };
        if address == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(Page(address)) }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> u64 {
        self.0 as u64
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody has a reference into it.
        unsafe { libc::munmap(self.0, 1) };
    }
}
