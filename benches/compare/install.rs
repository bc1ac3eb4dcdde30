//! `swapbin install` and its peers: the calls of a Makefile, and thousands of files in one call.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::measure::{Contender, Measured, in_turns, target};
use crate::process::{Argv, argv, find};
use crate::rows::{Outcome, Setting};
use crate::scratch::Room;

/// Calls of a Makefile.
const CALLS: usize = 200;

/// Files of one call.
const FILES: usize = 4000;

const FILE_BYTES: u64 = 12 << 10;

/// Each for a call of its own.
pub fn calls(setting: &Setting) -> Result<Outcome, String> {
    each_way(setting, "calls", 1, &|program, sources, dest| {
        let call = |at: usize| {
            let mut words = program.to_vec();
            words.extend([sources.join("f0").into(), dest.join(format!("f{at}")).into()]);
            words
        };
        (0..CALLS).map(call).collect()
    })
}

/// All in one call.
pub fn many(setting: &Setting) -> Result<Outcome, String> {
    each_way(setting, "many", FILES, &|program, sources, dest| {
        let mut words = program.to_vec();
        words.extend((0..FILES).map(|at| sources.join(format!("f{at}")).into()));
        words.push(dest.into());
        vec![words]
    })
}

/// The processes of the work: for a program with its options, a directory of sources and one to install in.
type Work = dyn Fn(&[OsString], &Path, &Path) -> Vec<Argv>;

/// In the directory the bench was given, and on a filesystem as most machines have it: ext4 without a journal, which some
/// virtual machines run on, is long in finding numbers for new files where many were removed.
fn each_way(setting: &Setting, name: &str, files: usize, work: &Work) -> Result<Outcome, String> {
    println!(
        "  uutils: {}",
        uutils().map_or("not here (UUTILS=PATH names its coreutils)".into(), |path| path.display().to_string())
    );
    compare(setting, &setting.scratch.room(name)?, files, work)?;
    let skipped = "only root can mount, in a mount namespace of its own (unshare)".to_owned();
    let own = if setting.mounts { setting.scratch.filesystem("ext4", 2 << 30) } else { Err(skipped) };
    match own {
        Ok(room) => {
            println!("  on an ext4 of its own, {:.3} ms per flush:", crate::machine::flush_time(room.dir())?.as_secs_f64() * 1e3);
            compare(setting, &room, files, work)?;
        }
        Err(why) => println!("  on an ext4 of its own: skipped: {why}"),
    }
    Ok(Outcome::Measured)
}

fn compare(setting: &Setting, room: &Room, files: usize, work: &Work) -> Result<(), String> {
    let sources = [sources(room, "a", files)?, sources(room, "b", files)?];
    let contenders = contenders(setting, room, files, work);
    let dests = || contenders.iter().map(|contender| room.dir().join(directory_of(contender.name)));
    let empty = || {
        dests().try_for_each(|dir| {
            let _ = std::fs::remove_dir_all(&dir);
            std::fs::create_dir(&dir).map_err(|error| format!("{}: {error}", dir.display()))
        })
    };
    println!("  names that are free:");
    let all = in_turns(setting, &contenders, &|turn| empty().map(|()| sources[turn % 2].clone()))?;
    targets(&all, files);
    println!("  over existing files:");
    let all = in_turns(setting, &contenders, &|turn| Ok(sources[turn % 2].clone()))?;
    targets(&all, files);
    for dir in dests() {
        let found = std::fs::read_dir(&dir).map_err(|error| format!("{}: {error}", dir.display()))?.count();
        if found != files.max(if files == 1 { CALLS } else { 1 }) {
            return Err(format!("{found} files in {}", dir.display()));
        }
    }
    Ok(())
}

fn contenders<'a>(setting: &Setting, room: &Room, files: usize, work: &'a Work) -> Vec<Contender<'a>> {
    let contender = |name: &'static str, program: Argv, after: &[&str]| {
        let dest = room.dir().join(directory_of(name));
        let mut after = argv(after);
        if !after.is_empty() {
            after.push(dest.clone().into());
        }
        let steps = move |sources: &Path| {
            let mut steps = work(&program, sources, &dest);
            steps.extend((!after.is_empty()).then(|| after.clone()));
            steps
        };
        Contender { name, reads: None, makes: None, steps: Box::new(steps) }
    };
    let ours = |options: &[&str]| {
        let mut words = argv([setting.swapbin.as_os_str(), "install".as_ref()]);
        words.extend(argv(options));
        words
    };
    let mut all = vec![
        contender("swapbin install --durability none", ours(&["--durability", "none"]), &[]),
        contender("swapbin install", ours(&[]), &[]),
        contender("install, not durable", argv(["install"]), &[]),
        contender("install, sync -f", argv(["install"]), &["sync", "-f"]),
    ];
    if let Some(uutils) = uutils() {
        all.push(contender("uutils install, not durable", argv([uutils.as_os_str(), "install".as_ref()]), &[]));
    }
    if files > 1 && find("rsync").is_some() {
        let name = "rsync -aI --delay-updates --fsync";
        let dest = room.dir().join(directory_of(name));
        let steps = move |sources: &Path| {
            let mut words = argv(name.split(' '));
            words.extend([sources.join("").into(), dest.join("").into()]);
            vec![words]
        };
        all.push(Contender { name, reads: None, makes: None, steps: Box::new(steps) });
    }
    all
}

fn targets(all: &[Measured], files: usize) {
    let median = |name: &str| all.iter().find(|measured| measured.name == name).map(Measured::median);
    let (none, durable, install) = (all[0].median(), all[1].median(), all[2].median());
    target("without durability at most 1.2 times install", format!("{:.2}", none / install), none <= 1.2 * install);
    if files > 1 {
        target(
            "durable at most 1.2 times install without any sync",
            format!("{:.2}", durable / install),
            durable <= 1.2 * install,
        );
    }
    if let Some(rsync) = median("rsync -aI --delay-updates --fsync") {
        target("durable at least 3 times faster than rsync --fsync", format!("{:.2}", rsync / durable), rsync >= 3.0 * durable);
    }
}

/// The multi-call program of uutils, where it is here.
fn uutils() -> Option<PathBuf> {
    std::env::var_os("UUTILS").map(PathBuf::from).or_else(|| find("coreutils"))
}

/// Where a contender installs.
fn directory_of(name: &str) -> String {
    name.replace([' ', ','], "-")
}

/// A directory of small files, no two alike, on the disk.
fn sources(room: &Room, name: &str, files: usize) -> Result<PathBuf, String> {
    let pattern = room.random("pattern", FILE_BYTES)?;
    let dir = room.dir().join(name);
    let make = || {
        let mut bytes = std::fs::read(&pattern)?;
        std::fs::create_dir(&dir)?;
        for at in 0..files {
            bytes[..4].copy_from_slice(&(at as u32).to_le_bytes());
            bytes[4..5].copy_from_slice(&name.as_bytes()[..1]);
            std::fs::write(dir.join(format!("f{at}")), &bytes)?;
        }
        std::fs::remove_file(&pattern)
    };
    make().map_err(|error: std::io::Error| format!("{}: {error}", dir.display()))?;
    Ok(dir)
}
