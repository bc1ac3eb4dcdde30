//! An overlay: there a lease is granted though a library is mapped, so that all processes have to be looked at.

use std::path::PathBuf;
use std::process::Command;

use super::library;
use crate::support::{Fixture, Namespace, Scratch, before_exec, require_mounts, require_program, swapbin};

/// An overlay at `merged`, with a library and a file in its lower layer.
struct Overlay {
    scratch: Scratch,
    namespace: Namespace,
}

impl Overlay {
    fn new() -> Option<Overlay> {
        if !require_mounts() {
            return None;
        }
        let scratch = Scratch::new();
        let lower = scratch.directory("lower");
        library(&scratch, "lower/plugin.so")?;
        scratch.file("lower/data", vec![b'd'; 50_000]);
        scratch.file("new", vec![0xcc; 100]);
        let merged = scratch.directory("merged");
        let namespace = Namespace::new();
        namespace.overlay(&scratch, &lower, "", &merged);
        cover_the_unreadable(&scratch, &namespace);
        Some(Overlay { scratch, namespace })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.namespace.path(self.scratch.path("merged")).join(name)
    }

    fn overwrite(&self, name: &str) -> crate::support::Swapbin<'_> {
        swapbin(&self.scratch).from("new").to(format!("merged/{name}")).arg("--in-place").within(&self.namespace)
    }

    /// A process inside that has the file in this way.
    fn start(&self, mode: &str, name: &str) -> Fixture {
        let reader = self.scratch.tool(std::path::Path::new(env!("CARGO_BIN_EXE_swapbin-fixture")));
        let mut command = Command::new(reader);
        command.arg(mode).arg(self.scratch.path("merged").join(name));
        before_exec(&mut command, vec![self.namespace.entrance()]);
        Fixture::start_by(&mut command)
    }
}

/// Hides processes that not even root may look at here, which is so where it lacks a capability that they have: on the machine that
/// is tested there are none.
fn cover_the_unreadable(scratch: &Scratch, namespace: &Namespace) {
    let nothing = scratch.directory("nothing");
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let is_process = entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
        let maps = std::fs::read(entry.path().join("maps"));
        if is_process && maps.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied) {
            namespace.bind(&nothing, &entry.path());
        }
    }
}

#[test]
fn a_library_mapped_through_an_overlay_is_refused_though_a_lease_is_granted() {
    let Some(overlay) = Overlay::new() else { return };
    // Of the lower layer, and then of the upper one.
    for round in ["lower", "upper"] {
        let loaded = overlay.start("load", "plugin.so");
        overlay.overwrite("plugin.so").run().exits(3).says("is in use").says("maps it");
        assert_eq!(loaded.finish(), "answer=41\n", "{round}: it still works");
        let mapped = overlay.start("map", "data");
        overlay.overwrite("data").run().exits(3).says("maps it");
        assert_eq!(mapped.finish(), format!("sum={}\n", u64::from(b'd') * 50_000), "{round}");
        // A process whose first thread has ended.
        let left = overlay.start("leave", "data");
        overlay.overwrite("data").run().exits(3).says("maps it");
        left.finish();
        let mut touch = Command::new("touch");
        touch.args([self::inside(&overlay, "plugin.so"), self::inside(&overlay, "data")]);
        overlay.namespace.host(&mut touch);
        crate::support::run(&mut touch);
    }
    // The same by cp.
    let loaded = overlay.start("load", "plugin.so");
    let mut cp = Command::new("cp");
    cp.arg(overlay.scratch.path("new")).arg(inside(&overlay, "plugin.so"));
    overlay.namespace.host(&mut cp);
    crate::support::run(&mut cp);
    assert_eq!(loaded.ended_by(), Some(libc::SIGBUS));
}

fn inside(overlay: &Overlay, name: &str) -> PathBuf {
    overlay.scratch.path("merged").join(name)
}

#[test]
fn a_file_of_an_overlay_that_nobody_has_is_overwritten_on_the_host_alone() {
    let Some(overlay) = Overlay::new() else { return };
    let Some(unshare) = require_program("unshare") else { return };
    let apart = || [unshare.as_os_str(), "--pid".as_ref(), "--fork".as_ref(), "--mount-proc".as_ref(), "--kill-child".as_ref()];
    for name in ["data", "plugin.so"] {
        let before = std::fs::read(overlay.path(name)).unwrap();
        let outcome = overlay.overwrite(name).under(apart()).run();
        outcome.exits(3).says("cannot prove that nobody uses").says("outside this pid namespace cannot be seen");
        assert!(std::fs::read(overlay.path(name)).unwrap() == before);
        overlay.overwrite(name).run().exits(0);
        assert!(std::fs::read(overlay.path(name)).unwrap() == vec![0xcc; 100]);
    }
}

#[test]
fn without_a_proc_or_with_one_that_hides_processes_nothing_is_overwritten() {
    let Some(overlay) = Overlay::new() else { return };
    overlay.namespace.proc("hidepid=2");
    overlay.overwrite("data").run().exits(3).says("/proc is mounted with hidepid");
    overlay.namespace.hide_proc();
    overlay.overwrite("data").run().exits(3).says("/proc is not there");
}
