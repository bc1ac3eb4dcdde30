//! Which sections a file had, as far as its program headers and its dynamic table tell. What lies between those that are known is
//! called what linkers put there.

mod sizes;

use object::elf::{
    DT_FINI, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, DT_GNU_HASH, DT_HASH, DT_INIT, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_JMPREL, DT_PLTGOT,
    DT_PLTRELSZ, DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, DT_RELA, DT_RELASZ, DT_RELR, DT_RELRSZ, DT_STRSZ, DT_STRTAB, DT_SYMTAB,
    DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM, DT_VERSYM, PF_X, PT_DYNAMIC, PT_GNU_EH_FRAME, PT_GNU_RELRO, PT_INTERP,
    PT_LOAD, PT_NOTE, PT_TLS, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHF_WRITE, SHT_DYNAMIC, SHT_DYNSYM, SHT_FINI_ARRAY,
    SHT_GNU_HASH, SHT_GNU_VERDEF, SHT_GNU_VERNEED, SHT_GNU_VERSYM, SHT_HASH, SHT_INIT_ARRAY, SHT_NOBITS, SHT_NOTE,
    SHT_PREINIT_ARRAY, SHT_PROGBITS, SHT_RELA, SHT_RELR, SHT_STRTAB, SectionType,
};

use super::dynamic::Dynamic;
use super::image::Image;
use super::plt::Stubs;
use super::relocations::RELA;
use super::{Known, Loaded};
use crate::elf::{Section, Segment};

/// Bytes between known sections that are no section of their own but padding.
const PADDING: u64 = 16;
/// Bytes of a symbol.
const SYMBOL: u64 = 24;

/// The sections, in order of address; the first one of a table, which is empty, is not among them.
pub(super) fn guess(image: &Image, loaded: &Loaded, dynamic: &Dynamic) -> Vec<Section> {
    let mut found = Found { image, loaded, dynamic, sections: Vec::new() };
    found.of_segments();
    found.of_symbols();
    found.of_relocations();
    found.of_code();
    found.of_data();
    found.drop_overlapping();
    found.fill();
    found.without_bytes();
    found.sections.sort_by_key(|section| (section.address, section.kind == SHT_NOBITS.0));
    link(&mut found.sections, dynamic);
    found.sections
}

struct Found<'a> {
    image: &'a Image,
    loaded: &'a Loaded,
    dynamic: &'a Dynamic,
    sections: Vec<Section>,
}

impl Found<'_> {
    fn add(&mut self, name: &str, kind: SectionType, address: u64, size: u64, entry_size: u64) {
        let Some((place, rest)) = self.image.place(address) else { return };
        if size == 0 || size > rest as u64 {
            return;
        }
        let load = self.loaded.loads().find(|load| address.wrapping_sub(load.address) < load.file_size);
        let tls = self.loaded.segment(PT_TLS).is_some_and(|tls| address.wrapping_sub(tls.address) < tls.file_size);
        // As powers of two. Notes are read by their alignment.
        let most = match kind {
            SHT_GNU_VERSYM => 1,
            SHT_NOTE if name != ".note.gnu.property" => 2,
            _ => 3,
        };
        self.sections.push(Section {
            name: name.as_bytes().to_owned(),
            kind: kind.0,
            flags: load.map_or(0, flags) | if tls { SHF_TLS.0 } else { 0 },
            address,
            offset: place as u64,
            size,
            align: 1 << address.trailing_zeros().min(most),
            entry_size,
            ..Section::default()
        });
    }

    /// Adds what a pair of dynamic entries tells.
    fn add_table(&mut self, name: &str, kind: SectionType, tags: [object::elf::DynamicTag; 2], entry_size: u64) {
        if let (Some(address), Some(size)) = (self.dynamic.get(tags[0]), self.dynamic.get(tags[1])) {
            self.add(name, kind, address, size, entry_size);
        }
    }

    fn of_segments(&mut self) {
        for segment in &self.loaded.info.segments {
            match segment.kind {
                kind if kind == PT_INTERP.0 => self.add(".interp", SHT_PROGBITS, segment.address, segment.file_size, 0),
                kind if kind == PT_DYNAMIC.0 => self.add(".dynamic", SHT_DYNAMIC, segment.address, segment.file_size, 16),
                kind if kind == PT_TLS.0 => self.add(".tdata", SHT_PROGBITS, segment.address, segment.file_size, 0),
                kind if kind == PT_NOTE.0 => {
                    let notes = sizes::notes(self.image.at(segment.address, segment.file_size), segment.align);
                    for (name, within, size) in notes {
                        self.add(name, SHT_NOTE, segment.address.wrapping_add(within), size, 0);
                    }
                }
                kind if kind == PT_GNU_EH_FRAME.0 => {
                    self.add(".eh_frame_hdr", SHT_PROGBITS, segment.address, segment.file_size, 0);
                    if let Some((address, size)) = sizes::eh_frame(self.image, segment.address) {
                        self.add(".eh_frame", SHT_PROGBITS, address, size, 0);
                    }
                }
                _ => {}
            }
        }
    }

    fn of_symbols(&mut self) {
        self.add_table(".dynstr", SHT_STRTAB, [DT_STRTAB, DT_STRSZ], 0);
        let mut count = 0;
        if let Some((address, (size, symbols))) =
            self.dynamic.get(DT_HASH).and_then(|at| Some((at, sizes::hash(self.image, at)?)))
        {
            self.add(".hash", SHT_HASH, address, size, 4);
            count = symbols;
        }
        let gnu = self.dynamic.get(DT_GNU_HASH);
        if let Some((address, (size, symbols))) = gnu.and_then(|at| Some((at, sizes::gnu_hash(self.image, at)?))) {
            self.add(".gnu.hash", SHT_GNU_HASH, address, size, 0);
            count = count.max(symbols);
        }
        let Some(address) = self.dynamic.get(DT_SYMTAB) else { return };
        // Symbols that are only needed are in no hash table; but linkers put the next table right behind.
        let tables = [DT_STRTAB, DT_VERSYM, DT_VERNEED, DT_VERDEF, DT_HASH, DT_GNU_HASH, DT_RELA, DT_RELR, DT_JMPREL];
        let next =
            tables.into_iter().filter_map(|tag| self.dynamic.get(tag)?.checked_sub(address)).filter(|bytes| *bytes > 0).min();
        count = next.map(|bytes| bytes / SYMBOL).filter(|to_next| *to_next >= count).unwrap_or(count);
        self.add(".dynsym", SHT_DYNSYM, address, count.saturating_mul(SYMBOL), SYMBOL);
        let info = sizes::local_symbols(self.image.at(address, count.saturating_mul(SYMBOL)));
        if let Some(symbols) = self.sections.last_mut().filter(|last| last.kind == SHT_DYNSYM.0) {
            symbols.info = info;
        }
        if let Some(versions) = self.dynamic.get(DT_VERSYM) {
            self.add(".gnu.version", SHT_GNU_VERSYM, versions, count.saturating_mul(2), 2);
        }
        for (name, kind, [table, number], shape) in [
            (".gnu.version_d", SHT_GNU_VERDEF, [DT_VERDEF, DT_VERDEFNUM], sizes::DEFINED),
            (".gnu.version_r", SHT_GNU_VERNEED, [DT_VERNEED, DT_VERNEEDNUM], sizes::NEEDED),
        ] {
            if let (Some(at), Some(number)) = (self.dynamic.get(table), self.dynamic.get(number)) {
                self.add(name, kind, at, sizes::versions(self.image, at, number, shape), 0);
            }
        }
    }

    fn of_relocations(&mut self) {
        self.add_table(".rela.plt", SHT_RELA, [DT_JMPREL, DT_PLTRELSZ], RELA as u64);
        self.add_table(".rela.dyn", SHT_RELA, [DT_RELA, DT_RELASZ], RELA as u64);
        self.add_table(".relr.dyn", SHT_RELR, [DT_RELR, DT_RELRSZ], 8);
    }

    /// How many functions are found by way of slots.
    fn slots(&self) -> u64 {
        self.dynamic.get(DT_PLTRELSZ).unwrap_or(0) / RELA as u64
    }

    fn of_code(&mut self) {
        for (name, tag) in [(".init", DT_INIT), (".fini", DT_FINI)] {
            if let Some((address, size)) =
                self.dynamic.get(tag).and_then(|at| Some((at, sizes::function(self.image, at, self.loaded.machine)?)))
            {
                self.add(name, SHT_PROGBITS, address, size, 0);
            }
        }
        if let Some(stubs) = self.dynamic.get(DT_PLTGOT).and_then(|table| Stubs::find(self.image, self.loaded, table)) {
            let (head, each) = if self.loaded.machine == Known::X86_64 { (16, 16) } else { (32, 16) };
            self.add(".plt", SHT_PROGBITS, stubs.begin(), self.slots().saturating_mul(each).saturating_add(head), 16);
        }
    }

    fn of_data(&mut self) {
        self.add_table(".preinit_array", SHT_PREINIT_ARRAY, [DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ], 8);
        self.add_table(".init_array", SHT_INIT_ARRAY, [DT_INIT_ARRAY, DT_INIT_ARRAYSZ], 8);
        self.add_table(".fini_array", SHT_FINI_ARRAY, [DT_FINI_ARRAY, DT_FINI_ARRAYSZ], 8);
        let sealed = self.sealed();
        let Some(table) = self.dynamic.get(DT_PLTGOT) else { return };
        if !sealed.contains(&table.wrapping_add(24)) {
            self.add(".got.plt", SHT_PROGBITS, table, self.slots().saturating_add(3).saturating_mul(8), 8);
        } else {
            self.add(".got", SHT_PROGBITS, table, sealed.end.saturating_sub(table), 8);
        }
    }

    /// Addresses that only the dynamic linker writes.
    fn sealed(&self) -> std::ops::Range<u64> {
        let relro = self.loaded.segment(PT_GNU_RELRO);
        relro.map_or(0..0, |relro| relro.address..relro.address.saturating_add(relro.memory_size))
    }

    /// Keeps the first ones found where two claim the same bytes.
    fn drop_overlapping(&mut self) {
        let mut kept: Vec<Section> = Vec::new();
        for section in std::mem::take(&mut self.sections) {
            let apart =
                |one: &Section| section.address >= one.address + one.size || one.address >= section.address + section.size;
            if kept.iter().all(apart) {
                kept.push(section);
            }
        }
        self.sections = kept;
        self.sections.sort_by_key(|section| section.address);
    }

    /// Names what lies between.
    fn fill(&mut self) {
        let known: Vec<(u64, u64)> =
            self.sections.iter().map(|section| (section.address, section.address + section.size)).collect();
        for load in self.loaded.loads().copied().collect::<Vec<_>>() {
            let end = load.address.saturating_add(load.file_size);
            // The headers of the file are in no section.
            let (from, size) = self.loaded.info.tables.segments;
            let mut at =
                if load.offset == 0 { load.address.saturating_add(from.saturating_add(size)).min(end) } else { load.address };
            for (begin, next) in known.iter().filter(|(begin, _)| (load.address..end).contains(begin)) {
                self.fill_gap(&load, at, *begin);
                at = at.max(*next);
            }
            self.fill_gap(&load, at, end);
        }
    }

    fn fill_gap(&mut self, load: &Segment, begin: u64, end: u64) {
        let sealed = self.sealed();
        // A gap that the end of the sealed part divides is two.
        if load.is_writable() && begin < sealed.end && sealed.end < end {
            self.fill_gap(load, begin, sealed.end);
            return self.fill_gap(load, sealed.end, end);
        }
        let least = if load.is_writable() { 8 } else { PADDING };
        let Some(begin) = begin.checked_next_multiple_of(least).filter(|begin| end.saturating_sub(*begin) >= least) else {
            return;
        };
        let behind = |tag| self.dynamic.get(tag).is_some_and(|at| begin > at);
        let behind_dynamic = self.loaded.segment(PT_DYNAMIC).is_some_and(|dynamic| begin >= dynamic.address);
        let name = match () {
            () if load.is_executable() && behind(DT_FINI) => ".rodata",
            () if load.is_executable() => ".text",
            () if !load.is_writable() => ".rodata",
            () if sealed.contains(&begin) && behind_dynamic => ".got",
            () if sealed.contains(&begin) => ".data.rel.ro",
            () => ".data",
        };
        self.add(name, SHT_PROGBITS, begin, end - begin, 0);
    }

    /// What has a size in memory only.
    fn without_bytes(&mut self) {
        let mut add = |name: &str, segment: &Segment, more: u64| {
            let size = segment.memory_size.saturating_sub(segment.file_size);
            if size > 0 {
                self.sections.push(Section {
                    name: name.as_bytes().to_owned(),
                    kind: SHT_NOBITS.0,
                    flags: SHF_ALLOC.0 | SHF_WRITE.0 | more,
                    address: segment.address.wrapping_add(segment.file_size),
                    offset: segment.offset.wrapping_add(segment.file_size),
                    size,
                    align: 1,
                    ..Section::default()
                });
            }
        };
        if let Some(tls) = self.loaded.segment(PT_TLS) {
            add(".tbss", tls, SHF_TLS.0);
        }
        for load in self.loaded.info.segments.iter().filter(|load| load.kind == PT_LOAD.0 && load.is_writable()) {
            add(".bss", load, 0);
        }
    }
}

fn flags(load: &Segment) -> u64 {
    let executable = if load.flags & PF_X.0 != 0 { SHF_EXECINSTR.0 } else { 0 };
    SHF_ALLOC.0 | executable | if load.is_writable() { SHF_WRITE.0 } else { 0 }
}

/// Fills in which section belongs to which. The table begins with an empty one.
fn link(sections: &mut [Section], dynamic: &Dynamic) {
    let number = |name: &str| {
        let at = sections.iter().position(|section| section.name == name.as_bytes());
        at.map_or(0, |at| at as u32 + 1)
    };
    let (symbols, names) = (number(".dynsym"), number(".dynstr"));
    let slots = [".got.plt", ".got"].map(number).into_iter().find(|at| *at > 0).unwrap_or(0);
    for section in sections {
        match &*section.name {
            b".dynsym" | b".dynamic" => section.link = names,
            b".gnu.version_d" => (section.link, section.info) = (names, dynamic.get(DT_VERDEFNUM).unwrap_or(0) as u32),
            b".gnu.version_r" => (section.link, section.info) = (names, dynamic.get(DT_VERNEEDNUM).unwrap_or(0) as u32),
            b".hash" | b".gnu.hash" | b".gnu.version" | b".rela.dyn" => section.link = symbols,
            b".rela.plt" => (section.link, section.info) = (symbols, slots),
            _ => {}
        }
    }
}
