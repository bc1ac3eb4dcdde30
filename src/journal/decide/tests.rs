//! Every journal, cut and flipped everywhere, at every moment of the transaction it is of.

use super::super::{Filesystem, Header, IN_PLACE, Kept, Kind, Record, Text, VERSION, Version, encode, read};
use super::*;

const ALL: [Seen; 4] = [Seen::Absent, Seen::Old, Seen::New, Seen::Other];

fn version(inode: u64) -> Version {
    Version { kind: Kind::File, inode, size: 1, mode: 0o755, uid: 0, gid: 0, modified: (0, 0), sha256: None }
}

fn entry(old: bool, new: bool, way: Way) -> Entry {
    let text = |name: &str| Text::from(std::ffi::OsStr::new(name));
    Entry {
        dir: text("/d"),
        filesystem: Filesystem { uuid: None, dev: 1, inode: 2, volatile: false },
        leaf: text("app"),
        temp: new.then(|| text(".swapbin.b0.0")),
        kept: old.then(|| Kept { name: text(".swapbin~0.0"), way, private: false, elsewhere: None }),
        old: old.then(|| version(3)),
        new: new.then(|| version(4)),
        keep: 1,
    }
}

/// A replaced file of each kind, a new one, and one that goes.
fn entries() -> Vec<Entry> {
    vec![
        entry(true, true, Way::Link),
        entry(true, true, Way::Exchange),
        entry(false, true, Way::Link),
        entry(true, false, Way::Move),
        entry(true, true, Way::Twin),
    ]
}

fn records(last: &[Record]) -> Vec<Record> {
    let header = Header {
        swapbin_journal: VERSION,
        txid: "0".to_owned(),
        boot: None,
        time: 0,
        single: false,
        command: "apply".to_owned(),
    };
    let entries = entries();
    let mut all = vec![Record::Header(header)];
    all.extend(entries.into_iter().map(|entry| Record::Entry(Box::new(entry))));
    all.extend_from_slice(last);
    all
}

/// One entry on the way from prepared to done: what is seen after each call.
fn course(entry: &Entry) -> Vec<Facts> {
    let seen = |target, temp, kept| Facts::Here { target, temp, kept };
    use Seen::*;
    match (&entry.old, &entry.new, entry.kept.as_ref().map(|kept| kept.way)) {
        (Some(_), Some(_), Some(Way::Exchange)) => vec![seen(Old, New, Absent), seen(New, Old, Absent), seen(New, Absent, Old)],
        (Some(_), Some(_), _) => vec![seen(Old, New, Old), seen(New, Absent, Old)],
        (None, _, _) => vec![seen(Absent, New, Absent), seen(New, Absent, Absent)],
        (Some(_), None, _) => vec![seen(Old, Absent, Absent), seen(Absent, Absent, Old)],
    }
}

/// What is seen after a step was done.
fn after(step: Step, facts: Facts) -> Facts {
    let Facts::Here { target, temp, kept } = facts else { return facts };
    use Seen::*;
    let (target, temp, kept) = match step {
        Step::Nothing => (target, temp, kept),
        Step::Publish => (temp, Absent, kept),
        Step::Exchange => (temp, Absent, target),
        Step::Keep => (target, Absent, temp),
        Step::Remove => (Absent, temp, target),
        Step::Restore => (kept, temp, Absent),
        Step::RestoreTemp => (temp, Absent, kept),
        Step::Unpublish => (Absent, temp, kept),
        Step::Lost | Step::Stop | Step::Later => panic!("{step:?} is nothing to do"),
    };
    Facts::Here { target, temp, kept }
}

/// Every state in which a crash may find the entries: renames are made in order.
fn moments() -> Vec<Vec<Facts>> {
    let courses: Vec<_> = entries().iter().map(course).collect();
    let mut all = vec![courses.iter().map(|course| course[0]).collect::<Vec<_>>()];
    for (at, course) in courses.iter().enumerate() {
        for facts in &course[1..] {
            let mut next = all.last().unwrap().clone();
            next[at] = *facts;
            all.push(next);
        }
    }
    all
}

fn targets(facts: &[Facts]) -> Vec<Seen> {
    let target = |facts: &Facts| if let Facts::Here { target, .. } = facts { *target } else { Seen::Other };
    facts.iter().map(target).collect()
}

const ENTRIES: usize = 5;
const ALL_OLD: [Seen; ENTRIES] = [Seen::Old, Seen::Old, Seen::Absent, Seen::Old, Seen::Old];
const ALL_NEW: [Seen; ENTRIES] = [Seen::New, Seen::New, Seen::New, Seen::Absent, Seen::New];

/// Decides, does it, and decides again: the outcome, or `None` where it stops.
fn outcome(journal: &Journal, facts: &[Facts]) -> Option<Vec<Seen>> {
    // Entries that a cut journal does not tell of have not been touched.
    let (told, _) = facts.split_at(journal.entries.len());
    let (_, steps) = decide(journal, told, None);
    if steps.iter().any(|step| matches!(step, Step::Stop | Step::Later)) {
        return None;
    }
    let mut now: Vec<_> = steps.iter().zip(told).map(|(step, facts)| after(*step, *facts)).collect();
    let (_, again) = decide(journal, &now, None);
    assert!(again.iter().all(|step| *step == Step::Nothing), "a second time there was still something to do: {again:?}");
    now.extend_from_slice(&facts[journal.entries.len()..]);
    Some(targets(&now))
}

fn bytes(records: &[Record]) -> Vec<u8> {
    records.iter().flat_map(encode).collect()
}

#[test]
fn a_committed_transaction_goes_forward_from_every_moment() {
    let records = records(&[Record::Commit { entries: ENTRIES }]);
    let journal = read(&bytes(&records)).unwrap();
    for facts in moments() {
        assert_eq!(outcome(&journal, &facts).unwrap(), ALL_NEW, "{facts:?}");
    }
}

#[test]
fn an_aborted_transaction_goes_back_from_every_moment() {
    let records = records(&[Record::Commit { entries: ENTRIES }, Record::Abort]);
    let journal = read(&bytes(&records)).unwrap();
    for facts in moments() {
        assert_eq!(outcome(&journal, &facts).unwrap(), ALL_OLD, "{facts:?}");
    }
}

#[test]
fn a_journal_cut_anywhere_leads_to_all_or_nothing() {
    for last in [&[Record::Commit { entries: ENTRIES }][..], &[Record::Commit { entries: ENTRIES }, Record::Abort]] {
        let bytes = bytes(&records(last));
        for cut in 0..=bytes.len() {
            let Ok(journal) = read(&bytes[..cut]) else {
                assert!(read(&bytes[..cut]) == Err(super::super::Unreadable::Empty), "cut at {cut}");
                continue;
            };
            // A journal is whole on the disk before the first rename: one that is cut is of a transaction that renamed nothing.
            let begun = journal.phase != Phase::Preparing;
            let moments = if begun { moments() } else { moments()[..1].to_vec() };
            for facts in moments {
                let end = outcome(&journal, &facts).unwrap();
                assert!(end == ALL_OLD || end == ALL_NEW, "cut at {cut}: {end:?}");
            }
        }
    }
}

#[test]
fn a_flipped_byte_anywhere_never_leads_to_a_mixed_set() {
    let whole = bytes(&records(&[Record::Commit { entries: ENTRIES }]));
    let (mut stopped, mut unreadable) = (0, 0);
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x04;
        let Ok(journal) = read(&flipped) else {
            unreadable += 1;
            continue;
        };
        for facts in moments() {
            match outcome(&journal, &facts) {
                Some(end) => assert!(end == ALL_OLD || end == ALL_NEW, "byte {at}: {end:?} from {facts:?}"),
                None => stopped += 1,
            }
        }
    }
    assert!(stopped > 0 && unreadable > 0, "{stopped} {unreadable}");
}

#[test]
fn whatever_another_tool_put_there_is_never_touched() {
    for last in [&[][..], &[Record::Commit { entries: ENTRIES }], &[Record::Commit { entries: ENTRIES }, Record::Abort]] {
        let journal = read(&bytes(&records(last))).unwrap();
        for (at, entry) in journal.entries.iter().enumerate() {
            for (temp, kept) in ALL.iter().flat_map(|temp| ALL.iter().map(move |kept| (*temp, *kept))) {
                let mut facts = moments()[0].clone();
                facts[at] = Facts::Here { target: Seen::Other, temp, kept };
                let (_, steps) = decide(&journal, &facts, None);
                // Before COMMIT the target was never ours to change, nor is one that was to go back and was not renamed yet.
                let untouched = match last.len() {
                    0 => temp != Seen::Old,
                    1 => false,
                    _ => temp == Seen::New,
                };
                let expected = if untouched { Step::Nothing } else { Step::Stop };
                assert_eq!(steps[at], expected, "{entry:?} {temp:?} {kept:?}");
            }
        }
    }
}

#[test]
fn an_exchange_is_never_made_twice() {
    let journal = read(&bytes(&records(&[Record::Commit { entries: ENTRIES }]))).unwrap();
    for facts in moments() {
        let Facts::Here { target, .. } = facts[1] else { unreachable!() };
        let (_, steps) = decide(&journal, &facts, None);
        assert_eq!(steps[1] == Step::Exchange, target == Seen::Old);
    }
}

#[test]
fn an_absent_mount_is_waited_for_and_a_lost_one_is_not() {
    let journal = read(&bytes(&records(&[Record::Commit { entries: ENTRIES }]))).unwrap();
    for (facts, expected) in [(Facts::Away, Step::Later), (Facts::Lost, Step::Lost), (Facts::Moved, Step::Stop)] {
        let mut all = moments()[0].clone();
        all[2] = facts;
        assert_eq!(decide(&journal, &all, None).1[2], expected);
    }
}

#[test]
fn a_journal_out_of_order_or_of_another_version_is_not_obeyed() {
    use super::super::Unreadable;
    assert_eq!(read(&bytes(&records(&[Record::Commit { entries: ENTRIES - 1 }]))), Err(Unreadable::Damaged));
    assert_eq!(read(&bytes(&records(&[Record::Abort]))), Err(Unreadable::Damaged));
    let mut newer = records(&[]);
    let Record::Header(header) = &mut newer[0] else { unreachable!() };
    header.swapbin_journal = IN_PLACE + 1;
    assert_eq!(read(&bytes(&newer)), Err(Unreadable::Version(IN_PLACE + 1)));
}

#[test]
fn a_directory_and_a_link_that_may_lead_to_it_change_in_turn_and_nothing_else_does() {
    let of = |kind, old, new| {
        let mut entry = entry(old, new, Way::Link);
        entry.old.iter_mut().chain(&mut entry.new).for_each(|version| version.kind = kind);
        entry
    };
    let link = of(Kind::Link, true, true);
    for other in [of(Kind::Directory, false, true), of(Kind::Directory, true, false)] {
        assert!(in_turn(&link, &other) && in_turn(&other, &link));
    }
    for other in [of(Kind::Directory, true, true), of(Kind::File, false, true), of(Kind::Link, false, true)] {
        assert!(!in_turn(&link, &other) && !in_turn(&other, &link));
    }
    assert!(!in_turn(&of(Kind::Directory, false, true), &of(Kind::Directory, false, true)));
}
