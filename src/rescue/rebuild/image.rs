//! The file as far as memory has it, with what is known of every byte.

use std::ops::Range;

use object::elf::PT_GNU_RELRO;

use super::{Failure, Loaded, Memory};
use crate::elf::Segment;
use crate::proc::Mapping;

/// Pages that are read at once.
const PAGES: u64 = 64;

/// What is known of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// It is in no page that is mapped.
    Missing,
    /// The process may have written it.
    Unknown,
    /// Only what loads the program, before its first line, can have written it.
    Sealed,
    /// It was worked out.
    Rebuilt,
    /// It is in a page that the process never wrote to.
    Exact,
}

/// The bytes of the file, by their offsets in it.
pub(super) struct Image {
    bytes: Vec<u8>,
    origins: Vec<Origin>,
    loads: Vec<Segment>,
}

impl Image {
    /// Reads all that is mapped of the file.
    pub(super) fn assemble(memory: &impl Memory, mappings: &[Mapping], loaded: &Loaded) -> Result<Image, Failure> {
        let size = loaded.loads().map(|load| load.offset + load.file_size).max().unwrap_or(0) as usize;
        let loads = loaded.loads().copied().collect();
        let mut image = Image { bytes: vec![0; size], origins: vec![Origin::Missing; size], loads };
        for mapping in mappings {
            image.take_untouched(memory, mapping);
        }
        let relro =
            loaded.segment(PT_GNU_RELRO).map_or(0..0, |relro| relro.address..relro.address.saturating_add(relro.memory_size));
        for load in loaded.loads() {
            image.take_written(memory, load, loaded.bias, &relro, mappings);
        }
        let of = loaded.loads().map(|load| load.file_size).sum();
        let missing = loaded.loads().map(|load| image.count(&range_of(load), Origin::Missing)).sum();
        if missing > 0 { Err(Failure::Incomplete { missing, of }) } else { Ok(image) }
    }

    /// The pages of a mapping that are the file's own. Not only where the segments are: the dynamic linker maps a library in one
    /// piece before it puts the segments over it, and what shows between them is the beginning of the data as the file has it.
    fn take_untouched(&mut self, memory: &impl Memory, mapping: &Mapping) {
        let page = memory.page_size();
        let size = self.bytes.len() as u64;
        let length = mapping.end.saturating_sub(mapping.start).min(size.saturating_sub(mapping.offset));
        let mut at = 0;
        while at < length {
            let step = (length - at).min(PAGES * page);
            let begin = (mapping.offset + at) as usize;
            if self.origins[begin..begin + step as usize].iter().any(|origin| *origin != Origin::Exact) {
                self.take_chunk(memory, mapping.start + at, begin, step as usize, page as usize);
            }
            at += step;
        }
    }

    fn take_chunk(&mut self, memory: &impl Memory, address: u64, begin: usize, size: usize, page: usize) {
        let mut bytes = vec![0; size];
        // One page that cannot be read must not take the others with it.
        let all = memory.read(address, &mut bytes).is_ok();
        let mut readable = |at: usize| {
            let end = (at + page).min(size);
            all || memory.read(address + at as u64, &mut bytes[at..end]).is_ok()
        };
        let readable: Vec<bool> = (0..size).step_by(page).map(&mut readable).collect();
        // Asked for afterwards: what is untouched now was so when it was read.
        let untouched = memory.untouched(address, readable.len());
        for (number, _) in
            readable.into_iter().zip(untouched).enumerate().filter(|(_, (readable, untouched))| *readable && *untouched)
        {
            let range = number * page..(number * page + page).min(size);
            let there = begin + range.start..begin + range.end;
            self.bytes[there.clone()].copy_from_slice(&bytes[range]);
            self.origins[there].fill(Origin::Exact);
        }
    }

    /// What is not exact of a segment, as the process has it.
    fn take_written(&mut self, memory: &impl Memory, load: &Segment, bias: u64, relro: &Range<u64>, mappings: &[Mapping]) {
        let page = memory.page_size();
        let end = load.offset + load.file_size;
        let mut offset = load.offset;
        while offset < end {
            let next = ((offset & !(page - 1)) + page).min(end);
            let there = offset as usize..next as usize;
            let address = load.address + (offset - load.offset);
            offset = next;
            if self.origins[there.clone()].iter().all(|origin| *origin == Origin::Exact) {
                continue;
            }
            let mut bytes = vec![0; there.len()];
            let in_memory = address.wrapping_add(bias);
            if memory.read(in_memory, &mut bytes).is_err() {
                continue;
            }
            // Sealed by the dynamic linker before the first line of the program ran.
            let is_writable =
                mappings.iter().any(|mapping| mapping.writable && (mapping.start..mapping.end).contains(&in_memory));
            for (at, byte) in there.zip(bytes).filter(|(at, _)| self.origins[*at] != Origin::Exact).collect::<Vec<_>>() {
                let place = load.address + (at as u64 - load.offset);
                let sealed = load.is_writable() && !is_writable && relro.contains(&place);
                self.bytes[at] = byte;
                self.origins[at] = if sealed { Origin::Sealed } else { Origin::Unknown };
            }
        }
    }

    /// Where an address is in the file, with how many bytes follow in its segment.
    pub(super) fn place(&self, address: u64) -> Option<(usize, usize)> {
        self.loads.iter().find_map(|load| {
            let within = address.checked_sub(load.address).filter(|within| *within < load.file_size)?;
            Some(((load.offset + within) as usize, (load.file_size - within) as usize))
        })
    }

    /// The bytes at an address, as many as there are up to `size`.
    pub(super) fn at(&self, address: u64, size: u64) -> &[u8] {
        let Some((place, rest)) = self.place(address) else { return &[] };
        &self.bytes[place..place + rest.min(usize::try_from(size).unwrap_or(usize::MAX))]
    }

    /// The bytes of the file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The eight bytes at a place of the file.
    pub(super) fn word(&self, place: usize) -> Option<u64> {
        self.bytes.get(place..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    /// What is known of eight bytes: of the worst known of them.
    pub(super) fn word_origin(&self, place: usize) -> Option<Origin> {
        self.origins.get(place..place.checked_add(8)?)?.iter().min().copied()
    }

    /// The ranges of what is exact.
    pub(super) fn exact(&self) -> Vec<Range<usize>> {
        let mut at = 0;
        let chunks = self.origins.chunk_by(|one, other| one == other).map(|chunk| {
            at += chunk.len();
            (chunk[0], at - chunk.len()..at)
        });
        chunks.filter(|(origin, _)| *origin == Origin::Exact).map(|(_, range)| range).collect()
    }

    /// What is known of a range.
    pub(super) fn origins(&self, range: Range<usize>) -> Option<&[Origin]> {
        self.origins.get(range)
    }

    /// How many bytes of a range are of an origin.
    pub(super) fn count(&self, range: &Range<usize>, origin: Origin) -> u64 {
        self.origins[range.clone()].iter().filter(|one| **one == origin).count() as u64
    }

    /// Puts bytes where memory has other ones; what is exact stays.
    pub(super) fn restore(&mut self, place: usize, value: u64, origin: Origin) {
        for (at, byte) in (place..).zip(value.to_le_bytes()).take_while(|(at, _)| *at < self.bytes.len()).collect::<Vec<_>>() {
            if self.origins[at] != Origin::Exact {
                self.bytes[at] = byte;
                self.origins[at] = origin;
            }
        }
    }

    /// Changes what the file itself had.
    pub(super) fn change(&mut self, place: usize, bytes: &[u8]) {
        self.bytes[place..place + bytes.len()].copy_from_slice(bytes);
        self.origins[place..place + bytes.len()].fill(Origin::Rebuilt);
    }

    /// Adds bytes at the end; where they begin, a multiple of 8.
    pub(super) fn append(&mut self, bytes: &[u8]) -> usize {
        let begin = self.bytes.len().next_multiple_of(8);
        self.bytes.resize(begin, 0);
        self.bytes.extend_from_slice(bytes);
        self.origins.resize(self.bytes.len(), Origin::Rebuilt);
        begin
    }
}

/// Where a segment is in the file.
pub(super) fn range_of(load: &Segment) -> Range<usize> {
    load.offset as usize..(load.offset + load.file_size) as usize
}
