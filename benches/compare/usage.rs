//! Who uses a file, and who runs what is no longer there, among two thousand processes.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::measure::{Contender, Measured, in_turns, mebibytes, target};
use crate::process::{Argv, argv, find};
use crate::rows::{Outcome, Setting};
use crate::scratch::executable;

/// How many processes stand by.
const PROCESSES: usize = 2000;

/// How many of them run or map what is asked for.
const FEW: usize = 10;

/// Libraries each of them maps, in four parts as the loader does: with what the program itself maps, about 85 mappings.
const LIBRARIES: usize = 17;

const PAGE: u64 = 4096;

/// Set in a copy of this program that is one of the processes, and leads others: how many.
const LEADS: &str = "SWAPBIN_BENCH_LEADS";

/// Who executes a program, and who maps a library: few of all processes.
pub fn who(setting: &Setting) -> Result<Outcome, String> {
    let room = setting.scratch.room("who")?;
    let _crowd = Crowd::start(room.dir())?;
    for (what, path) in [("a program", room.dir().join("few")), ("a library", room.dir().join("libfew"))] {
        println!("  {what}, used by {FEW}:");
        let mut contenders = vec![tolerant("swapbin who", argv([setting.swapbin.as_os_str(), "who".as_ref(), path.as_os_str()]))];
        contenders.extend(find("fuser").map(|fuser| tolerant("fuser", argv([fuser.as_os_str(), path.as_os_str()]))));
        contenders.extend(find("lsof").map(|lsof| tolerant("lsof", argv([lsof.as_os_str(), path.as_os_str()]))));
        let measured = in_turns(setting, &contenders, &|_| Ok(path.clone()))?;
        against(&measured, "fuser", 0.5);
        memory(&measured);
        let ours = pids(&argv([setting.swapbin.as_os_str(), "who".as_ref(), path.as_os_str()]));
        if let Some(fuser) = find("fuser") {
            differences(&ours, "fuser", &words(&argv([fuser.as_os_str(), path.as_os_str()])));
        }
        if let Some(lsof) = find("lsof") {
            differences(&ours, "lsof", &words(&argv([lsof.as_os_str(), "-t".as_ref(), path.as_os_str()])));
        }
    }
    Ok(Outcome::Measured)
}

/// Who runs or maps what was replaced or deleted.
pub fn stale(setting: &Setting) -> Result<Outcome, String> {
    let room = setting.scratch.room("stale")?;
    let _crowd = Crowd::start(room.dir())?;
    let error = |error: std::io::Error| error.to_string();
    // A program that is replaced, a library that is deleted, and a program that is moved away for another one to take its name.
    std::fs::copy(room.dir().join("many"), room.dir().join("new")).map_err(error)?;
    std::fs::rename(room.dir().join("new"), room.dir().join("few")).map_err(error)?;
    std::fs::remove_file(room.dir().join("libfew")).map_err(error)?;

    let ours = argv([setting.swapbin.as_os_str(), "stale".as_ref()]);
    let mut contenders = vec![tolerant("swapbin stale", ours.clone())];
    let lsof = find("lsof").map(|lsof| argv([lsof.as_os_str(), "+L1".as_ref()]));
    contenders.extend(lsof.clone().map(|lsof| tolerant("lsof +L1", lsof)));
    let needrestart = find("needrestart").map(|path| argv([path.as_os_str(), "-b".as_ref(), "-r".as_ref(), "l".as_ref()]));
    contenders.extend(needrestart.clone().map(|needrestart| tolerant("needrestart -b", needrestart)));
    let measured = in_turns(setting, &contenders, &|_| Ok(room.dir().join("few")))?;
    against(&measured, "lsof +L1", 0.5);
    against(&measured, "needrestart -b", 0.1);
    memory(&measured);
    if let Some(mut lsof) = lsof {
        lsof.push("-t".into());
        differences(&pids(&ours), "lsof +L1", &words(&lsof));
    }
    if let Some(needrestart) = needrestart {
        let text = output(&needrestart);
        println!(
            "  needrestart -b names {} services and no processes",
            text.lines().filter(|line| line.contains("-SVC:")).count()
        );
    }
    Ok(Outcome::Measured)
}

/// A contender whose exit status tells what it found, and is no failure.
fn tolerant<'a>(name: &'static str, command: Argv) -> Contender<'a> {
    let steps = move |_: &Path| {
        let mut step = argv(["sh", "-c", "\"$@\"; :", "sh"]);
        step.extend(command.iter().cloned());
        vec![step]
    };
    Contender { name, reads: None, makes: None, steps: Box::new(steps) }
}

fn against(measured: &[Measured], name: &str, wanted: f64) {
    let Some(other) = measured.iter().find(|one| one.name == name) else {
        println!("  target: at most {wanted} of the time of {name}: not measured, it is not installed");
        return;
    };
    let ratio = measured[0].median() / other.median();
    target(&format!("at most {wanted} of the time of {name}"), format!("{ratio:.2}"), ratio <= wanted);
}

fn memory(measured: &[Measured]) {
    let peak = measured[0].peak_kib();
    target("at most 20 MiB of memory", mebibytes(peak), peak <= 20 << 10);
}

fn output(command: &Argv) -> String {
    let output = Command::new(&command[0]).args(&command[1..]).stdin(Stdio::null()).stderr(Stdio::null()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// The first column.
fn pids(command: &Argv) -> BTreeSet<u32> {
    output(command).lines().filter_map(|line| line.split('\t').next()?.parse().ok()).collect()
}

/// Pids between blanks.
fn words(command: &Argv) -> BTreeSet<u32> {
    output(command).split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Prints whom only one of two has found, by their commands.
fn differences(ours: &BTreeSet<u32>, name: &str, theirs: &BTreeSet<u32>) {
    let commands = |pids: Vec<&u32>| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for pid in pids {
            let command = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_else(|_| "ended".to_owned());
            *counts.entry(command.trim().escape_debug().to_string()).or_default() += 1;
        }
        let all: Vec<String> = counts.into_iter().map(|(command, count)| format!("{count} {command}")).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    };
    println!("  found: swapbin {}, {name} {}", ours.len(), theirs.len());
    println!("    only by swapbin: {}", commands(ours.difference(theirs).collect()));
    println!("    only by {name}: {}", commands(theirs.difference(ours).collect()));
}

/// The processes; they end with this.
struct Crowd {
    leaders: Vec<Child>,
}

impl Crowd {
    fn start(dir: &Path) -> Result<Crowd, String> {
        let error = |error: std::io::Error| error.to_string();
        let program = std::env::current_exe().map_err(error)?;
        for name in ["many", "few"] {
            std::fs::copy(&program, dir.join(name)).map_err(error)?;
            executable(&dir.join(name))?;
        }
        let libraries: Vec<PathBuf> = (0..LIBRARIES).map(|number| dir.join(format!("lib{number}"))).collect();
        let few = dir.join("libfew");
        for library in libraries.iter().chain([&few]) {
            std::fs::write(library, vec![0; 4 * PAGE as usize]).map_err(error)?;
        }
        let mut crowd = Crowd { leaders: Vec::new() };
        crowd.lead(&dir.join("many"), PROCESSES - FEW, &libraries)?;
        let mapped: Vec<PathBuf> = libraries.into_iter().skip(1).chain([few]).collect();
        crowd.lead(&dir.join("few"), FEW, &mapped)?;
        Ok(crowd)
    }

    fn lead(&mut self, program: &Path, count: usize, libraries: &[PathBuf]) -> Result<(), String> {
        let mut command = Command::new(program);
        command.args(libraries).env(LEADS, count.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        self.leaders.push(command.spawn().map_err(|error| format!("{}: {error}", program.display()))?);
        let leader = self.leaders.last_mut().expect("one was just added");
        let mut line = String::new();
        BufReader::new(leader.stdout.take().expect("a pipe")).read_line(&mut line).map_err(|error| error.to_string())?;
        if line == "ready\n" { Ok(()) } else { Err(format!("{} does not stand", program.display())) }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for leader in &mut self.leaders {
            // All of them end with its standard input.
            drop(leader.stdin.take());
            let _ = leader.wait();
        }
    }
}

/// Stands by, if this program was started for that: maps the files named, starts the others, and waits for the end of its input.
pub fn stand_by() -> bool {
    let Some(count) = std::env::var(LEADS).ok().and_then(|count| count.parse::<usize>().ok()) else { return false };
    let files: Vec<OsString> = std::env::args_os().skip(1).collect();
    files.iter().for_each(|file| map(Path::new(file)));
    let is_leader = fork(count.saturating_sub(1));
    if is_leader {
        let _ = std::io::stdout().write_all(b"ready\n").and_then(|()| std::io::stdout().flush());
    }
    // Whoever comes first: nobody writes to it.
    let _ = std::io::stdin().read(&mut [0]);
    true
}

/// Maps a file in four parts, as the loader maps a library, and leaves it mapped.
#[allow(unsafe_code)]
fn map(path: &Path) {
    let Ok(file) = std::fs::File::open(path) else { return };
    let parts = [libc::PROT_READ, libc::PROT_READ | libc::PROT_EXEC, libc::PROT_READ, libc::PROT_READ | libc::PROT_WRITE];
    for (at, protection) in parts.into_iter().enumerate() {
        let (length, offset) = (PAGE as usize, (at as u64 * PAGE) as libc::off_t);
        // SAFETY: a new private mapping at an address the kernel chooses; nobody reads or writes it.
        unsafe { libc::mmap(std::ptr::null_mut(), length, protection, libc::MAP_PRIVATE, file.as_raw_fd(), offset) };
    }
}

/// Starts so many copies of this process, which has one thread; says whether this is still the first.
#[allow(unsafe_code)]
fn fork(count: usize) -> bool {
    // SAFETY: there is one thread; the copies only wait and end. That nobody asks for their status is the kernel's to settle.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_IGN);
        for _ in 0..count {
            if libc::fork() == 0 {
                return false;
            }
        }
    }
    true
}
