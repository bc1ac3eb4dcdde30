//! A journal's bytes back to what they say.

use super::frame;
use super::record::{Entry, Header, IN_PLACE, Place, Record, VERSION};

/// What a journal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Journal {
    pub(crate) header: Header,
    /// Where temporary names may be.
    pub(crate) directories: Vec<Place>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) phase: Phase,
}

/// How far a transaction came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No COMMIT: nothing has been renamed.
    Preparing,
    /// Everything goes forward.
    Committed,
    /// Everything goes back.
    Aborting,
    /// Nothing is left to do.
    Done,
}

/// Why a journal tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It ends before it names anything: nothing was prepared.
    Empty,
    /// It is of another version of the format.
    Version(u32),
    /// Something in it is not as it was written.
    Damaged,
}

/// Reads a journal. A record that was cut off at the end never was: it is on the disk as a whole before anything follows from
/// it. One that is damaged before the end is something else, and nothing is concluded from the rest.
///
/// # Errors
/// [`Unreadable`].
pub(crate) fn read(bytes: &[u8]) -> Result<Journal, Unreadable> {
    parse(bytes).map(|(journal, _)| journal)
}

/// Reads the journal of a transaction that is over. Nothing is cut off at its end any more: of a part nobody knows what is
/// missing.
///
/// # Errors
/// [`Unreadable`]; [`Unreadable::Empty`] only for what never had any content.
pub(crate) fn read_closed(bytes: &[u8]) -> Result<Journal, Unreadable> {
    let blank = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    match parse(bytes) {
        // The entry of a single swap is written together with the header.
        Ok((journal, rest)) if blank(rest) && !(journal.header.single && journal.entries.is_empty()) => Ok(journal),
        Err(Unreadable::Empty) if blank(bytes) => Err(Unreadable::Empty),
        Err(Unreadable::Version(version)) => Err(Unreadable::Version(version)),
        _ => Err(Unreadable::Damaged),
    }
}

/// What it says, and what follows after the last whole record.
fn parse(bytes: &[u8]) -> Result<(Journal, &[u8]), Unreadable> {
    let Some((Record::Header(header), mut rest)) = frame::decode(bytes) else {
        return Err(if frame::any_whole(bytes) { Unreadable::Damaged } else { Unreadable::Empty });
    };
    if ![VERSION, IN_PLACE].contains(&header.swapbin_journal) {
        return Err(Unreadable::Version(header.swapbin_journal));
    }
    let (mut directories, mut entries, mut phase) = (Vec::new(), Vec::new(), Phase::Preparing);
    while let Some((record, after)) = frame::decode(rest) {
        phase = match (record, phase) {
            (Record::Entry(entry), Phase::Preparing) => {
                entries.push(*entry);
                Phase::Preparing
            }
            (Record::Directory(place), Phase::Preparing) => {
                directories.push(place);
                Phase::Preparing
            }
            (Record::Commit { entries: count }, Phase::Preparing) if count == entries.len() => Phase::Committed,
            (Record::Abort, Phase::Committed) => Phase::Aborting,
            (Record::Done, Phase::Committed | Phase::Aborting) => Phase::Done,
            // An order that is never written.
            _ => return Err(Unreadable::Damaged),
        };
        rest = after;
    }
    let journal = Journal { header, directories, entries, phase };
    // What a program of the first version would take for a batch is none.
    if journal.is_in_place() && (journal.header.swapbin_journal != IN_PLACE || journal.entries.len() != 1) {
        return Err(Unreadable::Damaged);
    }
    match frame::any_whole(rest) {
        true => Err(Unreadable::Damaged),
        false => Ok((journal, rest)),
    }
}
