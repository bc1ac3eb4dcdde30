//! The path a file had. What /proc says of it is a claim; inodes decide.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::report::Gone;

/// What the kernel puts behind the path of a file that is no longer there (`d_path`). A file may be called so, too.
const DELETED: &[u8] = b" (deleted)";

/// What has a path now, beside the file in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Has {
    Nothing,
    Itself,
    Another,
}

/// Whether the text of a link may be that of a file that is gone.
pub(super) fn may_be_gone(text: &OsStr) -> bool {
    text.as_bytes().ends_with(DELETED)
}

/// The path without what the kernel puts behind it.
pub(super) fn without_mark(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    PathBuf::from(OsStr::from_bytes(bytes.strip_suffix(DELETED).unwrap_or(bytes)))
}

/// The path a file had that is gone from it, by the text of a link to it. `has` looks what has a path now. `None`: it is where
/// the text says, or nothing tells that it is not.
pub(super) fn of_gone(text: &OsStr, links: u64, has: impl Fn(&Path) -> Has) -> Option<(PathBuf, Gone)> {
    let whole = Path::new(text);
    if !whole.is_absolute() {
        return None;
    }
    let path = PathBuf::from(OsStr::from_bytes(text.as_bytes().strip_suffix(DELETED)?));
    match has(&path) {
        Has::Itself => None,
        // A file without a link is under no name at all. One with a link may be called " (deleted)", and be there.
        _ if links > 0 && has(whole) == Has::Itself => None,
        Has::Another => Some((path, Gone::Replaced)),
        Has::Nothing => Some((path, Gone::Deleted)),
    }
}

/// Whether a file never had a name, or one that no path leads to: O_TMPFILE, memfd_create(2), shared memory. `ino` is its inode.
pub(super) fn is_nameless(path: &Path, ino: u64) -> bool {
    let bytes = path.as_os_str().as_bytes();
    let kernels =
        [&b"/memfd:"[..], b"/SYSV", b"/dev/zero", b"/dev/shm/", b"/[aio]", b"/i915", b"/drm mm object", b"/anon_hugepage"];
    kernels.iter().any(|prefix| bytes.starts_with(prefix)) || path.file_name().is_some_and(|name| *name == *format!("#{ino}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(text: &str, links: u64, itself: &[&str], another: &[&str]) -> Option<(String, Gone)> {
        let has = |path: &Path| match path.to_str().unwrap() {
            path if itself.contains(&path) => Has::Itself,
            path if another.contains(&path) => Has::Another,
            _ => Has::Nothing,
        };
        of_gone(text.as_ref(), links, has).map(|(path, gone)| (path.to_str().unwrap().to_owned(), gone))
    }

    #[test]
    fn a_deleted_and_a_replaced_file_are_known_by_what_has_the_path() {
        assert_eq!(gone("/a (deleted)", 0, &[], &[]), Some(("/a".into(), Gone::Deleted)));
        assert_eq!(gone("/a (deleted)", 0, &[], &["/a"]), Some(("/a".into(), Gone::Replaced)));
        assert_eq!(gone("/a", 1, &["/a"], &[]), None);
    }

    #[test]
    fn a_file_that_is_called_deleted_is_there() {
        assert_eq!(gone("/a (deleted)", 1, &["/a (deleted)"], &[]), None);
        assert_eq!(gone("/a (deleted)", 1, &["/a (deleted)"], &["/a"]), None);
        // And deleted, it shows it twice.
        assert_eq!(gone("/a (deleted) (deleted)", 0, &[], &["/a"]), Some(("/a (deleted)".into(), Gone::Deleted)));
    }

    #[test]
    fn a_decoy_and_a_link_elsewhere_do_not_hide_it() {
        assert_eq!(gone("/a (deleted)", 0, &[], &["/a (deleted)"]), Some(("/a".into(), Gone::Deleted)));
        assert_eq!(gone("/a (deleted)", 1, &[], &[]), Some(("/a".into(), Gone::Deleted)));
    }

    #[test]
    fn one_that_is_back_at_its_path_is_not_gone() {
        assert_eq!(gone("/a (deleted)", 1, &["/a"], &[]), None);
    }

    #[test]
    fn what_never_had_a_name_is_known() {
        assert!(is_nameless(Path::new("/tmp/#123"), 123) && !is_nameless(Path::new("/tmp/#123"), 12));
        assert!(is_nameless(Path::new("/memfd:x"), 1) && !is_nameless(Path::new("/opt/memfd:x"), 1));
    }
}
