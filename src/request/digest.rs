//! SHA-256 digests.

use std::fmt;
use std::str::FromStr;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = String;

    /// Exactly 64 hexadecimal digits, of either case, as sha256sum(1) prints them.
    fn from_str(text: &str) -> Result<Digest, String> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(format!("a SHA-256 digest has 64 hexadecimal digits, this has {}", digits.len()));
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let nibble = |digit: u8| (digit as char).to_digit(16).ok_or("a SHA-256 digest has hexadecimal digits only");
            *byte = (nibble(pair[0])? << 4 | nibble(pair[1])?) as u8;
        }
        Ok(Digest(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_in_either_case_and_printed_in_lower_case() {
        let text = "00fF".repeat(16);
        assert_eq!(text.parse::<Digest>().unwrap().to_string(), "00ff".repeat(16));
    }

    #[test]
    fn a_digest_of_another_length_or_with_other_signs_is_refused() {
        assert!("ab".repeat(31).parse::<Digest>().is_err());
        assert!("ab".repeat(33).parse::<Digest>().is_err());
        assert!("g0".repeat(32).parse::<Digest>().is_err());
        assert!("é".repeat(32).parse::<Digest>().is_err());
    }
}
