//! Contenders in turns, and the table of what they took.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::{self, Argv, Cost};
use crate::rows::Setting;

/// The processes of the work, one after the other, for a source.
pub type Steps<'a> = Box<dyn Fn(&Path) -> Vec<Argv> + 'a>;

/// One way to do the work.
pub struct Contender<'a> {
    pub name: &'static str,
    /// Its own source, if it does not read that of the turn.
    pub reads: Option<PathBuf>,
    /// The file it makes, compared with the source after the first turn.
    pub makes: Option<PathBuf>,
    pub steps: Steps<'a>,
}

impl Contender<'_> {
    fn source<'a>(&'a self, of_turn: &'a Path) -> &'a Path {
        self.reads.as_deref().unwrap_or(of_turn)
    }

    /// Does the work once.
    ///
    /// # Errors
    /// The first process that fails, with what it said.
    pub fn run(&self, of_turn: &Path, errors: &Path) -> Result<Cost, String> {
        process::run(&(self.steps)(self.source(of_turn)), errors)
    }
}

/// What one contender took.
pub struct Measured {
    pub name: &'static str,
    costs: Vec<Cost>,
    /// Calls that wait for the disk, if strace could count them.
    pub syncs: Option<usize>,
}

impl Measured {
    /// The median of the time by the clock, in seconds.
    pub fn median(&self) -> f64 {
        middle(self.costs.iter().map(|cost| cost.wall)).as_secs_f64()
    }

    /// The largest of all turns.
    pub fn peak_kib(&self) -> u64 {
        self.costs.iter().map(|cost| cost.peak_kib).max().unwrap_or(0)
    }
}

/// Lets all contenders do the work in turns, and prints what they took. `source` gives the source of a turn: never the same
/// bytes twice in a row, so that nobody finds the work done already.
///
/// # Errors
/// A contender failed, or made a wrong file.
pub fn in_turns(
    setting: &Setting,
    contenders: &[Contender<'_>],
    source: &dyn Fn(usize) -> Result<PathBuf, String>,
) -> Result<Vec<Measured>, String> {
    let errors = setting.scratch.dir().join("stderr");
    // The first turn warms the caches and is checked; the second is counted.
    let first = source(0)?;
    for contender in contenders {
        contender.run(&first, &errors)?;
        match &contender.makes {
            Some(made) if !same(contender.source(&first), made).map_err(|error| format!("{}: {error}", made.display()))? => {
                return Err(format!("{} made {} wrong", contender.name, made.display()));
            }
            _ => {}
        }
    }
    let second = source(1)?;
    let count = |contender: &Contender| count_syncs(setting, &(contender.steps)(contender.source(&second)));
    let mut all: Vec<Measured> = contenders
        .iter()
        .map(|contender| Measured { name: contender.name, costs: Vec::new(), syncs: count(contender) })
        .collect();
    if all.iter().any(|measured| measured.syncs.is_none()) {
        println!("  syncs are not counted: strace is missing or may not trace");
    }
    for turn in 0..setting.iterations {
        let source = source(turn)?;
        for place in 0..contenders.len() {
            // Everybody comes first equally often.
            let place = (place + turn) % contenders.len();
            setting.scratch.settle()?;
            all[place].costs.push(contenders[place].run(&source, &errors)?);
        }
    }
    print(&all);
    Ok(all)
}

/// Prints a target and whether it was reached.
pub fn target(text: &str, value: impl std::fmt::Display, met: bool) {
    println!("  target: {text}: {value}, {}", if met { "met" } else { "MISSED" });
}

fn print(all: &[Measured]) {
    let width = all.iter().map(|measured| measured.name.len()).max().unwrap_or(0);
    let heads = ["median ms", "min ms", "ratio", "cpu ms", "faults", "peak", "syncs"];
    println!(
        "  {:width$} {:>10} {:>10} {:>7} {:>9} {:>7} {:>9} {:>6}",
        "", heads[0], heads[1], heads[2], heads[3], heads[4], heads[5], heads[6]
    );
    for measured in all {
        let milliseconds = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
        let costs = || measured.costs.iter();
        println!(
            "  {:width$} {:>10} {:>10} {:>7.2} {:>9} {:>7} {:>9} {:>6}",
            measured.name,
            milliseconds(middle(costs().map(|cost| cost.wall))),
            milliseconds(costs().map(|cost| cost.wall).min().unwrap_or_default()),
            measured.median() / all[0].median(),
            milliseconds(middle(costs().map(|cost| cost.cpu))),
            middle(costs().map(|cost| cost.faults)),
            mebibytes(measured.peak_kib()),
            measured.syncs.map_or("?".to_owned(), |syncs| syncs.to_string()),
        );
    }
}

/// An amount of memory in words.
pub fn mebibytes(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

/// The median, the upper one of two.
pub fn middle<T: Ord + Default>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    let at = values.len() / 2;
    values.into_iter().nth(at).unwrap_or_default()
}

/// Runs the steps once more under strace(1), and counts the calls that wait for the disk.
fn count_syncs(setting: &Setting, steps: &[Argv]) -> Option<usize> {
    let (log, errors) = (setting.scratch.dir().join("strace"), setting.scratch.dir().join("stderr"));
    let strace = process::find("strace")?;
    let mut calls = 0;
    for step in steps {
        let mut traced: Argv = vec![strace.clone().into(), "-f".into(), "-qq".into(), "-o".into(), log.clone().into()];
        traced.extend(["-e", "trace=fsync,fdatasync,syncfs,sync", "--"].map(OsString::from));
        traced.extend(step.iter().cloned());
        process::run(&[traced], &errors).ok()?;
        let text = std::fs::read_to_string(&log).ok()?;
        // A call that another process interrupts in the log is there twice: begun, and resumed.
        calls += text.lines().filter(|line| line.contains("sync") && !line.contains("resumed>")).count();
    }
    Some(calls)
}

/// Whether two files hold the same bytes.
fn same(a: &Path, b: &Path) -> std::io::Result<bool> {
    let (a, b) = (File::open(a)?, File::open(b)?);
    if a.metadata()?.len() != b.metadata()?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (BufReader::new(a), BufReader::new(b));
    let (mut from_a, mut from_b) = ([0; 8192], [0; 8192]);
    loop {
        let read = a.read(&mut from_a)?;
        b.read_exact(&mut from_b[..read])?;
        if read == 0 || from_a[..read] != from_b[..read] {
            return Ok(read == 0);
        }
    }
}
