//! What to do with a transaction that was broken off: a pure function of what its journal says and what is seen on the disk.
//!
//! It never guesses. A name is changed only where what has it is known by its content; where another tool has been, everything
//! stops before anything is done.

use super::read::{Journal, Phase};
use super::record::{Entry, Kind, Way};

/// What is seen of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Facts {
    /// Its directory is here.
    Here {
        /// What has the name.
        target: Seen,
        /// What has the temporary name.
        temp: Seen,
        /// What has the name the old version is kept by.
        kept: Seen,
    },
    /// Its filesystem is not mounted, or another one is where it was.
    Away,
    /// Its filesystem ended with the boot.
    Lost,
    /// The filesystem is here, and the directory is not what it was.
    Moved,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing.
    Absent,
    /// The version before the transaction.
    Old,
    /// The version after it.
    New,
    /// Something else.
    Other,
}

/// Which way everything goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Back,
}

/// What is to be done about one entry. Temporary names that are left over afterwards are removed whatever the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is as it should be.
    Nothing,
    /// The temporary name becomes the name.
    Publish,
    /// New and old change names, and the old one gets the name it is kept by.
    Exchange,
    /// The old one, which has the temporary name, gets the name it is kept by.
    Keep,
    /// The name becomes the one the old version is kept by.
    Remove,
    /// The name the old version is kept by becomes the name.
    Restore,
    /// The old one, which has the temporary name, gets its name back.
    RestoreTemp,
    /// The name goes.
    Unpublish,
    /// Its filesystem ended with the boot: there is nothing left of it.
    Lost,
    /// Nobody can say what to do: somebody else has been here.
    Stop,
    /// Its filesystem has to be there first.
    Later,
}

/// The direction, and a step for each entry in order. If one of them is [`Step::Stop`] or [`Step::Later`], nothing is to be
/// done at all; unless a direction was `asked` for, and then the others may be.
pub(crate) fn decide(journal: &Journal, facts: &[Facts], asked: Option<Direction>) -> (Direction, Vec<Step>) {
    let own = match journal.phase {
        Phase::Committed | Phase::Done => Direction::Forward,
        Phase::Preparing | Phase::Aborting => Direction::Back,
    };
    let direction = asked.unwrap_or(own);
    // Without COMMIT nothing was renamed; a name that was shows that COMMIT was there and is damaged. One rename needs none.
    let unbegun = journal.phase == Phase::Preparing && asked.is_none() && !journal.header.single;
    let step = |(entry, facts): (&Entry, &Facts)| match *facts {
        Facts::Away => Step::Later,
        Facts::Lost => Step::Lost,
        Facts::Moved => Step::Stop,
        Facts::Here { target, temp, kept } => match direction {
            Direction::Forward => forward(entry, target, temp, kept),
            Direction::Back if unbegun => before_commit(entry, target, temp),
            Direction::Back => back(entry, target, temp, kept),
        },
    };
    (direction, journal.entries.iter().zip(facts).map(step).collect())
}

/// Whether each change has to be on the disk before the next is made: a directory and a link to it, which come or go. The two may be
/// on different disks, and who follows the link waits for no recovery.
pub(crate) fn in_turn(one: &Entry, other: &Entry) -> bool {
    let is_link = |entry: &Entry| entry.old.iter().chain(&entry.new).all(|version| version.kind == Kind::Link);
    let comes_or_goes = |entry: &Entry| match (&entry.old, &entry.new) {
        (Some(version), None) | (None, Some(version)) => version.kind == Kind::Directory,
        _ => false,
    };
    comes_or_goes(one) && is_link(other) || is_link(one) && comes_or_goes(other)
}

/// What has the name before the transaction.
pub(crate) fn before(entry: &Entry) -> Seen {
    if entry.old.is_some() { Seen::Old } else { Seen::Absent }
}

fn forward(entry: &Entry, target: Seen, temp: Seen, kept: Seen) -> Step {
    let way = entry.kept.as_ref().map(|kept| kept.way);
    if entry.new.is_none() {
        return match (target, kept) {
            (Seen::Absent, Seen::Old) => Step::Nothing,
            (Seen::Old, Seen::Absent) => Step::Remove,
            _ => Step::Stop,
        };
    }
    match (target, temp) {
        (Seen::New, Seen::Absent | Seen::New) => Step::Nothing,
        // The exchange is made, the renaming of the old one is not.
        (Seen::New, Seen::Old) if way == Some(Way::Exchange) => Step::Keep,
        (target, Seen::New) if target == before(entry) => match way {
            Some(Way::Exchange) => Step::Exchange,
            _ => Step::Publish,
        },
        _ => Step::Stop,
    }
}

fn before_commit(entry: &Entry, target: Seen, temp: Seen) -> Step {
    match (target, temp) {
        (Seen::New, _) if entry.new.is_some() => Step::Stop,
        // The old one is nowhere but under the temporary name.
        (_, Seen::Old) => Step::Stop,
        _ => Step::Nothing,
    }
}

fn back(entry: &Entry, target: Seen, temp: Seen, kept: Seen) -> Step {
    match (target, before(entry)) {
        (Seen::Old, Seen::Old) | (Seen::Absent, Seen::Absent) => Step::Nothing,
        // It was never renamed: whatever somebody else has done to the target meanwhile stays.
        (Seen::Old | Seen::Absent | Seen::Other, _) if temp == Seen::New => Step::Nothing,
        (Seen::New, Seen::Absent) => Step::Unpublish,
        (Seen::New, _) | (Seen::Absent, _) if kept == Seen::Old => Step::Restore,
        (Seen::New, _) if temp == Seen::Old => Step::RestoreTemp,
        _ => Step::Stop,
    }
}

#[cfg(test)]
mod tests;
