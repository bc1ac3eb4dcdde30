//! What is tried at a call.

use crate::errnos;
use crate::fault::What;
use crate::reference::{Point, Reference};
use crate::support::Call;

/// Calls that change nothing and fail in a sample of one job, at most.
const LOOKS: usize = 50;

/// A kill where it shows something new, and one errno, another one from call to call, if not at every call of a long run that
/// only looks; or, for a full run, a kill everywhere and every errno, once and from then on.
pub fn faults(reference: &Reference, at: usize, full: bool) -> Vec<What> {
    let point = &reference.points[at];
    let errnos = errnos::of(&point.call);
    let kin: Vec<_> = errnos::kin(&point.call.name)
        .iter()
        .filter(|name| **name != point.call.name)
        .map(|name| (*name, reference.points[..at].iter().filter(|point| point.call.name == *name).count()))
        .collect();
    let mut faults = Vec::new();
    let is_new = at > 0 && changes(&reference.points[at - 1].call);
    if is_killed_at(point) && (full || is_new || point.call.name == "exit_group") {
        faults.push(What::Killed);
    }
    if full {
        faults.extend(errnos.iter().map(|errno| What::Fails(errno)));
        let lasting = errnos.iter().filter(|errno| errnos::LASTING.contains(errno) && !errnos::is_telling(&point.call));
        faults.extend(lasting.map(|errno| What::FailsFromNowOn(errno, kin.clone())));
    } else {
        let stride = reference.points.len().div_ceil(LOOKS);
        let matters = is_followed(point) || changes(&point.call) && point.call.name != "close";
        let is_tried = !errnos.is_empty() && (matters || at.is_multiple_of(stride));
        faults.extend(is_tried.then(|| What::Fails(errnos[at % errnos.len()])));
        // What cannot be taken back either.
        faults.extend((!kin.is_empty()).then_some(What::FailsFromNowOn("ENOSPC", kin)));
    }
    faults
}

/// Whether a kill there can show anything: at file system calls, and at the end.
pub fn is_killed_at(point: &Point) -> bool {
    point.call.name == "exit_group" || !errnos::of(&point.call).is_empty()
}

/// Whether the tree is another one after the call. A kill between two that only look shows what the one before showed.
fn changes(call: &Call) -> bool {
    const CHANGING: [&str; 17] = [
        "rename",
        "link",
        "symlink",
        "unlink",
        "mkdir",
        "rmdir",
        "write",
        "pwrite",
        "copy_file_range",
        "ioctl",
        "ftruncate",
        "fchmod",
        "fchown",
        "chmod",
        "chown",
        "fsetxattr",
        "close",
    ];
    let makes = ["O_CREAT", "O_TMPFILE", "O_TRUNC"].iter().any(|flag| call.arguments.contains(flag));
    makes || CHANGING.iter().any(|name| call.name.starts_with(name))
}

/// What is done about a failure may be killed, too: where the call that fails names something, or makes it last.
pub fn is_followed(point: &Point) -> bool {
    const FOLLOWED: [&str; 8] = ["rename", "link", "symlink", "unlink", "mkdir", "fsync", "fdatasync", "syncfs"];
    FOLLOWED.iter().any(|name| point.call.name.starts_with(name))
}

/// The failure that is followed by a kill.
pub const FAILS_FIRST: What = What::Fails("EIO");
