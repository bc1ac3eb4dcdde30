//! Whether a file is still the one that was seen.

use rustix::fs::Stat;

/// Whether a file is the same, unchanged, whatever names it has got or lost.
pub(crate) fn is_same_but_for_names(one: &Stat, other: &Stat) -> bool {
    let facts = |stat: &Stat| {
        let owner = (stat.st_mode, stat.st_uid, stat.st_gid);
        (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime, stat.st_mtime_nsec, owner)
    };
    facts(one) == facts(other)
}

/// Whether a file is the same and nothing of it has been changed: by inode and time of the last change of any kind.
pub(crate) fn is_unchanged(one: &Stat, other: &Stat) -> bool {
    let facts = |stat: &Stat| (stat.st_dev, stat.st_ino, stat.st_ctime, stat.st_ctime_nsec);
    facts(one) == facts(other)
}
