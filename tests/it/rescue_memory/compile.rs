//! Fixtures, compiled by the compilers that are there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Scratch, output_of, require_program, run};

/// The source of a fixture.
fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/memory").join(name)
}

/// Compiles a fixture with `cc`, `g++`, `rustc` or `go`; `None`, and a loud line, where that is not there. The file is called
/// `name` in the tree.
pub fn compile(scratch: &Scratch, name: &str, from: &str, options: &[&str]) -> Option<PathBuf> {
    let compiler = match from.rsplit_once('.')?.1 {
        "c" => "cc",
        "cc" => "g++",
        "rs" => "rustc",
        "go" => "go",
        other => panic!("no compiler for .{other}"),
    };
    let mut command = Command::new(require_program(compiler)?);
    let made = scratch.path(name);
    match compiler {
        "go" => command.args(["build", "-o"]).arg(&made).args(options).env("GOCACHE", scratch.tools().join("go")),
        "rustc" => command.args(options).arg("-o").arg(&made),
        _ => command.args(["-O1", "-o"]).arg(&made),
    };
    command.arg(source(from));
    if ["cc", "g++"].contains(&compiler) {
        // Libraries after what needs them.
        command.args(options);
    }
    run(command.env("HOME", scratch.tools()).stdin(Stdio::null()).current_dir(scratch.root()));
    Some(made)
}

/// Whether the linker knows relocations in the compact form, RELR; a loud line if not.
pub fn has_relr(scratch: &Scratch) -> bool {
    let Some(cc) = require_program("cc") else { return false };
    let mut command = Command::new(cc);
    command.args(["-shared", "-Wl,-z,pack-relative-relocs", "-x", "c", "/dev/null", "-o"]).arg(scratch.tools().join("relr"));
    let known = output_of(&mut command).is_ok_and(|output| output.status.success() && output.stderr.is_empty());
    if !known {
        eprintln!("SKIPPED: the linker knows no -z pack-relative-relocs");
    }
    known
}
