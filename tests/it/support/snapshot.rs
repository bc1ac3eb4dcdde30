//! A tree of files as facts that can be compared.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    File { sha256: String },
    Directory,
    Link { to: PathBuf },
    Other(&'static str),
}

/// The facts about one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// 0 for directories, whose size is the filesystem's own affair.
    pub size: u64,
    pub nlink: u64,
    pub ino: u64,
}

impl Entry {
    /// The facts about this path, which is not followed if it is a link.
    #[track_caller]
    pub fn of(path: impl AsRef<Path>) -> Entry {
        let path = path.as_ref();
        let facts = fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let kind = match facts.file_type() {
            kind if kind.is_file() => Kind::File { sha256: sha256_of(path) },
            kind if kind.is_dir() => Kind::Directory,
            kind if kind.is_symlink() => Kind::Link { to: fs::read_link(path).expect("a link can be read") },
            kind if kind.is_fifo() => Kind::Other("fifo"),
            kind if kind.is_socket() => Kind::Other("socket"),
            _ => Kind::Other("device"),
        };
        Entry {
            size: if kind == Kind::Directory { 0 } else { facts.len() },
            kind,
            mode: facts.mode() & 0o7777,
            uid: facts.uid(),
            gid: facts.gid(),
            nlink: facts.nlink(),
            ino: facts.ino(),
        }
    }
}

/// Every name below a directory, and the directory itself as the empty name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, Entry>);

impl Snapshot {
    /// Looks.
    pub fn of(root: &Path) -> Snapshot {
        let mut entries = BTreeMap::new();
        let mut left = vec![PathBuf::new()];
        while let Some(name) = left.pop() {
            let path = root.join(&name);
            let entry = Entry::of(&path);
            if entry.kind == Kind::Directory {
                for child in fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
                    left.push(name.join(child.expect("a directory can be read").file_name()));
                }
            }
            entries.insert(name, entry);
        }
        Snapshot(entries)
    }

    /// The names, relative to the root.
    pub fn names(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// The facts about one name.
    #[track_caller]
    pub fn entry(&self, name: impl AsRef<Path>) -> &Entry {
        let name = name.as_ref();
        self.0.get(name).unwrap_or_else(|| panic!("no {} in {:?}", name.display(), self.0.keys()))
    }

    /// Not one fact is another.
    #[track_caller]
    pub fn assert_same_as(&self, before: &Snapshot) {
        let mut differences = String::new();
        for name in self.0.keys().chain(before.0.keys().filter(|name| !self.0.contains_key(*name))) {
            let (was, is) = (before.0.get(name), self.0.get(name));
            if was != is {
                differences += &format!("{}\n   was {was:?}\n   is  {is:?}\n", name.display());
            }
        }
        assert!(differences.is_empty(), "the tree was to stay as it was:\n{differences}");
    }
}

/// The digest of these bytes, in hex.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(bytes.as_ref()))
}

fn sha256_of(path: &Path) -> String {
    let mut file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut state = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece).expect("a file can be read") {
            0 => return hex(&state.finalize()),
            length => state.update(&piece[..length]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
