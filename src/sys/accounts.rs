//! Accounts as passwd(5) and group(5) list them: for builds without a dynamic linker, where the C library's look-ups would load
//! modules of another version than its own, nsswitch.conf(5).

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;

/// The number behind a name, in a file of this form; `None` if there is none, or no file.
///
/// # Errors
/// The file cannot be read.
pub(super) fn number(file: &str, name: &str) -> io::Result<Option<u32>> {
    Ok(lines(&read(file)?).find(|(listed, _)| *listed == name.as_bytes()).map(|(_, number)| number))
}

/// The name behind a number.
///
/// # Errors
/// The file cannot be read.
pub(super) fn name(file: &str, number: u32) -> io::Result<Option<OsString>> {
    let text = read(file)?;
    let found = lines(&text).find(|(_, listed)| *listed == number);
    Ok(found.map(|(name, _)| OsString::from_vec(name.to_vec())))
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    match fs_err::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// Name and number of each line: `name:password:number:...`.
fn lines(text: &[u8]) -> impl Iterator<Item = (&[u8], u32)> {
    text.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let (name, _, number) = (fields.next()?, fields.next()?, fields.next()?);
        Some((name, std::str::from_utf8(number).ok()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_of_this_machine_are_read_as_the_c_library_reads_them() {
        assert_eq!(number("/etc/passwd", "root").unwrap(), Some(0));
        assert_eq!(number("/etc/group", "root").unwrap(), Some(0));
        assert_eq!(name("/etc/passwd", 0).unwrap(), Some("root".into()));
        assert_eq!(number("/etc/passwd", "no such user").unwrap(), None);
        assert_eq!(number("/no/such/file", "root").unwrap(), None);
    }

    #[test]
    fn lines_of_another_form_are_passed_over() {
        let text = b"\n+::::::\n#x:y\nlate:x:7:7::/:\nbad:x:seven\n";
        assert_eq!(lines(text).collect::<Vec<_>>(), [(&b"late"[..], 7)]);
    }
}
