//! What is said of a process.

use std::ffi::OsString;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

use super::place;
use crate::proc::{Proc, Process};
use crate::report::ProcessFacts;

/// Clock ticks in a second, as /proc counts them: USER_HZ, which is this on every architecture that Rust runs on.
const TICKS: u64 = 100;

/// What is said of a process; of one that has ended, its pid.
pub(super) fn of(process: &Process) -> ProcessFacts {
    let status = process.status().ok();
    let place = process.read("cgroup").ok().and_then(|text| place::parse(&text));
    ProcessFacts {
        pid: process.pid(),
        uid: status.as_ref().map_or(u32::MAX, |status| status.uid),
        since: status.as_ref().map(|status| since(status.started)),
        command: status.map(|status| status.comm).unwrap_or_default(),
        place,
    }
}

/// What is said of a process by its pid; `None` if it has ended.
pub(crate) fn facts(proc: &Proc, pid: u32) -> Option<ProcessFacts> {
    let process = match proc.process(pid) {
        Ok(process) => process,
        Err(Errno::NOENT | Errno::SRCH) => return None,
        Err(_) => return Some(ProcessFacts { pid, uid: u32::MAX, command: OsString::new(), since: None, place: None }),
    };
    let has_ended = process.has_no_files() || matches!(process.status(), Err(Errno::NOENT | Errno::SRCH));
    (!has_ended).then(|| of(&process))
}

/// The seconds since 1970 of a point in time that is told in ticks since the machine was started, by the clock as it is now.
fn since(ticks: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let running = Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default();
    (now.saturating_sub(running) + Duration::from_millis(ticks * 1000 / TICKS)).as_secs()
}
