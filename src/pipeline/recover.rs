//! Transactions that were broken off, all that the state directory knows of.

use std::path::PathBuf;

use super::Host;
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::journal::Direction;
use crate::report::{Broken, Recovery};
use crate::txn::{self, LeftoverState, Settled, State};

/// What to do with a transaction that cannot be finished by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolve {
    /// Make everything new that can be, and leave the rest.
    Forward,
    /// Make everything old that can be, and leave the rest.
    Back,
    /// Leave every file as it is, and forget the transaction.
    Abandon,
}

/// Finishes every transaction that was broken off, or takes it back, as its journal says. Those that cannot be are left, and the
/// others go on.
///
/// # Guarantees
/// Only journals in the caller's own state directory are obeyed, and nothing is changed that is not known by its content.
///
/// # Errors
/// [`Error::State`]; what became of each transaction is in the answer.
///
/// # After a crash
/// Another call goes on from there.
pub fn recover(host: &Host, observer: &mut dyn Observer) -> Result<Vec<Recovery>, Error> {
    let Some(state) = State::existing(&host.state_dir)? else { return Ok(Vec::new()) };
    let mut recoveries = Vec::new();
    for (txid, found) in leftovers(&state)? {
        let (files, lost) = files(&found);
        let outcome = match found {
            LeftoverState::Running(_) => Broken::Running,
            LeftoverState::Strange(reason) => Broken::Stuck(Error::StrangeJournal { path: state.journal_path(&txid), reason }),
            LeftoverState::Left(leftover) => match txn::settle(&state, &leftover) {
                Ok(settled) => {
                    let forward = settled == Settled::Forward;
                    observer.event(&Event::Recovered { txid: &txid, forward });
                    if forward { Broken::Finished } else { Broken::TakenBack }
                }
                Err(error) => Broken::Stuck(error),
            },
        };
        recoveries.push(Recovery { txid, files, lost, left: Vec::new(), outcome });
    }
    Ok(recoveries)
}

/// Says what is left over, and changes nothing.
///
/// # Errors
/// [`Error::State`].
pub fn unfinished(host: &Host) -> Result<Vec<Recovery>, Error> {
    let Some(state) = State::existing(&host.state_dir)? else { return Ok(Vec::new()) };
    let recoveries = leftovers(&state)?.into_iter().map(|(txid, found)| {
        let (files, lost) = files(&found);
        let outcome = match found {
            LeftoverState::Running(_) => Broken::Running,
            LeftoverState::Strange(reason) => Broken::Stuck(Error::StrangeJournal { path: state.journal_path(&txid), reason }),
            LeftoverState::Left(leftover) => match txn::outlook(&state, &leftover) {
                Ok(Settled::Forward) => Broken::Finished,
                Ok(Settled::Back) => Broken::TakenBack,
                Err(error) => Broken::Stuck(error),
            },
        };
        Recovery { txid, files, lost, left: Vec::new(), outcome }
    });
    Ok(recoveries.collect())
}

/// Does with one transaction what the caller decided.
///
/// # Errors
/// [`Error::NoTransaction`]; [`Error::StrangeJournal`]; [`Error::Locked`] if its run is still at work; and whatever a call gives.
///
/// # After a crash
/// As [`recover`].
pub fn resolve(txid: &str, how: Resolve, host: &Host) -> Result<Recovery, Error> {
    let none = || Error::NoTransaction { txid: txid.to_owned() };
    let state = State::existing(&host.state_dir)?.ok_or_else(none)?;
    let (_, found) = leftovers(&state)?.into_iter().find(|(found, _)| found == txid).ok_or_else(none)?;
    let (files, lost) = files(&found);
    let leftover = match found {
        LeftoverState::Left(leftover) => leftover,
        LeftoverState::Running(_) => return Err(Error::Locked { path: txid.into(), waited: std::time::Duration::ZERO }),
        LeftoverState::Strange(reason) => return Err(Error::StrangeJournal { path: state.journal_path(txid), reason }),
    };
    let (left, outcome) = match how {
        Resolve::Forward => (txn::force(&state, &leftover, Direction::Forward)?, Broken::Finished),
        Resolve::Back => (txn::force(&state, &leftover, Direction::Back)?, Broken::TakenBack),
        Resolve::Abandon => (txn::abandon(&state, txid).map(|()| Vec::new())?, Broken::Abandoned),
    };
    Ok(Recovery { txid: txid.to_owned(), files, lost, left, outcome })
}

/// The files of a transaction, and those of them that are lost.
fn files(found: &LeftoverState) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let LeftoverState::Left(leftover) = found else { return Default::default() };
    let entries = leftover.journal.as_ref().map(|journal| &*journal.entries).unwrap_or_default();
    let files = entries.iter().map(|entry| entry.dir.as_path().join(entry.leaf.as_os_str())).collect();
    (files, leftover.lost())
}

fn leftovers(state: &State) -> Result<Vec<(String, LeftoverState)>, Error> {
    txn::leftovers(state).map_err(|errno| state.error(errno))
}
