//! From an [`Invocation`] to what the library is asked for.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use swapbin::{BackupNames, BackupPolicy, Directories, FileTimes, InstallFile, Installation, Label, OnFailure, WhenCurrent};

use super::backup::Control;
use super::invocation::{Batch, Context, Durability, Id, Invocation, Job, Parents, Strip, Times, WhenSame};

/// The directories of `-d`.
pub fn directories(invocation: &Invocation, paths: &[OsString]) -> Directories {
    Directories {
        paths: paths.iter().map(PathBuf::from).collect(),
        mode: invocation.modes.directory,
        mode_mask: invocation.modes.directory_mask,
        uid: number(&invocation.owner),
        gid: number(&invocation.group),
        label: label(invocation),
        durability: durability(invocation),
    }
}

/// The files of any other call.
pub fn installation(invocation: &Invocation) -> Installation {
    Installation {
        files: files(&invocation.job),
        mode: invocation.modes.file,
        uid: number(&invocation.owner),
        gid: number(&invocation.group),
        backup: invocation.backup.as_ref().map(|backup| BackupPolicy {
            names: match backup.control {
                Control::Simple => BackupNames::Simple,
                Control::Existing => BackupNames::Existing,
                Control::Numbered => BackupNames::Numbered,
            },
            suffix: backup.suffix.clone(),
        }),
        when_current: match invocation.when_same {
            WhenSame::Replace => WhenCurrent::Replace,
            WhenSame::Leave => WhenCurrent::Leave,
        },
        times: match invocation.times {
            Times::Now => FileTimes::Now,
            Times::OfSource => FileTimes::OfSource,
        },
        strip: match &invocation.strip {
            Strip::No => None,
            Strip::With(program) => Some(program.clone()),
        },
        label: label(invocation),
        keep: invocation.keep,
        durability: durability(invocation),
        on_failure: match invocation.batch {
            Batch::EachForItself => OnFailure::Continue,
            Batch::AllOrNothing => OnFailure::InstallNone,
        },
    }
}

/// The path whose leading directories `-D` makes. Those of the first file are those of all.
pub fn path_to_make<'a>(invocation: &Invocation, installation: &'a Installation) -> Option<&'a Path> {
    match &invocation.job {
        Job::File { parents: Parents::Create, .. } | Job::Into { parents: Parents::Create, .. } => {
            installation.files.first().map(|file| file.target.as_path())
        }
        _ => None,
    }
}

/// `None` for "as it is", too.
fn number(id: &Option<Id>) -> Option<u32> {
    id.as_ref().map(|id| id.number).filter(|number| *number != u32::MAX)
}

fn label(invocation: &Invocation) -> Label {
    match &invocation.context {
        Context::Usual => Label::Usual,
        Context::Policy => Label::Policy,
        Context::Exactly(text) => Label::Exactly(text.clone()),
        Context::OfSource => Label::OfSource,
    }
}

fn durability(invocation: &Invocation) -> swapbin::Durability {
    match invocation.durability {
        Durability::Full => swapbin::Durability::Full,
        Durability::None => swapbin::Durability::None,
    }
}

fn files(job: &Job) -> Vec<InstallFile> {
    match job {
        Job::Directories(_) => Vec::new(),
        Job::File { source, dest, .. } => vec![InstallFile { source: source.into(), target: dest.into() }],
        Job::Into { sources, directory, .. } => {
            let file = |source: &OsString| InstallFile { source: source.into(), target: inside(directory, source).into() };
            sources.iter().map(file).collect()
        }
    }
}

/// The name of a source in a directory, with one slash between.
fn inside(directory: &OsStr, source: &OsStr) -> OsString {
    let without_slashes = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let (directory, source) = (directory.as_bytes(), source.as_bytes());
    let base = source[..without_slashes(source)].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let base = if without_slashes(source) == 0 { &b""[..] } else { &source[base..] };
    let slash = if directory.is_empty() { &b""[..] } else { b"/" };
    OsString::from_vec([&directory[..without_slashes(directory)], slash, base].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_a_directory_has_the_last_part_of_its_name() {
        let of = |directory: &str, source: &str| inside(directory.as_ref(), source.as_ref()).into_string().unwrap();
        assert_eq!(of("dir", "a"), "dir/a");
        assert_eq!(of("dir//", "x//y/a"), "dir/a");
        assert_eq!(of("/", "a"), "/a");
        assert_eq!(of("", "a"), "a");
        assert_eq!(of("dir", "a/"), "dir/a/");
        assert_eq!(of("dir", "/"), "dir/");
    }
}
