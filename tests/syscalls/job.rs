//! A job of the program, and what is promised of it.

use crate::place::Place;

/// One command line, tried at each of its system calls.
///
/// Command lines are words between blanks: `NAME=VALUE` first sets the environment, `<FILE` is standard input, `{other}` is a
/// directory on another mount, `{state}` one for state, `{sha256:FILE}` a digest. A line that begins with `install` may be given to another program.
pub struct Job {
    pub name: &'static str,
    pub arrange: fn(&Place),
    /// What is run before, for jobs that need a past. `KILLED_AT=SYSCALL:N` kills such a run at its N-th call of that name.
    pub past: &'static [&'static str],
    pub command: &'static str,
    /// What the undisturbed run changes: names, and the file whose bytes each has then; `""` for a name that goes.
    pub changes: &'static [(&'static str, &'static str)],
    pub promise: Promise,
    /// What settles a run that was killed or is in doubt. After it a set must be whole, and no litter may be left.
    pub recover: Option<&'static str>,
    /// What is run after that, and must make everything new; the last line has to end well.
    pub again: &'static [&'static str],
    /// Instead of `again`, where that would change something: what is run in each directory, finds a file there current, and
    /// removes what killed runs have left.
    pub sweep: &'static [&'static str],
    /// What the kernel does not have.
    pub without: &'static [Without],
    pub threads: Threads,
    /// Whether it looks at all processes there are, so that there must be no others.
    pub looks_at_processes: bool,
}

/// What holds when a run fails and tells so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Each file is installed for itself; a failure leaves at least one of them as it was.
    Each,
    /// Nothing has changed.
    AllOrNothing,
    /// As `AllOrNothing`; but one that was killed, or is in doubt, may leave a file that is neither, until `recover` has run.
    InPlace,
    /// The command repairs what a past one left: it may stop midway, and `recover` has to bring it to its end.
    Repair,
}

/// Whether the program can start threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// Every run makes the same calls in the same order.
    Refused,
    Granted,
}

/// A feature that is denied, so that the way around it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// O_TMPFILE.
    Tmpfile,
    /// RENAME_EXCHANGE.
    Exchange,
    /// A second name for a file. (An anonymous file is given its first one with AT_EMPTY_PATH.)
    HardLinks,
    /// copy_file_range(2).
    KernelCopy,
}

impl Default for Job {
    fn default() -> Job {
        Job {
            name: "",
            arrange: |_| {},
            past: &[],
            command: "",
            changes: &[],
            promise: Promise::AllOrNothing,
            recover: None,
            again: &[],
            sweep: &[],
            without: &[],
            threads: Threads::Refused,
            looks_at_processes: false,
        }
    }
}
