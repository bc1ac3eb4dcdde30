//! A look at every process, by as many threads as there are processors.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::fs::Stat;
use rustix::io::Errno;

use super::Proc;
use super::process::Process;
use super::regions::Buffers;
use crate::failpoint;

/// How many threads look, at most.
const THREADS: usize = 4;

/// Processes that a thread takes at once. Fewer than two such shares are not worth another thread.
const SHARE: usize = 64;

/// What the look at all processes gave.
#[derive(Debug)]
pub(crate) struct Looked<T> {
    /// In the order of pids.
    pub(crate) found: Vec<T>,
    /// Processes of which not everything may be looked at, in the same order, and why.
    pub(crate) unreadable: Vec<(u32, Errno)>,
}

/// Looks at every process there is. What ends meanwhile, kernel threads, and processes that have ended have nothing. `start`
/// makes what a thread keeps from one process to the next.
///
/// # Errors
/// /proc cannot be read.
pub(crate) fn each<Kept, T: Send>(
    proc: &Proc,
    start: impl Fn() -> Kept + Sync,
    look: impl Fn(&mut Kept, &mut Buffers, Process, &Stat) -> Result<Option<T>, Errno> + Sync,
) -> Result<Looked<T>, Errno> {
    let pids = proc.pids()?;
    let next = AtomicUsize::new(0);
    let all = Mutex::new((Vec::new(), Vec::new()));
    let work = || {
        let (mut kept, mut buffers) = (start(), Buffers::new());
        let (mut found, mut unreadable) = (Vec::new(), Vec::new());
        loop {
            let from = next.fetch_add(SHARE, Ordering::Relaxed);
            let Some(share) = pids.get(from..pids.len().min(from + SHARE)).filter(|share| !share.is_empty()) else { break };
            for pid in share {
                match one(proc, *pid, |process, program| look(&mut kept, &mut buffers, process, program)) {
                    Ok(Some(value)) => found.push((*pid, value)),
                    Ok(None) => {}
                    Err(errno) => unreadable.push((*pid, errno)),
                }
            }
        }
        let mut all = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.0.append(&mut found);
        all.1.append(&mut unreadable);
    };
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 1..processors.min(THREADS).min(pids.len() / SHARE) {
            // A thread that cannot be had is no loss: the others do its work.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let (mut found, mut unreadable) = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort_unstable_by_key(|(pid, _)| *pid);
    unreadable.sort_unstable_by_key(|(pid, _)| *pid);
    Ok(Looked { found: found.into_iter().map(|(_, value)| value).collect(), unreadable })
}

/// Looks at one process; `look` is told which file its program is.
///
/// # Errors
/// It, or something of it, may not be looked at.
pub(crate) fn one<T>(
    proc: &Proc,
    pid: u32,
    look: impl FnOnce(Process, &Stat) -> Result<Option<T>, Errno>,
) -> Result<Option<T>, Errno> {
    let gone = |errno| if matches!(errno, Errno::NOENT | Errno::SRCH) { Ok(None) } else { Err(errno) };
    let process = match proc.process(pid) {
        Ok(process) => process,
        Err(errno) => return gone(errno),
    };
    let errno = match process.stat(c"exe") {
        Ok(program) => {
            failpoint::hit("proc-look").map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
            return look(process, &program).or_else(gone);
        }
        Err(errno) => errno,
    };
    if let Some(thread) = process.other_thread() {
        return thread.stat(c"exe").and_then(|program| look(thread, &program)).or_else(gone);
    }
    // Without a program it is a thread of the kernel, or has ended; who may not look is told so of these too.
    if process.has_no_files() { Ok(None) } else { gone(errno) }
}
