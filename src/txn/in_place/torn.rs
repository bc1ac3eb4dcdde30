//! Whether a file is some of one content and some of another.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// What a disk writes at once, at least: such a block is as it was or as it is to be.
const BLOCK: usize = 512;

/// Blocks that are read at once.
const PIECE: usize = 2048 * BLOCK;

/// Whether each block of `file` is that of `old`, or of `new`, or nothing but zeros: a hole that was made or filled, or one that a
/// power cut left. Then nobody else has written to it. In the block in which the shorter of the two ends, that counts for what is
/// before the end and for what is behind it.
///
/// # Errors
/// Of read(2).
pub(super) fn is_torn(file: &File, old: &File, new: &File) -> io::Result<bool> {
    let length = |file: &File| file.metadata().map(|facts| facts.len());
    let (size, ends) = (length(file)?, [length(old)?, length(new)?]);
    if ends.iter().all(|end| size > *end) {
        return Ok(false);
    }
    let mut buffers = [(); 3].map(|()| vec![0; PIECE]);
    let mut at = 0;
    while at < size {
        let wanted = usize::try_from(size - at).unwrap_or(PIECE).min(PIECE);
        for (file, buffer) in [file, old, new].into_iter().zip(&mut buffers) {
            let read = read_full(file, &mut buffer[..wanted], at)?;
            buffer[read..wanted].fill(0);
        }
        let [now, old, new] = &buffers;
        let mut cuts: Vec<usize> = (0..wanted).step_by(BLOCK).chain([wanted]).collect();
        cuts.extend(ends.iter().filter_map(|end| usize::try_from(end.checked_sub(at)?).ok()).filter(|end| *end < wanted));
        cuts.sort_unstable();
        let known = |block: &[usize]| {
            let block = block[0]..block[1];
            let now = &now[block.clone()];
            now == &old[block.clone()] || now == &new[block] || now.iter().all(|byte| *byte == 0)
        };
        if !cuts.windows(2).all(known) {
            return Ok(false);
        }
        at += wanted as u64;
    }
    Ok(true)
}

/// Reads until the buffer is full or the file ends.
fn read_full(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], at + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(pieces: &[(u8, usize)]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        pieces.iter().for_each(|(byte, length)| file.write_all(&vec![*byte; *length]).unwrap());
        file
    }

    #[test]
    fn some_blocks_of_each_and_holes_are_torn() {
        let (old, new) = (file(&[(b'o', 10_000)]), file(&[(b'n', 3_000_000)]));
        // The one that was longer, with the beginning of the shorter.
        assert!(is_torn(&file(&[(b'o', 10_000), (b'n', 2_990_000)]), &new, &old).unwrap());
        for pieces in [
            &[(b'n', 4096), (b'o', 5904)][..],
            &[(b'n', 2_500_000)],
            &[(b'o', 4096), (0, 4096), (b'n', 1808)],
            &[(b'n', 12_288), (0, 2000 * 512), (b'n', 10)],
            &[],
        ] {
            assert!(is_torn(&file(pieces), &old, &new).unwrap(), "{pieces:?}");
        }
    }

    #[test]
    fn what_somebody_else_wrote_is_not() {
        let (old, new) = (file(&[(b'o', 10_000)]), file(&[(b'n', 3_000_000)]));
        for pieces in [&[(b'x', 100)][..], &[(b'n', 5000), (b'o', 5000)], &[(b'n', 2_900_000), (b'x', 1)], &[(b'n', 3_000_001)]] {
            assert!(!is_torn(&file(pieces), &old, &new).unwrap(), "{pieces:?}");
        }
    }
}
