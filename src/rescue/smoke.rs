//! Whether the dynamic linker can load a file: it maps it and what it needs, binds everything, and ends before the first line of
//! the program or library runs, as `ldd -r` has it do. Only functions that choose an implementation (IFUNC) run.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use object::elf::PT_DYNAMIC;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::MemfdFlags;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags};

use crate::elf;

/// The dynamic linkers of the C libraries and processors that are known here, ld.so(8). Not the one that the file names: it comes
/// from a process that may be anybody's.
const LINKERS: [&str; 4] =
    ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"];
/// How long it may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Bytes of what the dynamic linker says that are kept.
const SAID: usize = 64 << 10;

/// The outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Smoke {
    /// It can be loaded.
    Loads,
    /// It has no dynamic table: only to run it would tell.
    Static,
    /// It cannot, in the words of the dynamic linker.
    Fails(String),
}

/// Tries it with the rights of user `uid`, if this is root, else with the caller's.
///
/// # Errors
/// There is no dynamic linker for it, or no process can be started.
pub(crate) fn load(bytes: &[u8], uid: u32) -> io::Result<Smoke> {
    let is_dynamic = |info: &elf::Info| info.segments.iter().any(|segment| segment.kind == PT_DYNAMIC.0);
    let Some(info) = elf::info_of_segments(bytes) else { return Ok(Smoke::Fails("it is no ELF file".to_owned())) };
    if !is_dynamic(&info) {
        return Ok(Smoke::Static);
    }
    let machine = if info.machine == elf::Machine::Aarch64 { "aarch64" } else { "x86" };
    let mut linkers = LINKERS.iter().map(Path::new).filter(|path| path.to_string_lossy().contains(machine));
    let linker = linkers.find(|path| rustix::fs::access(*path, rustix::fs::Access::EXEC_OK).is_ok());
    let linker = linker.ok_or_else(|| io::Error::other("there is no dynamic linker for its processor"))?;

    // Not the file itself, which is nobody's yet, and which another user could not open.
    let mut copy = File::from(rustix::fs::memfd_create("swapbin", MemfdFlags::CLOEXEC)?);
    copy.write_all(bytes)?;
    let mut command = Command::new(linker);
    command.arg("/proc/self/fd/0").stdin(copy).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("LD_TRACE_LOADED_OBJECTS", "1").env("LD_WARN", "yes").env("LD_BIND_NOW", "yes").env_remove("LD_PRELOAD");
    if rustix::process::geteuid().is_root() && uid != 0 {
        // nobody's group: what the file may do it could do without us.
        command.uid(uid).gid(65534);
    }
    let mut child = command.spawn()?;
    let status = wait(&mut child);
    if status.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    Ok(match status? {
        None => Smoke::Fails(format!("the dynamic linker was not done with it in {} seconds", LIMIT.as_secs())),
        Some(status) if status.success() => missing(&said(child.stdout.take())).map_or(Smoke::Loads, Smoke::Fails),
        Some(status) => {
            let said = said(child.stderr.take());
            Smoke::Fails(said.lines().next().map_or_else(|| status.to_string(), str::to_owned))
        }
    })
}

/// Waits for the end; `None`: it has not come, and the process is killed.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    let watched = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
    let end = Instant::now() + LIMIT;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        match rustix::event::poll(&mut [PollFd::new(&watched, PollFlags::IN)], Some(&left)) {
            Ok(0) => {
                child.kill()?;
                child.wait()?;
                return Ok(None);
            }
            Ok(_) => return child.wait().map(Some),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// The first library that is needed and not there. Symbols that are not there are no fault: those of a plugin are in the program
/// that loads it.
fn missing(listed: &str) -> Option<String> {
    let name = listed.lines().find_map(|line| line.strip_suffix(" => not found"))?;
    Some(format!("the library {} is not found", name.trim()))
}

/// What it said, without waiting for more.
fn said(from: Option<impl Read + AsFd>) -> String {
    let mut text = vec![0; SAID];
    let read = |mut from| -> Option<usize> {
        rustix::io::ioctl_fionbio(&from, true).ok()?;
        Read::read(&mut from, &mut text).ok()
    };
    let length = from.and_then(read).unwrap_or(0);
    String::from_utf8_lossy(&text[..length]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn this_program() -> Vec<u8> {
        std::fs::read(std::env::current_exe().unwrap()).unwrap()
    }

    fn uid() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    #[test]
    fn a_program_can_be_loaded_and_is_not_run() {
        assert_eq!(load(&this_program(), uid()).unwrap(), Smoke::Loads);
    }

    #[test]
    fn one_that_is_damaged_cannot() {
        let mut damaged = this_program();
        let info = elf::info(&*damaged).unwrap();
        let dynamic = info.segments.iter().find(|segment| segment.kind == PT_DYNAMIC.0).unwrap();
        damaged[dynamic.offset as usize..][..dynamic.file_size as usize].fill(0x55);
        assert!(matches!(load(&damaged, uid()).unwrap(), Smoke::Fails(_)));
    }

    #[test]
    fn a_library_that_is_missing_is_named() {
        let listed = "\tlinux-vdso.so.1 (0x7f00)\n\tlibx.so.2 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x7f01)\n";
        assert_eq!(missing(listed).unwrap(), "the library libx.so.2 is not found");
        assert_eq!(missing("\tlibc.so.6 => /lib/libc.so.6 (0x7f01)\n"), None);
    }

    #[test]
    fn without_a_dynamic_table_nothing_is_told() {
        let mut fixed = this_program();
        let info = elf::info(&*fixed).unwrap();
        let at = info.segments.iter().position(|segment| segment.kind == PT_DYNAMIC.0).unwrap();
        // PT_NULL instead.
        fixed[64 + at * 56..][..4].fill(0);
        assert_eq!(load(&fixed, uid()).unwrap(), Smoke::Static);
        assert!(matches!(load(b"text", uid()).unwrap(), Smoke::Fails(_)));
    }
}
