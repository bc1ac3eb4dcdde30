//! Bringing back a program that was deleted while it runs.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::measure::{Contender, in_turns, target};
use crate::process::{argv, find};
use crate::rows::{Outcome, Setting};
use crate::scratch::{Room, executable};

const MIB: u64 = 1 << 20;

/// A program that runs and has no name any more; ended when it is dropped.
struct Lost {
    child: Child,
}

impl Lost {
    /// `sleep`, made longer by what it does not need.
    fn start(room: &Room, name: &str, bytes: u64) -> Result<Lost, String> {
        let sleep = find("sleep").ok_or("sleep is not installed")?;
        let path = room.random(name, bytes)?;
        let error = |error: std::io::Error| format!("{}: {error}", path.display());
        let program = std::fs::read(sleep).map_err(error)?;
        let file = std::fs::File::options().write(true).open(&path).map_err(error)?;
        std::os::unix::fs::FileExt::write_all_at(&file, &program, 0).and_then(|()| file.sync_all()).map_err(error)?;
        drop(file);
        executable(&path)?;
        let mut command = Command::new(&path);
        // With another argv[0] some of them are other programs.
        command.arg0("sleep").arg("infinity").stdin(Stdio::null()).stdout(Stdio::null());
        let lost = Lost { child: command.spawn().map_err(error)? };
        std::fs::remove_file(&path).map_err(error)?;
        Ok(lost)
    }

    fn link(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/exe", self.child.id()))
    }

    fn rescued<'a>(&self, setting: &'a Setting, name: &'static str, dest: PathBuf) -> Contender<'a> {
        let pid = self.child.id().to_string();
        let makes = Some(dest.clone());
        let steps = move |_: &Path| {
            let words = ["rescue".as_ref(), "--pid".as_ref(), pid.as_ref(), "--to".as_ref(), dest.as_os_str()];
            vec![argv(std::iter::once(setting.swapbin.as_os_str()).chain(words))]
        };
        Contender { name, reads: Some(self.link()), makes, steps: Box::new(steps) }
    }

    fn copied<'a>(&self, name: &'static str, dest: PathBuf) -> Contender<'a> {
        let makes = Some(dest.clone());
        let steps = move |source: &Path| {
            vec![argv(["cp".as_ref(), source.as_os_str(), dest.as_os_str()]), argv(["sync".as_ref(), dest.as_os_str()])]
        };
        Contender { name, reads: Some(self.link()), makes, steps: Box::new(steps) }
    }
}

impl Drop for Lost {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// 512 MiB, against cp and sync; on filesystems that share blocks, against 64 MiB.
pub fn rescue(setting: &Setting) -> Result<Outcome, String> {
    let room = setting.scratch.room("rescue")?;
    let lost = Lost::start(&room, "program", 512 * MIB)?;
    let (ours, theirs) = (room.dir().join("by-swapbin"), room.dir().join("by-cp"));
    let contenders =
        [lost.rescued(setting, "swapbin rescue", ours.clone()), lost.copied("cp /proc/PID/exe, sync", theirs.clone())];
    let all = in_turns(setting, &contenders, &|_| gone(&[&ours, &theirs], &lost))?;
    let slower = all[0].median() / all[1].median();
    target("at most 1.1 times cp, sync", format!("{slower:.2}"), slower <= 1.1);
    drop((lost, room));
    for kind in ["btrfs", "xfs"] {
        if !setting.mounts {
            println!("  {kind} skipped: only root can mount, in a mount namespace of its own (unshare)");
            continue;
        }
        match setting.scratch.filesystem(kind, 2048 * MIB) {
            Ok(room) => sharing(setting, kind, &room)?,
            Err(why) => println!("  {kind} skipped: {why}"),
        }
    }
    Ok(Outcome::Measured)
}

fn sharing(setting: &Setting, kind: &str, room: &Room) -> Result<(), String> {
    println!("  {kind}:");
    let (small, large) = (Lost::start(room, "small", 64 * MIB)?, Lost::start(room, "large", 512 * MIB)?);
    let [of_small, of_large] = ["rescued-64", "rescued-512"].map(|name| room.dir().join(name));
    let contenders = [
        small.rescued(setting, "swapbin rescue, 64 MiB", of_small.clone()),
        large.rescued(setting, "swapbin rescue, 512 MiB", of_large.clone()),
    ];
    let all = in_turns(setting, &contenders, &|_| gone(&[&of_small, &of_large], &small))?;
    let growth = all[1].median() / all[0].median();
    target("constant time: 512 MiB takes at most 1.5 times as long as 64", format!("{growth:.2}"), growth <= 1.5);
    Ok(())
}

/// Removes what the turn before made: what is there already need not be brought back.
fn gone(made: &[&Path], lost: &Lost) -> Result<PathBuf, String> {
    for path in made {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(format!("{}: {error}", path.display())),
            _ => {}
        }
    }
    Ok(lost.link())
}
