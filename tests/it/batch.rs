//! Several files as one change: all of them, or none, whatever happens.

mod descriptors;
mod failing;
mod full;
mod grid;
mod neighbours;
mod no_room;
mod order;

use std::path::PathBuf;

use crate::support::{Entry, Scratch, Swapbin, swapbin};

/// Six targets in three directories on two filesystems, the last one new.
struct Set {
    scratch: Scratch,
    /// Its tree is the third directory.
    shm: Scratch,
    before: Vec<Option<Entry>>,
}

const NAMES: [&str; 6] = ["a/one", "a/two", "b/three", "b/four", "five", "six"];

/// Where those on the other filesystem begin.
const ELSEWHERE: usize = 4;

impl Set {
    fn new() -> Set {
        let (scratch, shm) = (Scratch::new(), Scratch::on("/dev/shm"));
        scratch.directory("a");
        scratch.directory("b");
        let mut set = Set { scratch, shm, before: Vec::new() };
        for (at, name) in NAMES.iter().enumerate() {
            let place = if at < ELSEWHERE { &set.scratch } else { &set.shm };
            if at + 1 < NAMES.len() {
                place.file(name, format!("old {name}")).mode(0o710 + at as u32);
            }
            set.scratch.file(format!("new-{at}"), format!("new {name}"));
        }
        set.before = (0..NAMES.len()).map(|at| set.entry(at)).collect();
        set
    }

    fn target(&self, at: usize) -> PathBuf {
        let place = if at < ELSEWHERE { &self.scratch } else { &self.shm };
        place.path(NAMES[at])
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        // A second link, by which the old file is or was kept, is no difference.
        self.target(at).symlink_metadata().is_ok().then(|| Entry { nlink: 1, ..Entry::of(self.target(at)) })
    }

    fn run(&self) -> Swapbin<'_> {
        self.replace(swapbin(&self.scratch))
    }

    fn replace<'s>(&'s self, run: Swapbin<'s>) -> Swapbin<'s> {
        (0..NAMES.len()).fold(run, |run, at| run.from(format!("new-{at}")).to(self.target(at)))
    }

    /// How many targets are new, each of them whole; the others are what they were, inode and all.
    #[track_caller]
    fn count_new(&self) -> usize {
        let is_new = |at: &usize| {
            let now = self.entry(*at);
            if now == self.before[*at] {
                return false;
            }
            let now = now.unwrap_or_else(|| panic!("{} is missing", NAMES[*at]));
            assert_eq!(std::fs::read_to_string(self.target(*at)).unwrap(), format!("new {}", NAMES[*at]));
            assert_eq!(now.mode, self.before[*at].as_ref().map_or(0o755, |before| before.mode), "{}", NAMES[*at]);
            true
        };
        (0..NAMES.len()).filter(is_new).count()
    }

    /// All targets are new, or all are what they were; says which.
    #[track_caller]
    fn all_or_nothing(&self, when: &str) -> bool {
        let new = self.count_new();
        assert!(new == 0 || new == NAMES.len(), "{when}: {new} of {} are new", NAMES.len());
        new > 0
    }

    /// Nothing of ours is left but what is kept on purpose.
    #[track_caller]
    fn assert_no_litter(&self, when: &str) {
        for scratch in [&self.scratch, &self.shm] {
            assert!(scratch.litter().is_empty(), "{when}: {:?}", scratch.litter());
        }
        let open: Vec<_> = std::fs::read_dir(self.scratch.state(None).join("txn")).unwrap().collect();
        assert!(open.is_empty(), "{when}: {open:?}");
    }

    /// Kept versions, on both filesystems.
    fn kept(&self) -> Vec<PathBuf> {
        let kept = |scratch: &Scratch| {
            let names: Vec<_> =
                scratch.snapshot().names().filter(|name| crate::support::is_kept(name)).map(|name| scratch.path(name)).collect();
            names
        };
        kept(&self.scratch).into_iter().chain(kept(&self.shm)).collect()
    }
}
