//! Links the unwinder statically where it can: starting the program then needs the C library alone, and a tenth of a
//! millisecond less.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let dynamic_gnu = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    // Only for the program: whoever links the library decides for himself.
    if dynamic_gnu && env::var_os("CARGO_FEATURE_CLI").is_some() && static_unwinder_exists() {
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// Whether the linker will find libgcc_eh.a; a cross linker answers for its own target, and one that is not known for none.
fn static_unwinder_exists() -> bool {
    let linker = match env::var_os("RUSTC_LINKER") {
        Some(linker) => linker,
        None if env::var_os("HOST") == env::var_os("TARGET") => "cc".into(),
        None => return false,
    };
    let answer = Command::new(linker).arg("-print-file-name=libgcc_eh.a").output();
    // What is not found is answered by its bare name.
    answer.is_ok_and(|answer| Path::new(String::from_utf8_lossy(&answer.stdout).trim()).is_absolute())
}
