//! Programs of Go remember in their data which packages are initialized already. In a program that is made again none is.
//!
//! A record is the state (0: not yet, 2: done), then how many packages and functions follow, and those: up to Go 1.20 two numbers
//! of 64 bits, packages by the addresses of their records; since then one of 32 bits beside a state of 32 bits, and functions
//! only (`initTask` in the runtime's proc.go).

use object::elf::PT_NOTE;

use super::Loaded;
use super::image::{Image, Origin, range_of};

/// Bytes of an address.
const WORD: usize = 8;
/// The state of a package that is initialized.
const DONE: u64 = 2;
/// Packages and functions of one record.
const MOST: u64 = 1 << 12;

/// Takes all packages back to not initialized; how many there were.
pub(super) fn reset_packages(image: &mut Image, loaded: &Loaded) -> u64 {
    if !is_go(image, loaded) {
        return 0;
    }
    let mut reset = 0;
    for load in loaded.loads().filter(|load| load.is_writable()) {
        let range = range_of(load);
        for place in (range.start.next_multiple_of(WORD)..range.end).step_by(WORD) {
            let is_written = image.word_origin(place) == Some(Origin::Unknown);
            let Some(state) = image.word(place).filter(|_| is_written) else { continue };
            let rest = match state {
                DONE if is_old_record(image, loaded, place) => Some(0),
                state if state & 0xffff_ffff == DONE && are_functions(image, loaded, place + WORD, state >> 32) => {
                    Some(state & !0xffff_ffff)
                }
                _ => None,
            };
            if let Some(rest) = rest {
                image.restore(place, rest, Origin::Unknown);
                reset += 1;
            }
        }
    }
    reset
}

/// Whether it has the note that the Go linker gives every program.
fn is_go(image: &Image, loaded: &Loaded) -> bool {
    let notes = loaded.info.segments.iter().filter(|segment| segment.kind == PT_NOTE.0);
    notes.into_iter().any(|notes| image.at(notes.address, 16).ends_with(b"Go\0\0"))
}

fn is_old_record(image: &Image, loaded: &Loaded, place: usize) -> bool {
    let (Some(packages), Some(functions)) = (image.word(place + WORD), image.word(place + 2 * WORD)) else { return false };
    if packages > MOST || functions > MOST || packages + functions == 0 {
        return false;
    }
    let first = place + 3 * WORD;
    let behind = first + packages as usize * WORD;
    let is_record = |at: usize| {
        let other = image.word(at).and_then(|address| image.place(address));
        other.and_then(|(place, _)| image.word(place)).is_some_and(|state| state == DONE || state == 0)
    };
    (first..behind).step_by(WORD).all(is_record) && (functions == 0 || are_functions(image, loaded, behind, functions))
}

/// Whether as many addresses of code stand there.
fn are_functions(image: &Image, loaded: &Loaded, place: usize, count: u64) -> bool {
    let is_code = |at: usize| {
        let mut code = loaded.loads().filter(|load| load.is_executable());
        image.word(at).is_some_and(|address| code.any(|load| address.wrapping_sub(load.address) < load.file_size))
    };
    (1..=MOST).contains(&count) && (place..).step_by(WORD).take(count as usize).all(is_code)
}
