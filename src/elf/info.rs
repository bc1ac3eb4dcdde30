//! What an ELF file, or the beginning of one, says of itself: elf(5). Pure, for bytes that anybody may have made: nothing here
//! panics, loops or asks for memory in the measure of a number the bytes name.

use object::elf::{
    ELF_NOTE_GNU, EM_AARCH64, EM_X86_64, ET_DYN, ET_EXEC, FileHeader32, FileHeader64, NT_GNU_BUILD_ID, PF_W, PF_X, PT_NOTE,
};
use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _};
use object::{Endianness, ReadRef};

/// Segments and sections that are looked at; a file with more has none.
const MOST: u32 = 100_000;
/// Bytes of notes that are looked at in one segment or section.
const NOTES: u64 = 1 << 20;
/// Bytes of a section's name.
const NAME: u64 = 256;

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// ET_EXEC: a program with addresses of its own.
    Fixed,
    /// ET_DYN: a library, or a program that runs at any address.
    Movable,
    /// An object file, a core dump, or else.
    Other,
}

/// For which processor, as far as the difference matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    X86_64,
    Aarch64,
    /// By its number, elf(5).
    Other(u16),
}

/// A program header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    /// p_type.
    pub(crate) kind: u32,
    /// p_flags.
    pub(crate) flags: u32,
    /// Where it is in the file, in bytes.
    pub(crate) offset: u64,
    /// Where it is in memory, before the load bias.
    pub(crate) address: u64,
    /// Bytes in the file.
    pub(crate) file_size: u64,
    /// Bytes in memory.
    pub(crate) memory_size: u64,
    /// p_align.
    pub(crate) align: u64,
}

impl Segment {
    /// Whether the program may write to it.
    pub(crate) fn is_writable(&self) -> bool {
        self.flags & PF_W.0 != 0
    }

    /// Whether it holds code.
    pub(crate) fn is_executable(&self) -> bool {
        self.flags & PF_X.0 != 0
    }
}

/// A section header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: Vec<u8>,
    /// sh_type.
    pub(crate) kind: u32,
    /// sh_flags.
    pub(crate) flags: u64,
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) link: u32,
    pub(crate) info: u32,
    pub(crate) align: u64,
    pub(crate) entry_size: u64,
}

/// Where the headers are, in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    /// e_phoff and the bytes of all program headers.
    pub(crate) segments: (u64, u64),
    /// e_shoff and the bytes of all section headers, by the numbers in the file header.
    pub(crate) sections: (u64, u64),
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) kind: Kind,
    pub(crate) machine: Machine,
    pub(crate) is_64: bool,
    pub(crate) is_little_endian: bool,
    pub(crate) tables: Tables,
    pub(crate) segments: Vec<Segment>,
    /// Empty where the table is not in the bytes given, or is broken.
    pub(crate) sections: Vec<Section>,
    /// Of the note GNU build-id, where the bytes given have it.
    pub(crate) build_id: Option<Vec<u8>>,
}

/// Reads the headers. The bytes may end anywhere behind the program headers: the beginning of a file tells all but its sections.
/// `None`: no ELF file, or its program headers are not there.
pub(crate) fn info<'data>(data: impl ReadRef<'data>) -> Option<Info> {
    match class(data)? {
        1 => read::<FileHeader32<Endianness>, _>(data, true),
        _ => read::<FileHeader64<Endianness>, _>(data, true),
    }
}

/// As [`info`], without the sections: of a file this reads its headers and notes only.
pub(crate) fn info_of_segments<'data>(data: impl ReadRef<'data>) -> Option<Info> {
    match class(data)? {
        1 => read::<FileHeader32<Endianness>, _>(data, false),
        _ => read::<FileHeader64<Endianness>, _>(data, false),
    }
}

fn class<'data>(data: impl ReadRef<'data>) -> Option<u8> {
    let ident = data.read_bytes_at(0, 5).ok()?;
    ident.starts_with(b"\x7fELF").then_some(ident[4])
}

fn read<'data, Elf: FileHeader<Endian = Endianness>, R: ReadRef<'data>>(data: R, with_sections: bool) -> Option<Info> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    if header.phnum(endian, data).ok()? > MOST {
        return None;
    }
    let raw = header.program_headers(endian, data).ok()?;
    let segments = raw.iter().map(|raw| Segment {
        kind: raw.p_type(endian).0,
        flags: raw.p_flags(endian).0,
        offset: raw.p_offset(endian).into(),
        address: raw.p_vaddr(endian).into(),
        file_size: raw.p_filesz(endian).into(),
        memory_size: raw.p_memsz(endian).into(),
        align: raw.p_align(endian).into(),
    });
    let notes = raw.iter().filter(|raw| raw.p_type(endian) == PT_NOTE && raw.p_filesz(endian).into() <= NOTES);
    let build_id = notes.filter_map(|raw| raw.notes(endian, data).ok()?).find_map(|notes| build_id_in::<Elf>(notes, endian));
    let sections = if with_sections { sections(header, endian, data).unwrap_or_default() } else { Vec::new() };
    Some(Info {
        kind: match header.e_type(endian) {
            ET_EXEC => Kind::Fixed,
            ET_DYN => Kind::Movable,
            _ => Kind::Other,
        },
        machine: match header.e_machine(endian) {
            EM_X86_64 => Machine::X86_64,
            EM_AARCH64 => Machine::Aarch64,
            other => Machine::Other(other.0),
        },
        is_64: header.is_class_64(),
        is_little_endian: header.is_little_endian(),
        tables: Tables {
            segments: (header.e_phoff(endian).into(), size_of_val(raw) as u64),
            sections: (header.e_shoff(endian).into(), u64::from(header.e_shentsize(endian)) * u64::from(header.e_shnum(endian))),
        },
        segments: segments.collect(),
        sections,
        build_id,
    })
}

fn build_id_in<Elf: FileHeader<Endian = Endianness>>(
    mut notes: object::read::elf::NoteIterator<'_, Elf>,
    endian: Endianness,
) -> Option<Vec<u8>> {
    while let Ok(Some(note)) = notes.next() {
        if note.name() == ELF_NOTE_GNU && note.n_type(endian) == NT_GNU_BUILD_ID && !note.desc().is_empty() {
            return Some(note.desc().to_owned());
        }
    }
    None
}

fn sections<'data, Elf: FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    data: impl ReadRef<'data>,
) -> Option<Vec<Section>> {
    if header.shnum(endian, data).ok()? > MOST {
        return None;
    }
    let raw = header.section_headers(endian, data).ok()?;
    let names = raw.get(header.shstrndx(endian, data).ok()? as usize);
    let names = names.map_or((0, 0), |names| (names.sh_offset(endian).into(), names.sh_size(endian).into()));
    let name = |at: u32| {
        let from = names.0.checked_add(at.into())?;
        let end = names.0.saturating_add(names.1).min(from.saturating_add(NAME)).max(from);
        data.read_bytes_at_until(from..end, 0).ok().map(<[u8]>::to_owned)
    };
    let section = |raw: &Elf::SectionHeader| Section {
        name: name(raw.sh_name(endian)).unwrap_or_default(),
        kind: raw.sh_type(endian).0,
        flags: raw.sh_flags(endian).0,
        address: raw.sh_addr(endian).into(),
        offset: raw.sh_offset(endian).into(),
        size: raw.sh_size(endian).into(),
        link: raw.sh_link(endian),
        info: raw.sh_info(endian),
        align: raw.sh_addralign(endian).into(),
        entry_size: raw.sh_entsize(endian).into(),
    };
    Some(raw.iter().map(section).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn this_program() -> Vec<u8> {
        std::fs::read(std::env::current_exe().unwrap()).unwrap()
    }

    #[test]
    fn a_program_tells_its_segments_sections_and_build_id() {
        let info = info(&*this_program()).unwrap();
        assert!(info.segments.iter().any(Segment::is_executable));
        assert!(info.sections.iter().any(|section| section.name == b".text"));
        let with = info.sections.iter().any(|section| section.name == b".note.gnu.build-id");
        assert_eq!(info.build_id.is_some(), with);
    }

    #[test]
    fn the_beginning_of_a_file_tells_all_but_its_sections() {
        let all = this_program();
        let whole = info(&*all).unwrap();
        let begin = info(&all[..4096]).unwrap();
        assert_eq!(Info { sections: Vec::new(), build_id: None, ..whole }, Info { build_id: None, ..begin });
    }

    #[test]
    fn a_file_cut_off_anywhere_or_with_wrong_numbers_is_no_reason_to_panic() {
        let all = this_program();
        for end in 0..1024 {
            let _ = info(&all[..end]);
        }
        for at in 0..1024 {
            for value in [0, 1, 0x7f, 0xff] {
                let mut broken = all[..4096].to_vec();
                broken[at] = value;
                let _ = info(&*broken);
            }
        }
    }
}
