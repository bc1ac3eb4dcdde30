//! What our own records say of a file: whose it should be, and whether it was setuid.

use std::fs::File;
use std::path::Path;

use rustix::fs::Stat;

use crate::checksum;
use crate::error::Error;
use crate::journal::{Entry, Journal, Kind, Version};
use crate::pipeline::Host;
use crate::report::Warning;
use crate::request::Mode;
use crate::rescue::Owners;
use crate::source::Session;
use crate::txn::{self, State};
use crate::usage;

/// The records, newest first.
pub(in crate::pipeline) struct Recorded {
    records: Vec<Journal>,
    /// Why they cannot be read.
    reason: Option<String>,
}

impl Recorded {
    /// Reads them. Without a state directory nothing is recorded; one that cannot be read is only warned of.
    pub(in crate::pipeline) fn read(host: &Host) -> Recorded {
        let read = State::existing(&host.state_dir).and_then(|state| match state {
            Some(state) => txn::records(&state).map_err(|errno| state.error(errno)),
            None => Ok(Vec::new()),
        });
        match read {
            Ok(records) => Recorded { records, reason: None },
            Err(error) => Recorded { records: Vec::new(), reason: Some(error.to_string()) },
        }
    }

    /// All versions of files that they tell of.
    pub(in crate::pipeline) fn versions(&self) -> usage::Records {
        self.records.iter().flat_map(|record| &record.entries).collect()
    }

    /// That they cannot be read.
    pub(super) fn warning(&self) -> Option<Warning> {
        self.reason.as_ref().map(|reason| Warning::NothingRecorded { reason: reason.clone() })
    }

    fn entries<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Entry> {
        let is_it =
            move |entry: &&Entry| path.parent() == Some(entry.dir.as_path()) && path.file_name() == Some(entry.leaf.as_os_str());
        self.records.iter().flat_map(|record| &record.entries).filter(is_it)
    }

    /// All versions of a file, newest first, with the device they are on in this boot.
    pub(super) fn all<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = (&'a Version, u64)> {
        let of_entry = |entry: &'a Entry| {
            let device = entry.filesystem.dev;
            [&entry.new, &entry.old].into_iter().flatten().map(move |version| (version, device))
        };
        self.entries(path).flat_map(of_entry).filter(|(version, _)| version.kind == Kind::File)
    }

    /// The versions that were replaced, newest first: with the device they are on in this boot, and how many old ones are kept.
    pub(super) fn former(&self, path: &Path) -> Vec<(Version, u64, u32)> {
        let former = |entry: &Entry| {
            let old = entry.old.clone().filter(|old| old.kind == Kind::File)?;
            Some((old, entry.filesystem.dev, entry.keep))
        };
        self.entries(path).filter_map(former).collect()
    }

    /// The mode of a file with setuid or setgid, if a record has this very file with this very mode: by device, inode, size, time,
    /// and digest where there is one.
    ///
    /// # Errors
    /// The file cannot be read; cancelled.
    pub(super) fn privilege(&self, path: &Path, stat: &Stat, file: &File, session: &Session<'_>) -> Result<Option<Mode>, Error> {
        let mode = Mode::from_bits(stat.st_mode);
        if !mode.is_privileged() {
            return Ok(None);
        }
        let now = txn::version(stat, None);
        for entry in self.entries(path).filter(|entry| entry.filesystem.dev == stat.st_dev) {
            for version in [&entry.new, &entry.old].into_iter().flatten() {
                let sha256 = version.sha256;
                if (Version { sha256: None, ..version.clone() }) != now {
                    continue;
                }
                let error = |source| Error::Io { op: "read", path: path.to_owned(), source };
                if sha256.is_none() || sha256 == Some(checksum::sha256_of(file, session.cancel, error)?) {
                    return Ok(Some(mode));
                }
            }
        }
        Ok(None)
    }
}

impl Owners for Recorded {
    fn recorded(&self, path: &Path) -> Option<u32> {
        self.all(path).next().map(|(version, _)| version.uid)
    }
}
