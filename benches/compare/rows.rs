//! The rows: which work, who does it, and what is aimed at.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::measure::{Contender, Measured, in_turns, mebibytes, target};
use crate::process::{Argv, argv, find};
use crate::scratch::{Room, Scratch, executable, stamp};
use crate::server::Server;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Names in a full directory, about as many as in /usr/bin.
const CROWD: usize = 2000;

/// A flush faster than this leaves the start of a process as the main cost of a small swap.
const FAST_FLUSH: Duration = Duration::from_micros(300);

/// What every row needs.
pub struct Setting {
    pub swapbin: PathBuf,
    /// Whether what is mounted goes with this program.
    pub mounts: bool,
    pub iterations: usize,
    pub flush: Duration,
    pub scratch: Scratch,
}

/// One table.
pub struct Row {
    pub name: &'static str,
    pub what: &'static str,
    pub iterations: usize,
    pub run: fn(&Setting) -> Result<Outcome, String>,
}

/// How a row ended, if nothing failed.
pub enum Outcome {
    Measured,
    /// Something is not here, and this is what.
    Skipped(String),
}

impl Setting {
    fn swap(&self, source: &Path, dest: &Path) -> Argv {
        argv([self.swapbin.as_os_str(), "--from".as_ref(), source.as_os_str(), "--to".as_ref(), dest.as_os_str()])
    }

    fn swapbin_to<'a>(&'a self, dest: &Path) -> Contender<'a> {
        let dest = dest.to_owned();
        Contender {
            name: "swapbin",
            reads: None,
            makes: Some(dest.clone()),
            steps: Box::new(move |source| vec![self.swap(source, &dest)]),
        }
    }
}

/// `cp` (or what `copy` says) to the target, and `sync` of it.
fn copy_and_sync<'a>(name: &'static str, copy: &'static [&'static str], dest: PathBuf) -> Contender<'a> {
    let makes = Some(dest.clone());
    let steps = move |source: &Path| {
        let mut copied = argv(copy);
        copied.extend([source.into(), dest.clone().into()]);
        vec![copied, argv(["sync".as_ref(), dest.as_os_str()])]
    };
    Contender { name, reads: None, makes, steps: Box::new(steps) }
}

fn memory_target(swapbin: &Measured) {
    target("at most 16 MiB of memory", mebibytes(swapbin.peak_kib()), swapbin.peak_kib() <= 16 * KIB);
}

/// Process start, and a run that changes nothing.
pub fn startup(setting: &Setting) -> Result<Outcome, String> {
    let room = setting.scratch.room("startup")?;
    let source = room.random("source", 100 * KIB)?;
    let dest = room.dir().join("dest");
    std::fs::copy(&source, &dest).map_err(|error| error.to_string())?;
    executable(&dest)?;
    let fixed =
        |name, steps: Vec<Argv>| Contender { name, reads: None, makes: None, steps: Box::new(move |_: &Path| steps.clone()) };
    let version = |program: &str| vec![argv([program, "--version"])];
    let contenders = [
        fixed("swapbin --version", vec![argv([setting.swapbin.as_os_str(), "--version".as_ref()])]),
        fixed("swapbin, unchanged", vec![setting.swap(&source, &dest)]),
        fixed("install --version", version("install")),
        fixed("true", vec![argv(["true"])]),
    ];
    in_turns(setting, &contenders, &|_| Ok(source.clone()))?;
    Ok(Outcome::Measured)
}

/// The small file: what the calls and the processes around it cost. On the disk, and in memory, where syncs cost nothing.
pub fn small(setting: &Setting) -> Result<Outcome, String> {
    small_in(setting, &setting.scratch.room("small")?, setting.flush)?;
    match setting.scratch.in_memory() {
        Ok(room) => {
            println!("  in memory ({}):", room.dir().display());
            small_in(setting, &room, crate::machine::flush_time(room.dir())?)?;
        }
        Err(why) => println!("  in memory: skipped: {why}"),
    }
    Ok(Outcome::Measured)
}

fn small_in(setting: &Setting, room: &Room, flush: Duration) -> Result<(), String> {
    let sources = [room.random("a", 100 * KIB)?, room.random("b", 100 * KIB)?];
    let at = |name: &str| -> Result<PathBuf, String> {
        // A directory for each, so that none syncs another's names.
        let dir = room.dir().join(name);
        std::fs::create_dir(&dir)
            .and_then(|()| std::fs::copy(&sources[1], dir.join("app")))
            .map_err(|error| error.to_string())?;
        executable(&dir.join("app"))?;
        Ok(dir.join("app"))
    };
    let (installed, by_steps, by_shell) = (at("install")?, at("recipe")?, at("shell")?);
    // Every run looks for what killed ones left in the directory: what do many names there cost?
    let crowded = at("crowd")?;
    for number in 0..CROWD {
        let name = crowded.with_file_name(format!("neighbour-{number}"));
        std::fs::File::create(&name).map_err(|error| format!("{}: {error}", name.display()))?;
    }
    // What the others do: none of them can bring the replaced version back.
    let none_kept = at("none-kept")?;
    let keeping_none = |source: &Path| vec![[setting.swap(source, &none_kept), argv(["--keep", "0"])].concat()];
    let contenders = [
        setting.swapbin_to(&at("swapbin")?),
        Contender { name: "swapbin --keep 0", steps: Box::new(keeping_none), ..setting.swapbin_to(&none_kept) },
        Contender { name: "swapbin beside 2000 files", ..setting.swapbin_to(&crowded) },
        install(installed),
        durable_recipe("cp, sync, mv, sync", by_steps, false),
        durable_recipe("the same by sh -c", by_shell, true),
    ];
    let all = in_turns(setting, &contenders, &|turn| Ok(sources[turn % 2].clone()))?;
    let (install, recipe) = (&all[3], &all[4]);
    for (name, swapbin) in [("swapbin", &all[0]), ("swapbin --keep 0", &all[1])] {
        let faster = recipe.median() / swapbin.median();
        target(&format!("{name}: at least 2 times faster than cp, sync, mv, sync"), format!("{faster:.2}"), faster >= 2.0);
        if flush < FAST_FLUSH {
            let slower = swapbin.median() / install.median();
            let what = format!("{name}: where a flush takes under 0.3 ms, at most 1.5 times install");
            target(&what, format!("{slower:.2}"), slower <= 1.5);
        }
        if let (Some(ours), Some(theirs)) = (swapbin.syncs, recipe.syncs) {
            let what = format!("{name}: no more syncs than cp, sync, mv, sync");
            target(&what, format!("{ours} to {theirs}"), ours <= theirs);
        }
    }
    Ok(())
}

fn install<'a>(dest: PathBuf) -> Contender<'a> {
    let makes = Some(dest.clone());
    let steps = move |source: &Path| vec![argv(["install".as_ref(), source.as_os_str(), dest.as_os_str()])];
    Contender { name: "install, not durable", reads: None, makes, steps: Box::new(steps) }
}

/// What a careful script does.
fn durable_recipe<'a>(name: &'static str, dest: PathBuf, by_shell: bool) -> Contender<'a> {
    const SCRIPT: &str = r#"cp "$1" "$2" && sync "$2" && mv -T "$2" "$3" && sync "$4""#;
    let makes = Some(dest.clone());
    let dir = dest.parent().expect("a file of the room").to_owned();
    let tmp = dir.join("tmp");
    let steps = move |source: &Path| {
        if by_shell {
            let mut words = argv(["sh", "-c", SCRIPT, "recipe"]);
            words.extend([source.into(), tmp.clone().into(), dest.clone().into(), dir.clone().into()]);
            return vec![words];
        }
        vec![
            argv(["cp".as_ref(), source.as_os_str(), tmp.as_os_str()]),
            argv(["sync".as_ref(), tmp.as_os_str()]),
            argv(["mv".as_ref(), "-T".as_ref(), tmp.as_os_str(), dest.as_os_str()]),
            argv(["sync".as_ref(), dir.as_os_str()]),
        ]
    };
    Contender { name, reads: None, makes, steps: Box::new(steps) }
}

/// The large file: what a byte costs.
pub fn large(setting: &Setting) -> Result<Outcome, String> {
    let room = setting.scratch.room("large")?;
    let source = room.random("source", 512 * MIB)?;
    let contenders =
        [setting.swapbin_to(&room.dir().join("by-swapbin")), copy_and_sync("cp, sync", &["cp"], room.dir().join("by-cp"))];
    let all = in_turns(setting, &contenders, &|turn| stamp(&source, turn).map(|()| source.clone()))?;
    let slower = all[0].median() / all[1].median();
    target("at most 1.1 times cp, sync", format!("{slower:.2}"), slower <= 1.1);
    memory_target(&all[0]);
    Ok(Outcome::Measured)
}

/// Files that share their blocks: time must not depend on size.
pub fn reflink(setting: &Setting) -> Result<Outcome, String> {
    if !setting.mounts {
        return Ok(Outcome::Skipped("only root can mount, in a mount namespace of its own (unshare)".to_owned()));
    }
    let mut measured = false;
    for kind in ["btrfs", "xfs"] {
        match setting.scratch.filesystem(kind, 2048 * MIB) {
            Ok(room) => reflink_on(setting, kind, &room)?,
            Err(why) => {
                println!("  {kind} skipped: {why}");
                continue;
            }
        }
        measured = true;
    }
    Ok(if measured { Outcome::Measured } else { Outcome::Skipped("no filesystem to try it on".to_owned()) })
}

fn reflink_on(setting: &Setting, kind: &str, room: &Room) -> Result<(), String> {
    println!("  {kind}, {:.3} ms per flush:", crate::machine::flush_time(room.dir())?.as_secs_f64() * 1e3);
    let (small, large) = (room.random("small", 64 * MIB)?, room.random("large", 512 * MIB)?);
    let at = |name: &str| room.dir().join(name);
    let cp = &["cp", "--reflink=always"];
    let swap = |name, reads: &Path, dest| Contender { name, reads: Some(reads.to_owned()), ..setting.swapbin_to(&at(dest)) };
    let copy = |name, reads: &Path, dest| Contender { reads: Some(reads.to_owned()), ..copy_and_sync(name, cp, at(dest)) };
    let contenders = [
        swap("swapbin, 64 MiB", &small, "swapped-64"),
        swap("swapbin, 512 MiB", &large, "swapped-512"),
        copy("cp --reflink=always, sync, 64 MiB", &small, "copied-64"),
        copy("cp --reflink=always, sync, 512 MiB", &large, "copied-512"),
    ];
    let stamped = |turn| stamp(&small, turn).and_then(|()| stamp(&large, turn)).map(|()| small.clone());
    let all = in_turns(setting, &contenders, &stamped)?;
    // Eight times the bytes; a copy would take about eight times as long.
    let growth = all[1].median() / all[0].median();
    target("constant time: 512 MiB takes at most 1.5 times as long as 64", format!("{growth:.2}"), growth <= 1.5);
    memory_target(&all[1]);
    Ok(())
}

/// From an address, verified.
pub fn http(setting: &Setting) -> Result<Outcome, String> {
    if find("curl").is_none() {
        return Ok(Outcome::Skipped("curl is not installed".to_owned()));
    }
    let room = setting.scratch.room("http")?;
    let sources = [room.random("a", 64 * MIB)?, room.random("b", 64 * MIB)?];
    let digests = [digest(&sources[0])?, digest(&sources[1])?];
    let digest_of = |source: &Path| digests[usize::from(source == sources[1])].clone();
    let server = Server::start(room.dir())?;
    let url = |source: &Path| server.url(&source.file_name().expect("a file of the room").to_string_lossy());
    let tmp = room.dir().join("tmp");
    for source in &sources {
        let line = format!("{}  {}\n", digest_of(source), tmp.display());
        std::fs::write(source.with_extension("sum"), line).map_err(|error| error.to_string())?;
    }

    let swapped = room.dir().join("by-swapbin");
    let swapbin = |source: &Path| {
        let mut words = argv([setting.swapbin.as_os_str(), "--from".as_ref(), url(source).as_ref(), "--sha256".as_ref()]);
        words.extend([digest_of(source).into(), "--to".into(), swapped.clone().into()]);
        vec![words]
    };
    let installed = room.dir().join("by-curl");
    let fetch_check_install = |source: &Path| {
        vec![
            argv(["curl".as_ref(), "-fsS".as_ref(), "-o".as_ref(), tmp.as_os_str(), url(source).as_ref()]),
            argv(["sha256sum".as_ref(), "--check".as_ref(), "--status".as_ref(), source.with_extension("sum").as_os_str()]),
            argv(["install".as_ref(), tmp.as_os_str(), installed.as_os_str()]),
        ]
    };
    let durable = |source: &Path| {
        let mut steps = fetch_check_install(source);
        steps.push(argv(["sync".as_ref(), installed.as_os_str()]));
        steps.push(argv(["sync".as_ref(), room.dir().as_os_str()]));
        steps
    };
    let piped = room.dir().join("by-pipe");
    // Fetched and hashed at the same time, as swapbin does.
    let script = r#"test "$(curl -fsS "$1" | tee "$2" | sha256sum)" = "$3  -" && install "$2" "$4" && sync "$4" && sync "$5""#;
    let pipe = |source: &Path| {
        let mut words = argv(["sh", "-c", script, "pipe", &url(source)]);
        words.extend([tmp.clone().into(), digest_of(source).into(), piped.clone().into(), room.dir().into()]);
        vec![words]
    };
    let contenders = [
        Contender { name: "swapbin --sha256", reads: None, makes: Some(swapped.clone()), steps: Box::new(swapbin) },
        Contender {
            name: "curl, sha256sum, install",
            reads: None,
            makes: Some(installed.clone()),
            steps: Box::new(fetch_check_install),
        },
        Contender { name: "the same, sync, sync", reads: None, makes: Some(installed.clone()), steps: Box::new(durable) },
        Contender {
            name: "curl | tee | sha256sum, install, sync, sync",
            reads: None,
            makes: Some(piped.clone()),
            steps: Box::new(pipe),
        },
    ];
    let all = in_turns(setting, &contenders, &|turn| Ok(sources[turn % 2].clone()))?;
    memory_target(&all[0]);
    Ok(Outcome::Measured)
}

/// A file's SHA-256 digest, by sha256sum(1).
fn digest(path: &Path) -> Result<String, String> {
    let output = Command::new("sha256sum").arg(path).output().map_err(|error| format!("sha256sum: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.split(' ').next().map(str::to_owned).filter(|hex| hex.len() == 64).ok_or_else(|| "sha256sum said no digest".to_owned())
}
