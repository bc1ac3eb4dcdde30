//! When the program is install(1).

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The program runs as `install`.
#[derive(Debug, PartialEq, Eq)]
pub struct Personality {
    /// What messages begin with: argv[0] in full, or `install` for `swapbin install`.
    pub name: OsString,
    /// The arguments that are left.
    pub args: Vec<OsString>,
}

/// Looks at the whole command line, argv[0] included. As `install` runs what is called through a name that is `install` or
/// `ginstall`, in whatever directory, and what has `install` for its first argument.
pub fn personality(argv: &[OsString]) -> Option<Personality> {
    let (invoked, args) = argv.split_first()?;
    if Path::new(invoked).file_name().is_some_and(|name| name == "install" || name == "ginstall") {
        return Some(Personality { name: invoked.clone(), args: args.to_vec() });
    }
    let (first, rest) = args.split_first()?;
    (first == "install").then(|| Personality { name: OsStr::new("install").to_owned(), args: rest.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(argv: &[&str]) -> Option<(String, usize)> {
        let argv: Vec<OsString> = argv.iter().map(Into::into).collect();
        personality(&argv).map(|found| (found.name.into_string().unwrap(), found.args.len()))
    }

    #[test]
    fn the_name_it_is_called_by_decides() {
        assert_eq!(of(&["/opt/bin/install", "-v", "a", "b"]), Some(("/opt/bin/install".into(), 3)));
        assert_eq!(of(&["ginstall"]), Some(("ginstall".into(), 0)));
        assert_eq!(of(&["install", "install", "b"]), Some(("install".into(), 2)));
    }

    #[test]
    fn else_the_first_argument_does() {
        assert_eq!(of(&["/usr/bin/swapbin", "install", "a", "b"]), Some(("install".into(), 2)));
        assert_eq!(of(&["swapbin", "--from", "install"]), None);
        assert_eq!(of(&["swapbin-install", "a"]), None);
        assert_eq!(of(&["swapbin"]), None);
        assert_eq!(of(&[]), None);
    }
}
