//! The table of sections: the file's own where memory has it, else a new one behind everything else.

use object::elf::{SHT_NOBITS, SHT_NULL, SHT_STRTAB};

use super::image::{Image, Origin};
use super::report::Part;
use crate::elf::{self, Section};

/// Bytes of a section header, and where its sh_type is.
const HEADER: usize = 64;
const KIND: usize = 4;
/// Where the file header says where the table is, the size of an entry, how many there are, and which has the names.
const E_SHOFF: usize = 40;
const E_SHENTSIZE: usize = 58;

/// Keeps the table, if it and its names are in what is loaded, as in programs of the Go linker. Sections that are not loaded stay
/// in it as empty entries, so that the numbers of the others hold.
pub(super) fn kept(image: &mut Image) -> Option<Vec<Part>> {
    let info = elf::info(image.bytes())?;
    let (begin, size) = info.tables.sections;
    let begin = usize::try_from(begin).ok()?;
    let is_there = |image: &Image, begin: usize, size: u64| {
        let end = usize::try_from(size).ok().and_then(|size| begin.checked_add(size));
        end.and_then(|end| image.origins(begin..end)).is_some_and(|origins| !origins.contains(&Origin::Missing))
    };
    let names = info.sections.iter().find(|section| section.kind == SHT_STRTAB.0 && section.name == b".shstrtab")?;
    if !is_there(image, begin, size) || !is_there(image, usize::try_from(names.offset).ok()?, names.size) {
        return None;
    }
    let mut loaded = Vec::new();
    for (number, section) in info.sections.iter().enumerate().filter(|(_, section)| section.kind != SHT_NULL.0) {
        let is_loaded = usize::try_from(section.offset).is_ok_and(|begin| is_there(image, begin, section.size));
        if section.kind != SHT_NOBITS.0 && !is_loaded {
            // SHT_NULL and no more, but for the name.
            image.change(begin + number * HEADER + KIND, &[0; HEADER - KIND]);
        }
        loaded.push((section, is_loaded));
    }
    Some(loaded.into_iter().map(|(section, is_loaded)| Part::of_section(image, section, is_loaded)).collect())
}

/// Writes a new table, with its names.
pub(super) fn append(image: &mut Image, mut sections: Vec<Section>) -> Vec<Part> {
    let mut names = vec![0];
    sections.push(Section { name: b".shstrtab".to_vec(), kind: SHT_STRTAB.0, align: 1, ..Section::default() });
    let starts: Vec<usize> = sections
        .iter()
        .map(|section| {
            names.extend_from_slice(&section.name);
            names.push(0);
            names.len() - section.name.len() - 1
        })
        .collect();
    if let Some(last) = sections.last_mut() {
        last.offset = image.append(&names) as u64;
        last.size = names.len() as u64;
    }
    let mut table = vec![0; HEADER];
    for (section, name) in sections.iter().zip(&starts) {
        table.extend((*name as u32).to_le_bytes());
        table.extend(section.kind.to_le_bytes());
        for value in [section.flags, section.address, section.offset, section.size] {
            table.extend(value.to_le_bytes());
        }
        table.extend(section.link.to_le_bytes());
        table.extend(section.info.to_le_bytes());
        table.extend(section.align.to_le_bytes());
        table.extend(section.entry_size.to_le_bytes());
    }
    let begin = image.append(&table) as u64;
    // There are a few dozen at most: of each kind of known one a few, and of what lies between not many more.
    let count = u16::try_from(sections.len() + 1).unwrap_or(0);
    image.change(E_SHOFF, &begin.to_le_bytes());
    let numbers = [HEADER as u16, count, count.saturating_sub(1)];
    for (at, number) in (E_SHENTSIZE..).step_by(2).zip(numbers) {
        image.change(at, &number.to_le_bytes());
    }
    sections.pop();
    sections.iter().map(|section| Part::of_section(image, section, true)).collect()
}
