//! One file's bytes and metadata, complete before it has a name.

use rustix::fs::{Stat, Timespec, Timestamps};

use super::judge::Judged;
use super::slot::Pending;
use super::{failure, strip};
use crate::event::Cancel;
use crate::metadata::{Owner, Wanted};
use crate::pipeline::label::{Labels, Unlabelled};
use crate::plan::{Numbers, backup_name, kept_attributes};
use crate::proof::Trusted;
use crate::report::{Copied, InstallError};
use crate::request::{FileTimes, InstallFile, Installation, Preserve};
use crate::source::LocalSource;
use crate::txn::{Sealed, Stage, StageName};

/// Stages it. What would be in the way is found in the order in which install(1) finds it: what stands in the target's place
/// first, then the source.
pub(super) fn stage(
    file: &InstallFile,
    judged: Judged,
    installation: &Installation,
    numbers: &mut Numbers,
    labels: &mut Labels<'_>,
    cancel: &Cancel,
) -> Result<(Pending, Sealed), InstallError> {
    let Judged { entry, source_stat } = judged;
    let backup = match &installation.backup {
        Some(policy) if entry.stat.is_some() => {
            Some(backup_name(policy, &entry.dir, &entry.leaf, numbers).map_err(|errno| InstallError::BackUp(errno.into()))?)
        }
        _ => None,
    };
    let make = || {
        let name = if installation.strip.is_some() { StageName::Now } else { StageName::Later };
        Stage::make(&entry.dir, &file.target, name).map_err(|error| failure::of_creating(error, &entry, backup.is_some()))
    };
    let open = || LocalSource::open(&file.source).map_err(failure::of_opening);
    let (mut stage, source) = match entry.stat.is_some() {
        true => (make()?, open()?),
        false => {
            let source = open()?;
            (make()?, source)
        }
    };
    if source.identity() != (source_stat.st_dev, source_stat.st_ino) {
        return Err(InstallError::SourceReplaced);
    }
    let copied = fill(&mut stage, &source, cancel)?;
    let inherited = labels.of_source(source.file());
    drop(source);
    if let Some(program) = &installation.strip {
        strip::run(program, &mut stage, cancel)?;
    }
    let xattrs = match installation.keep == Preserve::none() {
        true => Vec::new(),
        false => kept_attributes(&entry, installation.keep).map_err(|errno| InstallError::Attribute(errno.into()))?,
    };
    // A strip program may have put a file of its own there.
    let labelled = match inherited {
        Ok(inherited) => labels.file(&stage, &entry.dir, &entry.leaf, inherited),
        Err(error) => Err(error.into()),
    };
    let unlabelled = match labelled {
        Ok(()) => None,
        Err(Unlabelled::Told(error)) => Some(error),
        Err(Unlabelled::Refused(error)) => return Err(InstallError::Label(error)),
    };
    let id = |what, id: Option<u32>| id.map_or(Owner::AsCreated, |id| Owner::Set(what, id));
    let wanted = Wanted {
        uid: id("owner", installation.uid),
        gid: id("group", installation.gid),
        mode: installation.mode,
        mode_kept: false,
        // install(1) does not look again either, and must not fail where it does not.
        mode_lenient: true,
        times: (installation.times == FileTimes::OfSource).then(|| times_of(&source_stat)),
        xattrs,
    };
    let sealed = stage.seal(Trusted::unasked(), &wanted).map_err(failure::of_sealing)?;
    Ok((Pending { entry, backup, copied, unlabelled }, sealed))
}

fn fill(stage: &mut Stage, source: &LocalSource, cancel: &Cancel) -> Result<Copied, InstallError> {
    let Some(size) = source.size() else {
        source.pour_into(&mut || cancel.check(), &mut |chunk| stage.put(chunk)).map_err(failure::of_copying)?;
        return Ok(Copied::Stream);
    };
    let sparse = source.is_sparse();
    let read_error = |error| source.read_error(error);
    let copied = stage.copy_from(source.file(), size, sparse, read_error, &mut |_| cancel.check());
    Ok(match (copied.map_err(failure::of_copying)?, sparse) {
        (true, _) => Copied::Reflink,
        (false, true) => Copied::Sparse,
        (false, false) => Copied::Kernel,
    })
}

pub(super) fn times_of(stat: &Stat) -> Timestamps {
    let time = |seconds, nanoseconds| Timespec { tv_sec: seconds, tv_nsec: nanoseconds as _ };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}
