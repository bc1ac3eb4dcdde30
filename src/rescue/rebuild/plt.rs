//! The code by which functions are found at their first call: what the slots of the procedure linkage table hold before.

use std::collections::HashMap;

use super::image::Image;
use super::{Known, Loaded};

/// Bytes of an entry of the table on x86-64.
const ENTRY: u64 = 16;

/// Where the code is.
#[derive(Debug)]
pub(super) enum Stubs {
    /// One entry per slot, behind the common one at this address. The linker may have them in another order than the slots: by
    /// the number each pushes, what its slot holds.
    PerSlot { first: u64, by_number: HashMap<u32, u64> },
    /// All slots hold the address of the common one.
    Common { address: u64 },
}

impl Stubs {
    /// Finds the common entry: the only code that reads the second and third word of the table of slots, DT_PLTGOT.
    pub(super) fn find(image: &Image, loaded: &Loaded, table: u64) -> Option<Stubs> {
        loaded.loads().filter(|load| load.is_executable()).find_map(|load| {
            let code = image.at(load.address, load.file_size);
            match loaded.machine {
                Known::X86_64 => x86_64(code, load.address, table)
                    .map(|first| Stubs::PerSlot { first, by_number: entries(image, first).collect() }),
                Known::Aarch64 => aarch64(code, load.address, table).map(|address| Stubs::Common { address }),
            }
        })
    }

    /// Where the common entry is.
    pub(super) fn begin(&self) -> u64 {
        match self {
            Stubs::PerSlot { first, .. } => *first,
            Stubs::Common { address } => *address,
        }
    }

    /// What the slot of this number in DT_JMPREL holds before its function is found.
    pub(super) fn of(&self, number: usize) -> Option<u64> {
        match self {
            Stubs::Common { address } => Some(*address),
            Stubs::PerSlot { by_number, .. } => by_number.get(&u32::try_from(number).ok()?).copied(),
        }
    }
}

/// The entries behind the first: the number each pushes, and what its slot holds.
fn entries(image: &Image, first: u64) -> impl Iterator<Item = (u32, u64)> {
    let begin = first.saturating_add(ENTRY);
    let code = image.at(begin, u64::MAX).chunks_exact(ENTRY as usize);
    code.zip((begin..).step_by(ENTRY as usize)).map_while(|(code, address)| {
        let (push, slot) = match code {
            // jmp *slot(%rip); push number: the slot leads to the second instruction.
            [0xff, 0x25, ..] => (6, address + 6),
            // endbr64; push number. The jump through the slot is in another table.
            [0xf3, 0x0f, 0x1e, 0xfa, ..] => (4, address),
            _ => (0, address),
        };
        let number = code.get(push + 1..)?.first_chunk()?;
        (code[push] == 0x68).then_some((u32::from_le_bytes(*number), slot))
    })
}

/// `push 8+table(%rip)`, then `jmp *16+table(%rip)`, with or without a prefix.
fn x86_64(code: &[u8], address: u64, table: u64) -> Option<u64> {
    let reads = |at: usize, skip: usize, wanted: u64| {
        let distance = code.get(at + skip..)?.first_chunk().map(|bytes| i32::from_le_bytes(*bytes))?;
        let next = address.wrapping_add((at + skip + 4) as u64);
        (next.wrapping_add_signed(distance.into()) == wanted).then_some(())
    };
    (0..code.len()).step_by(ENTRY as usize).find_map(|at| {
        code[at..].starts_with(&[0xff, 0x35]).then_some(())?;
        reads(at, 2, table.wrapping_add(8))?;
        let jump = at + 6 + usize::from(code.get(at + 6) == Some(&0xf2));
        code.get(jump..)?.starts_with(&[0xff, 0x25]).then_some(())?;
        reads(jump, 2, table.wrapping_add(16))?;
        Some(address.wrapping_add(at as u64))
    })
}

/// `stp x16, x30, [sp, #-16]!`, then `adrp x16, page; ldr x17, [x16, #offset]` of the third word of the table. `bti c` may come
/// first.
fn aarch64(code: &[u8], address: u64, table: u64) -> Option<u64> {
    let instruction = |at: usize| code.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    (0..code.len()).step_by(4).find_map(|at| {
        (instruction(at)? == 0xa9bf_7bf0).then_some(())?;
        let (adrp, ldr) = (instruction(at + 4)?, instruction(at + 8)?);
        (adrp & 0x9f00_001f == 0x9000_0010 && ldr & 0xffc0_03ff == 0xf940_0211).then_some(())?;
        // The number of pages, 21 bits with their sign, in two parts.
        let pages = (adrp >> 5 & 0x7_ffff) << 2 | adrp >> 29 & 3;
        let pages = i64::from((pages << 11) as i32 >> 11);
        let here = address.wrapping_add(at as u64);
        let page = (here.wrapping_add(4) & !0xfff).wrapping_add_signed(pages << 12);
        let word = page.wrapping_add(u64::from(ldr >> 10 & 0xfff) * 8);
        (word == table.wrapping_add(16)).then_some(())?;
        let bti = at.checked_sub(4).and_then(instruction) == Some(0xd503_245f);
        Some(if bti { here - 4 } else { here })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_entry_is_found_by_the_words_it_reads() {
        // At 0x1020, as GNU ld writes it for a table at 0x3fe8.
        let mut code = vec![0; 0x20];
        code.extend([0xff, 0x35, 0xca, 0x2f, 0, 0, 0xff, 0x25, 0xcc, 0x2f, 0, 0, 0x0f, 0x1f, 0x40, 0]);
        assert_eq!(x86_64(&code, 0x1000, 0x3fe8), Some(0x1020));
        assert_eq!(x86_64(&code, 0x1000, 0x3ff0), None);
    }

    #[test]
    fn on_aarch64_too() {
        // bti c; stp x16, x30, [sp, #-16]!; adrp x16, 0x1f000; ldr x17, [x16, #0xff8], at 0x600.
        let code: Vec<u8> =
            [0xd503_245f_u32, 0xa9bf_7bf0, 0xf000_00f0, 0xf947_fe11].into_iter().flat_map(u32::to_le_bytes).collect();
        assert_eq!(aarch64(&code, 0x600, 0x1ffe8), Some(0x600));
        assert_eq!(aarch64(&code, 0x600, 0x1fff0), None);
    }
}
