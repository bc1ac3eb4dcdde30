//! The pure parts of the power cut test, by themselves: that program has no test harness.
#![allow(dead_code, reason = "used by the program")]

mod cut;
mod dice;
mod image;
mod log;

use std::collections::HashSet;

use cut::{Arrived, Cut, Cuts, SECTOR, Shape};
use dice::Dice;
use image::Image;
use log::{Event, Fates, Log, Mark, Write};

/// Two writes that are flushed, then four that are not, of eight sectors each.
fn record() -> Log {
    let write = |at: u64| Event::Write(Write { disk: 0, offset: at * 4096, data: vec![at as u8; 4096].into() });
    let mut events = vec![write(1), Event::Mark(Mark::Begin), write(2), Event::Flush { disk: 0 }, Event::Mark(Mark::Success)];
    events.extend((3..7).map(write));
    events.push(Event::Mark(Mark::End));
    Log { events }
}

fn cuts(log: &Log) -> Vec<Cut> {
    Cuts::new(log, SECTOR, Dice::new(1)).take(2000).collect()
}

#[test]
fn what_was_flushed_is_always_there_and_whole() {
    let log = record();
    for cut in cuts(&log) {
        for write in log.writes(cut.moment).flushed {
            assert!(cut.arrived.contains(&Arrived { write, units: None }), "{cut}");
        }
    }
}

#[test]
fn nothing_is_there_before_it_was_written() {
    let log = record();
    assert!(cuts(&log).iter().all(|cut| cut.arrived.iter().all(|arrived| arrived.write < cut.moment)));
}

#[test]
fn every_subset_of_what_was_pending_comes_up() {
    let log = record();
    let whole = |cut: &Cut| cut.arrived.iter().all(|arrived| arrived.units.is_none());
    let subsets: HashSet<Vec<usize>> = cuts(&log)
        .iter()
        .filter(|cut| whole(cut) && cut.successes == 1)
        .map(|cut| cut.arrived.iter().map(|arrived| arrived.write).filter(|write| *write > 4).collect())
        .collect();
    assert_eq!(subsets.len(), 16);
}

#[test]
fn torn_writes_miss_some_sectors_and_only_torn_cuts_have_them() {
    let log = record();
    let mut torn = 0;
    for cut in cuts(&log) {
        for units in cut.arrived.iter().filter_map(|arrived| arrived.units.as_ref()) {
            assert_eq!((cut.shape, units.len()), (Shape::Torn, 8));
            assert!(units.contains(&false), "{units:?}");
            torn += 1;
        }
    }
    assert!(torn > 100, "{torn}");
}

#[test]
fn no_state_comes_twice_and_a_record_runs_out_of_them() {
    // In whole blocks there are only subsets.
    let log = record();
    let all: Vec<Cut> = Cuts::new(&log, 4096, Dice::new(2)).collect();
    let distinct: HashSet<_> = all.iter().map(|cut| (cut.successes, cut.arrived.clone())).collect();
    assert_eq!(distinct.len(), all.len());
    // Without success: with and without the second write and the first. With it: every subset of four.
    assert_eq!(all.len(), 4 + 16);
}

#[test]
fn the_moment_of_success_comes_first() {
    let log = record();
    let first = Cuts::new(&log, SECTOR, Dice::new(3)).next().unwrap();
    assert_eq!((first.shape, first.successes, first.arrived.len()), (Shape::FlushedOnly, 1, 2));
}

fn write_to(disk: usize) -> Event {
    Event::Write(Write { disk, offset: 0, data: vec![0; 512].into() })
}

#[test]
fn a_flush_covers_the_earlier_writes_of_its_own_disk() {
    let log = Log { events: vec![write_to(0), write_to(1), Event::Flush { disk: 0 }, write_to(0)] };
    assert_eq!(log.writes(4), Fates { flushed: vec![0], pending: vec![1, 3] });
    assert_eq!(log.writes(2), Fates { flushed: vec![], pending: vec![0, 1] });
    assert_eq!(log.writes(0), Fates::default());
}

#[test]
fn success_counts_from_its_mark_on() {
    let events =
        vec![write_to(0), Event::Mark(Mark::Begin), write_to(0), Event::Mark(Mark::Success), write_to(0), Event::Mark(Mark::End)];
    let log = Log { events };
    assert_eq!(log.moments(), 2..=5);
    assert_eq!(log.moments().map(|moment| log.successes(moment)).collect::<Vec<_>>(), [0, 0, 1, 1]);
    assert_eq!(log.last_success(), Some(4));
}

#[test]
fn flushes_are_counted_from_the_beginning_to_the_success() {
    let flush = || Event::Flush { disk: 0 };
    let mark = Event::Mark;
    let events = vec![flush(), mark(Mark::Begin), flush(), flush(), mark(Mark::Success), flush(), mark(Mark::End)];
    assert_eq!(Log { events }.flushes(), 2);
}

#[test]
fn what_was_written_is_read_and_what_was_not_is_zero() {
    let mut image = Image::new(1 << 20);
    image.write(4000, &[7; 5000]);
    let read = image.read(3999, 5002);
    assert_eq!((read[0], read[5001]), (0, 0));
    assert!(read[1..5001].iter().all(|byte| *byte == 7));
    assert_eq!(image.read((1 << 20) - 512, 4096).len(), 512);
}

#[test]
fn a_reset_goes_back_to_the_frozen_state() {
    let mut image = Image::new(1 << 20);
    image.write(0, &[1; 512]);
    image.freeze();
    image.write(0, &[2; 512]);
    image.write(8192, &[2; 512]);
    image.reset();
    assert_eq!((image.read(0, 1)[0], image.read(8192, 1)[0]), (1, 0));
}

#[test]
fn of_a_torn_write_only_some_units_arrive() {
    let mut image = Image::new(1 << 20);
    let write = Write { disk: 0, offset: 512, data: vec![9; 1536].into() };
    image.apply(&write, Some(&[true, false, true]), 512);
    assert_eq!([0, 512, 1024, 1536, 2048].map(|at| image.read(at, 1)[0]), [0, 9, 0, 9, 0]);
}

#[test]
fn the_switch_is_from_the_first_rename_to_the_success() {
    let mark = Event::Mark;
    let events = vec![mark(Mark::Begin), mark(Mark::Renamed), write_to(0), mark(Mark::Renamed), mark(Mark::Success)];
    assert_eq!(Log { events: [events, vec![mark(Mark::End)]].concat() }.switch(), 2..5);
    assert!(record().switch().is_empty());
}

#[test]
fn moments_are_crowded_where_several_writes_are_pending() {
    let log = record();
    let slowly: Vec<usize> = log.moments().filter(|moment| log.writes(*moment).pending.len() > 1).collect();
    assert_eq!(log.crowded(), slowly);
    assert_eq!(slowly, [3, 7, 8, 9]);
}

#[test]
fn units_are_those_of_the_disk() {
    let write = Write { disk: 0, offset: 3584, data: vec![0; 5120].into() };
    assert_eq!(write.units(4096), [0..512, 512..4608, 4608..5120]);
    assert_eq!(write.units(SECTOR).len(), 10);
}
