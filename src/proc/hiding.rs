//! Whether /proc shows the processes of others: its mount option hidepid, proc(5).

use rustix::process::{getegid, geteuid, getgroups};

/// The option of what is mounted at /proc, and the group it does not concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hiding<'a> {
    value: &'a str,
    group: u32,
}

/// As proc_pid_mountinfo(5) tells it; `None` if nothing is hidden from anybody. What is mounted last is what is seen.
pub(crate) fn hiding(mountinfo: &[u8]) -> Option<Hiding<'_>> {
    let line = mountinfo.split(|byte| *byte == b'\n').filter_map(at_proc).next_back()?;
    let options = line.rsplit(' ').next()?;
    let option = |name: &str| options.split(',').find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
    let value = option("hidepid").filter(|value| !["0", "off"].contains(value))?;
    Some(Hiding { value, group: option("gid").and_then(|group| group.parse().ok()).unwrap_or(0) })
}

/// A line about what is mounted at /proc. Other places may be called anything.
fn at_proc(line: &[u8]) -> Option<&str> {
    std::str::from_utf8(line).ok().filter(|line| line.split(' ').nth(4) == Some("/proc"))
}

impl Hiding<'_> {
    /// Whether this process cannot even count those of others; with hidepid=1 it can. Root is taken to be concerned by nothing: what
    /// it is refused shows by the first process.
    pub(super) fn concerns_us(&self) -> bool {
        let in_group = || {
            let groups = getgroups().unwrap_or_default();
            groups.iter().chain([&getegid()]).any(|group| group.as_raw() == self.group)
        };
        !geteuid().is_root()
            && match self.value {
                "2" | "invisible" => !in_group(),
                "1" | "noaccess" => false,
                // "ptraceable", and whatever comes after it.
                _ => true,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proc_that_hides_processes_is_known_by_its_mount() {
        let hides = |text: &str| hiding(text.as_bytes()).map(|hiding| (hiding.value.to_owned(), hiding.group));
        let line =
            |options: &str| format!("22 27 0:21 / /proc rw,relatime - proc proc {options}\n23 22 0:5 / /proc/x rw - tmpfs t rw");
        for options in ["rw", "rw,hidepid=0", "rw,hidepid=off"] {
            assert_eq!(hides(&line(options)), None, "{options}");
        }
        assert_eq!(hides(&line("rw,hidepid=2")), Some(("2".to_owned(), 0)));
        assert_eq!(hides(&line("rw,gid=5,hidepid=invisible")), Some(("invisible".to_owned(), 5)));
        let later = format!("{}{}", line("rw\n"), "\n30 22 0:30 / /proc rw - proc proc rw,hidepid=ptraceable");
        assert_eq!(hides(&later), Some(("ptraceable".to_owned(), 0)));
    }
}
