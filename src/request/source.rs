//! Where bytes come from.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::error::Error;

/// An `http://` or `https://` address. Printing it leaves out everything that may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceUrl(Url);

impl SourceUrl {
    /// The address itself, credentials and query included, for the one place that sends it.
    pub fn expose(&self) -> &Url {
        &self.0
    }

    /// Wraps an address that came from a redirect.
    pub fn new(url: Url) -> SourceUrl {
        SourceUrl(url)
    }

    /// Whether it is plain http.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }
}

/// Without user, password, query and fragment: signed addresses carry their secret in the query.
impl fmt::Display for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = if self.0.query().is_some() { "?..." } else { "" };
        let host = self.0.host_str().unwrap_or_default();
        write!(f, "{}://{host}", self.0.scheme())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        write!(f, "{}{query}", self.0.path())
    }
}

impl fmt::Debug for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where the bytes of one file come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A path of this machine.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// An address.
    Url(SourceUrl),
}

impl Source {
    /// Reads the text of `--from`: `-`, an address, or else a path.
    ///
    /// # Errors
    /// [`Error::BadUrl`] for an address that is malformed, of a scheme not supported, or a `file://` of another host.
    pub fn parse(text: &std::ffi::OsStr) -> Result<Source, Error> {
        if text == "-" {
            return Ok(Source::Stdin);
        }
        let Some((scheme, _)) = text.to_str().and_then(|text| text.split_once("://")) else {
            return match text.to_str().map(|text| text.trim_start().to_ascii_lowercase()) {
                // Meant as an address, and perhaps with a password in it.
                Some(text) if text.starts_with("http:") || text.starts_with("https:") => {
                    let url = "http...".to_owned();
                    Err(Error::BadUrl { url, reason: "an address begins with http:// or https://".to_owned() })
                }
                _ => Ok(Source::File(PathBuf::from(text))),
            };
        };
        let scheme = scheme.trim_start();
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if scheme.is_empty() || !scheme.chars().all(is_scheme) {
            return Ok(Source::File(PathBuf::from(text)));
        }
        // The text may hold a password: an address that cannot be read is named by its scheme only.
        let scheme = scheme.to_ascii_lowercase();
        let bad = |reason: &str| Error::BadUrl { url: format!("{scheme}://..."), reason: reason.to_owned() };
        let url = text.to_str().and_then(|text| Url::parse(text).ok()).ok_or_else(|| bad("not a valid address"))?;
        match url.scheme() {
            "http" | "https" if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(Source::Url(SourceUrl(url))),
            "file" => match url.to_file_path() {
                Ok(path) => Ok(Source::File(path)),
                Err(()) => Err(bad("names another host, or no path of this one")),
            },
            _ => Err(bad("only http, https and file are supported")),
        }
    }

    /// The file name the source gives, for a target that is a directory.
    ///
    /// # Errors
    /// [`Error::NoName`] for standard input, for a path or address that ends in no name, and for a name that, once decoded,
    /// would leave the directory: one with a slash or a NUL, `.` or `..`.
    pub fn file_name(&self) -> Result<std::ffi::OsString, Error> {
        use std::os::unix::ffi::{OsStrExt, OsStringExt};
        let no_name = || Error::NoName { from: self.to_string() };
        match self {
            Source::Stdin => Err(no_name()),
            Source::File(path) => {
                // A path from a file:// address may hold a NUL, which no name can.
                let name = path.file_name().filter(|name| !name.as_bytes().contains(&0));
                name.map(|name| name.to_owned()).ok_or_else(no_name)
            }
            Source::Url(url) => {
                let last = url.0.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
                let name: Vec<u8> = percent_decode_str(last).collect();
                let unfit = name.is_empty() || name == b"." || name == b".." || name.iter().any(|b| matches!(b, 0 | b'/'));
                if unfit { Err(no_name()) } else { Ok(std::ffi::OsString::from_vec(name)) }
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) => f.write_str(&crate::error::escaped(path.as_os_str())),
            Source::Stdin => f.write_str("-"),
            Source::Url(url) => fmt::Display::fmt(url, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Source, Error> {
        Source::parse(text.as_ref())
    }

    #[test]
    fn a_printed_address_holds_no_secret() {
        let source = parse("https://me:hunter2@example.org:8443/a/app?X-Signature=abc#frag").unwrap();
        assert_eq!(source.to_string(), "https://example.org:8443/a/app?...");
        assert!(!format!("{source:?}").contains("hunter2"));
    }

    #[test]
    fn an_address_that_cannot_be_read_is_not_repeated() {
        let error = parse("https://me:hunter2@[oops/app").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn file_addresses_are_paths_and_other_schemes_are_refused() {
        assert_eq!(parse("file:///tmp/a%20b").unwrap(), Source::File("/tmp/a b".into()));
        assert!(parse("file://elsewhere/tmp/a").is_err());
        assert!(parse("ftp://example.org/a").is_err());
        assert_eq!(parse("./odd:/name").unwrap(), Source::File("./odd:/name".into()));
    }

    #[test]
    fn a_name_from_an_address_never_leaves_the_directory() {
        let name = |text: &str| parse(text).unwrap().file_name();
        assert_eq!(name("https://example.org/dl/app%2B1?x=/y").unwrap(), "app+1");
        for url in ["https://h.example/", "https://h.example/a%2Fb", "https://h.example/a%00", "https://h.example/x/%2e%2E"] {
            assert!(name(url).is_err(), "{url}");
        }
    }
}
