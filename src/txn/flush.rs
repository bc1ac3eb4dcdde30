//! Many files to the disk at once, sharing the disk's flushes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::commit::Sealed;
use crate::error::Error;

/// Threads that wait for the disk at the same time. Syncs under way together share one journal commit; measured on ext4, 4,000
/// files of 12 KiB: one by one 1.95 s, 32 threads 0.75 s, 128 threads no better.
const THREADS: usize = 32;

/// Files from which threads are worth starting.
const ALONE: usize = 2;

/// Syncs every file, and returns the outcome of each in order.
pub(crate) fn flush_all(files: &[Sealed]) -> Vec<Result<(), Error>> {
    in_parallel(files.len(), |at| files[at].sync())
}

/// Does a number of pieces of work that wait for the disk, and returns the outcome of each in order.
pub(crate) fn in_parallel<T: Send>(count: usize, piece: impl Fn(usize) -> T + Sync) -> Vec<T> {
    if count < ALONE {
        return (0..count).map(piece).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return done;
            }
            done.push((at, piece(at)));
        }
    };
    let mut outcomes: Vec<(usize, T)> = thread::scope(|scope| {
        let helpers: Vec<_> = (1..THREADS.min(count))
            // Where no thread can be had, the ones there are do the work, in the end this one alone.
            .map_while(|_| thread::Builder::new().stack_size(64 << 10).spawn_scoped(scope, work).ok())
            .collect();
        let mut outcomes = work();
        for helper in helpers {
            outcomes.extend(helper.join().expect("a sync does not panic"));
        }
        outcomes
    });
    outcomes.sort_by_key(|(at, _)| *at);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}
