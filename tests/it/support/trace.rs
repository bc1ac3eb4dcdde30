//! What strace saw, for tests about the order of calls.

use std::collections::BTreeMap;

/// One system call. Descriptors show what they are open on, as in `3</tmp/x>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub pid: u32,
    pub name: String,
    pub arguments: String,
    /// The number returned, -1 with `errno` by name.
    pub returned: i64,
    pub errno: Option<String>,
}

impl Call {
    /// Whether it did what it was asked.
    pub fn succeeded(&self) -> bool {
        self.errno.is_none()
    }
}

/// The calls of a log of `strace -f -y -o`, in the order in which they returned.
pub fn parse(log: &str) -> Vec<Call> {
    let mut unfinished: BTreeMap<u32, String> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let Some((pid, rest)) = line.split_once(char::is_whitespace) else { continue };
        let Ok(pid) = pid.parse() else { continue };
        let rest = rest.trim_start();
        if let Some(begin) = rest.strip_suffix("<unfinished ...>") {
            unfinished.insert(pid, begin.trim_end().to_owned());
        } else if let Some((_, end)) = rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            let whole = unfinished.remove(&pid).unwrap_or_default() + end;
            calls.extend(parse_call(pid, &whole));
        } else {
            calls.extend(parse_call(pid, rest));
        }
    }
    calls
}

fn parse_call(pid: u32, text: &str) -> Option<Call> {
    let (call, result) = text.rsplit_once(" = ")?;
    let (name, arguments) = call.trim_end().strip_suffix(')')?.split_once('(')?;
    let mut result = result.split_whitespace();
    let number = result.next()?;
    // With -y a returned descriptor is shown with its path.
    let returned = number.split('<').next()?.parse().ok()?;
    let errno = if returned == -1 { result.next().map(str::to_owned) } else { None };
    Some(Call { pid, name: name.to_owned(), arguments: arguments.to_owned(), returned, errno })
}
