//! Programs.

use super::compile::{compile, has_relr};
use super::lost::{Remade, lose_and_remake};
use crate::support::Scratch;

/// Compiles a program, runs it, loses it, makes it again.
#[track_caller]
fn remake(from: &str, options: &[&str]) -> Option<Remade> {
    let scratch = Scratch::new();
    let program = compile(&scratch, "program", from, options)?;
    Some(lose_and_remake(&scratch, &program, &[], &program))
}

#[test]
fn a_deleted_program_is_made_again_and_runs() {
    for options in [&["-pie", "-fPIE"][..], &["-no-pie", "-fno-pie"], &["-s"], &["-Wl,-z,now"], &["-Wl,-z,norelro"]] {
        if remake("program.c", options).is_none() {
            return;
        }
    }
}

#[test]
fn a_static_one_too_at_a_fixed_address_and_at_any() {
    for options in [&["-static"][..], &["-static-pie"], &["-static-pie", "-s"]] {
        if remake("program.c", options).is_none() {
            return;
        }
    }
}

#[test]
fn with_compact_relocations_too() {
    if has_relr(&Scratch::new()) {
        remake("program.c", &["-Wl,-z,pack-relative-relocs"]);
        remake("program.c", &["-static-pie", "-Wl,-z,pack-relative-relocs"]);
    }
}

#[test]
fn one_of_cxx_too() {
    let scratch = Scratch::new();
    if compile(&scratch, "library.so", "library.cc", &["-shared", "-fPIC"]).is_none() {
        return;
    }
    let beside = ["-L.", "-l:library.so", "-Wl,-rpath,$ORIGIN:$ORIGIN/.."];
    let program = compile(&scratch, "program", "program.cc", &beside).unwrap();
    lose_and_remake(&scratch, &program, &[], &program);
}

#[test]
fn one_of_rust_too() {
    for options in
        [&["-O"][..], &["-C", "relocation-model=static"], &["-C", "target-feature=+crt-static"], &["-C", "strip=symbols"]]
    {
        let edition = ["--edition", "2024", "--crate-name", "program"];
        if remake("program.rs", &[&edition[..], options].concat()).is_none() {
            return;
        }
    }
}

#[test]
fn one_of_go_too_with_its_own_table_of_sections() {
    for options in [&[][..], &["-buildmode=pie"], &["-ldflags=-s -w"]] {
        let Some(remade) = remake("program.go", options) else { return };
        for name in [".text", ".rodata"] {
            assert_eq!(remade.claims.of_section(name), "Exact", "{name}, by the name the Go linker gave it");
        }
        let is_missing = |name: &str| remade.claims.parts.iter().any(|part| part.name == name && part.state == "Missing");
        assert_eq!(is_missing(".symtab"), !options.contains(&"-ldflags=-s -w"), "what is not loaded is lost, and told");
    }
}
