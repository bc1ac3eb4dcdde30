//! What this crate's own tests and fuzzers reach past the public interface. No part of a release.

use std::ffi::OsStr;
use std::io;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;

use crate::proc::{Mapping, Proc};
use crate::rescue::rebuild::Memory;
pub use crate::rescue::rebuild::{Part, Report, State};

/// Makes the file again whose name in /proc/PID/maps ends in `name`, or in `name` and " (deleted)".
///
/// # Errors
/// In words.
pub fn rebuild(pid: u32, name: &OsStr) -> Result<(Vec<u8>, Report), String> {
    use crate::rescue::memory;
    let process = Proc::open().and_then(|proc| proc.process(pid)).map_err(|errno| errno.to_string())?;
    let is_meant = |mapping: &Mapping| {
        let mapped = mapping.name.as_bytes();
        mapped.strip_suffix(b" (deleted)").unwrap_or(mapped).ends_with(name.as_bytes())
    };
    let mut mappings = process.mappings().map_err(|errno| format!("{errno}: {:?}", memory::why_forbidden(&process)))?;
    mappings.retain(is_meant);
    let rebuilt = memory::rebuild(&process, &mappings).map_err(|error| format!("{error:?}"))?;
    Ok((rebuilt.bytes, rebuilt.report))
}

/// Reads what may be the text of /proc/PID/maps.
pub fn read_maps(text: &[u8]) {
    let mappings = crate::proc::read_mappings(text);
    let ranges = crate::proc::read_ranges(text);
    for mapping in mappings {
        assert_ne!(mapping.inode, 0, "what has none is no file");
        assert!(ranges.contains(&(mapping.start..mapping.end)), "what is mapped has something in it");
        let link = mapping.link();
        assert!(link.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_/-".contains(&byte)), "{link} stays where it is");
    }
}

/// Reads what may be an ELF file.
pub fn read_elf(bytes: &[u8]) {
    let whole = crate::elf::info(bytes);
    let segments = crate::elf::info_of_segments(bytes);
    assert_eq!(whole.map(|info| info.segments), segments.map(|info| info.segments));
}

/// Makes a file again out of a process that is pretended to have it loaded. The first eight bytes say which of its pages were
/// written to, the next one where it is loaded; the rest is the file.
pub fn rebuild_pretended(input: &[u8]) {
    let Some((written, rest)) = input.split_first_chunk() else { return };
    let Some((place, file)) = rest.split_first() else { return };
    let base = if place & 1 == 0 { 0 } else { 0x7f00_0000_0000 };
    let process = Pretended { file, written: u64::from_le_bytes(*written), base, mappings: Vec::new(), occupied: Vec::new() };
    process.load().rebuild();
}

/// Bytes of a page in a [`Pretended`] process: small, so that small files have some.
const PAGE: u64 = 512;

struct Pretended<'a> {
    file: &'a [u8],
    /// A bit for each page, over and over.
    written: u64,
    base: u64,
    mappings: Vec<Mapping>,
    occupied: Vec<Range<u64>>,
}

impl Pretended<'_> {
    /// Maps the segments, as far as their headers make sense.
    fn load(mut self) -> Self {
        let down = |value: u64| value & !(PAGE - 1);
        let info = crate::elf::info_of_segments(self.file);
        // What is far behind in the file only takes memory, and time from other tries.
        let is_near = |segment: &&crate::elf::Segment| segment.kind == 1 && segment.offset < 1 << 18;
        for load in info.iter().flat_map(|info| &info.segments).filter(is_near).take(64) {
            let start = down(load.address).wrapping_add(self.base);
            let within = load.address & (PAGE - 1);
            let size = load.file_size.saturating_add(within).min(1 << 18).next_multiple_of(PAGE);
            if let Some(end) = start.checked_add(size) {
                self.map(start..end, down(load.offset), load.is_writable(), load.is_executable());
            }
        }
        self.mappings.sort_by_key(|mapping| mapping.start);
        self.occupied = self.mappings.iter().map(|mapping| mapping.start..mapping.end).collect();
        self
    }

    /// Takes the place of what is mapped there, as MAP_FIXED of mmap(2) does: nothing is mapped twice.
    fn map(&mut self, range: Range<u64>, offset: u64, writable: bool, executable: bool) {
        if range.is_empty() {
            return;
        }
        for one in std::mem::take(&mut self.mappings) {
            let (before, behind) = (one.end.min(range.start), one.start.max(range.end));
            if behind < one.end {
                let offset = one.offset.saturating_add(behind - one.start);
                self.mappings.push(Mapping { start: behind, offset, ..one.clone() });
            }
            if one.start < before {
                self.mappings.push(Mapping { end: before, ..one });
            }
        }
        self.mappings.push(Mapping {
            start: range.start,
            end: range.end,
            offset,
            readable: true,
            writable,
            executable,
            shared: false,
            device: (8, 1),
            inode: 1,
            name: "/lib".into(),
        });
    }

    fn rebuild(&self) {
        let Ok(rebuilt) = crate::rescue::rebuild::rebuild(self, &self.mappings) else { return };
        let again = crate::elf::info(&*rebuilt.bytes).expect("what was made is an ELF file");
        assert_eq!(again.build_id, rebuilt.report.build_id);
        let report = &rebuilt.report;
        for part in report.segments.iter().chain(&report.sections).filter(|part| part.state == State::Exact && part.size > 0) {
            let range = part.offset as usize..(part.offset + part.size) as usize;
            let file: Vec<u8> = range.clone().map(|at| self.file.get(at).copied().unwrap_or(0)).collect();
            assert!(rebuilt.bytes[range] == file, "{part:?} is not exact");
        }
    }
}

impl Memory for Pretended<'_> {
    fn read(&self, address: u64, bytes: &mut [u8]) -> io::Result<()> {
        for (at, chunk) in (address..).step_by(PAGE as usize).zip(bytes.chunks_mut(PAGE as usize)) {
            let mapping = self.mappings.iter().find(|mapping| (mapping.start..mapping.end).contains(&at));
            let mapping = mapping.ok_or(io::ErrorKind::UnexpectedEof)?;
            let offset = usize::try_from(mapping.offset.saturating_add(at - mapping.start)).unwrap_or(usize::MAX);
            let there = self.file.get(offset..).unwrap_or_default();
            let length = chunk.len().min(there.len());
            chunk[..length].copy_from_slice(&there[..length]);
            chunk[length..].fill(0);
        }
        Ok(())
    }

    fn untouched(&self, address: u64, pages: usize) -> Vec<bool> {
        (0..pages as u64).map(|page| self.written >> ((address / PAGE).wrapping_add(page) % 64) & 1 == 0).collect()
    }

    fn page_size(&self) -> u64 {
        PAGE
    }

    fn occupied(&self) -> &[Range<u64>] {
        &self.occupied
    }
}
