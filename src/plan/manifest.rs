//! The file that holds a manifest: whom root obeys.

use std::io::{self, Read};
use std::path::Path;

use super::trust;
use crate::error::{Error, lowered};
use crate::request::{FindSecret, Manifest, ManifestFile, PathTrust};
use crate::sys;

/// The largest manifest, in bytes: some hundred thousand files.
const LIMIT: u64 = 16 << 20;

/// Reads a manifest. With [`PathTrust::Strict`] root does not obey one that other users own or may change: it says what root
/// writes, and where. Standard input is taken as it is.
///
/// # Errors
/// [`Error::BadManifest`], [`Error::SharedManifest`].
pub fn read_manifest(file: ManifestFile<'_>, trust: PathTrust, find: FindSecret<'_>) -> Result<Manifest, Error> {
    let bad = |place, reason| Error::BadManifest { path: file.name().to_owned(), place, reason };
    let unreadable = |error: io::Error| bad(None, format!("cannot be read: {}", lowered(&error)));
    let text = match file {
        ManifestFile::Stdin => bounded(io::stdin().lock()).map_err(unreadable)?,
        ManifestFile::At(path) => {
            let opened = open(path).map_err(unreadable)?;
            if trust == PathTrust::Strict && sys::is_root_to_the_kernel() {
                trust::judge_manifest(&opened, path)?;
            }
            bounded(opened).map_err(unreadable)?
        }
    };
    let Some(text) = text else { return Err(bad(None, format!("a manifest has at most {} MiB", LIMIT >> 20))) };
    Manifest::parse(&text, file, find).map_err(|flaw| bad(Some((flaw.line, flaw.column)), flaw.reason))
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
