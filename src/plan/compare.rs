//! Whether two files hold the same bytes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::error::Error;
use crate::event::Cancel;

/// Bytes compared first, without asking for memory: different programs differ in their first page, by their build id.
const FIRST: usize = 4 << 10;

/// Bytes compared at a time.
const CHUNK: usize = 64 << 10;

/// Whether the first `size` bytes of both are the same and both end there. A file that cannot be read is not the same.
///
/// # Errors
/// Cancelled.
pub(crate) fn same_content(a: &File, b: &File, size: u64, cancel: &Cancel) -> Result<bool, Error> {
    let (mut from_a, mut from_b) = ([0; FIRST], [0; FIRST]);
    let (Ok(first_a), Ok(first_b)) = (fill(a, &mut from_a, 0), fill(b, &mut from_b, 0)) else { return Ok(false) };
    if first_a != first_b {
        return Ok(false);
    }
    let mut at = first_a.len() as u64;
    if first_a.len() < FIRST || at > size {
        return Ok(at == size);
    }
    // One byte more than is left shows that both end there.
    let chunk = (size - at).saturating_add(1).min(CHUNK as u64) as usize;
    let (mut from_a, mut from_b) = (vec![0; chunk], vec![0; chunk]);
    loop {
        cancel.check()?;
        let (Ok(a), Ok(b)) = (fill(a, &mut from_a, at), fill(b, &mut from_b, at)) else { return Ok(false) };
        if a != b {
            return Ok(false);
        }
        at += a.len() as u64;
        if a.len() < chunk || at > size {
            return Ok(at == size);
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn fill<'a>(file: &File, buffer: &'a mut [u8], at: u64) -> io::Result<&'a [u8]> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(&buffer[..filled])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn only_files_with_every_byte_alike_are_the_same() {
        for size in [0, 1, FIRST - 1, FIRST, FIRST + 1, CHUNK, FIRST + CHUNK - 1, FIRST + CHUNK, FIRST + CHUNK + 1, 3 * CHUNK] {
            let bytes = vec![7u8; size];
            let same = |other: &[u8]| same_content(&file(&bytes), &file(other), size as u64, &Cancel::new()).unwrap();
            assert!(same(&bytes), "{size}");
            assert!(!same(&[&bytes[..], b"x"].concat()), "{size} and one more");
            if size > 0 {
                let mut last = bytes.clone();
                last[size - 1] = 8;
                assert!(!same(&last), "{size}, last byte");
                assert!(!same(&bytes[..size - 1]), "{size} and one less");
            }
        }
    }
}
