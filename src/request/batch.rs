//! Several files as one change.

use std::path::{Component, PathBuf};

use super::{Method, Request, Source};
use crate::error::Error;

/// Files that are put in place together: all of them, or none.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The files. No two may have the same target.
    pub swaps: Vec<Request>,
}

impl Batch {
    /// Looks, by text alone, for two files that cannot be in one batch.
    ///
    /// # Errors
    /// [`Error::SameTarget`], [`Error::StdinTwice`], with the index of the later of the two; [`Error::InPlaceInBatch`], for what is
    /// overwritten in place is not all or nothing with others.
    pub fn judge(&self) -> Result<(), (usize, Error)> {
        if let Some(index) = self.swaps.iter().position(|request| request.method == Method::InPlace) {
            return Err((index, Error::InPlaceInBatch { path: named(&self.swaps[index]) }));
        }
        let mut stdin = 0;
        for (index, request) in self.swaps.iter().enumerate() {
            stdin += request.sources.iter().filter(|source| **source == Source::Stdin).count();
            if stdin > 1 {
                return Err((index, Error::StdinTwice));
            }
        }
        let mut seen = std::collections::HashSet::new();
        for (index, request) in self.swaps.iter().enumerate() {
            if !seen.insert(named(request)) {
                return Err((index, Error::SameTarget { path: named(request) }));
            }
        }
        Ok(())
    }
}

/// The target, with the name it takes from its source where it is written as a directory.
fn named(request: &Request) -> PathBuf {
    let is_directory = request.target.as_os_str().as_encoded_bytes().ends_with(b"/");
    let name = request.sources.first().filter(|_| is_directory).and_then(|source| source.file_name().ok());
    let path = name.map_or_else(|| request.target.clone(), |name| request.target.join(name));
    // Compared part by part: `./a//b` is `a/./b`. What `..` leads to, only the directories know.
    path.components().filter(|part| *part != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(swaps: &[(&str, &str)]) -> Option<(usize, String)> {
        let request = |(from, to): &(&str, &str)| Request::new(Source::parse(from.as_ref()).unwrap(), to);
        let judged = Batch { swaps: swaps.iter().map(request).collect() }.judge();
        judged.err().map(|(index, error)| (index, error.to_string()))
    }

    #[test]
    fn a_target_stands_in_a_batch_once_however_it_is_spelled() {
        for [first, second] in [["/a/b", "/a/b"], ["/a/b", "/a//./b"], ["a", "./a"], ["a/", "a/x"]] {
            let (index, error) = judged(&[("y", "other"), ("x", first), ("x", second)]).expect(second);
            assert_eq!((index, error.contains("two files")), (2, true), "{error}");
        }
        assert_eq!(judged(&[("x", "lib/"), ("y", "lib/")]), None, "two names in one directory");
        assert_eq!(judged(&[("x", "a"), ("x", "b")]), None, "one source for two targets");
    }

    #[test]
    fn standard_input_is_read_once() {
        assert_eq!(judged(&[("-", "a"), ("x", "b")]), None);
        assert_eq!(judged(&[("-", "a"), ("x", "b"), ("-", "c")]).unwrap().0, 2);
    }
}
