//! One process from start to end, and what it cost.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What work cost, all its processes together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// By the clock, from before the first start to after the last end.
    pub wall: Duration,
    /// User and system time.
    pub cpu: Duration,
    /// The largest resident set of any of them.
    pub peak_kib: u64,
    /// Page faults that read nothing from a disk.
    pub faults: u64,
}

/// Arguments of one process, the program first.
pub type Argv = Vec<OsString>;

/// Builds an [`Argv`].
pub fn argv<S: AsRef<OsStr>>(parts: impl IntoIterator<Item = S>) -> Argv {
    parts.into_iter().map(|part| part.as_ref().to_owned()).collect()
}

/// Runs the steps one after the other. What they say on standard error goes to the file `errors`.
///
/// # Errors
/// The first that fails, with what it said.
pub fn run(steps: &[Argv], errors: &Path) -> Result<Cost, String> {
    let started = Instant::now();
    let mut total = Cost::default();
    for step in steps {
        let cost = run_one(step, errors)?;
        total.cpu += cost.cpu;
        total.faults += cost.faults;
        total.peak_kib = total.peak_kib.max(cost.peak_kib);
    }
    total.wall = started.elapsed();
    Ok(total)
}

fn run_one(step: &[OsString], errors: &Path) -> Result<Cost, String> {
    let name = || step.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let said = File::create(errors).map_err(|error| format!("{}: {error}", errors.display()))?;
    let mut command = Command::new(&step[0]);
    command.args(&step[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
    // The server is on this machine, whatever proxy the environment names.
    command.env("no_proxy", "*").env("NO_PROXY", "*");
    // In another locale install, cp and mv open a dozen files more; the harder comparison is the one without.
    command.env("LC_ALL", "C");
    let child = command.spawn().map_err(|error| format!("{}: {error}", name()))?;
    let (status, cost) = wait4(child.id()).map_err(|error| format!("{}: {error}", name()))?;
    if status == 0 {
        return Ok(cost);
    }
    let said = std::fs::read_to_string(errors).unwrap_or_default();
    Err(format!("{}: wait status {status:#x}: {}", name(), said.trim()))
}

/// Waits for a child that nobody else waits for; standard Rust does not tell what it used.
#[allow(unsafe_code)]
fn wait4(pid: u32) -> std::io::Result<(i32, Cost)> {
    let mut status = 0;
    // SAFETY: an all-zero rusage is a valid value of that plain C structure; wait4 fills in it and `status`, both ours.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        while libc::wait4(pid as libc::pid_t, &mut status, 0, &mut usage) < 0 {
            let error = std::io::Error::last_os_error();
            if error.kind() != std::io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        usage
    };
    let time = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    let cpu = time(usage.ru_utime) + time(usage.ru_stime);
    Ok((status, Cost { wall: Duration::ZERO, cpu, peak_kib: usage.ru_maxrss as u64, faults: usage.ru_minflt as u64 }))
}

/// Where a program is, by PATH.
pub fn find(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    // The makers of filesystems are where only root's PATH leads.
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|dir| dir.join(program))
        .find(|candidate| candidate.is_file())
}
