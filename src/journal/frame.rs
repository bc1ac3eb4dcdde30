//! One record as bytes: a line that shows by itself whether it is whole.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Digits of the length and of the checksum, and the blanks behind them.
const HEAD: usize = 8 + 1 + 8 + 1;

/// The largest record that is believed: names are 255 bytes at most, paths 4096, NAME_MAX and PATH_MAX.
const LARGEST: usize = 1 << 20;

/// `LENGTH CHECKSUM JSON` and a newline; length and CRC-32 of the JSON in hexadecimal.
pub(crate) fn encode(record: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_string(record).expect("a record is plain data");
    format!("{:08x} {:08x} {json}\n", json.len(), crc32fast::hash(json.as_bytes())).into_bytes()
}

/// The record at the beginning of `bytes`, and what follows it; `None` if there is no whole one.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<(T, &[u8])> {
    let (json, rest) = whole(bytes)?;
    Some((serde_json::from_slice(json).ok()?, rest))
}

/// The text of the record at the beginning, if length and checksum are right.
fn whole(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let number = |at: usize| u32::from_str_radix(std::str::from_utf8(bytes.get(at..at + 8)?).ok()?, 16).ok();
    let (length, checksum) = (number(0)? as usize, number(9)?);
    if length > LARGEST || bytes[8] != b' ' || bytes.get(HEAD - 1) != Some(&b' ') {
        return None;
    }
    let json = bytes.get(HEAD..HEAD + length)?;
    let ends = bytes.get(HEAD + length) == Some(&b'\n');
    (ends && crc32fast::hash(json) == checksum).then(|| (json, &bytes[HEAD + length + 1..]))
}

/// Whether a whole record stands anywhere in `bytes`: then what is before it was damaged, and not just cut off.
pub(super) fn any_whole(bytes: &[u8]) -> bool {
    let lines = std::iter::once(0).chain(bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1));
    lines.into_iter().any(|at| whole(&bytes[at..]).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_and_what_follows_it_too() {
        let mut bytes = encode(&"one");
        bytes.extend(encode(&2));
        let (one, rest) = decode::<String>(&bytes).unwrap();
        assert_eq!((one.as_str(), decode::<u8>(rest).unwrap().0), ("one", 2));
    }

    #[test]
    fn no_cut_and_no_flipped_bit_goes_unnoticed() {
        let bytes = encode(&"the record");
        for cut in 0..bytes.len() {
            assert!(decode::<String>(&bytes[..cut]).is_none(), "cut at {cut}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut torn = bytes.clone();
                torn[at] ^= 1 << bit;
                // Hexadecimal digits may be of either case, and mean the same.
                let decoded = decode::<String>(&torn).map(|(text, _)| text);
                assert!(decoded.is_none_or(|text| text == "the record"), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn a_whole_record_behind_a_damaged_one_is_found() {
        let mut bytes = encode(&1);
        bytes[HEAD] ^= 1;
        assert!(!any_whole(&bytes));
        bytes.extend(encode(&2));
        assert!(any_whole(&bytes));
    }
}
