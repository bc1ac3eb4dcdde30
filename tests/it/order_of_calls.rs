//! The order of system calls, which is what makes a swap survive a power cut, and the calls that are not made at all.

use crate::support::{Call, Scratch, Swapbin, swapbin};

const FILE_CALLS: &str = "%file,%desc,getrandom,clone,clone3,fork,vfork,socket,%net,sync";

/// A trace of a run that ended well.
struct Trace(Vec<Call>);

impl Trace {
    #[track_caller]
    fn of(run: Swapbin<'_>) -> Option<Trace> {
        let (outcome, calls) = run.strace(FILE_CALLS)?;
        outcome.exits(0);
        Some(Trace(calls))
    }

    /// Where the first successful call of this name stands that has all these words, from a place on.
    fn find(&self, from: usize, name: &str, words: &[&str]) -> Option<usize> {
        let fits = |call: &Call| call.name == name && call.succeeded() && words.iter().all(|word| call.arguments.contains(word));
        self.0.iter().skip(from).position(fits).map(|place| place + from)
    }

    #[track_caller]
    fn place(&self, from: usize, name: &str, words: &[&str]) -> usize {
        self.find(from, name, words).unwrap_or_else(|| panic!("no {name}({words:?}) from {from} on in\n{self}"))
    }

    fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|call| call.name == name).count()
    }

    /// The descriptor and the inode path of the anonymous stage, with the place where it was opened.
    #[track_caller]
    fn stage(&self) -> (usize, String) {
        let opened = self.place(0, "openat", &["O_TMPFILE", "0600"]);
        (opened, format!("{}<", self.0[opened].returned))
    }
}

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, call) in self.0.iter().enumerate() {
            let errno = call.errno.as_deref().unwrap_or_default();
            writeln!(f, "{place:4} {}({}) = {} {errno}", call.name, call.arguments, call.returned)?;
        }
        Ok(())
    }
}

fn tree() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("app", "old").mode(0o750);
    scratch.file_of("new", b'n', 3 << 20);
    scratch
}

/// Stage, bytes by one of these calls, metadata, sync, name, close, rename, sync of the directory.
#[track_caller]
fn assert_order(trace: &Trace, writes: &str) {
    let (opened, fd) = trace.stage();
    let written = trace.place(opened, writes, &[&fd]);
    let mode = trace.place(written, "fchmod", &[&fd]);
    let synced = trace.place(mode, "fsync", &[&fd]);
    let linked = trace.place(synced, "linkat", &[&fd, ".swapbin.s"]);
    let closed = trace.place(linked, "close", &[&fd]);
    let renamed = trace.place(closed, "renameat", &[".swapbin.s", "\"app\""]);
    let directory = trace.place(renamed, "fsync", &["/tree>"]);
    assert_eq!(trace.count("unlink") + trace.count("unlinkat"), 0, "the name is never absent\n{trace}");
    let later_writes = trace.0[synced + 1..directory].iter().filter(|call| {
        let touches = ["write", "pwrite64", "copy_file_range", "ftruncate", "fallocate", "fchmod", "fchown", "fsetxattr"];
        touches.contains(&call.name.as_str())
    });
    assert_eq!(later_writes.collect::<Vec<_>>(), Vec::<&Call>::new(), "nothing changes the file once it is synced\n{trace}");
}

#[test]
fn a_file_is_written_then_sealed_then_synced_then_named_then_renamed_then_its_directory_synced() {
    let scratch = tree();
    let Some(trace) = Trace::of(swapbin(&scratch).from("new").to("app")) else { return };
    assert_order(&trace, "copy_file_range");
}

#[test]
fn a_stream_goes_the_same_way() {
    let scratch = tree();
    let Some(trace) = Trace::of(swapbin(&scratch).from("-").to("app").stdin(vec![b'n'; 300_000])) else { return };
    assert_order(&trace, "write");
}

#[test]
fn owner_comes_before_mode_and_both_before_the_sync() {
    if !crate::support::require_root() {
        return;
    }
    let scratch = tree();
    std::os::unix::fs::chown(scratch.path("app"), Some(12345), Some(12346)).unwrap();
    let Some(trace) = Trace::of(swapbin(&scratch).from("new").to("app")) else { return };
    let (opened, fd) = trace.stage();
    let owner = trace.place(opened, "fchown", &[&fd, "12345"]);
    let group = trace.place(owner, "fchown", &[&fd, "12346"]);
    let mode = trace.place(group, "fchmod", &[&fd]);
    trace.place(mode, "fsync", &[&fd]);
}

#[test]
fn no_descriptor_of_the_new_file_is_open_for_writing_at_the_rename() {
    for named in [false, true] {
        let scratch = tree();
        let run = swapbin(&scratch).from("new").to("app");
        let run = if named { run.without_tmpfile(libc::EOPNOTSUPP) } else { run };
        let Some(trace) = Trace::of(run) else { return };
        let renamed = trace.place(0, "renameat", &[".swapbin.s"]);
        let mut writable = Vec::new();
        for call in trace.0[..renamed].iter().filter(|call| call.succeeded()) {
            let first = call.arguments.split('<').next().and_then(|fd| fd.parse::<i64>().ok());
            match call.name.as_str() {
                // The lock of the state directory is no file that anybody runs.
                "openat" if call.arguments.contains("/state>, \"lock\"") => {}
                "openat" | "open" | "creat" if call.arguments.contains("O_RDWR") || call.arguments.contains("O_WRONLY") => {
                    writable.push(call.returned);
                }
                "dup" | "dup2" | "dup3" | "fcntl" if call.arguments.contains("F_DUPFD") && writable.contains(&first.unwrap()) => {
                    writable.push(call.returned);
                }
                "close" => writable.retain(|fd| Some(*fd) != first),
                _ => {}
            }
        }
        assert!(writable.is_empty(), "open for writing at the rename: {writable:?}\n{trace}");
        assert!(trace.find(0, "openat", &["O_RDWR"]).is_some(), "the trace shows what it must show\n{trace}");
    }
}

#[test]
fn every_descriptor_is_closed_by_an_exec() {
    let scratch = tree();
    let Some(trace) = Trace::of(swapbin(&scratch).from("new").to("app")) else { return };
    let kept = trace.0.iter().filter(|call| call.name == "openat" && call.succeeded() && !call.arguments.contains("O_CLOEXEC"));
    assert_eq!(kept.collect::<Vec<_>>(), Vec::<&Call>::new(), "{trace}");
}

#[test]
fn the_file_and_its_directory_are_synced_once_each_and_nothing_else_is() {
    let scratch = tree();
    for target in ["app", "another"] {
        let Some(trace) = Trace::of(swapbin(&scratch).from("new").to(target)) else { return };
        assert_eq!(trace.count("fsync"), 2, "{trace}");
        assert_eq!(["fdatasync", "syncfs", "sync", "sync_file_range"].map(|name| trace.count(name)), [0; 4], "{trace}");
    }
}

#[test]
fn a_target_that_must_be_new_is_never_renamed_over() {
    let scratch = tree();
    let Some(trace) = Trace::of(swapbin(&scratch).from("new").to("another")) else { return };
    trace.place(0, "renameat2", &["RENAME_NOREPLACE"]);
    assert_eq!((trace.count("renameat"), trace.count("rename")), (0, 0), "{trace}");
}

#[test]
fn a_local_copy_without_a_digest_does_not_pass_through_the_process() {
    let scratch = tree();
    let Some(trace) = Trace::of(swapbin(&scratch).from("new").to("app")) else { return };
    let reads = trace.0.iter().filter(|call| {
        ["read", "pread64", "readv", "mmap", "preadv"].contains(&call.name.as_str()) && call.arguments.contains("/new>")
    });
    assert_eq!(reads.collect::<Vec<_>>(), Vec::<&Call>::new(), "{trace}");
}

#[test]
fn a_current_target_costs_no_call_that_writes() {
    let scratch = tree();
    swapbin(&scratch).from("new").to("app").run().exits(0);
    for more in [&[][..], &["--check"], &["--dry-run"]] {
        let Some(trace) = Trace::of(swapbin(&scratch).from("new").to("app").args(more)) else { return };
        // "unchanged" promises that it will stay: whoever wrote the target may not have synced it. A question promises nothing.
        let syncs = ["fsync", "fdatasync", "syncfs"].map(|name| trace.count(name));
        assert_eq!(syncs, if more.is_empty() { [2, 0, 0] } else { [0, 0, 0] }, "{trace}");
        let writing = [
            "renameat",
            "renameat2",
            "rename",
            "linkat",
            "unlinkat",
            "unlink",
            "fchmod",
            "fchown",
            "copy_file_range",
            "fallocate",
            "ftruncate",
            "fsetxattr",
            "fremovexattr",
            "flock",
            "mkdirat",
            "mkdir",
        ];
        let made: Vec<&Call> = trace.0.iter().filter(|call| writing.contains(&call.name.as_str())).collect();
        assert_eq!(made, Vec::<&Call>::new(), "{trace}");
        let opened = trace.0.iter().filter(|call| {
            call.name.starts_with("open")
                && !call.arguments.contains("/state>, \"lock\", O_RDWR|O_NOCTTY")
                && ["O_RDWR", "O_WRONLY", "O_CREAT", "O_TMPFILE"].iter().any(|flag| call.arguments.contains(flag))
        });
        assert_eq!(opened.collect::<Vec<_>>(), Vec::<&Call>::new(), "{trace}");
        let written = trace.0.iter().filter(|call| call.name == "write" && !call.arguments.starts_with("1<"));
        assert_eq!(written.collect::<Vec<_>>(), Vec::<&Call>::new(), "only the report\n{trace}");
    }
}

#[test]
fn a_local_swap_uses_no_network_no_thread_no_proc_and_one_random_number() {
    let scratch = tree();
    let Some(trace) = Trace::of(swapbin(&scratch).from("new").to("app")) else { return };
    for name in ["socket", "connect", "clone", "clone3", "fork", "vfork", "bind", "sendto"] {
        assert_eq!(trace.count(name), 0, "{name}\n{trace}");
    }
    // Where the stack of the main thread ends, the C library reads for Rust's runtime, before main.
    let of_proc = trace.0.iter().filter(|call| call.arguments.contains("\"/proc") && !call.arguments.contains("/proc/self/maps"));
    assert_eq!(of_proc.collect::<Vec<_>>(), Vec::<&Call>::new(), "{trace}");
    // The C library asks for its own, without waiting, when it first allocates.
    let random = trace.0.iter().filter(|call| call.name == "getrandom" && !call.arguments.contains("GRND_NONBLOCK"));
    assert_eq!(random.count(), 1, "{trace}");
}

#[test]
fn a_local_swap_reads_no_state_and_no_certificates() {
    let scratch = tree();
    let Some(trace) = Trace::of(swapbin(&scratch).from("new").to("app")) else { return };
    for place in ["swapbin/lock", "/var/lib", "/etc/ssl", "resolv.conf", "nsswitch", ".local/state"] {
        let calls = trace.0.iter().filter(|call| call.arguments.contains(place));
        assert_eq!(calls.collect::<Vec<_>>(), Vec::<&Call>::new(), "{place}\n{trace}");
    }
}
