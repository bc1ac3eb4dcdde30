//! Bytes looked at on their way.

use sha2::{Digest as _, Sha256};

use super::Sink;
use crate::error::Error;
use crate::request::Digest;

/// How much of a stream is looked at to tell whether it is a web page.
const HEAD: usize = 512;

/// A sink that looks at what it passes on: how much it is, what it begins with, and which digest it has if one is wanted.
pub(crate) struct Checked<'a> {
    inner: &'a mut dyn Sink,
    from: &'a str,
    limit: Option<u64>,
    hasher: Option<Sha256>,
    head: Vec<u8>,
    bytes: u64,
}

impl<'a> Checked<'a> {
    /// `limit`: the most bytes accepted. `hash`: whether a digest is wanted.
    pub(crate) fn new(inner: &'a mut dyn Sink, from: &'a str, limit: Option<u64>, hash: bool) -> Checked<'a> {
        Checked { inner, from, limit, hasher: hash.then(Sha256::new), head: Vec::new(), bytes: 0 }
    }

    /// The digest of all bytes put since the last restart, and whether they look like a web page.
    pub(crate) fn finish(self) -> (Option<Digest>, bool) {
        let digest = self.hasher.map(|hasher| Digest::from_bytes(hasher.finalize().into()));
        (digest, looks_like_html(&self.head))
    }

    fn judge(&self, bytes: u64) -> Result<(), Error> {
        match self.limit {
            Some(limit) if bytes > limit => Err(Error::SourceTooLarge { from: self.from.to_owned(), limit }),
            _ => Ok(()),
        }
    }
}

impl Sink for Checked<'_> {
    fn expect_size(&mut self, bytes: u64) -> Result<(), Error> {
        self.judge(bytes)?;
        self.inner.expect_size(bytes)
    }

    fn put(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.judge(self.bytes + chunk.len() as u64)?;
        let wanted = HEAD.saturating_sub(self.head.len()).min(chunk.len());
        self.head.extend_from_slice(&chunk[..wanted]);
        if let Some(hasher) = &mut self.hasher {
            hasher.update(chunk);
        }
        self.inner.put(chunk)?;
        self.bytes += chunk.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Error> {
        if let Some(hasher) = &mut self.hasher {
            *hasher = Sha256::new();
        }
        self.head.clear();
        self.bytes = 0;
        self.inner.restart()
    }
}

fn looks_like_html(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|tag| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
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
        let mut nowhere = Nowhere;
        let mut sink = Checked::new(&mut nowhere, "test", Some(10), true);
        sink.put(b"<html>1234").unwrap();
        sink.restart().unwrap();
        sink.put(b"ab").unwrap();
        sink.put(b"c").unwrap();
        // The example of FIPS 180-4.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".parse().unwrap();
        assert_eq!(sink.finish(), (Some(abc), false));
    }

    #[test]
    fn one_byte_over_the_limit_is_refused_whether_announced_or_not() {
        let mut nowhere = Nowhere;
        let mut sink = Checked::new(&mut nowhere, "test", Some(3), false);
        assert!(sink.expect_size(3).is_ok() && sink.expect_size(4).is_err());
        assert!(sink.put(b"abc").is_ok() && sink.put(b"d").is_err());
    }

    #[test]
    fn a_web_page_is_recognised_by_its_first_tag() {
        assert!(looks_like_html(b"\n <!DOCTYPE html><title>404</title>"));
        assert!(!looks_like_html(b"\x7fELF<html>"));
        assert!(!looks_like_html(b"<ht"));
    }
}
