//! Who uses a file, or a former version of it, and who runs what is no longer there. Reads, and changes nothing.

mod facts;
mod place;
mod recorded;
mod stale;
mod who;

pub(crate) use facts::facts;
pub(crate) use recorded::{Recorded, Records};
pub(crate) use stale::{stale, stale_process};
pub(crate) use who::{Asked, Before, Wanted, who};

use std::path::PathBuf;

use rustix::fs::Stat;

use crate::proc::{Access, FileId, How, Process, Version};
use crate::report::{Evidence, FileUse, FileVersion, Way};

/// One version of the file of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    path: PathBuf,
    id: FileId,
    version: Version,
    evidence: Evidence,
}

/// What a process has, with what is said of it. Nothing, if it has none.
fn uses(process: &Process, program: &Stat, found: Vec<(Key, How)>) -> Vec<FileUse> {
    if found.is_empty() {
        return Vec::new();
    }
    let process = facts::of(process);
    let mut uses: Vec<(Key, Vec<Way>)> = Vec::new();
    for (key, how) in found {
        let way = way(how, &key, program);
        match uses.iter_mut().find(|(known, _)| *known == key) {
            Some((_, ways)) if ways.contains(&way) => {}
            Some((_, ways)) => ways.push(way),
            None => uses.push((key, vec![way])),
        }
    }
    let public = |(key, mut ways): (Key, Vec<Way>)| {
        ways.sort();
        let version = match key.version {
            Version::Current => FileVersion::Current,
            Version::Replaced => FileVersion::Replaced,
            Version::Deleted => FileVersion::Deleted,
            Version::Unknown => FileVersion::Unknown,
            Version::Kept => FileVersion::Kept,
        };
        let FileId { dev, ino } = key.id;
        FileUse { process: process.clone(), path: key.path, dev, ino, ways, version, evidence: key.evidence }
    };
    uses.into_iter().map(public).collect()
}

fn way(how: How, key: &Key, program: &Stat) -> Way {
    // A mapping may have another device than stat(2) says, which then has no major number.
    let is_program = || key.id.ino == program.st_ino && (key.id.dev == program.st_dev || rustix::fs::major(key.id.dev) == 0);
    match how {
        How::Executes => Way::Executes,
        How::Maps { executable: true, .. } if is_program() => Way::Executes,
        How::Maps { executable, writes } => Way::Maps { executable, writes },
        How::Open { descriptor, access } => {
            Way::Open { descriptor, reads: matches!(access, Access::Read | Access::ReadWrite), writes: access.writes() }
        }
    }
}
