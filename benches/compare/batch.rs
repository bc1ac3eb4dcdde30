//! Several files as one change, against what is used for that today.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure::{Contender, Measured, Steps, in_turns, middle, target};
use crate::process::{Argv, argv, find};
use crate::rows::{Outcome, Setting};
use crate::scratch::Room;

/// Runs in which flushes and the window are looked at.
const LOOKS: usize = 3;

/// What is deployed.
#[derive(Clone, Copy)]
struct Set {
    directories: usize,
    files: usize,
    bytes: u64,
}

/// Six, in three directories.
pub fn six(setting: &Setting) -> Result<Outcome, String> {
    let set = Set { directories: 3, files: 2, bytes: 100 << 10 };
    everywhere(setting, "six", set, &|all, flushes| {
        if let Some(flushes) = flushes {
            target("at most 8 flushes of the disk, where one sync is for a filesystem", flushes[0], flushes[0] <= 8);
        }
        faster(all, 0);
    })
}

/// 4,000 in 40.
pub fn tree(setting: &Setting) -> Result<Outcome, String> {
    let set = Set { directories: 40, files: 100, bytes: 12 << 10 };
    everywhere(setting, "tree", set, &|all, _| (0..2).for_each(|ours| faster(all, ours)))
}

fn faster(all: &[Measured], ours: usize) {
    let Some(rsync) = all.iter().find(|measured| measured.name == RSYNC) else { return };
    let faster = rsync.median() / all[ours].median();
    target(&format!("{}: at least 3 times faster than rsync --fsync", all[ours].name), format!("{faster:.2}"), faster >= 3.0);
}

const RSYNC: &str = "rsync -aI --delay-updates --fsync";

/// What is aimed at: of the medians, and of the flushes of each contender, if they were counted.
type Targets = dyn Fn(&[Measured], Option<&[u64]>);

/// In the directory the bench was given, and on filesystems of its own.
fn everywhere(setting: &Setting, name: &str, set: Set, targets: &Targets) -> Result<Outcome, String> {
    if find("rsync").is_none() {
        println!("  rsync is not installed: nothing to compare with");
    }
    compare(setting, &setting.scratch.room(name)?, set, targets)?;
    for kind in ["ext4", "xfs"] {
        let skipped = "only root can mount, in a mount namespace of its own (unshare)".to_owned();
        match if setting.mounts { setting.scratch.filesystem(kind, 2 << 30) } else { Err(skipped) } {
            Ok(room) => {
                println!("  on {kind}, {:.3} ms per flush:", crate::machine::flush_time(room.dir())?.as_secs_f64() * 1e3);
                compare(setting, &room, set, targets)?;
            }
            Err(why) => println!("  on {kind}: skipped: {why}"),
        }
    }
    Ok(Outcome::Measured)
}

fn compare(setting: &Setting, room: &Room, set: Set, targets: &Targets) -> Result<(), String> {
    let work = Work { setting, room, set };
    let sources = [work.sources("a")?, work.sources("b")?];
    let contenders = work.contenders();
    for (title, is_free) in [("names that are free", true), ("over existing files", false)] {
        println!("  {title}:");
        let before = |turn: usize| {
            if is_free {
                work.empty(&contenders)?;
            }
            Ok(sources[turn % 2].clone())
        };
        let all = in_turns(setting, &contenders, &before)?;
        let mut flushes = Vec::new();
        // Never the same source twice in a row.
        let mut after = setting.iterations;
        for contender in &contenders {
            let counted = (after..).take(LOOKS).map(|turn| before(turn).and_then(|source| work.flushes(contender, &source)));
            flushes.push(counted.collect::<Result<Option<Vec<u64>>, String>>()?.map(|all| middle(all.into_iter())));
        }
        let flushes: Option<Vec<u64>> = flushes.into_iter().collect();
        if let Some(flushes) = &flushes {
            after += LOOKS;
            let each = contenders.iter().zip(flushes).map(|(contender, flushes)| format!("{} {flushes}", contender.name));
            println!("  flushes of the disk: {}", each.collect::<Vec<_>>().join(", "));
        }
        targets(&all, flushes.as_deref());
        for contender in contenders.iter().filter(|contender| contender.name.starts_with("swapbin")) {
            let windows = (after..).take(LOOKS).map(|turn| before(turn).and_then(|source| work.window(contender, &source)));
            let window = middle(windows.collect::<Result<Vec<_>, _>>()?.into_iter()) as f64 / 1e3;
            let text = format!("{}: first to last rename under 100 ms", contender.name);
            target(&text, format!("{window:.2} ms"), window < 100.0);
        }
    }
    work.check(&contenders)
}

fn contender<'a>(name: &'static str, steps: Steps<'a>) -> Contender<'a> {
    Contender { name, reads: None, makes: None, steps }
}

struct Work<'a> {
    setting: &'a Setting,
    room: &'a Room,
    set: Set,
}

impl Work<'_> {
    fn names(&self) -> impl Iterator<Item = PathBuf> + use<> {
        let Set { directories, files, .. } = self.set;
        (0..directories).flat_map(move |dir| (0..files).map(move |file| PathBuf::from(format!("d{dir}/f{file}"))))
    }

    fn directories(&self) -> impl Iterator<Item = String> + use<> {
        (0..self.set.directories).map(|dir| format!("d{dir}"))
    }

    /// A tree of files, no two alike, and for each destination a manifest of them.
    fn sources(&self, name: &str) -> Result<PathBuf, String> {
        let top = self.room.dir().join(name);
        let pattern = self.room.random("pattern", self.set.bytes)?;
        let make = || {
            let mut bytes = fs::read(&pattern)?;
            for dir in self.directories() {
                fs::create_dir_all(top.join(dir))?;
            }
            let mut manifest = String::new();
            for (at, file) in self.names().enumerate() {
                bytes[..4].copy_from_slice(&(at as u32).to_le_bytes());
                bytes[4] = name.as_bytes()[0];
                fs::write(top.join(&file), &bytes)?;
                let to = self.dest("swapbin apply MANIFEST").join(&file);
                manifest += &format!("[[swap]]\nfrom = '{}'\nto = '{}'\n", top.join(&file).display(), to.display());
            }
            fs::write(top.with_extension("toml"), manifest)?;
            fs::remove_file(&pattern)
        };
        make().map_err(|error: std::io::Error| format!("{}: {error}", top.display()))?;
        Ok(top)
    }

    /// Where a contender deploys.
    fn dest(&self, name: &str) -> PathBuf {
        self.room.dir().join(format!("to-{}", name.replace([' ', ','], "-")))
    }

    fn empty(&self, contenders: &[Contender<'_>]) -> Result<(), String> {
        for contender in contenders {
            let dest = self.dest(contender.name);
            let _ = fs::remove_dir_all(&dest);
            let mut made = self.directories().map(|dir| fs::create_dir_all(dest.join(dir)));
            made.try_for_each(|made| made).map_err(|error| format!("{}: {error}", dest.display()))?;
        }
        Ok(())
    }

    fn contenders(&self) -> Vec<Contender<'_>> {
        let state = self.room.dir().join("state");
        let swapbin = move |words: Argv| {
            let mut all = argv([self.setting.swapbin.as_os_str()]);
            all.extend(words);
            all.extend(argv(["--state-dir".as_ref(), state.as_os_str()]));
            vec![all]
        };
        let many = self.set.directories > 3;
        let mut all = Vec::new();
        let ours = swapbin.clone();
        match many {
            true => {
                let dest = self.dest("swapbin apply --tree");
                let tree = move |source: &Path| {
                    let words = ["apply".as_ref(), "--tree".as_ref(), source.as_os_str(), "--to".as_ref(), dest.as_os_str()];
                    ours(argv(words))
                };
                all.push(contender("swapbin apply --tree", Box::new(tree)));
                let manifest = move |source: &Path| swapbin(argv(["apply".as_ref(), source.with_extension("toml").as_os_str()]));
                all.push(contender("swapbin apply MANIFEST", Box::new(manifest)));
            }
            false => {
                let dest = self.dest("swapbin --from --to");
                let groups = move |source: &Path| {
                    let mut words = Argv::new();
                    for file in self.names() {
                        let (from, to) = (source.join(&file), dest.join(&file));
                        words.extend(argv(["--from".as_ref(), from.as_os_str(), "--to".as_ref(), to.as_os_str()]));
                    }
                    ours(words)
                };
                all.push(contender("swapbin --from --to", Box::new(groups)));
            }
        }
        let dest = self.dest("install, sync -f");
        let install = move |source: &Path| {
            let call = |dir: String| {
                let mut words = argv(["install", "-t"]);
                words.push(dest.join(&dir).into());
                words.extend((0..self.set.files).map(|file| source.join(&dir).join(format!("f{file}")).into()));
                words
            };
            self.directories().map(call).chain([argv(["sync".as_ref(), "-f".as_ref(), dest.as_os_str()])]).collect()
        };
        all.push(contender("install, sync -f", Box::new(install)));
        if find("rsync").is_some() {
            let dest = self.dest(RSYNC);
            let rsync = move |source: &Path| {
                let mut words = argv(RSYNC.split(' '));
                words.extend([source.join("").into(), dest.join("").into()]);
                vec![words]
            };
            all.push(contender(RSYNC, Box::new(rsync)));
        }
        all
    }

    /// Flushes of the loop device that the room is on; `None` if it is on none.
    fn flushes(&self, contender: &Contender<'_>, source: &Path) -> Result<Option<u64>, String> {
        let Some(counter) = self.room.flush_counter() else { return Ok(None) };
        self.setting.scratch.settle()?;
        let before = counter()?;
        contender.run(source, &self.setting.scratch.dir().join("stderr"))?;
        Ok(Some(counter()? - before))
    }

    /// Microseconds from before the first rename to after the last, as the program says.
    fn window(&self, contender: &Contender<'_>, source: &Path) -> Result<u64, String> {
        self.setting.scratch.settle()?;
        let steps = (contender.steps)(source);
        let output = Command::new(&steps[0][0]).args(&steps[0][1..]).arg("--json").output();
        let output = output.map_err(|error| format!("{}: {error}", contender.name))?;
        let object: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        let window = object["ms"]["window"].as_f64().ok_or_else(|| format!("no window: {}", object["error"]))?;
        Ok((window * 1e3) as u64)
    }

    /// Whether everybody has done all of it.
    fn check(&self, contenders: &[Contender<'_>]) -> Result<(), String> {
        for contender in contenders {
            for (at, name) in self.names().enumerate() {
                let path = self.dest(contender.name).join(name);
                let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                if bytes.len() as u64 != self.set.bytes || bytes[..4] != (at as u32).to_le_bytes() {
                    return Err(format!("{} made {} wrong", contender.name, path.display()));
                }
            }
        }
        Ok(())
    }
}
