//! What to do with a case this machine cannot run: say so where it is seen, and fail where it must not happen.

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::cgroup::Slice;
use super::namespace::Namespace;

/// What a case needs.
enum Need {
    /// Root, or a program that CI installs: CI fails if it is not there.
    Machine,
    /// Mounts, loop devices or ptrace: fails only under `SWAPBIN_REQUIRE_MOUNTS=1`.
    Mounts,
    /// A build of swapbin with failpoints: the pass over the plain release binary does without.
    Build,
    /// A kernel with something that not every one has.
    Kernel,
}

/// Whether the tests run as root; a loud line if not.
pub fn require_root() -> bool {
    rustix::process::geteuid().is_root() || skip(Need::Machine, "needs root")
}

/// Whether a mount namespace of our own can be had; a loud line if not.
pub fn require_mounts() -> bool {
    if !rustix::process::geteuid().is_root() {
        return skip(Need::Mounts, "mounting needs root");
    }
    match Namespace::try_new() {
        Ok(_) => true,
        Err(error) => skip(Need::Mounts, &format!("no mount namespace here: {error}")),
    }
}

/// Where a program is, looked up in `PATH` and the sbin directories; a loud line if it is missing.
pub fn require_program(name: &str) -> Option<PathBuf> {
    find_program(name).or_else(|| {
        skip(Need::Machine, &format!("the program {name} is not installed"));
        None
    })
}

/// Where a shared library is that the dynamic linker knows; a loud line if it is missing.
pub fn require_library(name: &str) -> Option<PathBuf> {
    let known = Command::new(require_program("ldconfig")?).arg("-p").output().expect("ldconfig");
    let known = String::from_utf8_lossy(&known.stdout).into_owned();
    // "NAME (KINDS) => PATH".
    let of_name =
        |line: &str| line.trim_start().strip_prefix(name)?.strip_prefix(' ')?.split_once("=> ").map(|(_, path)| path.into());
    known.lines().find_map(of_name).or_else(|| {
        skip(Need::Machine, &format!("the library {name} is not installed"));
        None
    })
}

/// Whether strace is there and may trace; a loud line if not.
#[allow(dead_code, reason = "a word of the other test binaries")]
pub fn require_strace() -> bool {
    let Some(strace) = require_program("strace") else { return false };
    let traced = Command::new(strace).args(["-qq", "-e", "trace=none", "true"]).stderr(Stdio::null()).status();
    traced.is_ok_and(|status| status.success()) || skip(Need::Mounts, "strace may not trace here, ptrace(2)")
}

/// A slice of control groups of the test's own; a loud line if there can be none.
#[allow(dead_code, reason = "a word of the behaviour tests")]
pub fn require_cgroups() -> Option<Slice> {
    Slice::try_new()
        .map_err(|error| {
            skip(Need::Mounts, &format!("no control groups here: {error}"));
        })
        .ok()
}

/// Whether a filesystem can be made for a loop mount; a loud line if `mkfs.NAME` is missing.
pub fn require_filesystem(name: &str) -> bool {
    require_mounts()
        && (find_program(&format!("mkfs.{name}")).is_some() || skip(Need::Mounts, &format!("mkfs.{name} is not installed")))
}

/// Whether the binary under test has failpoints; a loud line if not.
pub fn failpoints_available() -> bool {
    std::env::var_os("SWAPBIN_UNDER_TEST").is_none() || skip(Need::Build, "the binary under test is built without failpoints")
}

/// A static build of swapbin, `SWAPBIN_STATIC`; a loud line if there is none: it takes minutes, and CI makes it last.
#[allow(dead_code, reason = "a word of the behaviour tests")]
pub fn static_build() -> Option<PathBuf> {
    let build = std::env::var_os("SWAPBIN_STATIC").filter(|path| !path.is_empty()).map(PathBuf::from);
    build.or_else(|| {
        skip(Need::Build, "SWAPBIN_STATIC names no static build: see tests/static.sh");
        None
    })
}

/// The Yama module's ptrace_scope, where it restricts who may trace whom; a loud line if this kernel has none, or it is off.
#[allow(dead_code, reason = "a word of the behaviour tests")]
pub fn require_yama() -> Option<u32> {
    let scope = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").ok().and_then(|text| text.trim().parse().ok());
    scope.filter(|scope| *scope > 0).or_else(|| {
        skip(Need::Kernel, "no Yama here that restricts ptrace(2)");
        None
    })
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|program| program.is_file())
}

/// Always false, so that a condition can end in it.
fn skip(need: Need, why: &str) -> bool {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Not eprintln!, which is shown for failed tests only.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: {why}");
    let forbidden = match need {
        Need::Machine => std::env::var_os("CI").as_deref() == Some(OsStr::new("true")),
        Need::Mounts => std::env::var_os("SWAPBIN_REQUIRE_MOUNTS").as_deref() == Some(OsStr::new("1")),
        Need::Build | Need::Kernel => false,
    };
    assert!(!forbidden, "skipped where it must run: {why}");
    false
}
