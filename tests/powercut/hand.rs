//! The process that touches the disks: it makes, fills and mounts the filesystems, runs the program, and judges.
//!
//! It is a process of its own because the recorder must never wait for a disk that it serves: if both were one process and it
//! was killed, a thread waiting for the disk would keep the connection open, and wait for ever.
//!
//! It is told what to do by lines on its standard input, and answers with lines on its standard output.

mod record;
mod verdict;

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};

use super::disturb::{self, Disturbance, Step};
use super::filesystem::Filesystem;
use super::judge::{BYSTANDER, NEIGHBOUR, bystander_content};
use super::releases;
use super::scenario::{Before, Places, Scenario, Version};
use super::sys;

/// By which of its devices a disk is mounted.
#[derive(Clone, Copy)]
enum Through {
    First,
    Second,
}

pub struct Hand {
    filesystem: Filesystem,
    scenario: Scenario,
    places: Places,
    failpoint: Option<String>,
    /// For each disk one device to write a record through, and another to look at what a cut leaves: after a power cut device
    /// numbers are others.
    loops: Vec<[(File, PathBuf); 2]>,
    boots: u32,
    /// Recoveries that were recorded.
    recoveries: u32,
    /// What the programs say.
    words: File,
}

/// Serves until its input ends.
///
/// # Errors
/// Nothing more can be done.
pub fn serve(filesystem: Filesystem, scenario: Scenario, places: Places, failpoint: Option<String>) -> io::Result<()> {
    // What is mounted here ends with this process.
    sys::new_mount_namespace()?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let mut loops = Vec::new();
    for disk in 0..scenario.disks {
        let backing = File::options().read(true).write(true).open(places.base.join("fuse").join(disk.to_string()))?;
        loops.push([sys::attach_loop(&backing)?, sys::attach_loop(&backing)?]);
        fs::create_dir(places.disk(disk))?;
    }
    let words = File::options().read(true).write(true).create_new(true).open(places.base.join("words"))?;
    let boot = places.base.join("boot");
    fs::write(&boot, "")?;
    mount_bind(&boot, "/proc/sys/kernel/random/boot_id")?;
    let mut hand = Hand { filesystem, scenario, places, failpoint, loops, boots: 0, recoveries: 0, words };
    let mut lines = io::stdin().lines();
    while let Some(line) = lines.next() {
        let line = line?;
        let reply = match line.split(' ').collect::<Vec<_>>()[..] {
            ["format"] => hand.format().map(|()| "done".to_owned()),
            ["record", disturbance] => {
                let disturbance = Disturbance::named(disturbance).expect("a disturbance");
                let mut mark = |mark: &str| -> io::Result<()> {
                    say(&format!("mark {mark}"))?;
                    lines.next().transpose().map(|_| ())
                };
                hand.record(disturbance, &mut mark).map(|()| "done".to_owned())
            }
            ["judge", successes] => hand.judge(successes.parse().expect("a number")),
            _ => Err(io::Error::other(format!("what is '{line}'?"))),
        };
        match reply {
            Ok(reply) => say(&reply)?,
            Err(error) => say(&format!("error {error}"))?,
        }
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", line.replace('\n', " | "))?;
    out.flush()
}

impl Hand {
    /// Makes the filesystems and puts the old files there.
    fn format(&mut self) -> io::Result<()> {
        for [(_, device), _] in &self.loops {
            self.filesystem.make(device)?;
        }
        self.mount(Through::First)?;
        for disk in 0..self.scenario.disks {
            let root = self.places.disk(disk);
            for directory in ["app", "beside", "sources"] {
                fs::create_dir(root.join(directory))?;
            }
            fs::write(root.join(BYSTANDER), bystander_content())?;
            fs::write(root.join(NEIGHBOUR), "")?;
        }
        releases::format(&self.scenario, &self.places)?;
        let sources = self.places.sources(&self.scenario);
        fs::create_dir_all(&sources)?;
        for target in &self.scenario.targets {
            let (source, installed) = (sources.join(target.path), self.scenario.installed(target));
            fs::create_dir_all(source.parent().expect("a path in the sources"))?;
            put(&source, &installed, &installed.content(target))?;
            let path = self.places.disk(target.disk).join(target.path);
            match target.before {
                Before::Absent => {}
                Before::Is(_) if self.scenario.undoes => put(&path, &target.after, &target.after.content(target))?,
                Before::Is(version) => put(&path, &version, &version.content(target))?,
                Before::BeingWritten(version) => put(&path, &version, b"what is there before it is written over\n")?,
            }
        }
        for command in self.scenario.preparation(&self.places) {
            self.run(&command, None, None)?;
        }
        self.unmount()
    }

    /// Starts the machine, as it were.
    fn mount(&mut self, through: Through) -> io::Result<()> {
        self.boots += 1;
        fs::write(self.places.base.join("boot"), format!("00000000-0000-4000-8000-{:012}\n", self.boots))?;
        for (disk, devices) in self.loops.iter().enumerate() {
            let (device, path) = &devices[through as usize];
            // The disk may be another one since.
            sys::forget_cached(device)?;
            let mounted = self.filesystem.mount(path, &self.places.disk(disk));
            if let Err(error) = mounted {
                (0..disk).try_for_each(|disk| self.filesystem.unmount(&self.places.disk(disk)))?;
                return Err(error);
            }
        }
        Ok(())
    }

    fn unmount(&self) -> io::Result<()> {
        (0..self.scenario.disks).try_for_each(|disk| self.filesystem.unmount(&self.places.disk(disk)))
    }

    fn run(&self, command: &[String], failpoint: Option<&str>, step: Option<Step<'_>>) -> io::Result<()> {
        let mut words = &self.words;
        words.set_len(0)?;
        words.rewind()?;
        let state = self.places.state(&self.scenario);
        let environment = [("SWAPBIN_STATE_DIR", state.to_str()), ("SWAPBIN_FAILPOINT", failpoint)];
        let status = disturb::run(command, environment, words, step)?;
        if status.success() {
            return Ok(());
        }
        let mut said = String::new();
        words.rewind()?;
        words.read_to_string(&mut said)?;
        Err(io::Error::other(format!("{}: {status}: {said}", command.join(" "))))
    }
}

fn put(path: &Path, version: &Version, content: &[u8]) -> io::Result<()> {
    fs::write(path, content)?;
    chown(path, Some(version.owner), Some(version.owner))?;
    fs::set_permissions(path, Permissions::from_mode(version.mode))
}
