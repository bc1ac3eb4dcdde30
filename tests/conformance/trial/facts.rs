//! A tree as lines of text, one for each name: what can be claimed about an installed file, and nothing that two runs of the
//! same program do not have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, llistxattr, open};

use super::tree::{READ, WRITTEN, set_times};
use crate::support::sha256;

/// Nothing a case sets is this late.
const RECENTLY: i64 = 1_500_000_000;

/// One line for each name, as bytes with escapes.
pub type Lines = BTreeMap<String, String>;

type Inode = (u64, u64);

/// A tree before a run. The inodes are kept open, so that no new file gets the number of one that was removed.
pub struct Before {
    pub lines: Lines,
    names: BTreeMap<Inode, Vec<String>>,
    _pins: Vec<OwnedFd>,
}

/// A tree after a run.
pub struct After {
    pub lines: Lines,
    /// The directories in which no name came or went.
    pub still: BTreeSet<String>,
}

impl Before {
    /// Looks, and sets all times that the case did not set.
    pub fn of(root: &Path) -> Before {
        let mut pins = Vec::new();
        let mut names: BTreeMap<Inode, Vec<String>> = BTreeMap::new();
        for (name, (path, facts)) in walk(root) {
            if facts.mtime() > RECENTLY {
                set_times(&path, READ, WRITTEN);
            }
            pins.push(open(&path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).expect("a pin on an inode"));
            names.entry((facts.dev(), facts.ino())).or_default().push(name);
        }
        Before { lines: lines(root, &names), names, _pins: pins }
    }

    /// Looks again.
    pub fn after(&self, root: &Path) -> After {
        let is_still =
            |(name, (_, facts)): (String, (PathBuf, Metadata))| (facts.is_dir() && facts.mtime() <= RECENTLY).then_some(name);
        let still = walk(root).into_iter().filter_map(is_still).collect();
        After { lines: lines(root, &self.names), still }
    }
}

/// Makes every directory such that it can be looked into and removed by the one who made it.
pub fn open_up(root: &Path) {
    let mut left = vec![root.to_owned()];
    while let Some(path) = left.pop() {
        let mode = metadata(&path).mode() & 0o7777;
        if mode & 0o700 != 0o700 {
            let _ = fs::set_permissions(&path, PermissionsExt::from_mode(mode | 0o700));
        }
        let children = fs::read_dir(&path).into_iter().flatten().flatten();
        left.extend(children.map(|child| child.path()).filter(|path| metadata(path).is_dir()));
    }
}

fn metadata(path: &Path) -> Metadata {
    fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every name below the root and the root itself, `.`, in order. What this user may not see counts as nothing.
fn walk(root: &Path) -> BTreeMap<String, (PathBuf, Metadata)> {
    let mut found = BTreeMap::new();
    let mut left = vec![(String::from("."), root.to_owned())];
    while let Some((name, path)) = left.pop() {
        let facts = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => continue,
            facts => facts.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        };
        if facts.is_dir() {
            for child in fs::read_dir(&path).into_iter().flatten() {
                let child = child.expect("a directory can be read").path();
                let below = child.strip_prefix(root).expect("a path below the root");
                left.push((below.as_os_str().as_bytes().escape_ascii().to_string(), child));
            }
        }
        found.insert(name, (path, facts));
    }
    found
}

fn lines(root: &Path, names_before: &BTreeMap<Inode, Vec<String>>) -> Lines {
    let mut first_names: BTreeMap<Inode, String> = BTreeMap::new();
    let mut lines = Lines::new();
    for (name, (path, facts)) in walk(root) {
        let inode = (facts.dev(), facts.ino());
        let mut line = describe(&path, &facts);
        let is_new = !names_before.contains_key(&inode);
        if facts.is_file() {
            line += &format!(", written {}", time(facts.mtime(), facts.mtime_nsec(), WRITTEN));
            // Being read changes this, so it is claimed of files that only the program under test can have read.
            if is_new {
                line += &format!(", read {}", time(facts.atime(), facts.atime_nsec(), READ));
            }
        }
        line += &match names_before.get(&inode) {
            Some(names) => format!(", was {}", names.join(" ")),
            None => String::from(", new"),
        };
        match first_names.get(&inode) {
            Some(first) => line += &format!(", the same as {first}"),
            None => drop(first_names.insert(inode, name.clone())),
        }
        lines.insert(name, line);
    }
    lines
}

fn describe(path: &Path, facts: &Metadata) -> String {
    let kind = facts.file_type();
    if kind.is_symlink() {
        let target = fs::read_link(path).expect("a link can be read");
        return format!("link to {} of {}:{}", target.display(), facts.uid(), facts.gid());
    }
    let common = format!("{:04o} of {}:{}{}", facts.mode() & 0o7777, facts.uid(), facts.gid(), attributes(path));
    match kind {
        _ if kind.is_dir() => format!("directory {common}"),
        _ if kind.is_file() => format!("file {common}, {} links, {}", facts.nlink(), content(path, facts)),
        _ if kind.is_fifo() => format!("fifo {common}, {} links", facts.nlink()),
        _ if kind.is_socket() => format!("socket {common}, {} links", facts.nlink()),
        _ => format!("device {:x} {common}, {} links", facts.rdev(), facts.nlink()),
    }
}

/// Short text itself, a digest of anything else, and whether it has holes.
fn content(path: &Path, facts: &Metadata) -> String {
    // Without O_NOATIME the next look would find the file read; it is refused for a file of somebody else.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = open(path, flags | OFlags::NOATIME, Mode::empty()).or_else(|_| open(path, flags, Mode::empty()));
    let Ok(file) = file else { return format!("{} bytes unseen", facts.len()) };
    let mut bytes = Vec::new();
    fs::File::from(file).read_to_end(&mut bytes).expect("a file can be read");
    if bytes.len() <= 80 {
        return format!("\"{}\"", bytes.escape_ascii());
    }
    // Blocks are counted in 512 bytes, whatever the filesystem's are (inode(7)).
    let sparse = if facts.blocks() * 512 < facts.len() / 2 { " sparse" } else { "" };
    format!("{} bytes{sparse} {}", bytes.len(), &sha256(&bytes)[..16])
}

fn attributes(path: &Path) -> String {
    let mut names = vec![0; 1 << 16];
    let length = llistxattr(path, &mut names).unwrap_or(0);
    let names = names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty() && *name != b"security.selinux");
    let names: BTreeSet<String> = names.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    names.iter().map(|name| format!(" +{name}")).collect()
}

fn time(seconds: i64, nanoseconds: i64, old: (i64, i64)) -> String {
    match (seconds, nanoseconds) {
        time if time == old => String::from("long ago"),
        (seconds, _) if seconds > RECENTLY => String::from("now"),
        (seconds, nanoseconds) => format!("{seconds}.{nanoseconds:09}"),
    }
}
