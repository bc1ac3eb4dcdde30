//! Finds where a file is loaded.

use object::elf::PT_LOAD;

use super::{Failure, Known, Loaded, Memory};
use crate::elf::{self, Kind};
use crate::proc::Mapping;

/// Places a file may be loaded at in one process; debuggers and linkers' namespaces make more than one.
const PLACES: usize = 16;
/// Bytes at the beginning that are looked at for program headers.
const HEADERS: u64 = 64 << 10;

/// The first place where the headers in memory agree with what is mapped around them.
pub(super) fn locate(memory: &impl Memory, mappings: &[Mapping]) -> Result<Loaded, Failure> {
    let mut failure = Failure::Headless;
    for mapping in mappings.iter().filter(|mapping| mapping.offset == 0).take(PLACES) {
        let Some(first) = beginning(memory, mapping) else { continue };
        match understand(&first, mapping.start, mappings, memory.page_size()) {
            Ok(loaded) => return Ok(loaded),
            Err(why) => failure = why,
        }
    }
    Err(failure)
}

fn beginning(memory: &impl Memory, mapping: &Mapping) -> Option<Vec<u8>> {
    let whole = mapping.end.checked_sub(mapping.start)?.min(HEADERS);
    [whole, whole.min(memory.page_size())].into_iter().find_map(|size| {
        let mut bytes = vec![0; size as usize];
        memory.read(mapping.start, &mut bytes).ok().map(|()| bytes)
    })
}

fn understand(first: &[u8], base: u64, mappings: &[Mapping], page: u64) -> Result<Loaded, Failure> {
    let info = elf::info_of_segments(first).ok_or(Failure::Unfit)?;
    if info.kind == Kind::Other {
        return Err(Failure::Unfit);
    }
    let machine = Known::of(&info).ok_or(Failure::Machine)?;
    let down = |value: u64| value & !(page - 1);
    let begins = info.segments.iter().find(|segment| segment.kind == PT_LOAD.0 && down(segment.offset) == 0);
    let bias = base.wrapping_sub(down(begins.ok_or(Failure::Unfit)?.address));
    let loaded = Loaded { info, machine, bias };
    let is_fixed = loaded.info.kind == Kind::Fixed;
    let fits = loaded.loads().all(|load| is_mapped(load, bias, mappings, page));
    // A program with addresses of its own that is found elsewhere is mapped to be read, not to run.
    let sane = size_is_sane(&loaded, mappings) && (!is_fixed || bias == 0);
    if fits && sane { Ok(loaded) } else { Err(Failure::Unfit) }
}

/// Whether every page of a segment is mapped from where the headers say it is in the file.
fn is_mapped(load: &elf::Segment, bias: u64, mappings: &[Mapping], page: u64) -> bool {
    let is_sane = load.file_size <= load.memory_size && load.address.checked_add(load.memory_size).is_some();
    if !is_sane || (load.address ^ load.offset) & (page - 1) != 0 {
        return false;
    }
    let within = load.address & (page - 1);
    let Some(end) = load.offset.checked_add(load.file_size) else { return false };
    let (mut address, mut offset) = (load.address.wrapping_sub(within).wrapping_add(bias), load.offset - within);
    for mapping in mappings {
        if offset >= end {
            break;
        }
        let at = address.checked_sub(mapping.start).filter(|_| address < mapping.end);
        if at.is_some_and(|at| mapping.offset.checked_add(at) == Some(offset)) {
            offset = offset.saturating_add(mapping.end - address);
            address = mapping.end;
        }
    }
    offset >= end
}

/// Holes between the segments cost memory here and none in the process: not more than a file has that some linker made.
fn size_is_sane(loaded: &Loaded, mappings: &[Mapping]) -> bool {
    let size = loaded.loads().filter_map(|load| load.offset.checked_add(load.file_size)).max().unwrap_or(0);
    let mapped = mappings.iter().fold(0, |sum: u64, mapping| sum.saturating_add(mapping.end.saturating_sub(mapping.start)));
    size > 0 && size <= mapped.saturating_mul(2).saturating_add(64 << 20)
}
