//! What an executable or library says of the libraries it needs. Pure but for reading the file it is given.

mod info;

pub(crate) use info::{Info, Kind, Machine, Section, Segment, info, info_of_segments};

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;

use object::elf::{DT_NEEDED, DT_SONAME, DT_STRSZ, DT_STRTAB, FileHeader32, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use object::{Endianness, ReadCache};

/// Dynamic entries that are looked at: a program with more libraries than that is none.
const ENTRIES: usize = 4096;

/// The names by which files of a set know each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Linkage {
    /// DT_SONAME.
    pub(crate) soname: Option<OsString>,
    /// DT_NEEDED.
    pub(crate) needed: Vec<OsString>,
}

/// Reads the dynamic section, elf(5). A file that is no ELF file, or a broken one, needs nothing.
pub(crate) fn linkage(file: &File) -> Linkage {
    let mut ident = [0; 5];
    if file.read_exact_at(&mut ident, 0).is_err() || !ident.starts_with(b"\x7fELF") {
        return Linkage::default();
    }
    // Reads from a place on, and the file's offset is nobody's concern: it is read by position elsewhere.
    let Ok(file) = file.try_clone() else { return Linkage::default() };
    let data = ReadCache::new(file);
    let read = if ident[4] == 1 { parse::<FileHeader32<Endianness>>(&data) } else { parse::<FileHeader64<Endianness>>(&data) };
    read.unwrap_or_default()
}

/// The build-id of a file, if it is an ELF file that has one.
pub(crate) fn build_id(file: &File) -> Option<Vec<u8>> {
    let data = ReadCache::new(file.try_clone().ok()?);
    info_of_segments(&data)?.build_id
}

fn parse<Elf: FileHeader<Endian = Endianness>>(data: &ReadCache<File>) -> Option<Linkage> {
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, data).ok()?;
    let dynamic = segments.iter().find_map(|segment| segment.dynamic(endian, data).ok()?)?;
    let value = |tag| dynamic.iter().find(|entry| entry.tag(endian) == tag).map(|entry| entry.d_val(endian).into());
    let (address, size): (u64, u64) = (value(DT_STRTAB)?, value(DT_STRSZ)?);
    let strings = segments.iter().find_map(|segment| segment.data_range(endian, data, address, size).ok()?)?;
    let name = |entry: &Elf::Dyn| {
        let from = strings.get(usize::try_from(entry.d_val(endian).into()).ok()?..)?;
        let text = from.split(|byte| *byte == 0).next()?;
        (!text.is_empty()).then(|| OsStr::from_bytes(text).to_owned())
    };
    let mut linkage = Linkage::default();
    for entry in dynamic.iter().take(ENTRIES) {
        match entry.tag(endian) {
            DT_SONAME => linkage.soname = name(entry),
            DT_NEEDED => linkage.needed.extend(name(entry)),
            _ => {}
        }
    }
    Some(linkage)
}

/// The order in which files of a set are to be put in place: each after those it needs, else as they were given. `files` are
/// their names and what they say of themselves; who needs each other in a circle keeps the order given.
pub(crate) fn order(files: &[(&OsStr, &Linkage)]) -> Vec<usize> {
    let mut providers: HashMap<&OsStr, usize> = HashMap::new();
    for (at, (name, linkage)) in files.iter().enumerate() {
        providers.entry(name).or_insert(at);
        // The soname is what the loader asks for; it wins over a file that is only called so.
        if let Some(soname) = &linkage.soname {
            providers.insert(soname, at);
        }
    }
    let mut order = Vec::with_capacity(files.len());
    let mut seen = vec![false; files.len()];
    // A stack, for a chain of libraries may be long: a file is put down when all it needs has been.
    for start in 0..files.len() {
        let mut stack = vec![(start, 0)];
        while let Some((at, next)) = stack.pop() {
            if next == 0 && std::mem::replace(&mut seen[at], true) {
                continue;
            }
            match files[at].1.needed.get(next) {
                Some(name) => {
                    stack.push((at, next + 1));
                    stack.extend(providers.get(&**name).filter(|provider| !seen[**provider]).map(|provider| (*provider, 0)));
                }
                None => order.push(at),
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linkage(needed: &[&str]) -> Linkage {
        Linkage { soname: None, needed: needed.iter().map(OsString::from).collect() }
    }

    fn order_of(files: &[(&str, Linkage)]) -> Vec<usize> {
        order(&files.iter().map(|(name, linkage)| (OsStr::new(*name), linkage)).collect::<Vec<_>>())
    }

    #[test]
    fn a_program_names_the_libraries_it_needs() {
        let this = File::open(std::env::current_exe().unwrap()).unwrap();
        let linkage = super::linkage(&this);
        assert!(linkage.needed.iter().any(|name| name.as_bytes().starts_with(b"libc.")), "{linkage:?}");
        assert_eq!(linkage.soname, None);
    }

    #[test]
    fn what_is_no_program_needs_nothing() {
        assert_eq!(super::linkage(&File::open("/etc/passwd").unwrap()), Linkage::default());
        assert_eq!(super::linkage(&File::open("/dev/null").unwrap()), Linkage::default());
    }

    #[test]
    fn each_file_comes_after_what_it_needs_and_else_as_given() {
        let named = Linkage { soname: Some("libb.so.1".into()), needed: vec!["liba.so".into()] };
        let files = [
            ("app", linkage(&["libb.so.1", "libc.so.6"])),
            ("note", linkage(&[])),
            ("libb.so.1.2", named),
            ("liba.so", linkage(&[])),
        ];
        assert_eq!(order_of(&files), [3, 2, 0, 1]);
    }

    #[test]
    fn a_circle_keeps_the_order_given_and_ends() {
        let files = [("a", linkage(&["b"])), ("b", linkage(&["a"])), ("c", linkage(&["c", "c"]))];
        assert_eq!(order_of(&files), [1, 0, 2]);
    }

    #[test]
    fn a_long_chain_is_no_deep_recursion() {
        let names: Vec<String> = (0..50_000).map(|at| format!("lib{at}")).collect();
        let linkages: Vec<Linkage> = (0..50_000).map(|at| linkage(&[&format!("lib{}", at + 1)])).collect();
        let files: Vec<_> = names.iter().map(OsStr::new).zip(&linkages).collect();
        assert_eq!(order(&files)[0], 49_999);
    }
}
