//! The dynamic table, elf(5).

use object::elf::{
    DF_1_NOW, DF_BIND_NOW, DT_BIND_NOW, DT_DEBUG, DT_FINI, DT_FINI_ARRAY, DT_FLAGS, DT_FLAGS_1, DT_GNU_HASH, DT_HASH, DT_INIT,
    DT_INIT_ARRAY, DT_JMPREL, DT_NULL, DT_PLTGOT, DT_PREINIT_ARRAY, DT_REL, DT_RELA, DT_RELR, DT_STRTAB, DT_SYMTAB, DT_VERDEF,
    DT_VERNEED, DT_VERSYM, DynamicTag, PT_DYNAMIC,
};

use super::Loaded;
use super::image::{Image, Origin};

/// Bytes of an entry.
const ENTRY: usize = 16;
/// Entries that are looked at.
const MOST: usize = 4096;

/// Entries that hold an address of the file. Which of them the dynamic linker turns into addresses in memory depends on its
/// version: glibc those it uses itself, musl none.
const ADDRESSES: [DynamicTag; 17] = [
    DT_PLTGOT,
    DT_HASH,
    DT_GNU_HASH,
    DT_STRTAB,
    DT_SYMTAB,
    DT_RELA,
    DT_REL,
    DT_RELR,
    DT_INIT,
    DT_FINI,
    DT_JMPREL,
    DT_INIT_ARRAY,
    DT_FINI_ARRAY,
    DT_PREINIT_ARRAY,
    DT_VERSYM,
    DT_VERNEED,
    DT_VERDEF,
];

/// The entries, as the file has them.
#[derive(Debug, Default)]
pub(super) struct Dynamic {
    /// Tag, value, and where the entry is in the file. Ends before DT_NULL.
    entries: Vec<(i64, u64, usize)>,
    /// Where two or more entries DT_NULL follow: the first of them is free.
    spare: Option<usize>,
}

impl Dynamic {
    /// The value of an entry.
    pub(super) fn get(&self, tag: DynamicTag) -> Option<u64> {
        self.entries.iter().find(|entry| entry.0 == tag.0).map(|entry| entry.1)
    }

    fn flag(&self, tag: DynamicTag, flag: u64) -> bool {
        self.get(tag).is_some_and(|flags| flags & flag != 0)
    }

    /// Whether all is bound when the file is loaded, so that nobody looks at what its slots held before.
    pub(super) fn binds_now(&self) -> bool {
        self.get(DT_BIND_NOW).is_some() || self.flag(DT_FLAGS, DF_BIND_NOW.0) || self.flag(DT_FLAGS_1, DF_1_NOW.0)
    }

    /// Asks for that; false where the table has no room for it.
    pub(super) fn bind_now(&self, image: &mut Image) -> bool {
        let with_flag = [(DT_FLAGS, DF_BIND_NOW.0), (DT_FLAGS_1, DF_1_NOW.0)].into_iter().find_map(|(tag, flag)| {
            let entry = self.entries.iter().find(|entry| entry.0 == tag.0)?;
            Some((entry.2 + 8, entry.1 | flag))
        });
        match (with_flag, self.spare) {
            (Some((place, flags)), _) => image.change(place, &flags.to_le_bytes()),
            (None, Some(place)) => {
                image.change(place, &DT_FLAGS_1.0.to_le_bytes());
                image.change(place + 8, &DF_1_NOW.0.to_le_bytes());
            }
            (None, None) => return false,
        }
        true
    }
}

/// Reads the table and takes the load bias off its addresses.
pub(super) fn restore(image: &mut Image, loaded: &Loaded) -> Dynamic {
    let mut dynamic = Dynamic::default();
    let Some(segment) = loaded.segment(PT_DYNAMIC) else { return dynamic };
    let Some((begin, rest)) = image.place(segment.address) else { return dynamic };
    let size = rest.min(usize::try_from(segment.file_size).unwrap_or(usize::MAX));
    let places = (begin..begin + size).step_by(ENTRY).filter(|place| place + ENTRY <= begin + size).take(MOST);
    for place in places {
        let (Some(tag), Some(value)) = (image.word(place), image.word(place + 8)) else { break };
        let tag = tag as i64;
        if tag == DT_NULL.0 {
            let next = place + ENTRY;
            let is_free = next + ENTRY <= begin + size && image.word(next) == Some(0);
            dynamic.spare = is_free.then_some(place);
            break;
        }
        let file = in_file(tag, value, loaded);
        if file != value {
            image.restore(place + 8, file, Origin::Rebuilt);
        }
        dynamic.entries.push((tag, file, place));
    }
    dynamic
}

/// The value as the file has it.
fn in_file(tag: i64, value: u64, loaded: &Loaded) -> u64 {
    if tag == DT_DEBUG.0 {
        // The dynamic linker leaves debuggers an address there.
        return 0;
    }
    let moved = value.wrapping_sub(loaded.bias);
    let was_moved = loaded.bias != 0 && !loaded.has(value) && loaded.has(moved);
    if was_moved && ADDRESSES.iter().any(|address| address.0 == tag) { moved } else { value }
}
