//! The values of our own options.

use std::ffi::OsStr;

use swapbin::Preserve;

use super::invocation::Durability;
use super::messages::Voice;

/// The environment's default for `--durability`; empty is unset.
pub const DURABILITY_VARIABLE: &str = "SWAPBIN_DURABILITY";

/// `full` or `none`. `origin` is where the word stands, for the message.
pub fn durability(word: &OsStr, origin: &str, voice: &Voice) -> Result<Durability, Vec<u8>> {
    match word.to_str() {
        Some("full") => Ok(Durability::Full),
        Some("none") => Ok(Durability::None),
        _ => Err(voice.bad_value(false, word, origin, &[&["full"], &["none"]])),
    }
}

/// `acl`, `xattr`, `caps` with commas between them, or `all`, or `none`. Owner, mode and label are what install(1) sets itself.
pub fn keep_attributes(list: &OsStr, voice: &Voice) -> Result<Preserve, Vec<u8>> {
    const WORDS: [&str; 3] = ["acl", "xattr", "caps"];
    let known = list.to_str().and_then(|list| match list {
        "all" => WORDS.join(",").parse().ok(),
        "none" => Some(Preserve::none()),
        _ => list.split(',').all(|word| WORDS.contains(&word)).then(|| list.parse().ok())?,
    });
    known
        .ok_or_else(|| voice.bad_value(false, list, "--keep-attributes", &[&["acl"], &["xattr"], &["caps"], &["all"], &["none"]]))
}

#[cfg(test)]
mod tests {
    use swapbin::Kept;

    use super::*;
    use crate::install::quote::Charset;

    #[test]
    fn attributes_are_listed_by_word() {
        let voice = Voice::new("install".as_ref(), Charset::Ascii);
        let keep = |list: &str| keep_attributes(list.as_ref(), &voice);
        let two = keep("acl,caps").unwrap();
        assert!(two.has(Kept::Acl) && two.has(Kept::Caps) && !two.has(Kept::Xattr));
        let all = keep("all").unwrap();
        assert!(all.has(Kept::Xattr) && !all.has(Kept::Mode) && !all.has(Kept::Owner));
        assert_eq!(keep("none").unwrap(), Preserve::none());
        assert!(["", "mode", "acl,", "ACL"].into_iter().all(|list| keep(list).is_err()));
    }

    #[test]
    fn a_wrong_word_is_answered_with_the_right_ones() {
        let voice = Voice::new("install".as_ref(), Charset::Ascii);
        let text = durability("ful".as_ref(), "--durability", &voice).unwrap_err();
        let wanted = "install: invalid argument 'ful' for '--durability'\nValid arguments are:\n  - 'full'\n  - 'none'\n";
        assert_eq!(String::from_utf8(text).unwrap(), wanted);
    }
}
