//! Looks at the mounted filesystems after a power cut, and says what is wrong.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::releases;
use super::scenario::{Before, Places, Promise, RELEASES, STATE, Scenario, Target, Version};

/// A file nobody touches, in the directory where things happen.
pub const BYSTANDER: &str = "app/bystander";
/// The file whose syncs force commits.
pub const NEIGHBOUR: &str = "beside/neighbour";
/// How all names that swapbin makes begin, and those of the versions it keeps.
const OURS: &str = ".swapbin";
const KEPT: &str = ".swapbin~";

#[derive(Debug)]
pub struct Found {
    pub content: Vec<u8>,
    mode: u32,
    owner: (u32, u32),
}

impl Found {
    pub fn is(&self, version: &Version, target: &Target) -> bool {
        self.mode == version.mode && self.owner == (version.owner, version.owner) && self.content == version.content(target)
    }

    /// Whether this is a version of the target, whole; a copy of one has only its content, and is nobody else's to read.
    fn is_kept_of(&self, target: &Target, promise: Promise) -> bool {
        let is = |version: &Version| match promise {
            Promise::AfterRecovery => self.mode == 0o600 && self.content == version.content(target),
            _ => self.is(version, target),
        };
        match target.before {
            Before::Is(old) => is(&old) || is(&target.after),
            Before::Absent => is(&target.after),
            // Whatever was there is kept.
            Before::BeingWritten(_) => true,
        }
    }
}

/// What was found, and each target's letter: old, new, absent, or being written.
pub struct Sight {
    files: BTreeMap<(usize, String), Found>,
    /// What a link that is kept says, where one is switched.
    kept_link: Option<Vec<u8>>,
    pub letters: String,
}

/// Reads everything, and judges each target for itself: new if it was `promised`, else as before or new.
///
/// # Errors
/// What is wrong.
pub fn look(scenario: &Scenario, places: &Places, promised: impl Fn(usize) -> bool) -> Result<Sight, String> {
    let mut files = BTreeMap::new();
    for disk in 0..scenario.disks {
        let root = places.disk(disk);
        read_below(&root, &root, disk, &mut files).map_err(|error| format!("cannot read what is there: {error}"))?;
    }
    releases::follow(scenario, places, &mut files)?;
    let mut sight = Sight { files, kept_link: releases::kept_link(scenario, places), letters: String::new() };
    for (at, target) in scenario.targets.iter().enumerate() {
        let letter = sight.target(target).map_err(|wrong| format!("'{}' {wrong}", target.path))?;
        if letter != 'n' && promised(at) {
            return Err(format!("'{}' is not the new one, although success was reported", target.path));
        }
        sight.letters.push(letter);
    }
    Ok(sight)
}

impl Sight {
    fn target(&self, target: &Target) -> Result<char, String> {
        let found = self.files.get(&(target.disk, target.path.to_owned()));
        match (found, target.before) {
            (Some(found), _) if found.is(&target.after, target) => Ok('n'),
            (_, Before::BeingWritten(_)) => Ok('w'),
            (Some(found), Before::Is(version)) if found.is(&version, target) => Ok('o'),
            (None, Before::Absent) => Ok('a'),
            (None, _) => Err("is missing".to_owned()),
            (Some(found), _) => {
                let Found { content, mode, owner } = found;
                let zeros = content.iter().filter(|byte| **byte == 0).count();
                Err(format!("is neither old nor new: {} bytes, {zeros} of them zero, mode {mode:o}, {owner:?}", content.len()))
            }
        }
    }

    /// Judges whether all are old or all are new.
    ///
    /// # Errors
    /// It is a mixture.
    pub fn together(&self, scenario: &Scenario) -> Result<(), String> {
        let new = self.letters.matches('n').count();
        match scenario.is_together() && new > 0 && new < self.letters.len() {
            true => Err(format!("only {new} of {} are new", self.letters.len())),
            false => Ok(()),
        }
    }

    /// Whether the history has a record of a version that is kept by this name, which is its transaction and a number. Without
    /// one, nobody could bring it back, and nobody would remove it.
    fn is_recorded(&self, scenario: &Scenario, kept_name: &str) -> bool {
        let transaction = kept_name.split('.').next().unwrap_or(kept_name);
        let path = format!("{STATE}/history/{transaction}");
        let Some(record) = self.files.get(&(scenario.state_on, path)) else { return false };
        // Room that was set aside, or a last line that was torn, may be behind it.
        let mut lines = record.content.split_inclusive(|byte| *byte == b'\n');
        lines.any(|line| line.ends_with(b"\n") && !line.contains(&0) && line.windows(6).any(|word| word == b"\"kept\""))
    }

    /// Judges the files that are no targets. Temporary ones, and open journals, may be there until they were swept; kept
    /// versions are whole ones, one for each target.
    ///
    /// # Errors
    /// What is wrong.
    pub fn others(&self, scenario: &Scenario, swept: bool) -> Result<(), String> {
        for disk in 0..scenario.disks {
            let bystander = self.files.get(&(disk, BYSTANDER.to_owned()));
            if bystander.is_none_or(|found| found.content != bystander_content()) {
                return Err("the bystander was changed".to_owned());
            }
        }
        let mut kept = vec![0; scenario.disks];
        for ((disk, path), found) in &self.files {
            let leaf = path.rsplit('/').next().unwrap_or(path);
            let open_journal = path.strip_prefix(STATE).is_some_and(|rest| rest.starts_with("/txn/"));
            let expected = scenario.targets.iter().any(|target| (target.disk, target.path) == (*disk, path.as_str()))
                || path == BYSTANDER
                || path == NEIGHBOUR
                || path.starts_with("sources/")
                || path.starts_with(STATE) && !open_journal;
            // A new directory is staged whole, under one such name.
            // A release that the link does not lead to yet has its name already.
            let temporary = path.split('/').any(|part| part.starts_with(OURS) || part == RELEASES);
            if expected || !swept && (open_journal || temporary) {
                continue;
            }
            // A directory that was exchanged is kept with everything in it.
            if leaf == "bystander" && found.content == bystander_content() {
                continue;
            }
            let Some(kept_name) = path.split('/').find_map(|part| part.strip_prefix(KEPT)) else {
                return Err(format!("'{path}' is left on disk {disk}"));
            };
            if swept && !self.is_recorded(scenario, kept_name) {
                return Err(format!("'{path}' on disk {disk} is kept, and no record tells of it"));
            }
            kept[*disk] += 1;
            if self.kept_link.as_ref() == Some(&found.content) {
                continue;
            }
            if !scenario.targets.iter().any(|target| target.disk == *disk && found.is_kept_of(target, scenario.promise)) {
                return Err(format!("'{path}' on disk {disk} is no version of a target"));
            }
        }
        for (disk, kept) in kept.iter().enumerate() {
            let targets = match self.kept_link {
                Some(_) => 1,
                None => scenario.targets.iter().filter(|target| target.disk == disk).count(),
            };
            if *kept > targets {
                return Err(format!("{kept} kept versions of {targets} files are left on disk {disk}"));
            }
        }
        Ok(())
    }
}

pub fn bystander_content() -> Vec<u8> {
    b"nobody touches this\n".repeat(700)
}

fn read_below(root: &Path, directory: &Path, disk: usize, found: &mut BTreeMap<(usize, String), Found>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let about = path.symlink_metadata()?;
        if about.is_dir() {
            read_below(root, &path, disk, found)?;
            continue;
        }
        let name = path.strip_prefix(root).expect("below its root").to_string_lossy().into_owned();
        let content = match about.file_type() {
            kind if kind.is_file() => fs::read(&path)?,
            kind if kind.is_symlink() => fs::read_link(&path)?.into_os_string().into_vec(),
            _ => b"no regular file".to_vec(),
        };
        found.insert((disk, name), Found { content, mode: about.mode() & 0o7777, owner: (about.uid(), about.gid()) });
    }
    Ok(())
}
