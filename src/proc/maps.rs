//! /proc/PID/maps, proc_pid_maps(5). Pure: bytes in, mappings out.

use std::ffi::OsString;
use std::ops::Range;
use std::os::unix::ffi::OsStringExt;

/// A mapping of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping<Name = OsString> {
    /// The first address.
    pub(crate) start: u64,
    /// The address behind the last one.
    pub(crate) end: u64,
    /// Where in the file it begins, in bytes.
    pub(crate) offset: u64,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) executable: bool,
    pub(crate) shared: bool,
    /// Major and minor number of the device, as the kernel has it here: on btrfs, and for overlays, another one than st_dev.
    pub(crate) device: (u32, u32),
    pub(crate) inode: u64,
    /// The path the kernel has for it, " (deleted)" and all.
    pub(crate) name: Name,
}

/// One that is only looked at.
pub(crate) type Region<'a> = Mapping<&'a [u8]>;

impl<Name> Mapping<Name> {
    /// Its link in /proc/PID, which opens the file itself.
    pub(crate) fn link(&self) -> String {
        format!("map_files/{:x}-{:x}", self.start, self.end)
    }

    /// The device as one number, as st_dev has it.
    pub(crate) fn device(&self) -> u64 {
        rustix::fs::makedev(self.device.0, self.device.1)
    }

    /// Whether what is written to the mapping is written to the file.
    pub(crate) fn writes(&self) -> bool {
        self.shared && self.writable
    }

    /// The same with another form of the name.
    pub(super) fn named<Other>(&self, name: Other) -> Mapping<Other> {
        let Mapping { start, end, offset, readable, writable, executable, shared, device, inode, .. } = *self;
        Mapping { start, end, offset, readable, writable, executable, shared, device, inode, name }
    }
}

impl Region<'_> {
    /// To keep.
    pub(crate) fn to_mapping(&self) -> Mapping {
        self.named(OsString::from_vec(self.name.to_vec()))
    }
}

/// Every range of addresses that has anything in it, a file or not, in order.
pub(crate) fn ranges(text: &[u8]) -> Vec<Range<u64>> {
    let range = |line: &[u8]| {
        let (start, end) = std::str::from_utf8(line.split(|byte| *byte == b' ').next()?).ok()?.split_once('-')?;
        let hex = |text: &str| u64::from_str_radix(text, 16).ok();
        Some(hex(start)?..hex(end)?)
    };
    text.split(|byte| *byte == b'\n').filter_map(range).collect()
}

/// Reads all of a text, for those who try what may be in one.
#[cfg(feature = "test-programs")]
pub(crate) fn mappings(text: &[u8]) -> Vec<Mapping> {
    let unescaped = |region: Region<'_>| {
        let mut name = Vec::new();
        unescape(region.name, &mut name);
        region.named(OsString::from_vec(name))
    };
    text.split(|byte| *byte == b'\n').filter_map(line).map(unescaped).collect()
}

/// Reads one line, its name still escaped. `None` if it has another form, or no inode.
pub(super) fn line(line: &[u8]) -> Option<Region<'_>> {
    // Six fields with a space between each two; the last one is padded in front, and may hold spaces itself.
    let mut fields = line.splitn(6, |byte| *byte == b' ');
    let mut text = || std::str::from_utf8(fields.next()?).ok();
    let (range, flags, offset, device, inode) = (text()?, text()?.as_bytes(), text()?, text()?, text()?);
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let (start, end) = range.split_once('-')?;
    let (major, minor) = device.split_once(':')?;
    let device = (u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?);
    let inode = inode.parse().ok()?;
    if inode == 0 {
        return None;
    }
    let has = |at: usize, flag: u8| flags.get(at) == Some(&flag);
    Some(Mapping {
        start: hex(start)?,
        end: hex(end)?,
        offset: hex(offset)?,
        readable: has(0, b'r'),
        writable: has(1, b'w'),
        executable: has(2, b'x'),
        shared: has(3, b's'),
        device,
        inode,
        name: fields.next().unwrap_or_default().trim_ascii_start(),
    })
}

/// Writes a name as it is to `plain`. The kernel writes a newline in a name as `\012` and leaves all else, the backslash too, as
/// it is (`seq_path` in `show_map_vma`): a name that has these four characters cannot be told from one with a newline.
pub(super) fn unescape(name: &[u8], plain: &mut Vec<u8>) {
    plain.clear();
    let mut rest = name;
    while let Some(at) = rest.windows(4).position(|four| four == b"\\012") {
        plain.extend_from_slice(&rest[..at]);
        plain.push(b'\n');
        rest = &rest[at + 4..];
    }
    plain.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_its_name_to_the_end() {
        let mapping =
            line(b"7f00-7f10 r-xp 00002000 fe:01 1234                       /opt/a b\\012c (deleted)").expect("a mapping");
        assert_eq!((mapping.start, mapping.end, mapping.offset, mapping.inode), (0x7f00, 0x7f10, 0x2000, 1234));
        assert_eq!((mapping.readable, mapping.writable, mapping.executable, mapping.shared), (true, false, true, false));
        assert_eq!(mapping.device, (0xfe, 1));
        assert_eq!(mapping.link(), "map_files/7f00-7f10");
        let mut name = b"before".to_vec();
        unescape(mapping.name, &mut name);
        assert_eq!(name, b"/opt/a b\nc (deleted)");
    }

    #[test]
    fn ranges_are_of_everything_that_is_mapped() {
        let text = b"7f00-7f10 r-xp 00002000 fe:01 1234 /a\n7ffd-7ffe rw-p 00000000 00:00 0 [stack]\n";
        assert_eq!(ranges(text), [0x7f00..0x7f10, 0x7ffd..0x7ffe]);
    }

    #[test]
    fn what_has_no_inode_is_no_file_and_lines_of_another_form_are_none() {
        let others: [&[u8]; 6] = [
            b"7ffd-7ffe rw-p 00000000 00:00 0                          [stack]",
            b"",
            b"nonsense",
            b"7f00 r-xp 0 fe:01 1 /x",
            b"7f00-7f10 r-xp 0 fe01 1 /x",
            b"\xff\xff-1 r 0 0:0 1",
        ];
        assert!(others.iter().all(|text| line(text).is_none()));
    }
}
