//! The one directory that is written to, and filesystems of our own in it.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::FlockOperation;

use crate::process;

/// A directory that is emptied before and removed after. Its name is always the same, so that what a killed run left goes
/// with the next one.
pub struct Scratch {
    dir: PathBuf,
    /// Its parent, locked, so that two runs neither share the directory nor disturb each other's times.
    _lock: File,
}

impl Scratch {
    /// # Errors
    /// It cannot be made, or another run has it.
    pub fn take() -> Result<Scratch, String> {
        let parent = std::env::var_os("SWAPBIN_BENCH_DIR").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
        let parent = std::fs::canonicalize(&parent).map_err(|error| format!("{}: {error}", parent.display()))?;
        let dir = parent.join("swapbin-bench");
        let make = || {
            let lock = File::open(&parent)?;
            rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
            let _ = std::fs::remove_dir_all(&dir);
            std::fs::create_dir(&dir)?;
            std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755))?;
            Ok(lock)
        };
        let lock = make().map_err(|error: std::io::Error| format!("{}: {error}", dir.display()))?;
        Ok(Scratch { dir, _lock: lock })
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A new directory for one row, removed when it is dropped: the next row shall have the room.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn room(&self, name: &str) -> Result<Room, String> {
        let dir = self.dir.join(name);
        std::fs::create_dir(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        Ok(Room { dir, mounted: false, image: None })
    }

    /// A new directory in memory, for what shall not wait for a disk.
    ///
    /// # Errors
    /// There is no /dev/shm to write to.
    pub fn in_memory(&self) -> Result<Room, String> {
        let dir = PathBuf::from(format!("/dev/shm/swapbin-bench.{}", std::process::id()));
        std::fs::create_dir(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        Ok(Room { dir, mounted: false, image: None })
    }

    /// A new filesystem in a file, mounted while the room is there; `Err` says why not.
    pub fn filesystem(&self, kind: &str, bytes: u64) -> Result<Room, String> {
        let mkfs = process::find(&format!("mkfs.{kind}")).ok_or_else(|| format!("mkfs.{kind} is not installed"))?;
        let image = self.dir.join(format!("{kind}.image"));
        let sized = File::create(&image).and_then(|file| file.set_len(bytes));
        sized.map_err(|error| format!("{}: {error}", image.display()))?;
        let mut room = self.room(kind)?;
        room.image = Some(image.clone());
        must(Command::new(mkfs).arg("-q").arg(&image))?;
        must(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&room.dir))?;
        room.mounted = true;
        Ok(room)
    }

    /// Waits until everything written so far is on the disk, also what a contender left unsynced on a filesystem of our own, and
    /// what that one wrote to its file.
    ///
    /// # Errors
    /// Of syncfs(2).
    pub fn settle(&self) -> Result<(), String> {
        rustix::fs::sync();
        let synced = File::open(&self.dir).and_then(|dir| Ok(rustix::fs::syncfs(dir)?));
        synced.map_err(|error| format!("{}: {error}", self.dir.display()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// The directory of one row.
pub struct Room {
    dir: PathBuf,
    mounted: bool,
    image: Option<PathBuf>,
}

impl Room {
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What tells how often the disk was flushed, if the room is a filesystem of its own: on a loop device nobody else uses.
    pub fn flush_counter(&self) -> Option<impl Fn() -> Result<u64, String> + use<>> {
        if !self.mounted {
            return None;
        }
        let found = Command::new("findmnt").args(["--noheadings", "--output", "SOURCE", "--mountpoint"]).arg(&self.dir).output();
        let source = String::from_utf8(found.ok()?.stdout).ok()?;
        let statistics = Path::new("/sys/block").join(source.trim().strip_prefix("/dev/")?).join("stat");
        // Flush requests are the 16th number, Documentation/block/stat.rst of the kernel.
        let count = move || {
            let text = std::fs::read_to_string(&statistics).map_err(|error| format!("{}: {error}", statistics.display()))?;
            let number = text.split_ascii_whitespace().nth(15).and_then(|number| number.parse().ok());
            number.ok_or_else(|| format!("{}: no flushes are counted", statistics.display()))
        };
        count().is_ok().then_some(count)
    }

    /// A file of random bytes, on the disk.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn random(&self, name: &str, bytes: u64) -> Result<PathBuf, String> {
        let path = self.dir.join(name);
        let write = || {
            let mut file = File::create(&path)?;
            // xorshift64*: no disk or filesystem finds anything to compress in it.
            let mut state = bytes ^ 0x9e37_79b9_7f4a_7c15 ^ name.bytes().map(u64::from).sum::<u64>();
            let mut chunk = [0u8; 64 << 10];
            let mut left = bytes as usize;
            while left > 0 {
                for word in chunk.chunks_exact_mut(8) {
                    state ^= state >> 12;
                    state ^= state << 25;
                    state ^= state >> 27;
                    word.copy_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
                }
                let length = left.min(chunk.len());
                file.write_all(&chunk[..length])?;
                left -= length;
            }
            file.sync_all()
        };
        write().map_err(|error: std::io::Error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

/// Makes a large file's content another one.
///
/// # Errors
/// It cannot be written.
pub fn stamp(path: &Path, turn: usize) -> Result<(), String> {
    let write = || {
        let file = File::options().write(true).open(path)?;
        file.write_all_at(&(turn as u64).to_le_bytes(), 0)?;
        file.sync_all()
    };
    write().map_err(|error: std::io::Error| format!("{}: {error}", path.display()))
}

/// Gives a file the mode of a program.
///
/// # Errors
/// Of chmod(2).
pub fn executable(path: &Path) -> Result<(), String> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).map_err(|error| format!("{}: {error}", path.display()))
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.mounted {
            // The loop device frees itself with the mount. If somebody still holds that, the namespace ends it.
            let _ = Command::new("umount").arg(&self.dir).status();
        }
        let _ = std::fs::remove_dir_all(&self.dir);
        if let Some(image) = &self.image {
            let _ = std::fs::remove_file(image);
        }
    }
}

fn must(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
