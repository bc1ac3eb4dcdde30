//! Names and paths as JSON can hold them: the kernel takes any bytes, JSON only text.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands as `%XX`: control bytes, the sign itself, and every byte that is not ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// A name or a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Text(OsString);

impl Text {
    pub(crate) fn as_os_str(&self) -> &OsStr {
        &self.0
    }

    pub(crate) fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl From<OsString> for Text {
    fn from(name: OsString) -> Text {
        Text(name)
    }
}

impl From<&OsStr> for Text {
    fn from(name: &OsStr) -> Text {
        Text(name.to_owned())
    }
}

impl From<&Path> for Text {
    fn from(path: &Path) -> Text {
        Text(path.as_os_str().to_owned())
    }
}

impl From<PathBuf> for Text {
    fn from(path: PathBuf) -> Text {
        Text(path.into_os_string())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&percent_encode(self.0.as_bytes(), ENCODED))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Text, D::Error> {
        let text = String::deserialize(from)?;
        let bytes: Vec<u8> = percent_decode_str(&text).collect();
        // No name of the kernel's has a NUL, and one would cut the path short.
        if bytes.contains(&0) {
            return Err(serde::de::Error::custom("a name with a NUL"));
        }
        Ok(Text(OsString::from_vec(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_the_kernel_takes_comes_back_as_it_was() {
        let all: Vec<u8> = (1..=255).filter(|byte| *byte != b'/').collect();
        let name = Text(OsString::from_vec(all));
        let json = serde_json::to_string(&name).unwrap();
        assert!(json.is_ascii() && !json.contains('\n'), "{json}");
        assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), name);
        assert!(serde_json::from_str::<Text>("\"a%00\"").is_err());
    }
}
