//! What a transaction writes down: its entries, that it is decided, that it is taken back.

use std::io::{Seek, Write};
use std::os::unix::fs::FileExt;

use super::Transaction;
use crate::error::Error;
use crate::failpoint;
use crate::fs::{private, sync};
use crate::journal::{self, Phase, Record};
use crate::txn::commit::Prepared;
use crate::txn::recover;

/// Bytes that are left free behind the entries: COMMIT and ABORT have some eighty.
const ROOM: usize = 128;

impl Transaction<'_> {
    /// Writes the entries, and room for what follows: COMMIT then takes no block that the filesystem would have to write down
    /// first, and cannot fail for want of one.
    pub(super) fn write_entries(&self, order: &[usize]) -> Result<(), Error> {
        let entry = |at: &usize| Record::Entry(Box::new(self.items[*at].entry.clone()));
        let mut bytes: Vec<u8> = order.iter().flat_map(|at| journal::encode(&entry(at))).collect();
        bytes.extend([0; ROOM]);
        let written = (&self.journal).write_all(&bytes).and_then(|()| (&self.journal).seek_relative(-(ROOM as i64)));
        written.map_err(|source| self.state.error(source))
    }

    /// Writes COMMIT: the moment at which it is decided.
    pub(super) fn write_commit(&mut self) -> Result<(), Error> {
        let bytes = journal::encode(&Record::Commit { entries: self.items.len() });
        self.decided = true;
        let written = failpoint::hit("commit-record")
            .and_then(|()| (&self.journal).write_all(&bytes))
            .and_then(|()| failpoint::around("commit-sync", || sync::bytes(&self.journal)));
        let Err(source) = written else { return Ok(()) };
        // Whether the record is on the disk, nobody can say. If the journal is gone for certain, nothing was decided.
        let gone = self.state.open.unlink(self.txid.as_ref()).map_err(std::io::Error::from);
        let sync_gone = || failpoint::around("commit-gone", || sync::dir(&self.state.open, Some(&self.journal)));
        if gone.and_then(|()| sync_gone()).is_ok() {
            self.decided = false;
            return Err(self.state.error(source));
        }
        self.journal_again();
        self.items.iter_mut().filter_map(|item| item.prepared.as_mut()).for_each(Prepared::leave);
        let path = self.state.path().to_owned();
        let cause = Box::new(self.state.error(source));
        Err(Error::HalfDone { path, txid: self.txid.clone(), source: cause })
    }

    /// Writes the journal anew where its removal may not last: after a power cut the old one may be there again and needs what was
    /// staged, so that has to stay, and something has to know of it. This one says that nothing is to be renamed.
    pub(super) fn journal_again(&self) {
        let Ok(mut bytes) = recover::read(&self.journal) else { return };
        // Without the room that was left.
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        if journal::read(&bytes).is_ok_and(|journal| journal.phase == Phase::Committed) {
            bytes.extend(journal::encode(&Record::Abort));
        }
        let again = private::create(&self.state.open, self.txid.as_ref()).map_err(std::io::Error::from);
        // Where not even that can be done, the next run in each directory removes what was staged.
        let _ = again.and_then(|mut file| file.write_all(&bytes).and_then(|()| sync::file(&file)));
    }

    /// After a rename that failed: everything back, and the error says why.
    pub(super) fn take_back(&mut self, at: usize, error: Error) -> Error {
        let path = self.items[at].path.clone();
        self.items.iter_mut().filter_map(|item| item.prepared.as_mut()).for_each(Prepared::leave);
        let back = self.write_abort().map_err(|source| self.state.error(source));
        let back = back.and_then(|()| self.room.with(|| recover::finish_own(self.state, &self.txid, &self.journal)));
        match back {
            Ok(()) => error,
            Err(_) => Error::HalfDone { path, txid: self.txid.clone(), source: Box::new(error) },
        }
    }

    pub(super) fn write_abort(&mut self) -> std::io::Result<()> {
        let (record, end) = (journal::encode(&Record::Abort), (&self.journal).stream_position()?);
        // At its place whichever time: a part of it may be there.
        self.room.with_io(|| failpoint::hit("abort-record").and_then(|()| self.journal.write_all_at(&record, end)))?;
        sync::file(&self.journal)
    }

    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        (&self.journal).write_all(bytes).map_err(|source| self.state.error(source))
    }
}
