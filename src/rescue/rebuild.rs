//! An ELF file made again out of a process's memory. Pure: what it needs to know of the process it asks a [`Memory`].
//!
//! A file that is mapped is in memory as its loadable segments, page by page, at the offsets it had. What the process never wrote
//! to is the file's own page, and the kernel says which those are. In the others the dynamic linker has put addresses, by the
//! file's relocations: each is taken back to what the file had. What the program itself wrote since is in no way told from what
//! the file had there, and stays. What is not loaded, the symbols and the debugging information, is lost; section headers are
//! made anew from what the program headers and the dynamic table tell.
//!
//! So the outcome works where the program does not depend on the first values of variables it has changed. It has the build-id of
//! the lost file and is not that file.

mod dynamic;
mod go;
mod image;
mod locate;
mod plt;
mod pointers;
mod relocations;
mod report;
mod section_table;
mod sections;

pub use report::{Part, Report, State};

use std::io;
use std::ops::Range;

use self::image::Image;
use self::report::Done;
use crate::elf::{self, Machine};
use crate::proc::Mapping;

/// What is asked of a process.
pub(crate) trait Memory {
    /// All of these bytes.
    ///
    /// # Errors
    /// Of pread(2) on /proc/PID/mem: EIO where nothing is mapped, and in pages behind the end of a file that was cut off.
    fn read(&self, address: u64, bytes: &mut [u8]) -> io::Result<()>;

    /// Of each page from the one at `address` on, whether it is the file's own: never written to in this process. False where
    /// that is not known.
    fn untouched(&self, address: u64, pages: usize) -> Vec<bool>;

    /// In bytes.
    fn page_size(&self) -> u64;

    /// Every range of addresses that has anything in it, in order.
    fn occupied(&self) -> &[Range<u64>];
}

/// Why a file cannot be made again.
#[derive(Debug)]
pub enum Failure {
    /// Its first page is not in memory: the file was cut off, or never mapped from the beginning.
    Headless,
    /// It is no ELF file, or what is in memory is no longer the file that was loaded: it was written over in place.
    Unfit,
    /// For another processor than those that are known here, x86-64 and aarch64.
    Machine,
    /// Parts of its segments are no longer in memory: the file was cut off.
    Incomplete {
        /// Bytes that are not there.
        missing: u64,
        /// Bytes there should be.
        of: u64,
    },
}

/// A file that was made again.
#[derive(Debug)]
pub(crate) struct Rebuilt {
    /// The whole file.
    pub(crate) bytes: Vec<u8>,
    /// Which of them are the lost file's own, in order.
    pub(crate) exact: Vec<Range<usize>>,
    pub(crate) report: Report,
}

impl Rebuilt {
    /// Whether another file has all the bytes that are the lost one's own.
    pub(crate) fn is_of(&self, other: &[u8]) -> bool {
        self.exact.iter().all(|range| other.get(range.clone()) == Some(&self.bytes[range.clone()]))
    }
}

/// Makes a file again. `mappings` are all those of this one file in one process, in order of address.
///
/// # Errors
/// [`Failure`].
pub(crate) fn rebuild(memory: &impl Memory, mappings: &[Mapping]) -> Result<Rebuilt, Failure> {
    let loaded = locate::locate(memory, mappings)?;
    let mut image = Image::assemble(memory, mappings, &loaded)?;
    let dynamic = dynamic::restore(&mut image, &loaded);
    let undone = relocations::undo(&mut image, &loaded, &dynamic);
    let packages = go::reset_packages(&mut image, &loaded);
    let cleared = pointers::clear(&mut image, &loaded, memory.occupied());
    let done = Done { undone, packages, cleared };
    let parts = match section_table::kept(&mut image) {
        Some(parts) => parts,
        None => {
            let sections = sections::guess(&image, &loaded, &dynamic);
            section_table::append(&mut image, sections)
        }
    };
    // A file can be made whose relocations lie in its own headers.
    let again = elf::info(image.bytes()).filter(|again| again.segments == loaded.info.segments).ok_or(Failure::Unfit)?;
    let report = Report::new(&image, &loaded, again.build_id, parts, done);
    let exact = image.exact();
    Ok(Rebuilt { bytes: image.into_bytes(), exact, report })
}

/// Where a file is loaded, and what its headers say.
pub(super) struct Loaded {
    pub(super) info: elf::Info,
    pub(super) machine: Known,
    /// What is added to the file's addresses in memory, modulo 2^64; 0 for programs with addresses of their own.
    pub(super) bias: u64,
}

/// The processors whose relocations can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    X86_64,
    Aarch64,
}

impl Known {
    fn of(info: &elf::Info) -> Option<Known> {
        let machine = match info.machine {
            Machine::X86_64 => Known::X86_64,
            Machine::Aarch64 => Known::Aarch64,
            Machine::Other(_) => return None,
        };
        (info.is_64 && info.is_little_endian).then_some(machine)
    }
}

impl Loaded {
    /// The segments that are loaded from the file.
    pub(super) fn loads(&self) -> impl Iterator<Item = &elf::Segment> {
        self.info.segments.iter().filter(|segment| segment.kind == object::elf::PT_LOAD.0 && segment.file_size > 0)
    }

    /// The first segment of a kind.
    pub(super) fn segment(&self, kind: object::elf::ProgramType) -> Option<&elf::Segment> {
        self.info.segments.iter().find(|segment| segment.kind == kind.0)
    }

    /// Whether an address, before the bias, is in one of the segments.
    pub(super) fn has(&self, address: u64) -> bool {
        let mut loads = self.info.segments.iter().filter(|segment| segment.kind == object::elf::PT_LOAD.0);
        loads.any(|load| address.checked_sub(load.address).is_some_and(|within| within < load.memory_size))
    }
}
