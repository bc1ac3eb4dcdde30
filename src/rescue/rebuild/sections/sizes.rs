//! How large the tables are of which the dynamic table only says where they begin.

use super::super::Known;
use super::super::image::Image;

/// Bytes in which a function of the C runtime's beginning or end ends.
const FUNCTION: u64 = 64;

fn half(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes).into())
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes).into())
}

/// Name, offset and size of each note, as GNU ld calls the sections they are in.
pub(super) fn notes(bytes: &[u8], align: u64) -> Vec<(&'static str, u64, u64)> {
    let align = if align == 8 { 8 } else { 4 };
    let mut found = Vec::new();
    let mut at: usize = 0;
    while let (Some(name_size), Some(size), Some(kind)) = (word(bytes, at), word(bytes, at + 4), word(bytes, at + 8)) {
        let owner = bytes.get(at + 12..).and_then(|rest| rest.get(..name_size as usize)).unwrap_or_default();
        let name = match (owner, kind) {
            (b"GNU\0", 1) => ".note.ABI-tag",
            (b"GNU\0", 3) => ".note.gnu.build-id",
            (b"GNU\0", 5) => ".note.gnu.property",
            (b"Go\0\0", 4) => ".note.go.buildid",
            _ => ".note",
        };
        let begin_of_text = (at as u64 + 12 + name_size).next_multiple_of(align);
        let end = (begin_of_text + size).next_multiple_of(align);
        if end > bytes.len() as u64 {
            break;
        }
        found.push((name, at as u64, end - at as u64));
        at = end as usize;
    }
    found
}

/// Bytes and symbols of a hash table of the System V kind.
pub(super) fn hash(image: &Image, address: u64) -> Option<(u64, u64)> {
    let head = image.at(address, 8);
    let (buckets, chains) = (word(head, 0)?, word(head, 4)?);
    let size = (2 + buckets + chains) * 4;
    (image.at(address, size).len() as u64 == size).then_some((size, chains))
}

/// Bytes and symbols of a hash table of the GNU kind: the chain of the last bucket ends with the last symbol.
pub(super) fn gnu_hash(image: &Image, address: u64) -> Option<(u64, u64)> {
    let table = image.at(address, u64::MAX);
    let (buckets, first, bloom) = (word(table, 0)?, word(table, 4)?, word(table, 8)?);
    let begin = usize::try_from(16 + bloom * 8).ok()?;
    let chains = begin.checked_add(usize::try_from(buckets * 4).ok()?)?;
    let last = table.get(begin..chains)?.chunks_exact(4).filter_map(|bucket| word(bucket, 0)).max().unwrap_or(0);
    if last < first {
        return Some((chains as u64, first));
    }
    let chain = |symbol: u64| word(table, usize::try_from((symbol - first) * 4).ok()?.checked_add(chains)?);
    let end = (last..).map_while(|symbol| Some((symbol, chain(symbol)?))).find(|(_, hash)| hash & 1 == 1)?.0 + 1;
    Some((chains as u64 + (end - first) * 4, end))
}

/// How many symbols come before the first that others can see.
pub(super) fn local_symbols(symbols: &[u8]) -> u32 {
    symbols.chunks_exact(24).take_while(|symbol| symbol[4] >> 4 == 0).count() as u32
}

/// How versions are written: bytes of an entry, where it says how many parts it has, where the parts begin and where the next
/// entry is, and bytes of a part.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    entry: u64,
    parts: usize,
    first: usize,
    next: usize,
    part: u64,
}

/// Of versions that are defined.
pub(super) const DEFINED: Shape = Shape { entry: 20, parts: 6, first: 12, next: 16, part: 8 };
/// Of versions that are needed.
pub(super) const NEEDED: Shape = Shape { entry: 16, parts: 2, first: 8, next: 12, part: 16 };

/// Bytes of a table of versions.
pub(super) fn versions(image: &Image, address: u64, number: u64, shape: Shape) -> u64 {
    let table = image.at(address, u64::MAX);
    let (mut at, mut end) = (0, 0);
    for _ in 0..number {
        let Some(entry) = usize::try_from(at).ok().and_then(|at| table.get(at..)) else { break };
        let numbers = (half(entry, shape.parts), word(entry, shape.first), word(entry, shape.next));
        let (Some(parts), Some(first), Some(next)) = numbers else { break };
        end = end.max(at + shape.entry).max(at + first + parts * shape.part);
        if next == 0 {
            break;
        }
        at += next;
    }
    end
}

/// Address and size of the frames that the header at this address leads to; 0x1b: a distance from there, in four bytes.
pub(super) fn eh_frame(image: &Image, header: u64) -> Option<(u64, u64)> {
    let bytes = image.at(header, 8);
    if bytes.get(..2)? != [1, 0x1b] {
        return None;
    }
    let distance = word(bytes, 4)? as u32 as i32;
    let address = header.wrapping_add(4).wrapping_add_signed(distance.into());
    let frames = image.at(address, u64::MAX);
    let mut at: u64 = 0;
    loop {
        match word(frames, usize::try_from(at).ok()?) {
            // Behind the last one.
            Some(0) => return Some((address, at + 4)),
            Some(0xffff_ffff) => return None,
            Some(size) => at += 4 + size,
            // Some linkers write no end.
            None => return (at > 0 && at == frames.len() as u64).then_some((address, at)),
        }
    }
}

/// Bytes of the function at this address, if it ends soon.
pub(super) fn function(image: &Image, address: u64, machine: Known) -> Option<u64> {
    let code = image.at(address, FUNCTION);
    let end: &[u8] = match machine {
        // add $8, %rsp; ret
        Known::X86_64 => &[0x48, 0x83, 0xc4, 0x08, 0xc3],
        // ret
        Known::Aarch64 => &[0xc0, 0x03, 0x5f, 0xd6],
    };
    let at = code.windows(end.len()).position(|window| window == end)?;
    Some((at + end.len()) as u64)
}
