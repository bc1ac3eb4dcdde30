//! The file that holds a manifest: whom root obeys.

use std::io::{self, Read};
use std::path::Path;

use rustix::io::Errno;

use super::{target, trust};
use crate::error::{Error, Obstacle, lowered};
use crate::request::{FindSecret, Follow, Manifest, ManifestFile, PathTrust};
use crate::sys;

/// The largest manifest, in bytes: some hundred thousand files.
const LIMIT: u64 = 16 << 20;

/// Reads a manifest. With [`PathTrust::Strict`] root does not obey one that other users own, may change, or may put another in
/// the place of: it says what root writes, and where. Standard input is taken as it is.
///
/// # Errors
/// [`Error::BadManifest`], [`Error::SharedManifest`], [`Error::SharedManifestWay`].
pub fn read_manifest(file: ManifestFile<'_>, trust: PathTrust, find: FindSecret<'_>) -> Result<Manifest, Error> {
    let bad = |place, reason| Error::BadManifest { path: file.name().to_owned(), place, reason };
    let unreadable = |error: io::Error| bad(None, format!("cannot be read: {}", lowered(&error)));
    let text = match file {
        ManifestFile::Stdin => bounded(io::stdin().lock()).map_err(unreadable)?,
        ManifestFile::At(path) if trust == PathTrust::Strict && sys::is_root_to_the_kernel() => {
            let opened = open_trusted(path)?.map_err(unreadable)?;
            trust::judge_manifest(&opened, path)?;
            bounded(opened).map_err(unreadable)?
        }
        ManifestFile::At(path) => bounded(open(path).map_err(unreadable)?).map_err(unreadable)?,
    };
    let Some(text) = text else { return Err(bad(None, format!("a manifest has at most {} MiB", LIMIT >> 20))) };
    Manifest::parse(&text, file, find).map_err(|flaw| bad(Some((flaw.line, flaw.column)), flaw.reason))
}

/// Opens a file by a way that only root can change.
///
/// # Errors
/// [`Error::SharedManifestWay`]; inside, those of opening it.
fn open_trusted(manifest: &Path) -> Result<io::Result<std::fs::File>, Error> {
    match target::locate(manifest, Follow::Target, PathTrust::Strict) {
        Ok(target) => Ok(target.dir.open_file(&target.leaf).map_err(io::Error::from)),
        Err(Error::Target { path, obstacle: obstacle @ (Obstacle::SharedDirectory { .. } | Obstacle::SharedLink { .. }) }) => {
            Err(Error::SharedManifestWay { manifest: manifest.to_owned(), path, obstacle })
        }
        Err(Error::Target { obstacle: Obstacle::Directory, .. }) => Ok(Err(Errno::ISDIR.into())),
        // What is in the way, as open(2) puts it.
        Err(error) => open(manifest).map_or_else(|error| Ok(Err(error)), |_| Err(error)),
    }
}

/// Not fs_err's: the path is named once, before the reason.
#[expect(clippy::disallowed_methods, reason = "the error is put in words here")]
fn open(path: &Path) -> io::Result<std::fs::File> {
    std::fs::File::open(path)
}

/// Everything, or `None` if it is too much.
fn bounded(reader: impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    reader.take(LIMIT + 1).read_to_end(&mut text)?;
    Ok((text.len() as u64 <= LIMIT).then_some(text))
}
