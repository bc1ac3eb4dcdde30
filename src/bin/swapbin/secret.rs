//! Secrets, from where they are named: they stand neither on the command line nor in a manifest.

use std::io::Read;
use std::path::Path;

use swapbin::{Secret, SecretName};

/// Bytes read of a token file, at most.
const TOKEN_FILE: u64 = 64 << 10;

/// Finds a secret, or says why there is none.
pub fn find(name: &SecretName) -> Result<Secret, String> {
    match name {
        SecretName::Variable(variable) => match std::env::var(variable) {
            Ok(value) if !value.is_empty() => Ok(Secret::new(value)),
            // The name is not repeated: it may be the secret itself, given where its name should be.
            _ => Err("no variable of that name is set, or it is empty".to_owned()),
        },
        SecretName::File(path) => first_line(path),
    }
}

fn first_line(path: &Path) -> Result<Secret, String> {
    let unreadable = |source| swapbin::Error::Io { op: "read", path: path.to_owned(), source }.to_string();
    // A token is short: what is not, is another file, and may be endless.
    let mut text = String::new();
    #[expect(clippy::disallowed_methods, reason = "the path is named above")]
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(TOKEN_FILE).read_to_string(&mut text).map_err(unreadable)?;
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(Secret::new(line)),
        None => Err(format!("{} has no token in its first line", swapbin::quoted(path))),
    }
}
