//! Killed in the middle, this program leaves no process, mount or loop device behind.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{lane, sys};

/// Far longer than it takes.
const LONG: Duration = Duration::from_secs(30);

/// Starts this program once more, kills it when its disks are in use, and looks what is left.
///
/// # Errors
/// What is left, or why it could not be tried.
pub fn check() -> Result<(), String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(own);
    command.args(["ext4", "swap", "steps", "--states", "1000000", "--caught", "0", "--jobs", "1"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = sys::die_with_parent(&mut command).spawn().map_err(|error| error.to_string())?;
    let mark = lane::mark(child.id());
    let mounted = wait_until(|| processes(&mark).iter().any(|process| has_disk(process, &mark)));
    let loops = loops(&mark);
    end(&mut child);
    if !mounted || loops.is_empty() {
        return Err("the program that is to be killed does not come to mount anything".to_owned());
    }
    let left = || loops.iter().filter(|(device, sequence)| attached(device).as_ref() == Some(sequence)).collect::<Vec<_>>();
    match wait_until(|| left().is_empty() && processes(&mark).is_empty()) {
        true => Ok(()),
        false => Err(format!("loop devices {:?} and processes {:?} are left", left(), processes(&mark))),
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn wait_until(mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + LONG;
    while Instant::now() < deadline {
        if done() {
            return true;
        }
        thread::sleep(Duration::from_millis(2));
    }
    false
}

/// Loop devices on files below a directory with this name, and how each is attached.
fn loops(mark: &str) -> Vec<(String, String)> {
    let of_ours = |device: &Path| fs::read_to_string(device.join("loop/backing_file")).is_ok_and(|file| file.contains(mark));
    let devices = below("/sys/block", of_ours).into_iter();
    devices.filter_map(|device| attached(&device).map(|sequence| (device, sequence))).collect()
}

/// A number that every new use of a block device gets, where this loop device has a file. The file's path tells less: it is
/// another one once its mount is gone.
fn attached(device: &str) -> Option<String> {
    let device = Path::new("/sys/block").join(device);
    fs::metadata(device.join("loop/backing_file")).ok()?;
    fs::read_to_string(device.join("diskseq")).ok()
}

/// Processes with such a directory among their arguments.
fn processes(mark: &str) -> Vec<String> {
    below("/proc", |process| fs::read(process.join("cmdline")).is_ok_and(|words| String::from_utf8_lossy(&words).contains(mark)))
}

fn has_disk(process: &str, mark: &str) -> bool {
    let mounts = fs::read_to_string(format!("/proc/{process}/mounts")).unwrap_or_default();
    mounts.lines().any(|mount| mount.starts_with("/dev/loop") && mount.contains(mark))
}

fn below(directory: &str, wanted: impl Fn(&Path) -> bool) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter(|entry| wanted(&entry.path())).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
