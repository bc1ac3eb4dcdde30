//! What to do with an overwriting in place that was broken off: a pure function, as [`decide`](super::decide()) is one of renames.
//!
//! Here COMMIT says that the old content is on the disk a second time, and that the file may be neither old nor new from then on.
//! Without DONE it is made old again; where it turns out to be new already, as a whole, it stays so.

use super::decide::Direction;
use super::read::{Journal, Phase};
use super::record::Way;

/// What is seen of the file and of what was put aside for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overwritten {
    /// Its directory is here.
    Here {
        content: Content,
        /// Whether the copy of the old content is there, whole, under its temporary name.
        copy: bool,
        /// Whether the new content is there, whole, under its temporary name.
        staged: bool,
    },
    /// Its filesystem is not mounted, or another one is where it was.
    Away,
    /// Its filesystem ended with the boot.
    Lost,
    /// The filesystem is here, and the directory is not what it was.
    Moved,
}

/// What a file holds that was overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// All of the old.
    Old,
    /// All of the new.
    New,
    /// Some of both, and nothing else.
    Torn,
    /// Something else, or another file has the name.
    Other,
}

/// What is to be done about it. What was put aside goes afterwards, but for a copy that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    /// It is as it was before.
    Nothing,
    /// The old content is written over it again.
    Restore,
    /// The new content is written over it again.
    Rewrite,
    /// It is new; only its metadata may be not.
    Complete,
    /// It is new and complete, and whatever was done to it since is none of ours: the copy gets the name it is kept by.
    Keep,
    /// Its filesystem ended with the boot: there is nothing left of it.
    Lost,
    /// Nobody can say what to do: somebody else has been here.
    Stop,
    /// Its filesystem has to be there first.
    Later,
}

impl Journal {
    /// Whether it tells of an overwriting in place: such a journal is of one file.
    pub(crate) fn is_in_place(&self) -> bool {
        let copies = |kept: &super::Kept| kept.way == Way::Copy;
        self.entries.iter().any(|entry| entry.kept.as_ref().is_some_and(copies))
    }
}

/// The direction, and what is to be done.
pub(crate) fn decide_in_place(phase: Phase, facts: Overwritten, asked: Option<Direction>) -> (Direction, Repair) {
    use Direction::{Back, Forward};
    let (content, copy, staged) = match facts {
        Overwritten::Away => return (asked.unwrap_or(Back), Repair::Later),
        Overwritten::Lost => return (asked.unwrap_or(Back), Repair::Lost),
        Overwritten::Moved => return (asked.unwrap_or(Back), Repair::Stop),
        Overwritten::Here { content, copy, staged } => (content, copy, staged),
    };
    match (phase, content, asked) {
        (Phase::Preparing, ..) => (Back, Repair::Nothing),
        (Phase::Done, ..) => (Forward, Repair::Keep),
        (Phase::Committed | Phase::Aborting, content, Some(Forward)) => match content {
            Content::New => (Forward, Repair::Complete),
            Content::Old | Content::Torn if staged => (Forward, Repair::Rewrite),
            _ => (Forward, Repair::Stop),
        },
        (Phase::Committed, Content::New, None) => (Forward, Repair::Complete),
        (_, Content::Old, _) => (Back, Repair::Nothing),
        (_, Content::New | Content::Torn, _) if copy => (Back, Repair::Restore),
        _ => (Back, Repair::Stop),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, Filesystem, Header, IN_PLACE, Kept, Kind, Place, Record, Text, Unreadable, Version, encode, read};
    use super::*;

    fn records(last: &[Record]) -> Vec<u8> {
        let text = |name: &str| Text::from(std::ffi::OsStr::new(name));
        let version =
            Version { kind: Kind::File, inode: 3, size: 1, mode: 0o755, uid: 0, gid: 0, modified: (0, 0), sha256: None };
        let header = Header {
            swapbin_journal: IN_PLACE,
            txid: "0".to_owned(),
            boot: None,
            time: 0,
            single: false,
            command: "in-place".to_owned(),
        };
        let entry = Entry {
            dir: text("/d"),
            filesystem: Filesystem { uuid: None, dev: 1, inode: 2, volatile: false },
            leaf: text("app"),
            temp: Some(text(".swapbin.b0.0")),
            kept: Some(Kept { name: text(".swapbin~0.0"), way: Way::Copy, private: false, elsewhere: Some(text("/state/kept")) }),
            old: Some(version.clone()),
            new: Some(version),
            keep: 1,
        };
        let mut all = vec![
            Record::Header(header),
            Record::Directory(Place { dir: text("/d"), filesystem: entry.filesystem.clone() }),
            Record::Entry(Box::new(entry)),
        ];
        all.extend_from_slice(last);
        all.iter().flat_map(encode).collect()
    }

    fn here(content: Content) -> Overwritten {
        Overwritten::Here { content, copy: true, staged: true }
    }

    /// What the file holds after a step.
    fn after(repair: Repair, content: Content) -> Content {
        match repair {
            Repair::Nothing | Repair::Complete | Repair::Keep => content,
            Repair::Restore => Content::Old,
            Repair::Rewrite => Content::New,
            Repair::Lost | Repair::Stop | Repair::Later => panic!("{repair:?} is nothing to do"),
        }
    }

    #[test]
    fn a_journal_cut_anywhere_leads_to_all_of_the_old_or_all_of_the_new() {
        let whole = records(&[Record::Commit { entries: 1 }, Record::Done]);
        let mut phases = Vec::new();
        for cut in 0..=whole.len() {
            let journal = match read(&whole[..cut]) {
                Ok(journal) => journal,
                Err(unreadable) => {
                    assert_eq!(unreadable, Unreadable::Empty, "cut at {cut}");
                    continue;
                }
            };
            if !phases.contains(&journal.phase) {
                phases.push(journal.phase);
            }
            // COMMIT is on the disk before the first byte is written, and DONE after the last.
            let possible: &[Content] = match journal.phase {
                Phase::Preparing => &[Content::Old],
                Phase::Committed => &[Content::Old, Content::Torn, Content::New],
                Phase::Aborting | Phase::Done => &[Content::New],
            };
            for content in possible {
                let (_, repair) = decide_in_place(journal.phase, here(*content), None);
                let now = after(repair, *content);
                assert!([Content::Old, Content::New].contains(&now), "cut at {cut}, {content:?}: {repair:?}");
                let (_, again) = decide_in_place(journal.phase, here(now), None);
                assert_eq!(after(again, now), now, "a second time there was still something to do: {again:?}");
            }
        }
        assert_eq!(phases, [Phase::Preparing, Phase::Committed, Phase::Done]);
    }

    #[test]
    fn what_was_torn_is_old_again_and_on_request_new() {
        let decided = |asked| decide_in_place(Phase::Committed, here(Content::Torn), asked);
        assert_eq!(decided(None), (Direction::Back, Repair::Restore));
        assert_eq!(decided(Some(Direction::Back)), (Direction::Back, Repair::Restore));
        assert_eq!(decided(Some(Direction::Forward)), (Direction::Forward, Repair::Rewrite));
    }

    #[test]
    fn nothing_is_written_over_what_somebody_else_has_put_there() {
        for phase in [Phase::Preparing, Phase::Committed, Phase::Aborting, Phase::Done] {
            for asked in [None, Some(Direction::Forward), Some(Direction::Back)] {
                let (_, repair) = decide_in_place(phase, here(Content::Other), asked);
                assert!(matches!(repair, Repair::Stop | Repair::Nothing | Repair::Keep), "{phase:?} {asked:?}: {repair:?}");
            }
        }
        assert_eq!(decide_in_place(Phase::Committed, here(Content::Other), None).1, Repair::Stop);
    }

    #[test]
    fn without_the_copy_nothing_is_written() {
        let facts = |content| Overwritten::Here { content, copy: false, staged: false };
        for asked in [None, Some(Direction::Forward), Some(Direction::Back)] {
            assert_eq!(decide_in_place(Phase::Committed, facts(Content::Torn), asked).1, Repair::Stop);
        }
        assert_eq!(decide_in_place(Phase::Committed, facts(Content::New), None).1, Repair::Complete);
    }

    #[test]
    fn an_absent_mount_is_waited_for_and_a_lost_one_is_not() {
        for (facts, expected) in
            [(Overwritten::Away, Repair::Later), (Overwritten::Lost, Repair::Lost), (Overwritten::Moved, Repair::Stop)]
        {
            assert_eq!(decide_in_place(Phase::Committed, facts, None).1, expected);
        }
    }

    #[test]
    fn a_journal_of_its_own_version_is_known_by_what_it_keeps() {
        assert!(read(&records(&[])).unwrap().is_in_place());
    }
}
