//! Writing to streams that may be full for ever: nobody need read the other end of a pipe, and a signal has to end us all the
//! same.

use std::io;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use swapbin::Cancel;

/// Bytes that a pipe with room for any takes without waiting, pipe(7).
const PIPE_BUF: usize = 4096;

/// How long a wait lasts before cancellation is looked at: 100 ms.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Writes everything, as slowly as the stream takes it.
///
/// # Errors
/// Of write(2); [`io::ErrorKind::Interrupted`] if a signal asks to stop while the stream is full.
pub fn write(stream: impl AsFd, mut bytes: &[u8], cancel: &Cancel) -> io::Result<()> {
    while !bytes.is_empty() {
        let mut wait = [PollFd::new(&stream, PollFlags::OUT)];
        match rustix::event::poll(&mut wait, Some(&TICK)) {
            Ok(0) | Err(Errno::INTR) if cancel.signal().is_some() => return Err(io::ErrorKind::Interrupted.into()),
            Ok(0) | Err(Errno::INTR) => continue,
            // What cannot be waited for is tried.
            Ok(_) | Err(_) => {}
        }
        match rustix::io::write(&stream, &bytes[..bytes.len().min(PIPE_BUF)]) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
