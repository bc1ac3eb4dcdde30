//! A process number that is given to another process while somebody looks.

use std::io::{Read, Seek, SeekFrom};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::process::Process;
use super::scratch::Scratch;
use super::skip::{failpoints_available, require_mounts, require_program};
use super::swapbin::program_under_test;

/// A pid namespace of its own, where the next number can be chosen, pid_namespaces(7). The shell is process 1 there, the first
/// program process 2.
const SCRIPT: &str = "cd \"$1\"; place=$2; swapbin=$3; shift 3
    ./app 1000 & old=$!
    until [ \"$(readlink /proc/$old/exe)\" = \"$PWD/app\" ]; do :; done
    rm app
    SWAPBIN_FAILPOINT=$place=pause \"$swapbin\" \"$@\" & run=$!
    until grep -q 'State:.T' /proc/$run/status; do :; done
    kill -9 $old; wait $old
    mv other app
    echo $((old - 1)) > /proc/sys/kernel/ns_last_pid; ./app 1000 & new=$!
    [ $new = $old ] || { echo \"$new is not $old\" >&2; exit 99; }
    until [ \"$(readlink /proc/$new/exe)\" = \"$PWD/app\" ]; do :; done
    rm app
    kill -CONT $run; wait $run; code=$?
    kill -9 $new
    exit $code";

/// Runs swapbin with these words; at a failpoint, a process of the deleted program `app`, of number 2, ends, and one of another
/// deleted program of that name gets its number. The exit code, and all that was said; `None`, loudly, where it cannot be done.
pub fn number_given_away(scratch: &Scratch, place: &str, words: &[&str]) -> Option<(Option<i32>, String)> {
    if !failpoints_available() || !require_mounts() {
        return None;
    }
    let (unshare, sleep) = (require_program("unshare")?, require_program("sleep")?);
    scratch.file("app", std::fs::read(&sleep).expect("a program")).mode(0o755);
    let mut other = std::fs::read(&sleep).expect("a program");
    other.extend_from_slice(b"another program");
    scratch.file("other", other).mode(0o755);
    let mut command = Command::new(unshare);
    command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", SCRIPT, "sh"]);
    command.arg(scratch.root()).arg(place).arg(program_under_test()).args(words);
    command.env("SWAPBIN_STATE_DIR", scratch.state(None));
    let mut said = tempfile::tempfile().expect("a file for the output");
    let [out, err] = [(); 2].map(|()| Stdio::from(said.try_clone().expect("a second descriptor")));
    let mut process = Process::spawn_group(command.stdin(Stdio::null()).stdout(out).stderr(err));
    let status = process.wait(Duration::from_secs(60)).expect("it ends");
    said.seek(SeekFrom::Start(0)).expect("the output can be read from its beginning");
    let mut text = String::new();
    said.read_to_string(&mut text).expect("the output is text");
    Some((status.code(), text))
}
