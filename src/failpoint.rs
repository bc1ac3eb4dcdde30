//! Places where the tests make the program stop or fail. In builds without `test-programs` nothing of it exists.
//!
//! `SWAPBIN_FAILPOINT=NAME[@N]=ACTION[,...]`: at the place NAME, only the Nth time if N is given. ACTION is `abort` (as SIGKILL would: nothing is cleaned up),
//! `pause` (stops the process, for the test to look and then send SIGCONT), the number of an errno, or, for a sync, `skip`
//! (it is left out, and passes for done).

/// Does what the environment says for this place.
///
/// # Errors
/// The errno asked for.
#[cfg(feature = "test-programs")]
pub(crate) fn hit(name: &str) -> std::io::Result<()> {
    match action(name, count(name)).as_deref() {
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
    if action(name, 0).as_deref() == Some("skip") {
        return Ok(());
    }
    sync()
}

/// What the environment says about a place where we are for the `nth` time.
#[cfg(feature = "test-programs")]
fn action(name: &str, nth: u32) -> Option<String> {
    let points = std::env::var("SWAPBIN_FAILPOINT").ok()?;
    let is_here = |point: &str| match point.split_once('@') {
        Some((point, number)) => point == name && number.parse() == Ok(nth),
        None => point == name,
    };
    points
        .split(',')
        .filter_map(|point| point.split_once('='))
        .find(|(point, _)| is_here(point))
        .map(|(_, action)| action.to_owned())
}

/// How often we have been here, this time included.
#[cfg(feature = "test-programs")]
fn count(name: &str) -> u32 {
    use std::sync::Mutex;
    static VISITS: Mutex<Vec<(String, u32)>> = Mutex::new(Vec::new());
    if std::env::var_os("SWAPBIN_FAILPOINT").is_none() {
        return 0;
    }
    let mut visits = VISITS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    match visits.iter_mut().find(|(place, _)| place == name) {
        Some((_, visits)) => {
            *visits += 1;
            *visits
        }
        None => {
            visits.push((name.to_owned(), 1));
            1
        }
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
