//! How addresses are fetched.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Text that is never printed: a token, a header's value, a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Where a secret is found: it stands neither on a command line nor in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretName {
    /// In the environment variable of this name.
    Variable(String),
    /// In the first line of this file.
    File(PathBuf),
}

/// `NAME=VAR`: a header, and the environment variable that has its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderName {
    /// The header.
    pub name: String,
    /// The variable.
    pub variable: String,
}

impl FromStr for HeaderName {
    type Err = &'static str;

    /// The error does not repeat the text: it may be the secret itself, given where its name should be.
    fn from_str(text: &str) -> Result<HeaderName, &'static str> {
        match text.split_once('=') {
            Some((name, variable)) if !name.is_empty() && !variable.is_empty() => {
                Ok(HeaderName { name: name.to_owned(), variable: variable.to_owned() })
            }
            _ => Err("give it as NAME=VAR: a header's name and a variable's"),
        }
    }
}

/// Whether plain `http://` is accepted when nothing else proves what the bytes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// Only with a digest.
    #[default]
    NeedsProof,
    /// Always.
    Allow,
}

/// How `http://` and `https://` sources are fetched.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Whether plain http needs a digest.
    pub plain: PlainHttp,
    /// The longest wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// The longest time without a single byte arriving.
    pub stall_timeout: Duration,
    /// The longest time for everything, all attempts, waits and mirrors together.
    pub max_time: Option<Duration>,
    /// How often a transient failure is tried again.
    pub retries: u32,
    /// The proxy for every address; `None`: what the environment names (`HTTPS_PROXY`, `NO_PROXY` and so on).
    pub proxy: Option<Secret>,
    /// A file of PEM certificates to trust besides the system's.
    pub cacert: Option<PathBuf>,
    /// Headers sent to the origin of the address asked for, and to no other.
    pub headers: Vec<(String, Secret)>,
    /// A token sent as `Authorization: Bearer`, to that origin only.
    pub token: Option<Secret>,
}

impl Default for HttpOptions {
    fn default() -> HttpOptions {
        HttpOptions {
            plain: PlainHttp::default(),
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            max_time: None,
            retries: 3,
            proxy: None,
            cacert: None,
            headers: Vec::new(),
            token: None,
        }
    }
}
