//! Libraries.

use std::ffi::OsStr;

use super::compile::{compile, has_relr};
use super::lost::{Remade, lose_and_remake, lose_and_remake_as};
use crate::support::{Scratch, require_root};

/// Compiles a library and a program that loads it, loses the library, makes it again.
#[track_caller]
fn remake(from: &str, options: &[&str]) -> Option<Remade> {
    let scratch = Scratch::new();
    remake_in(&scratch, from, options)
}

#[track_caller]
fn remake_in(scratch: &Scratch, from: &str, options: &[&str]) -> Option<Remade> {
    let library = compile(scratch, "library.so", from, options)?;
    let host = compile(scratch, "host", "host.c", &["-ldl"])?;
    Some(lose_and_remake(scratch, &host, &[library.as_os_str()], &library))
}

const SHARED: [&str; 2] = ["-shared", "-fPIC"];

#[test]
fn a_deleted_library_is_made_again_and_loads() {
    let Some(remade) = remake("library.c", &SHARED) else { return };
    let claims = &remade.claims;
    for name in [".text", ".plt", ".rodata", ".dynsym", ".dynstr", ".gnu.hash", ".gnu.version_r", ".rela.dyn", ".eh_frame"] {
        assert_eq!(claims.of_section(name), "Exact", "{name}");
    }
    assert_eq!(claims.of_section(".got.plt"), "Rebuilt");
    assert_eq!(claims.of_section(".data"), "Unknown", "it changes its variables");
    assert_ne!(remade.original, remade.bytes, "its symbols are lost");
}

#[test]
fn a_stripped_one_too() {
    let Some(remade) = remake("library.c", &[&SHARED[..], &["-s"]].concat()) else { return };
    assert!(remade.bytes.len() * 100 > remade.original.len() * 90, "hardly anything of it was not loaded");
}

/// What such relocations add to is in the place itself: where a program has put another address there, it is lost.
#[test]
fn one_whose_relocations_are_compact_too_if_it_keeps_its_pointers() {
    let scratch = Scratch::new();
    if has_relr(&scratch) {
        remake_in(&scratch, "library.c", &[&SHARED[..], &["-Wl,-z,pack-relative-relocs", "-DKEEPS_ITS_POINTERS"]].concat());
    }
}

#[test]
fn however_its_functions_are_bound_and_its_data_sealed() {
    for options in
        ["-Wl,-z,now", "-Wl,-z,lazy", "-Wl,-z,norelro", "-Wl,-z,noseparate-code", "-Wl,--hash-style=sysv", "-Wl,-z,ibtplt"]
    {
        if remake("library.c", &[&SHARED[..], &[options]].concat()).is_none() {
            return;
        }
    }
}

#[test]
fn one_of_cxx_too_with_exceptions_and_virtual_functions() {
    remake("library.cc", &SHARED);
}

#[test]
fn one_of_rust_too() {
    remake("library.rs", &["--crate-type", "cdylib", "--crate-name", "library", "--edition", "2024"]);
}

#[test]
fn root_makes_it_again_of_a_process_of_its_own() {
    if !require_root() {
        return;
    }
    let scratch = Scratch::new();
    let Some(library) = compile(&scratch, "library.so", "library.c", &SHARED) else { return };
    let Some(host) = compile(&scratch, "host", "host.c", &["-ldl"]) else { return };
    lose_and_remake_as(&scratch, &host, &[library.as_os_str()], &library, 0);
}

#[test]
fn a_page_of_code_that_was_written_to_is_not_called_exact() {
    let scratch = Scratch::new();
    let Some(library) = compile(&scratch, "library.so", "library.c", &SHARED) else { return };
    let Some(host) = compile(&scratch, "host", "host.c", &["-ldl"]) else { return };
    let words = [library.as_os_str(), OsStr::new("scribble")];
    let uid = crate::support::ordinary_uid();
    let running = super::lost::Running::start(&host, &words, uid);
    let original = std::fs::read(&library).unwrap();
    let made = super::lost::place(&scratch, uid).join("library.so");
    let claims = super::lost::rebuild(&scratch, &running.pid(), "/library.so", &made, uid).unwrap();
    assert_eq!(claims.of_section(".text"), "Unknown", "the kernel made a copy of the page for the process");
    assert_eq!(claims.of_section(".dynsym"), "Exact");
    claims.assert_true(&original, &std::fs::read(made).unwrap());
}
