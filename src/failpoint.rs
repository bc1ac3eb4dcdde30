//! Places where the tests make the program stop or fail. In builds without `test-programs` nothing of it exists.
//!
//! `SWAPBIN_FAILPOINT=NAME=ACTION[,NAME=ACTION...]`, where ACTION is `abort` (as SIGKILL would: nothing is cleaned up),
//! `pause` (stops the process, for the test to look and then send SIGCONT), the number of an errno, or, for a sync, `skip`
//! (it is left out, and passes for done).

/// Does what the environment says for this place.
///
/// # Errors
/// The errno asked for.
#[cfg(feature = "test-programs")]
pub(crate) fn hit(name: &str) -> std::io::Result<()> {
    match action(name).as_deref() {
        None | Some("skip") => Ok(()),
        Some("abort") => signal(rustix::process::Signal::KILL),
        Some("pause") => signal(rustix::process::Signal::STOP),
        Some(errno) => Err(std::io::Error::from_raw_os_error(errno.parse().expect("a failpoint's errno is a number"))),
    }
}

/// The same around a sync.
///
/// # Errors
/// The errno asked for, or those of `sync`.
pub(crate) fn around(name: &str, sync: impl FnOnce() -> std::io::Result<()>) -> std::io::Result<()> {
    hit(name)?;
    #[cfg(feature = "test-programs")]
    if action(name).as_deref() == Some("skip") {
        return Ok(());
    }
    sync()
}

/// What the environment says about a place.
#[cfg(feature = "test-programs")]
fn action(name: &str) -> Option<String> {
    let points = std::env::var("SWAPBIN_FAILPOINT").ok()?;
    points
        .split(',')
        .filter_map(|point| point.split_once('='))
        .find(|(point, _)| *point == name)
        .map(|(_, action)| action.to_owned())
}

#[cfg(feature = "test-programs")]
fn signal(signal: rustix::process::Signal) -> std::io::Result<()> {
    Ok(rustix::process::kill_process(rustix::process::getpid(), signal)?)
}

/// Does nothing.
#[cfg(not(feature = "test-programs"))]
#[inline(always)]
pub(crate) fn hit(_name: &str) -> std::io::Result<()> {
    Ok(())
}
