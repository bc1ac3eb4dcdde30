//! Addresses the program has put into its variables since it started. No file can hold them: what they lead to ended with the
//! process.

use std::ops::Range;

use super::Loaded;
use super::image::{Image, Origin, range_of};

/// Bytes of an address.
const WORD: usize = 8;

/// Puts 0 where a word may have been written by the process and is an address in it; how many there were. Most such variables
/// hold 0 in the file. A number that happens to be such an address is lost with them: one in a hundred thousand random ones.
pub(super) fn clear(image: &mut Image, loaded: &Loaded, occupied: &[Range<u64>]) -> u64 {
    // The end of a range too: the C library holds the end of the heap.
    let is_address = |value: u64| {
        let at = occupied.partition_point(|range| range.end < value);
        occupied.get(at).is_some_and(|range| range.start <= value)
    };
    let mut cleared = 0;
    for load in loaded.loads().filter(|load| load.is_writable()) {
        let range = range_of(load);
        for place in (range.start.next_multiple_of(WORD)..range.end).step_by(WORD) {
            let Some(origin @ (Origin::Unknown | Origin::Sealed)) = image.word_origin(place) else { continue };
            let Some(value) = image.word(place) else { break };
            // Where there is no bias, addresses of the file itself stand in it without relocations.
            let is_own = loaded.bias == 0 && is_in_pages_of(loaded, value);
            if !is_own && is_address(value) {
                image.restore(place, 0, origin);
                cleared += 1;
            }
        }
    }
    cleared
}

/// Whether an address is in the pages of a segment, or where they end: programs hold the ends of their own parts.
fn is_in_pages_of(loaded: &Loaded, value: u64) -> bool {
    const PAGE: u64 = 1 << 16;
    loaded.loads().any(|load| {
        let end = load.address.saturating_add(load.memory_size).checked_next_multiple_of(PAGE).unwrap_or(u64::MAX);
        (load.address & !(PAGE - 1)..=end).contains(&value)
    })
}
