//! Digests of files.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::event::Cancel;
use crate::request::Digest;

/// Bytes per read of a file.
const CHUNK: usize = 256 * 1024;

/// Bytes per read at least: files of proc(5) say that they have none.
const LEAST: usize = 4 * 1024;

/// The digest of a whole file, from its beginning whatever the descriptor's offset.
///
/// # Errors
/// Whatever reading gives, as `wrap` puts it; cancelled.
pub(crate) fn sha256_of(file: &File, cancel: &Cancel, wrap: impl Fn(io::Error) -> Error) -> Result<Digest, Error> {
    let mut hasher = Sha256::new();
    // No larger than the file, and one byte that finds its end: of many small files the buffers would cost more than the digests.
    let size = file.metadata().map_or(CHUNK as u64, |facts| facts.len().saturating_add(1));
    let mut buffer = vec![0; size.clamp(LEAST as u64, CHUNK as u64) as usize];
    let mut at = 0;
    loop {
        cancel.check()?;
        match file.read_at(&mut buffer, at) {
            Ok(0) => return Ok(Digest::from_bytes(hasher.finalize().into())),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                at += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(wrap(error)),
        }
    }
}

/// The digest of these bytes.
pub(crate) fn sha256_of_bytes(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}
