//! What is claimed of a file that was made again, held against the file that was lost.

use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, SectionKind};

/// A segment or section, and what is said of it.
#[derive(Debug)]
pub struct Claim {
    pub kind: String,
    pub name: String,
    pub offset: usize,
    pub size: usize,
    pub state: String,
}

/// All that was said.
#[derive(Debug)]
pub struct Claims {
    pub parts: Vec<Claim>,
    pub build_id: String,
}

impl Claims {
    pub fn parse(text: &str) -> Claims {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let is_part = |words: &Vec<String>| ["segment", "section"].contains(&&*words[0]);
        let part = |words: Vec<String>| {
            let number = |at: usize| words[at].parse().expect("a number");
            Claim { kind: words[0].clone(), name: words[1].clone(), offset: number(2), size: number(3), state: words[4].clone() }
        };
        let build_id = text.lines().find_map(|line| line.strip_prefix("build-id ")).expect("a line of its own").to_owned();
        Claims { parts: text.lines().map(words).filter(is_part).map(part).collect(), build_id }
    }

    /// The state of a section; all of that name agree.
    #[track_caller]
    pub fn of_section(&self, name: &str) -> &str {
        let mut named = self.parts.iter().filter(|part| part.kind == "section" && part.name == name);
        &named.next().unwrap_or_else(|| panic!("no section {name} in {self:#?}")).state
    }

    /// What is said to be exact is; nothing else is left out of a segment; the build-id is that of the file; and what was made is
    /// an ELF file like any other.
    #[track_caller]
    pub fn assert_true(&self, original: &[u8], made: &[u8]) {
        let (lost, now) = (parse(original), parse(made));
        let mut exact = 0;
        for part in self.parts.iter().filter(|part| part.state == "Exact" && part.size > 0) {
            let range = part.offset..part.offset + part.size;
            assert!(original.get(range.clone()) == made.get(range), "{part:?} is not exact");
            exact += part.size;
        }
        assert!(exact > 0, "something is exact: {self:#?}");
        for part in self.parts.iter().filter(|part| part.kind == "segment") {
            assert_ne!(part.state, "Missing");
        }
        // Where it has another name here, the bytes are the same all the same.
        for section in lost.sections().filter(|section| section.kind() == SectionKind::Text) {
            let (offset, size) = section.file_range().expect("code is in the file");
            let range = offset as usize..(offset + size) as usize;
            assert!(original[range.clone()] == made[range], "code differs: {:?}", section.name());
        }
        assert_eq!(lost.build_id().unwrap(), now.build_id().unwrap());
        let build_id: String = lost.build_id().unwrap().unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(self.build_id, build_id);
        assert_eq!(lost.entry(), now.entry());
        let symbols = |file: &ElfFile64| file.dynamic_symbols().count();
        assert_eq!(symbols(&lost), symbols(&now), "as many dynamic symbols");
    }
}

#[track_caller]
fn parse(bytes: &[u8]) -> ElfFile64<'_> {
    ElfFile64::parse(bytes).unwrap_or_else(|error| panic!("no ELF file: {error}"))
}
