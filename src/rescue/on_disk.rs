//! The same file somewhere else on the disk, known by its build-id: better than anything that can be made out of memory.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Seek;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use object::ReadCache;
use object::elf::{SHF_EXECINSTR, SHT_NOBITS};

use crate::elf;
use crate::fs::dir::Dir;

/// Where distributions keep files by their build-id: Fedora and openSUSE whole ones, all of them debugging information.
const BY_BUILD_ID: [&str; 2] = ["/usr/lib/.build-id", "/usr/lib/debug/.build-id"];
/// Where programs and libraries are, besides PATH and what ldconfig knows.
const STANDARD: [&str; 8] =
    ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/libexec", "/usr/bin", "/usr/sbin"];
/// What ldconfig knows, ld.so(8).
const CACHE: &str = "/etc/ld.so.cache";
/// Files that are looked into.
const MOST: usize = 50_000;

/// Looks for a whole file with this build-id where the lost one was, in the directories of `path` (a list like PATH), where the
/// dynamic linker finds libraries, and where distributions keep files by build-id. Of each file only the headers and notes are
/// read. What somebody else than root or this user may have written is passed over.
pub(crate) fn find(build_id: &[u8], lost: &Path, path: Option<&OsStr>) -> Option<(PathBuf, File)> {
    let by_id =
        by_build_id(build_id).into_iter().filter_map(|path| Some((path.clone(), fs_err::File::open(path).ok()?.into_parts().0)));
    let mut seen = HashSet::new();
    let directories = lost.parent().map(Path::to_owned).into_iter().chain(directories(path)).filter_map(|path| {
        let dir = Dir::open(&path).ok()?;
        // By another name, as /lib and /usr/lib, it is the same one.
        seen.insert(dir.id().ok()?).then_some(dir)
    });
    let (path, mut file) = by_id.chain(directories.flat_map(files).take(MOST)).find(|(_, file)| is_it(file, build_id))?;
    // What was looked at was read by the offset that all descriptors of the file share.
    file.rewind().ok()?;
    Some((path, file))
}

fn by_build_id(build_id: &[u8]) -> Vec<PathBuf> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let Some((first, rest)) = build_id.split_first().filter(|(_, rest)| !rest.is_empty()) else { return Vec::new() };
    BY_BUILD_ID.iter().map(|place| Path::new(place).join(hex(&[*first])).join(hex(rest))).collect()
}

fn directories(path: Option<&OsStr>) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = path.map(|path| std::env::split_paths(path).collect()).unwrap_or_default();
    // A relative one is where the caller stands, by chance.
    all.retain(|directory| directory.is_absolute());
    all.extend(STANDARD.map(PathBuf::from));
    all.extend(fs_err::read(CACHE).map(|cache| of_cache(&cache)).unwrap_or_default());
    all
}

/// The directories of all libraries in the cache: whatever its version, it holds their paths as strings that end in NUL.
fn of_cache(cache: &[u8]) -> Vec<PathBuf> {
    let paths = cache.split(|byte| *byte == 0).filter(|text| text.starts_with(b"/"));
    let mut directories: Vec<PathBuf> =
        paths.filter_map(|path| Some(Path::new(OsStr::from_bytes(path)).parent()?.to_owned())).collect();
    directories.sort();
    directories.dedup();
    directories
}

/// The regular files of a directory. Links lead to such files, here or in another directory that is looked at.
fn files(dir: Dir) -> impl Iterator<Item = (PathBuf, File)> {
    let names: Vec<OsString> = dir.all_names().unwrap_or_default();
    names.into_iter().filter_map(move |name| {
        let stat = crate::fs::dir::stat_at(&dir, &name).ok()?;
        // Opening a device can do things.
        (rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::RegularFile).then_some(())?;
        Some((dir.path().join(&name), dir.open_file(&name).ok()?))
    })
}

fn is_it(file: &File, build_id: &[u8]) -> bool {
    let Ok(facts) = file.metadata() else { return false };
    let ours = rustix::process::geteuid().as_raw();
    let is_safe = facts.is_file() && facts.mode() & 0o022 == 0 && [0, ours].contains(&facts.uid());
    if !is_safe || elf::build_id(file).as_deref() != Some(build_id) {
        return false;
    }
    let Ok(file) = file.try_clone() else { return false };
    elf::info(&ReadCache::new(file)).is_some_and(|info| is_whole(&info, facts.len()))
}

/// Whether it has its code: what `strip --only-keep-debug` leaves has the sections' headers only, and one that was cut off ends
/// before it.
fn is_whole(info: &elf::Info, size: u64) -> bool {
    let is_emptied =
        |section: &elf::Section| section.kind == SHT_NOBITS.0 && section.flags & SHF_EXECINSTR.0 != 0 && section.size > 0;
    let is_inside = |segment: &elf::Segment| segment.offset.checked_add(segment.file_size).is_some_and(|end| end <= size);
    !info.sections.iter().any(is_emptied) && info.segments.iter().all(is_inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directories_of_a_cache_are_those_of_its_paths() {
        let cache = b"glibc-ld.so.cache1.1\x01\0\0/lib/b/libz.so.1\0libz.so.1\0/lib/a/liby.so\0/lib/b/libx.so\0\xff\0";
        assert_eq!(of_cache(cache), [PathBuf::from("/lib/a"), PathBuf::from("/lib/b")]);
    }

    #[test]
    fn a_file_of_debugging_information_and_one_that_was_cut_off_are_not_whole() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let mut info = elf::info(&*program).unwrap();
        assert!(is_whole(&info, program.len() as u64));
        assert!(!is_whole(&info, 4096));
        info.sections.iter_mut().find(|section| section.name == b".text").unwrap().kind = SHT_NOBITS.0;
        assert!(!is_whole(&info, program.len() as u64));
    }

    #[test]
    fn a_file_in_the_directory_of_the_lost_one_is_found_by_its_build_id() {
        let dir = tempfile::tempdir().unwrap();
        let this = std::env::current_exe().unwrap();
        let Some(id) = elf::build_id(&File::open(&this).unwrap()) else { return };
        let lost = dir.path().join("lost");
        assert!(find(&id, &lost, None).is_none());
        let other = dir.path().join("other");
        std::fs::copy(&this, &other).unwrap();
        assert_eq!(find(&id, &lost, None).unwrap().0, other);
        // Whoever may write to it may have put anything in.
        std::fs::set_permissions(&other, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
        assert!(find(&id, &lost, None).is_none());
    }
}
