//! A file that nobody can open any more, or that was cut off or written over, made again out of a process's memory. The outcome is
//! not the lost file, and is put where it is asked for, never at the path by itself.

use std::io::{self, Read};
use std::path::Path;

use super::{Job, public};
use crate::error::Error;
use crate::pipeline::claim::Claim;
use crate::pipeline::{Host, Run};
use crate::plan;
use crate::proc::{FileId, Mapping, Proc, Process};
use crate::proof::Trusted;
use crate::report::{Action, PartState, ReconstructedPart, Reconstruction, RescueReport, SourceFacts};
use crate::request::{Request, Source};
use crate::rescue::memory::{self, Forbidden};
use crate::rescue::rebuild::{self, Failure, Rebuilt};
use crate::rescue::smoke::{self, Smoke};
use crate::rescue::{self, Candidate, Known};
use crate::source::Session;
use crate::txn::Stage;
use crate::{elf, error::Obstacle};

impl Job<'_> {
    /// Makes the file again out of the first process whose memory has it.
    pub(super) fn rebuild_first(
        &self,
        chosen: &[Known],
        proc: &Proc,
        host: &Host,
        session: &mut Session<'_>,
    ) -> Result<RescueReport, Error> {
        let mut last = None;
        for known in chosen {
            for source in &known.candidate.sources {
                match rebuilt(&known.candidate, source, proc) {
                    Ok(rebuilt) => {
                        let found = on_disk(&rebuilt, &known.candidate.name);
                        let mut content = found.unwrap_or_else(|| Content::made(rebuilt, source.pid));
                        if self.request.smoke {
                            content.try_to_load(&known.candidate.name, proc)?;
                        }
                        return self.write(known, content, host, session);
                    }
                    Err(reason) => {
                        let path = known.candidate.name.clone();
                        last.get_or_insert(Error::NoMemory { path, pid: source.pid, reason });
                    }
                }
            }
        }
        Err(last.expect("what was found has a source"))
    }

    fn write(
        &self,
        known: &Known,
        Content { from, bytes, reconstruction }: Content,
        host: &Host,
        session: &mut Session<'_>,
    ) -> Result<RescueReport, Error> {
        let name = Source::File(known.candidate.name.clone());
        let Job { request: wanted, target, really, .. } = *self;
        let request =
            Request { follow: wanted.follow, path_trust: wanted.path_trust, keep: wanted.keep, ..Request::new(name, target) };
        let (mut run, mut claim) = match really {
            true => Run::claimed(&request, host, session).map(|(run, claim)| (run, Some(claim)))?,
            false => (Run::plan(&request, host, session)?, None),
        };
        if run.plan.target.existing.is_some() && !wanted.replace {
            return Err(Error::Target { path: run.plan.target.path, obstacle: Obstacle::Exists });
        }
        run.source = SourceFacts { from, bytes: Some(bytes.len() as u64), attempts: 1, ..SourceFacts::default() };
        plan::judge_change(&run.plan.target)?;
        plan::judge_size(&run.plan.target, bytes.len() as u64, false)?;
        let reconstruction = reconstruction.map(|(made, _)| made);
        let file = public(known);
        if !really {
            let swap = run.report(Action::WouldInstall, session);
            return Ok(RescueReport { swap, file, reconstruction, compared: None });
        }
        let state = claim.as_ref().and_then(Claim::state);
        run.sweep(state, session);
        let mut stage = Stage::beside(&run.plan.target.dir, &run.plan.target.path)?;
        stage.put(&bytes)?;
        run.judge_unchanged()?;
        let warning = claim.as_mut().and_then(Claim::warning);
        run.plan.warnings.extend(warning);
        let state = claim.as_ref().and_then(Claim::state);
        // A digest of the lost file cannot be asked of it.
        let swap = run.commit(stage, Trusted::unasked(), state, session)?;
        Ok(RescueReport { swap, file, reconstruction, compared: None })
    }
}

/// What is written.
struct Content {
    /// Where it is from, for messages.
    from: String,
    bytes: Vec<u8>,
    /// With the process it is made out of; `None`: it is the lost file, found on the disk.
    reconstruction: Option<(Reconstruction, u32)>,
}

impl Content {
    fn made(Rebuilt { bytes, report, .. }: Rebuilt, pid: u32) -> Content {
        let reconstruction = Some((public_report(&report, bytes.len() as u64), pid));
        Content { from: format!("/proc/{pid}/mem"), bytes, reconstruction }
    }
}

impl Content {
    /// Has the dynamic linker load what was made, with no more rights than the process has that it is from.
    fn try_to_load(&mut self, lost: &Path, proc: &Proc) -> Result<(), Error> {
        // The lost file itself is what it is.
        let Some((made, pid)) = self.reconstruction.as_mut() else { return Ok(()) };
        let uid = proc.process(*pid).and_then(|process| process.status()).map(|status| status.uid);
        let refused = |reason| Err(Error::DoesNotLoad { path: lost.to_owned(), reason });
        match uid.map_err(io::Error::from).and_then(|uid| smoke::load(&self.bytes, uid)) {
            Ok(Smoke::Loads) => made.loads = true,
            Ok(Smoke::Static) => return refused("it has no dynamic table, and is not run to try it".to_owned()),
            Ok(Smoke::Fails(reason)) => return refused(reason),
            Err(error) => return refused(crate::error::lowered(&error)),
        }
        Ok(())
    }
}

/// The lost file itself, if the disk has it somewhere else: of the same build-id, and with all the bytes that memory has of it.
fn on_disk(rebuilt: &Rebuilt, lost: &Path) -> Option<Content> {
    let path = std::env::var_os("PATH");
    let (path, mut file) = rescue::on_disk::find(rebuilt.report.build_id.as_ref()?, lost, path.as_deref())?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    rebuilt.is_of(&bytes).then(|| Content { from: crate::error::escaped(path.as_os_str()), bytes, reconstruction: None })
}

/// Makes the file again, and reads it once more as a loader would. `Err`: why not, in words.
fn rebuilt(candidate: &Candidate, source: &rescue::Source, proc: &Proc) -> Result<Rebuilt, String> {
    let ended = |errno: rustix::io::Errno| crate::error::lowered(&std::io::Error::from(errno));
    let process = proc.living(source.pid).map_err(ended)?;
    if process.status().map_err(ended)?.started != source.started {
        return Err("it has ended, and another process has its number".to_owned());
    }
    let mut mappings = process.mappings().map_err(ended)?;
    mappings.retain(|mapping| is_of(candidate, &process, mapping));
    let rebuilt = memory::rebuild(&process, &mappings).map_err(words)?;
    match elf::info(&*rebuilt.bytes) {
        Some(_) => Ok(rebuilt),
        None => Err("what was made of it is no ELF file".to_owned()),
    }
}

fn is_of(candidate: &Candidate, process: &Process, mapping: &Mapping) -> bool {
    let (major, minor) = mapping.device;
    let as_mapped = FileId { dev: rustix::fs::makedev(major, minor), ino: mapping.inode };
    let by_link = || process.stat(mapping.link()).map(|stat| FileId::from(&stat));
    mapping.inode == candidate.file.ino && (as_mapped == candidate.file || by_link().is_ok_and(|file| file == candidate.file))
}

fn words(error: memory::Error) -> String {
    match error {
        memory::Error::Forbidden(Forbidden::OtherUser { uid }) => format!("it has the rights of uid {uid}"),
        memory::Error::Forbidden(Forbidden::NotDumpable) => {
            "it is not dumpable, so that only root may read its memory".to_owned()
        }
        memory::Error::Forbidden(Forbidden::Yama { scope }) => {
            format!("kernel.yama.ptrace_scope is {scope}, so that only who may trace it may read its memory")
        }
        memory::Error::Forbidden(Forbidden::Other) => "the kernel does not permit to read its memory".to_owned(),
        memory::Error::Proc(errno) => crate::error::lowered(&std::io::Error::from(errno)),
        memory::Error::Rebuild(Failure::Headless) => "the beginning of the file is not in its memory".to_owned(),
        memory::Error::Rebuild(Failure::Unfit) => "what it has in memory is no ELF file, or was written over".to_owned(),
        memory::Error::Rebuild(Failure::Machine) => "the file is for another processor than x86-64 and aarch64".to_owned(),
        memory::Error::Rebuild(Failure::Incomplete { missing, of }) => {
            format!("{missing} of {of} bytes are no longer in its memory")
        }
    }
}

fn public_report(report: &rebuild::Report, size: u64) -> Reconstruction {
    let part = |part: &rebuild::Part| ReconstructedPart {
        name: part.name.clone(),
        offset: part.offset,
        size: part.size,
        state: match part.state {
            rebuild::State::Exact => PartState::Exact,
            rebuild::State::Rebuilt => PartState::Rebuilt,
            rebuild::State::Unknown => PartState::Unknown,
            rebuild::State::Missing => PartState::Missing,
        },
        exact: part.exact,
        rebuilt: part.rebuilt,
        unknown: part.unknown,
    };
    Reconstruction {
        segments: report.segments.iter().map(part).collect(),
        sections: report.sections.iter().map(part).collect(),
        size,
        lost_size: report.lost_size,
        lost_sections: report.lost_sections,
        unknown_relocations: report.unknown_relocations,
        unbound: report.unbound,
        binds_now: report.binds_now,
        cleared: report.cleared,
        lost_addresses: report.lost_addresses,
        packages: report.packages,
        loads: false,
    }
}
