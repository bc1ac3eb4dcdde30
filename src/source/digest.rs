//! Digests of bytes on their way, and of files.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use sha2::{Digest as _, Sha256};

use super::Sink;
use crate::error::Error;
use crate::event::Cancel;
use crate::request::Digest;

/// How much of a stream is looked at to tell whether it is a web page.
const HEAD: usize = 512;

/// Bytes per read of a file.
const CHUNK: usize = 256 * 1024;

/// A sink that hashes what it passes on.
pub(crate) struct Hashing<S> {
    pub(crate) inner: S,
    hasher: Sha256,
    head: Vec<u8>,
}

impl<S: Sink> Hashing<S> {
    pub(crate) fn new(inner: S) -> Hashing<S> {
        Hashing { inner, hasher: Sha256::new(), head: Vec::new() }
    }

    /// The digest of all bytes put since the last restart, and whether they look like a web page.
    pub(crate) fn finish(self) -> (Digest, bool) {
        (Digest::from_bytes(self.hasher.finalize().into()), looks_like_html(&self.head))
    }
}

impl<S: Sink> Sink for Hashing<S> {
    fn expect_size(&mut self, bytes: u64) -> Result<(), Error> {
        self.inner.expect_size(bytes)
    }

    fn put(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let wanted = HEAD.saturating_sub(self.head.len()).min(chunk.len());
        self.head.extend_from_slice(&chunk[..wanted]);
        self.hasher.update(chunk);
        self.inner.put(chunk)
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.hasher = Sha256::new();
        self.head.clear();
        self.inner.restart()
    }
}

/// The digest of a whole file, from its beginning whatever the descriptor's offset.
///
/// # Errors
/// Whatever reading gives, as `wrap` puts it; cancelled.
pub(crate) fn sha256_of(file: &File, cancel: &Cancel, wrap: impl Fn(io::Error) -> Error) -> Result<Digest, Error> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; CHUNK];
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

fn looks_like_html(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"].iter().any(|tag| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    impl Sink for Nowhere {
        fn expect_size(&mut self, _: u64) -> Result<(), Error> {
            Ok(())
        }
        fn put(&mut self, _: &[u8]) -> Result<(), Error> {
            Ok(())
        }
        fn restart(&mut self) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn a_restart_forgets_the_bytes_before_it() {
        let mut sink = Hashing::new(Nowhere);
        sink.put(b"<html>").unwrap();
        sink.restart().unwrap();
        sink.put(b"ab").unwrap();
        sink.put(b"c").unwrap();
        // The example of FIPS 180-4.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".parse().unwrap();
        assert_eq!(sink.finish(), (abc, false));
    }

    #[test]
    fn a_web_page_is_recognised_by_its_first_tag() {
        assert!(looks_like_html(b"\n <!DOCTYPE html><title>404</title>"));
        assert!(!looks_like_html(b"\x7fELF<html>"));
        assert!(!looks_like_html(b"<ht"));
    }
}
