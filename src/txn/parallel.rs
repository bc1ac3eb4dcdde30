//! Pieces of work by several threads.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::process::{Resource, getrlimit};

/// Threads that wait for the disk at the same time. Syncs under way together share one journal commit; measured on ext4, 4,000
/// files of 12 KiB: one by one 1.95 s, 32 threads 0.75 s, 128 threads no better.
pub(super) const THREADS: usize = 32;

/// Threads that work, at most, and no more than there are processors: names and inodes of one filesystem are made under locks
/// that they would wait for.
const WORKERS: usize = 4;

/// Files that a working thread takes at once: neighbours are in one directory, whose lock two threads would hand to and fro.
pub(crate) const FILES: usize = 32;

/// Directories that one takes at once.
pub(super) const DIRECTORIES: usize = 8;

/// A stack for threads that make system calls and nothing else: 64 KiB.
pub(super) const WAITING: usize = 64 << 10;

/// One for threads that copy and compare, with room for their buffers: 1 MiB, of which only what is used is ever there.
const WORKING: usize = 1 << 20;

/// Does a number of pieces of work that wait for the disk, and returns the outcome of each in order.
pub(crate) fn in_parallel<T: Send>(count: usize, piece: impl Fn(usize) -> T + Sync) -> Vec<T> {
    by(THREADS.min(count), 1, WAITING, count, piece)
}

/// Does something with each, which waits for the disk, and returns the outcome of each in order.
pub(crate) fn each_in_parallel<I: Send, T: Send>(items: Vec<I>, work: impl Fn(usize, I) -> T + Sync) -> Vec<T> {
    let (count, items) = (items.len(), Taken::new(items));
    in_parallel(count, |at| work(at, items.take(at)))
}

/// Does something with each, which keeps a processor busy, and returns the outcome of each in order. A thread takes a `share` of
/// them at once; fewer than two shares are not worth another thread.
pub(crate) fn each_on_processors<I: Send, T: Send>(share: usize, items: Vec<I>, work: impl Fn(usize, I) -> T + Sync) -> Vec<T> {
    let (count, items) = (items.len(), Taken::new(items));
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    by(processors.min(WORKERS).min(count / share), share, WORKING, count, |at| work(at, items.take(at)))
}

/// Things that are taken once each, by whichever thread.
struct Taken<I>(Vec<Mutex<Option<I>>>);

impl<I> Taken<I> {
    fn new(items: Vec<I>) -> Taken<I> {
        Taken(items.into_iter().map(|item| Mutex::new(Some(item))).collect())
    }

    fn take(&self, at: usize) -> I {
        self.0[at].lock().expect("to take an item does not panic").take().expect("each is taken once")
    }
}

fn by<T: Send>(threads: usize, share: usize, stack: usize, count: usize, piece: impl Fn(usize) -> T + Sync) -> Vec<T> {
    if threads < 2 || !threads_are_safe() {
        return (0..count).map(piece).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let from = next.fetch_add(share, Ordering::Relaxed);
            if from >= count {
                return done;
            }
            done.extend((from..count.min(from + share)).map(|at| (at, piece(at))));
        }
    };
    let mut outcomes: Vec<(usize, T)> = thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads)
            // Where no thread can be had, the ones there are do the work, in the end this one alone.
            .map_while(|_| thread::Builder::new().stack_size(stack).spawn_scoped(scope, work).ok())
            .collect();
        let mut outcomes = work();
        for helper in helpers {
            outcomes.extend(helper.join().expect("a piece of work does not panic"));
        }
        outcomes
    });
    outcomes.sort_by_key(|(at, _)| *at);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Whether a thread that is started will run. The standard library panics where there is no memory for a new thread's signal
/// stack, so that none is started where a limit could bring that about: of RLIMIT_DATA private mappings count too, setrlimit(2).
pub(super) fn threads_are_safe() -> bool {
    [Resource::As, Resource::Data].into_iter().all(|resource| getrlimit(resource).current.is_none())
}
