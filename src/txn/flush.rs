//! Many files to the disk at once, sharing the disk's flushes.

use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use super::commit::Sealed;
use super::parallel::{THREADS, WAITING, threads_are_safe};

/// Files from which the disk begins while others are still being staged: a thread and its wake-ups cost about as much as this
/// many files.
const AHEAD: usize = 32;

/// Files that are handed over at once: to wake the thread up for each would cost more than the hint.
const BATCH: usize = 32;

/// Staged files on their way to the disk, in order. It begins with them while others are being staged, so that the syncs find
/// most of the work done: of 4,000 files of 12 KiB on ext4 the syncs took 0.16 s without, and 0.03 s with it.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// The files that come, if the disk is to begin early.
    ahead: Option<usize>,
    thread: Option<Ahead>,
    /// Not handed over yet.
    kept: Vec<Sealed>,
}

/// The way to the thread, and what it gives back.
type Ahead = (Sender<Vec<Sealed>>, JoinHandle<Vec<Sealed>>);

impl Outbox {
    /// For files that are going to be synced; about this many at a time.
    pub(crate) fn to_disk(files: usize) -> Outbox {
        let ahead = files >= AHEAD && threads_are_safe();
        Outbox { ahead: ahead.then_some(files), ..Outbox::default() }
    }

    /// For files that are not going to be synced.
    pub(crate) fn unsynced() -> Outbox {
        Outbox::default()
    }

    /// Takes the next file.
    pub(crate) fn put(&mut self, file: Sealed) {
        if let (None, Some(files)) = (&self.thread, self.ahead) {
            self.start(files, &file);
        }
        self.kept.push(file);
        if let Some((to, _)) = &self.thread
            && self.kept.len() >= BATCH
        {
            to.send(std::mem::take(&mut self.kept)).expect("the thread listens as long as there is a sender");
        }
    }

    /// Gives all files back. The next ones begin anew.
    pub(crate) fn take(&mut self) -> Vec<Sealed> {
        let last = std::mem::take(&mut self.kept);
        let Some((to, thread)) = self.thread.take() else { return last };
        drop(to);
        let mut files = thread.join().expect("a hint to the kernel does not panic");
        files.extend(last);
        files
    }

    fn start(&mut self, files: usize, first: &Sealed) {
        // A table of descriptors that grows while threads share it waits for all processors each time; now there are none.
        let least = i32::try_from(files + THREADS).unwrap_or(i32::MAX);
        let _ = rustix::io::fcntl_dupfd_cloexec(first.file(), least);
        let (to, from) = channel::<Vec<Sealed>>();
        let begin = move || from.into_iter().flatten().inspect(Sealed::begin_sync).collect();
        match thread::Builder::new().stack_size(WAITING).spawn(begin) {
            Ok(thread) => self.thread = Some((to, thread)),
            // Where no thread can be had, the syncs find the work undone.
            Err(_) => self.ahead = None,
        }
    }
}
