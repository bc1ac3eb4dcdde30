//! Places where the tests make the program stop or fail. In builds without `test-programs` nothing of it exists.
//!
//! `SWAPBIN_FAILPOINT=NAME=ACTION[,NAME=ACTION...]`, where ACTION is `abort` (as SIGKILL would: nothing is cleaned up),
//! `pause` (stops the process, for the test to look and then send SIGCONT) or the number of an errno.

/// Does what the environment says for this place.
///
/// # Errors
/// The errno asked for.
#[cfg(feature = "test-programs")]
pub(crate) fn hit(name: &str) -> std::io::Result<()> {
    let Ok(points) = std::env::var("SWAPBIN_FAILPOINT") else { return Ok(()) };
    let action = points.split(',').filter_map(|point| point.split_once('=')).find(|(point, _)| *point == name);
    match action.map(|(_, action)| action) {
        None => Ok(()),
        Some("abort") => signal(rustix::process::Signal::KILL),
        Some("pause") => signal(rustix::process::Signal::STOP),
        Some(errno) => Err(std::io::Error::from_raw_os_error(errno.parse().expect("a failpoint's errno is a number"))),
    }
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
