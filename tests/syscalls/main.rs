//! Every system call of a run in turn is the one at which the run is killed, or the one that fails, with each errno it may
//! fail with; and the files are judged afterwards. One test for one job of the program, `jobs.rs`.
//!
//! By itself a test takes a sample: at each call one kill, and one errno. `SYSCALLS_FULL=1` takes all errnos, and also
//! has calls fail from one of them on. `SYSCALLS_ONLY=TEXT` picks cases by their `strace` options (`renameat2`, `EIO:when=3`).
//! `SYSCALLS_PROGRAM=/usr/bin/install` has another install(1) tried where the job is one of install's.

#[allow(dead_code, unused_imports, reason = "the harness serves several test binaries; this one does not need all its words")]
#[path = "../it/support/mod.rs"]
mod support;

mod campaign;
mod errnos;
mod fault;
mod job;
mod jobs;
mod judge;
mod place;
mod plan;
mod reference;
mod run;
mod standing;
mod state;
