//! What the numbers depend on: kernel, filesystem, processors, and how long one flush takes.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::measure::{mebibytes, middle};

/// Flushes measured.
const FLUSHES: usize = 100;

/// Prints the facts.
pub fn print(dir: &Path, flush: Duration) {
    println!("kernel   {} {}", first_line("/proc/sys/kernel/osrelease"), std::env::consts::ARCH);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("cores    {cores} ({})", value_of("/proc/cpuinfo", "model name").unwrap_or_default());
    println!("disk     {} at {}", filesystem(dir), dir.display());
    println!("flush    {:.3} ms (median of {FLUSHES}: pwrite of 4 KiB and fsync, there)", flush.as_secs_f64() * 1e3);
}

/// How long it takes until 4 KiB are on the disk.
///
/// # Errors
/// The file cannot be written.
pub fn flush_time(dir: &Path) -> Result<Duration, String> {
    let path = dir.join("flush");
    let measure = || {
        let file = File::create(&path)?;
        let mut times = Vec::with_capacity(FLUSHES);
        for turn in 0..FLUSHES {
            let started = Instant::now();
            file.write_all_at(&[turn as u8; 4096], 0)?;
            file.sync_all()?;
            times.push(started.elapsed());
        }
        std::fs::remove_file(&path)?;
        Ok(middle(times.into_iter()))
    };
    measure().map_err(|error: std::io::Error| format!("{}: {error}", path.display()))
}

/// The most memory this program has used. A child begins as its image, and the kernel counts that as the child's.
pub fn own_peak() -> String {
    let peak = value_of("/proc/self/status", "VmHWM");
    peak.and_then(|value| value.split(' ').next()?.parse().ok()).map_or("peak".to_owned(), mebibytes)
}

fn filesystem(dir: &Path) -> String {
    let found = Command::new("findmnt").args(["--noheadings", "--output", "FSTYPE,SOURCE,OPTIONS", "--target"]).arg(dir).output();
    match found {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
        }
        _ => "filesystem unknown (no findmnt)".to_owned(),
    }
}

fn first_line(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

fn value_of(path: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
