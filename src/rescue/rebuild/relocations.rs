//! Takes back what the dynamic linker wrote by the file's relocations.
//!
//! With explicit addends (RELA, which is all that x86-64 and aarch64 have) the next loading does not look at what a place holds,
//! but for the slots of functions bound at their first call, and for RELR, whose addend is in the place itself. Those are worked
//! out; in the others stands what GNU ld puts there.

use std::collections::HashSet;

use object::elf::{
    DT_JMPREL, DT_PLTGOT, DT_PLTREL, DT_PLTRELSZ, DT_RELA, DT_RELASZ, DT_RELR, DT_RELRSZ, R_AARCH64_ABS64, R_AARCH64_COPY,
    R_AARCH64_GLOB_DAT, R_AARCH64_IRELATIVE, R_AARCH64_JUMP_SLOT, R_AARCH64_NONE, R_AARCH64_RELATIVE, R_AARCH64_TLS_DTPMOD,
    R_AARCH64_TLS_DTPREL, R_AARCH64_TLS_TPREL, R_AARCH64_TLSDESC, R_X86_64_64, R_X86_64_COPY, R_X86_64_DTPMOD64,
    R_X86_64_DTPOFF64, R_X86_64_GLOB_DAT, R_X86_64_IRELATIVE, R_X86_64_JUMP_SLOT, R_X86_64_NONE, R_X86_64_RELATIVE,
    R_X86_64_RELATIVE64, R_X86_64_TLSDESC, R_X86_64_TPOFF64,
};

use super::dynamic::Dynamic;
use super::image::{Image, Origin};
use super::plt::Stubs;
use super::{Known, Loaded};

/// Bytes of an entry with addend.
pub(super) const RELA: usize = 24;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Undone {
    /// Places taken back.
    pub(super) places: u64,
    /// Relocations of a kind that is not known here, left as they are in memory.
    pub(super) unknown: u64,
    /// Places that alone held what is to be in them (RELR), and hold something of the program's now.
    pub(super) lost: u64,
    /// Slots of functions whose first value could not be found, in a file that binds them at their first call.
    pub(super) unbound: u64,
    /// Whether the file now asks to be bound when it is loaded, because of such slots.
    pub(super) binds_now: bool,
}

/// What is in a place before it is relocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    /// The addend: an address of the file.
    Addend,
    Zero,
    /// Two words of nothing.
    TwoZeros,
    /// The address of the code that finds the function.
    Slot,
    Unknown,
}

/// An entry with addend.
struct Rela {
    place: u64,
    kind: u32,
    addend: u64,
}

/// Takes everything back.
pub(super) fn undo(image: &mut Image, loaded: &Loaded, dynamic: &Dynamic) -> Undone {
    let mut undone = Undone::default();
    let main = entries(image, dynamic.get(DT_RELA), dynamic.get(DT_RELASZ));
    let plt = dynamic.get(DT_PLTREL).filter(|kind| *kind == DT_RELA.0 as u64).and(dynamic.get(DT_JMPREL));
    let slots = entries(image, plt, dynamic.get(DT_PLTRELSZ));
    // Some linkers count the slots among the others once more.
    let of_slots: HashSet<u64> = slots.iter().map(|entry| entry.place).collect();
    let others = main.iter().filter(|entry| !of_slots.contains(&entry.place));
    let stubs = dynamic.get(DT_PLTGOT).and_then(|table| Stubs::find(image, loaded, table));
    for (number, entry) in slots.iter().enumerate().chain(others.clone().map(|entry| (usize::MAX, entry))) {
        let Some((place, _)) = image.place(entry.place) else { continue };
        match before(loaded.machine, entry.kind) {
            Before::Nothing => continue,
            Before::Unknown => {
                undone.unknown += 1;
                continue;
            }
            Before::Addend => image.restore(place, entry.addend, Origin::Rebuilt),
            Before::Zero => image.restore(place, 0, Origin::Rebuilt),
            Before::TwoZeros => {
                image.restore(place, 0, Origin::Rebuilt);
                image.restore(place + 8, 0, Origin::Rebuilt);
            }
            Before::Slot => {
                let first = stubs.as_ref().and_then(|stubs| stubs.of(number)).or_else(|| not_bound(image, loaded, place));
                undone.unbound += u64::from(first.is_none() && image.word_origin(place) != Some(Origin::Exact));
                image.restore(place, first.unwrap_or(0), Origin::Rebuilt);
            }
        }
        undone.places += 1;
    }
    undo_relr(image, loaded, dynamic, &mut undone);
    if !slots.is_empty() {
        let targets = others.map(|entry| entry.place).chain(of_slots.iter().copied()).collect();
        clear_reserved(image, dynamic, &targets);
    }
    if undone.unbound > 0 && dynamic.binds_now() {
        undone.unbound = 0;
    } else if undone.unbound > 0 {
        undone.binds_now = dynamic.bind_now(image);
    }
    undone
}

fn entries(image: &Image, address: Option<u64>, size: Option<u64>) -> Vec<Rela> {
    let (Some(address), Some(size)) = (address, size) else { return Vec::new() };
    let word = |entry: &[u8], at: usize| u64::from_le_bytes(*entry[at..].first_chunk().expect("24 bytes"));
    let entry = |entry: &[u8]| Rela { place: word(entry, 0), kind: word(entry, 8) as u32, addend: word(entry, 16) };
    image.at(address, size).chunks_exact(RELA).map(entry).collect()
}

fn before(machine: Known, kind: u32) -> Before {
    let (nothing, addend, zero, pair, slot): (&[_], &[_], &[_], _, _) = match machine {
        Known::X86_64 => (
            &[R_X86_64_NONE, R_X86_64_COPY],
            &[R_X86_64_RELATIVE, R_X86_64_RELATIVE64, R_X86_64_IRELATIVE],
            &[R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_DTPMOD64, R_X86_64_DTPOFF64, R_X86_64_TPOFF64],
            R_X86_64_TLSDESC,
            R_X86_64_JUMP_SLOT,
        ),
        Known::Aarch64 => (
            &[R_AARCH64_NONE, R_AARCH64_COPY],
            &[R_AARCH64_RELATIVE, R_AARCH64_IRELATIVE],
            &[R_AARCH64_ABS64, R_AARCH64_GLOB_DAT, R_AARCH64_TLS_DTPMOD, R_AARCH64_TLS_DTPREL, R_AARCH64_TLS_TPREL],
            R_AARCH64_TLSDESC,
            R_AARCH64_JUMP_SLOT,
        ),
    };
    let is_in = |kinds: &[object::elf::RelocationType]| kinds.iter().any(|one| one.0 == kind);
    match () {
        () if is_in(nothing) => Before::Nothing,
        () if is_in(addend) => Before::Addend,
        () if is_in(zero) => Before::Zero,
        () if kind == pair.0 => Before::TwoZeros,
        () if kind == slot.0 => Before::Slot,
        () => Before::Unknown,
    }
}

/// The first value of a slot whose function was not called yet: still that address, moved by the bias.
fn not_bound(image: &Image, loaded: &Loaded, place: usize) -> Option<u64> {
    let address = image.word(place)?.wrapping_sub(loaded.bias);
    let mut code = loaded.loads().filter(|load| load.is_executable());
    code.any(|load| address.checked_sub(load.address).is_some_and(|within| within < load.file_size)).then_some(address)
}

/// The words that the table of slots begins with: the first is the address of the dynamic table, the next two are the dynamic
/// linker's.
fn clear_reserved(image: &mut Image, dynamic: &Dynamic, targets: &HashSet<u64>) {
    let Some(table) = dynamic.get(DT_PLTGOT) else { return };
    for address in [table.wrapping_add(8), table.wrapping_add(16)] {
        if let Some((place, _)) = image.place(address).filter(|_| !targets.contains(&address)) {
            image.restore(place, 0, Origin::Rebuilt);
        }
    }
}

/// The compact table: an address, then words whose bits 1 to 63 tell of the next 63 places; its addends are what the places hold.
fn undo_relr(image: &mut Image, loaded: &Loaded, dynamic: &Dynamic, undone: &mut Undone) {
    let (Some(table), Some(size)) = (dynamic.get(DT_RELR), dynamic.get(DT_RELRSZ)) else { return };
    let words = image.at(table, size).chunks_exact(8).map(|word| u64::from_le_bytes(*word.first_chunk().expect("8 bytes")));
    let mut next: u64 = 0;
    for word in words.collect::<Vec<_>>() {
        if word & 1 == 0 {
            take_back(image, loaded, word, undone);
            next = word.wrapping_add(8);
            continue;
        }
        for bit in (0..63).filter(|bit| word >> (bit + 1) & 1 == 1) {
            take_back(image, loaded, next.wrapping_add(bit * 8), undone);
        }
        next = next.wrapping_add(63 * 8);
    }
}

fn take_back(image: &mut Image, loaded: &Loaded, address: u64, undone: &mut Undone) {
    let Some((place, _)) = image.place(address) else { return };
    let Some(value) = image.word(place).filter(|_| image.word_origin(place) != Some(Origin::Exact)) else { return };
    let addend = value.wrapping_sub(loaded.bias);
    if loaded.has(addend) {
        image.restore(place, addend, Origin::Rebuilt);
        undone.places += 1;
    } else {
        image.restore(place, 0, Origin::Unknown);
        undone.lost += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_processors_kinds_are_known() {
        for (machine, kinds) in [
            (
                Known::X86_64,
                [(8, Before::Addend), (6, Before::Zero), (7, Before::Slot), (36, Before::TwoZeros), (5, Before::Nothing)],
            ),
            (
                Known::Aarch64,
                [
                    (1027, Before::Addend),
                    (1025, Before::Zero),
                    (1026, Before::Slot),
                    (1031, Before::TwoZeros),
                    (1024, Before::Nothing),
                ],
            ),
        ] {
            for (kind, expected) in kinds {
                assert_eq!(before(machine, kind), expected, "{machine:?} {kind}");
            }
            assert_eq!(before(machine, 9999), Before::Unknown);
        }
    }
}
