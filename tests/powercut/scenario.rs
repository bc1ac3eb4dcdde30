//! What is run, and what may be found after a power cut.

use std::path::{Path, PathBuf};

use super::cut::SECTOR;

/// A file as it may be found: whole, with the right mode and owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Which of a target's contents.
    pub edition: u8,
    pub length: usize,
    pub mode: u32,
    /// User and group.
    pub owner: u32,
}

impl Version {
    /// Every sector says whose it is, so that no mixture looks whole.
    pub fn content(&self, target: &Target) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.length + SECTOR);
        while bytes.len() < self.length {
            let line = format!("{} {} edition {} at {}\n", target.disk, target.path, self.edition, bytes.len());
            bytes.extend_from_slice(&line.repeat(SECTOR / line.len() + 1).as_bytes()[..SECTOR]);
        }
        bytes.truncate(self.length);
        bytes
    }
}

/// What was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    Is(Version),
    Absent,
    /// Somebody is writing into the file when the program starts: until it reports success, nobody has promised anything.
    BeingWritten(Version),
}

pub struct Target {
    pub disk: usize,
    /// On its disk.
    pub path: &'static str,
    pub before: Before,
    pub after: Version,
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Each target is old or new, new after success, and the same call again brings all to the new.
    EachFile,
    /// The same, and after recovery all are old or all are new.
    Together,
    /// The same, and before recovery too.
    AtOnce,
    /// Each target is old or new, and new after success, once recovery has run; before, it may be some of both.
    AfterRecovery,
    /// Each target should be old or new. No more is asked of others' programs.
    Hoped,
}

/// Commands one after another, and which targets are new when all of them have ended with 0.
pub struct Run {
    pub commands: Vec<Vec<String>>,
    pub targets: Vec<usize>,
}

pub struct Scenario {
    pub name: &'static str,
    pub disks: usize,
    pub targets: Vec<Target>,
    pub promise: Promise,
    /// Sources lie on the first disk, so that blocks can be shared, and not on another filesystem.
    pub sources_on_disk: bool,
    /// Where the program keeps its state.
    pub state_on: usize,
    /// The disk with the releases, where the targets are seen through a link to one of them.
    pub releases_on: Option<usize>,
    /// What is tried takes back what was done before by [`Scenario::preparation`]; the same call again would undo that.
    pub undoes: bool,
    /// Once all is reported done, another program replaces a target, before anything is recovered.
    pub another: bool,
    /// Syncs that must not be left out, by the names of their failpoints: without each, some filesystem must show bad states.
    pub needs: &'static [&'static str],
    runs: fn(&Scenario, &Places) -> Vec<Run>,
    /// What finishes or takes back what was broken off, before the same call is made again.
    recover: fn(&Scenario, &Places) -> Vec<Vec<String>>,
}

/// Where things are.
pub struct Places {
    pub base: PathBuf,
    /// The program under test.
    pub program: String,
}

impl Places {
    pub fn disk(&self, disk: usize) -> PathBuf {
        self.base.join(format!("disk{disk}"))
    }

    pub fn sources(&self, scenario: &Scenario) -> PathBuf {
        if scenario.sources_on_disk { self.disk(0).join("sources") } else { self.base.join("sources") }
    }

    pub fn state(&self, scenario: &Scenario) -> PathBuf {
        self.disk(scenario.state_on).join(STATE)
    }

    fn source(&self, scenario: &Scenario, target: &Target) -> String {
        text(&self.sources(scenario).join(target.path))
    }

    pub fn target(&self, target: &Target) -> String {
        text(&self.disk(target.disk).join(target.path))
    }
}

/// The state directory's name.
pub const STATE: &str = "state";
/// The link to the current release, on the first disk.
pub const LINK: &str = "current";
/// The directory with the releases.
pub const RELEASES: &str = "releases";

fn text(path: &Path) -> String {
    path.to_str().expect("paths of our own").to_owned()
}

fn old(length: usize) -> Before {
    Before::Is(Version { edition: 1, length, mode: 0o750, owner: 1000 })
}

fn new(length: usize) -> Version {
    Version { edition: 2, length, mode: 0o711, owner: 2000 }
}

fn target(disk: usize, path: &'static str, before: Before, after: Version) -> Target {
    Target { disk, path, before, after }
}

/// Sizes from a few bytes, which btrfs keeps among its metadata, to many blocks.
fn six(disks: usize) -> Vec<Target> {
    let names = ["app/tool", "app/liba.so", "app/libb.so", "app/small", "app/other", "app/large"];
    let lengths = [(90_000, 70_000), (20_000, 40_000), (4096, 8192), (700, 300), (50_000, 50_000), (150_000, 260_000)];
    let target = |(at, (name, (before, after)))| target(at % disks, name, old(before), new(after));
    names.into_iter().zip(lengths).enumerate().map(target).collect()
}

/// Files of a release, seen through the link.
fn released() -> Vec<Target> {
    let names = ["current/tool", "current/lib/liba.so", "current/lib/small"];
    let lengths = [(90_000, 70_000), (20_000, 40_000), (700, 300)];
    let target = |(path, (before, after))| target(0, path, old(before), new(after));
    names.into_iter().zip(lengths).map(target).collect()
}

fn flags(scenario: &Scenario, places: &Places, target: &Target) -> Vec<String> {
    let version = scenario.installed(target);
    let (owner, mode) = (version.owner.to_string(), format!("{:o}", version.mode));
    let (from, to) = (places.source(scenario, target), places.target(target));
    words(&["--from", &from, "--to", &to, "--mode", &mode, "--owner", &owner, "--group", &owner])
}

/// One call of swapbin per target.
fn swaps(scenario: &Scenario, places: &Places) -> Vec<Run> {
    let command = |target| [words(&[&places.program]), flags(scenario, places, target)].concat();
    let runs = scenario.targets.iter().enumerate();
    runs.map(|(at, target)| Run { commands: vec![command(target)], targets: vec![at] }).collect()
}

fn rollback(scenario: &Scenario, places: &Places) -> Vec<Run> {
    let command = words(&[&places.program, "rollback", "--last"]);
    vec![Run { commands: vec![command], targets: (0..scenario.targets.len()).collect() }]
}

/// One call of swapbin for all targets.
fn batch(scenario: &Scenario, places: &Places) -> Vec<Run> {
    let mut command = words(&[&places.program]);
    command.extend(scenario.targets.iter().flat_map(|target| flags(scenario, places, target)));
    vec![Run { commands: vec![command], targets: (0..scenario.targets.len()).collect() }]
}

/// The sources are a staging tree, whose modes and owners the targets get.
fn tree(scenario: &Scenario, places: &Places) -> Vec<Run> {
    let (stage, root) = (text(&places.sources(scenario)), text(&places.disk(0)));
    let command = words(&[&places.program, "apply", "--tree", &stage, "--to", &root, "--keep-owner"]);
    vec![Run { commands: vec![command], targets: (0..scenario.targets.len()).collect() }]
}

/// One call per target, which keeps its inode.
fn in_place(scenario: &Scenario, places: &Places) -> Vec<Run> {
    let mut runs = swaps(scenario, places);
    runs.iter_mut().flat_map(|run| &mut run.commands).for_each(|command| command.push("--in-place".to_owned()));
    runs
}

/// The same as a whole: a directory that is built anew, and exchanged.
fn exchange(scenario: &Scenario, places: &Places) -> Vec<Run> {
    let (stage, root) = (text(&places.sources(scenario).join("app")), text(&places.disk(0).join("app")));
    let command = words(&[&places.program, "apply", "--tree", &stage, "--to", &root, "--keep-owner", "--exchange"]);
    vec![Run { commands: vec![command], targets: (0..scenario.targets.len()).collect() }]
}

/// A release beside the one that the link leads to, and the link to it.
fn generation_link(scenario: &Scenario, places: &Places) -> Vec<Run> {
    let stage = text(&places.sources(scenario).join(LINK));
    let (releases, link) =
        (text(&places.disk(scenario.releases_on.unwrap_or_default()).join(RELEASES)), text(&places.disk(0).join(LINK)));
    let command = [&*places.program, "apply", "--tree", &stage, "--to", &releases, "--keep-owner", "--generation-link", &link];
    vec![Run { commands: vec![words(&command)], targets: (0..scenario.targets.len()).collect() }]
}

fn recover(_: &Scenario, places: &Places) -> Vec<Vec<String>> {
    vec![words(&[&places.program, "recover"])]
}

/// Nobody else sweeps what a run of `install` has left.
fn sweep(scenario: &Scenario, places: &Places) -> Vec<Vec<String>> {
    swaps(scenario, places).swap_remove(0).commands
}

/// One call for all targets, which lie in one directory.
fn install(scenario: &Scenario, places: &Places, program: &[&str]) -> Vec<Run> {
    let first = &scenario.targets[0];
    let (owner, mode) = (first.after.owner.to_string(), format!("{:o}", first.after.mode));
    let mut command = words(program);
    command.extend(words(&["-m", &mode, "-o", &owner, "-g", &owner]));
    command.extend(scenario.targets.iter().map(|target| places.source(scenario, target)));
    command.push(text(&places.disk(first.disk).join("app")));
    vec![Run { commands: vec![command], targets: (0..scenario.targets.len()).collect() }]
}

fn with_new_directories(mut targets: Vec<Target>) -> Vec<Target> {
    targets.push(target(0, "app/made/one", Before::Absent, new(5000)));
    targets.push(target(0, "made/deep/two", Before::Absent, new(20_000)));
    targets
}

/// The same the other way round.
fn back(targets: Vec<Target>) -> Vec<Target> {
    let turned = |target: Target| match target.before {
        Before::Is(old) => Target { before: Before::Is(target.after), after: old, ..target },
        _ => target,
    };
    targets.into_iter().map(turned).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn peer_install(scenario: &Scenario, places: &Places) -> Vec<Run> {
    install(scenario, places, &["install"])
}

fn peer_cp_mv(scenario: &Scenario, places: &Places) -> Vec<Run> {
    let commands = scenario.targets.iter().flat_map(|target| {
        let to = places.target(target);
        let temporary = format!("{to}.tmp");
        let (owner, mode) = (target.after.owner, target.after.mode);
        [
            words(&["cp", &places.source(scenario, target), &temporary]),
            words(&["chown", &format!("{owner}:{owner}"), &temporary]),
            words(&["chmod", &format!("{mode:o}"), &temporary]),
            words(&["mv", &temporary, &to]),
        ]
    });
    vec![Run { commands: commands.collect(), targets: (0..scenario.targets.len()).collect() }]
}

/// All there are; the peers last.
pub fn all() -> Vec<Scenario> {
    let one = || vec![target(0, "app/tool", old(90_000), new(70_000))];
    let same = Version { edition: 2, length: 70_000, mode: 0o750, owner: 1000 };
    let ours = |name, targets: Vec<Target>, runs| {
        let disks = targets.iter().map(|target| target.disk + 1).max().expect("a target");
        let recover: fn(&Scenario, &Places) -> _ = |_, _| Vec::new();
        let needs = &["sync", "sync-dir"][..];
        let promise = Promise::EachFile;
        Scenario {
            name,
            disks,
            targets,
            promise,
            sources_on_disk: false,
            state_on: 0,
            releases_on: None,
            undoes: false,
            another: false,
            needs,
            runs,
            recover,
        }
    };
    let together = |name, targets, needs| Scenario { promise: Promise::Together, needs, recover, ..ours(name, targets, batch) };
    let at_once = |name, releases_on, needs| Scenario {
        promise: Promise::AtOnce,
        disks: releases_on + 1,
        releases_on: Some(releases_on),
        runs: generation_link,
        ..together(name, released(), needs)
    };
    let hoped = |name, runs| Scenario { promise: Promise::Hoped, needs: &[], ..ours(name, one(), runs) };
    let install_all = |scenario: &Scenario, places: &Places| install(scenario, places, &[&places.program, "install"]);
    vec![
        ours("swap", one(), swaps),
        Scenario { sources_on_disk: true, ..ours("swap-beside-source", one(), swaps) },
        ours("create", vec![target(0, "app/tool", Before::Absent, new(70_000))], swaps),
        // These filesystems put a file's names on the disk with the file: the sync of its directory is for others.
        Scenario { needs: &["sync"], ..ours("unchanged", vec![target(0, "app/tool", Before::BeingWritten(same), same)], swaps) },
        Scenario {
            promise: Promise::AfterRecovery,
            recover,
            needs: &["sync", "aside-sync", "commit-sync"],
            ..ours("in-place", six(1), in_place)
        },
        Scenario { recover: sweep, ..ours("install", six(1), install_all) },
        Scenario { needs: &["sync", "record-sync", "sync-dir"], ..ours("two-disks", six(2), swaps) },
        // On one disk, closing the journal puts the renames on the disk with it.
        together("batch", six(1), &["sync", "commit-sync"]),
        // What is closed stays so: a journal that came back would take the other's file for one that is in its way.
        Scenario { another: true, ..together("batch-and-another", six(1), &["close-sync"]) },
        together("batch-two-disks", six(2), &["sync", "commit-sync", "sync-dir", "recover-sync"]),
        Scenario { state_on: 1, ..together("batch-state-elsewhere", six(2), &["sync", "commit-sync", "sync-dir"]) },
        Scenario { runs: tree, ..together("tree", with_new_directories(six(1)), &["sync", "commit-sync"]) },
        // One rename is the whole change: it needs nothing but what it shows.
        Scenario { promise: Promise::AtOnce, runs: exchange, ..together("exchange", six(1), &["sync"]) },
        at_once("generation-link", 0, &["sync"]),
        // The second rename shows the first, which has to be on its disk by then. A link has no sync of its own, but its directory's.
        at_once("generation-link-two-disks", 1, &["sync", "sync-turn", "sync-prepared"]),
        Scenario { undoes: true, runs: rollback, ..together("rollback", back(six(1)), &["commit-sync"]) },
        Scenario { undoes: true, runs: rollback, ..together("rollback-two-disks", back(six(2)), &["commit-sync", "sync-dir"]) },
        hoped("peer-install", peer_install),
        hoped("peer-cp-mv", peer_cp_mv),
    ]
}

impl Scenario {
    pub fn named(name: &str) -> Option<Scenario> {
        all().into_iter().find(|scenario| scenario.name == name)
    }

    pub fn runs(&self, places: &Places) -> Vec<Run> {
        (self.runs)(self, places)
    }

    /// Whether `recover` has decisions to make.
    pub fn recovers(&self) -> bool {
        self.is_together() || self.promise == Promise::AfterRecovery
    }

    /// Whether no mixture may be found after recovery.
    pub fn is_together(&self) -> bool {
        matches!(self.promise, Promise::Together | Promise::AtOnce)
    }

    /// What swapbin is asked to put at a target.
    pub fn installed(&self, target: &Target) -> Version {
        match target.before {
            Before::Is(before) if self.undoes => before,
            _ => target.after,
        }
    }

    /// What has to be done before, undisturbed.
    pub fn preparation(&self, places: &Places) -> Vec<Vec<String>> {
        if self.undoes { batch(self, places).swap_remove(0).commands } else { Vec::new() }
    }

    pub fn recovery(&self, places: &Places) -> Vec<Vec<String>> {
        (self.recover)(self, places)
    }
}
