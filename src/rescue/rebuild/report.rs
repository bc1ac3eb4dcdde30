//! What is known of a file that was made again.

use object::elf::{PT_LOAD, SHT_NOBITS};

use super::Loaded;
use super::image::{Image, Origin, range_of};
use super::relocations::Undone;
use crate::elf::Section;

/// How a part of the file compares with the lost one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Every byte is the file's own.
    Exact,
    /// Some were worked out; none may have been written by the program.
    Rebuilt,
    /// The program may have written some of them.
    Unknown,
    /// It is not in memory.
    Missing,
}

/// A segment or section. Sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Of a segment its permissions, such as `r-x`; of a section its name, as the file or linkers have it. It may hold anything.
    pub name: String,
    /// Where it is in the file.
    pub offset: u64,
    /// How large it is in the file.
    pub size: u64,
    /// The worst that is true of one of its bytes.
    pub state: State,
    /// Bytes in pages that the process never wrote to.
    pub exact: u64,
    /// Bytes that were worked out, or that only the dynamic linker can have written.
    pub rebuilt: u64,
    /// Bytes as the process has them, which it may have written.
    pub unknown: u64,
}

/// What is known of a file that was made again. Sizes are in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The note GNU build-id, if the file has one.
    pub build_id: Option<Vec<u8>>,
    /// The loaded segments, in the file's order.
    pub segments: Vec<Part>,
    /// The sections; without those the lost file had and memory does not tell of.
    pub sections: Vec<Part>,
    /// How large the lost file was at least, by its own header.
    pub lost_size: u64,
    /// How many sections the lost file had.
    pub lost_sections: u64,
    /// Places that were taken back to what they held before the file was loaded.
    pub relocations: u64,
    /// Relocations of unknown kinds, whose places are left as they are in memory.
    pub unknown_relocations: u64,
    /// Addresses that were nowhere but in their place, RELR, and that the program has written over: 0 now.
    pub lost_addresses: u64,
    /// Packages of Go taken back to not initialized.
    pub packages: u64,
    /// Variables set to 0 since they led to something that ends with the process.
    pub cleared: u64,
    /// Whether the file now asks the dynamic linker to bind all functions when it is loaded.
    pub binds_now: bool,
    /// Functions that are bound at their first call and whose first call will fail.
    pub unbound: u64,
}

/// What was done to what is in memory.
pub(super) struct Done {
    pub(super) undone: Undone,
    /// Packages of Go.
    pub(super) packages: u64,
    /// Variables.
    pub(super) cleared: u64,
}

impl Report {
    /// `build_id`: of the file that was made.
    pub(super) fn new(image: &Image, loaded: &Loaded, build_id: Option<Vec<u8>>, sections: Vec<Part>, done: Done) -> Report {
        let Done { undone, packages, cleared } = done;
        let (begin, size) = loaded.info.tables.sections;
        let loads = loaded.info.segments.iter().filter(|segment| segment.kind == PT_LOAD.0 && segment.file_size > 0);
        let segments = loads.map(|load| {
            let flag = |bit: u32, name: char| if load.flags & bit != 0 { name } else { '-' };
            let name = [flag(4, 'r'), flag(2, 'w'), flag(1, 'x')].iter().collect();
            Part::new(image, name, range_of(load))
        });
        let loaded_size = loaded.loads().map(|load| load.offset + load.file_size).max().unwrap_or(0);
        Report {
            build_id,
            segments: segments.collect(),
            sections,
            lost_size: begin.saturating_add(size).max(loaded_size),
            lost_sections: size / 64,
            relocations: undone.places,
            unknown_relocations: undone.unknown,
            lost_addresses: undone.lost,
            packages,
            cleared,
            binds_now: undone.binds_now,
            unbound: if undone.binds_now { 0 } else { undone.unbound },
        }
    }
}

impl Part {
    pub(super) fn of_section(image: &Image, section: &Section, is_loaded: bool) -> Part {
        let name = String::from_utf8_lossy(&section.name).into_owned();
        let (offset, size) = (section.offset, section.size);
        if section.kind == SHT_NOBITS.0 || size == 0 {
            return Part { name, offset, size: 0, state: State::Exact, exact: 0, rebuilt: 0, unknown: 0 };
        }
        if !is_loaded {
            return Part { name, offset, size, state: State::Missing, exact: 0, rebuilt: 0, unknown: 0 };
        }
        Part::new(image, name, offset as usize..(offset + size) as usize)
    }

    fn new(image: &Image, name: String, range: std::ops::Range<usize>) -> Part {
        let count = |origin| image.count(&range, origin);
        let (exact, rebuilt, unknown) =
            (count(Origin::Exact), count(Origin::Rebuilt) + count(Origin::Sealed), count(Origin::Unknown));
        let size = range.len() as u64;
        let state = match () {
            () if exact + rebuilt + unknown < size => State::Missing,
            () if unknown > 0 => State::Unknown,
            () if rebuilt > 0 => State::Rebuilt,
            () => State::Exact,
        };
        Part { name, offset: range.start as u64, size, state, exact, rebuilt, unknown }
    }
}
